#include "prepare.h"

#include "buf.h"
#include "unit.h"

bool prepare_has_step(const char *definition, const char *step)
{
    struct buf name = {0};
    char *path, *text, *rest;
    bool found = false;

    buf_addf(&name, "%s.conf", definition);
    path = unit_path(getenv("WANDDNS_PROVIDERS"), name.text);
    text = rest = unit_read(path);
    for (char *line; rest && !found && (line = strsep(&rest, "\n"));)
        found = strncmp(line, "step ", 5) == 0 && strncmp(line + 5 + strspn(line + 5, " "), step, strlen(step)) == 0;
    free(text);
    free(path);
    buf_free(&name);
    return found;
}

static bool has_key(const char *line, const char *change)
{
    size_t length = strcspn(change, " \t=");

    line += strspn(line, " \t");
    return strncmp(line, change, length) == 0 && strchr(" \t=", line[length]);
}

static bool is_changed(const struct transcript_case *one, const char *line)
{
    bool changed = false;

    for (size_t i = 0; i < one->with_count; i++)
        changed |= has_key(line, one->with[i]);
    for (size_t i = 0; i < one->without_count; i++)
        changed |= has_key(line, one->without[i]);
    return changed;
}

char *prepare_config(const struct transcript *transcript, const struct transcript_case *one)
{
    bool is_echo = prepare_has_step(transcript->provider, "address");
    struct buf text = {0};
    int open = 0; /* braces of a list that is left out */

    if (is_echo)
        buf_addf(&text,
                 "source = echo:%s\n"
                 "provider dyndns2 { server = dyn.example.org username = u password = p hostname = h.example.org }\n",
                 transcript->provider);
    else
        buf_add(&text, "interface = lo\n");
    for (size_t i = 0; !is_echo && i < transcript->section_count; i++) {
        const char *line = transcript->section[i];
        bool is_last = i && i == transcript->section_count - 1;

        for (size_t j = 0; is_last && j < one->with_count; j++)
            buf_addf(&text, "    %s\n", one->with[j]);
        if (!open && (i == 0 || is_last || !is_changed(one, line))) {
            buf_addf(&text, "%s\n", line);
            continue;
        }
        for (; *line; line++)
            open += *line == '{' ? 1 : *line == '}' ? -1 : 0;
    }
    return buf_take(&text);
}
