#include "import_custom.h"

#include "buf.h"
#include "parse.h"

#include <ctype.h>
#include <string.h>

/* %u %p %h %i, as the plugin for them has it; what a URL cannot have is escaped, and so are braces, which are ours. */
static void add_path(struct buf *url, const struct draft_words *words, const char *path, const char *host)
{
    for (; *path; path++) {
        const char one[] = {*path, '\0'};
        const char *word = path[0] != '%' ? NULL : path[1] == 'u' ? "username" : path[1] == 'p' ? "password" : NULL;

        if (word && import_given(words, word))
            buf_addf(url, "{%s}", word);
        else if (path[0] == '%' && path[1] == 'h')
            buf_add(url, host);
        else if (path[0] == '%' && path[1] == 'i')
            buf_add(url, "{ip}");
        else if (path[0] == '%' && path[1] && strchr("%up", path[1]))
            buf_add(url, path[1] == '%' ? "%25" : "");
        else if (path[0] == '%' && !(isxdigit((unsigned char)path[1]) && isxdigit((unsigned char)path[2])))
            buf_add(url, "%25");
        else if (*path == ' ')
            buf_add(url, "+");
        else if (parse_is_url(one))
            buf_add(url, one);
        else
            buf_addf(url, "%%%02X", (unsigned)(unsigned char)*path);
        path += path[0] == '%' && path[1] && strchr("uphi%", path[1]);
    }
}

/* The names lack a domain: it stands behind %h in the path, or is the user name. */
static bool lack_domain(const struct draft_words *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (strchr(names->list[i]->value, '.'))
            return false;
    return true;
}

static void complete_names(struct draft *draft, const struct draft_words *names, const char *domain)
{
    for (size_t i = 0; i < names->count; i++) {
        struct draft_word *word = names->list[i];

        word->value = strcmp(word->value, "@") == 0 ? domain : draft_format(draft, "%s.%s", word->value, domain);
    }
}

/* The path, with whole names in place of those that lack a domain. */
static const char *complete_path(struct import_login *login, const struct draft_words *names, const char *path,
                                 const char **host)
{
    struct draft_word *username = import_given(&login->words, "username");
    const char *behind = strstr(path, "%h.");
    size_t length = behind ? strspn(behind + 3, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") : 0;

    *host = "{hostname}";
    if (!lack_domain(names))
        return path;
    if (length) {
        complete_names(login->draft, names, draft_format(login->draft, "%.*s", (int)length, behind + 3));
        return draft_format(login->draft, "%.*s%s", (int)(behind - path) + 2, path, behind + 3 + length);
    }
    if (username && strchr(username->value, '.') && !strchr(username->value, '@')) {
        login->zone = username->value;
        complete_names(login->draft, names, username->value);
        *host = "{name}";
    }
    return path;
}

bool import_custom(struct import_login *login, const struct draft_words *names)
{
    struct draft_word *server = import_given(&login->words, "ddns-server");
    struct draft_word *path = import_given(&login->words, "ddns-path");
    const char *template, *host;
    struct buf url = {0};

    if (!server)
        return false;
    template = complete_path(login, names, path ? path->value : "/", &host);
    buf_addf(&url, "%s://%s%s", import_flag(&login->words, "ssl", true) ? "https" : "http", server->value,
             *template == '/' ? "" : "/");
    add_path(&url, &login->words, template, host);
    if (!strchr(template, '%'))
        buf_add(&url, import_flag(&login->words, "append-myip", false) ? "{ip}" : host);
    login->provider = "custom";
    login->url = draft_text(login->draft, buf_text(&url));
    buf_free(&url);
    for (size_t i = 0; i < login->words.count; i++) {
        struct draft_word *word = login->words.list[i];

        if (strcmp(word->key, "ddns-response") == 0 && *word->value)
            draft_add(&login->answers, word->value);
        if (strcmp(word->key, "ssl") == 0 || strncmp(word->key, "ddns-", 5) == 0 ||
            strcmp(word->key, "append-myip") == 0)
            import_carry(word);
    }
    return true;
}
