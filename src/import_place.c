#include "import_place.h"

#include "file.h"
#include "mem.h"
#include "parse.h"
#include "rule.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What wanddns check wants (place.c). */
enum { LEAST_SERVICE = 600, LEAST_PROGRAM = 10 };

void import_interface(struct draft *draft, struct draft_word *word, const char *automatic, struct draft_place *place)
{
    if (automatic && strcasecmp(word->value, automatic) == 0) {
        word->done = true;
        return;
    }
    if (!rule_is_interface(word->value) || rule_is_pattern(word->value) || strcmp(word->value, "all") == 0) {
        draft_note(draft, NULL, word, true, "it is no name of an interface");
        return;
    }
    place->interface = word->value;
    word->done = true;
}

void import_service(struct draft *draft, const struct dialect *dialect, struct draft_word *word, const char *url,
                    struct draft_place *place)
{
    const char *source = dialect_source(dialect, url);

    if (source && !*source) {
        draft_note(draft, NULL, word, true, "it answers with more than the address, or in clear text only");
    } else if (source) {
        place->source = draft_text(draft, source);
        word->done = true;
    } else if (strstr(url, "://") && strchr(url, '@')) {
        draft_note(draft, NULL, word, true,
                   "there is a login in it, which a service that tells addresses does not need");
    } else if (strncasecmp(url, "https://", 8) == 0) {
        draft_note(draft, NULL, word, true,
                   "whether it answers with the address and nothing else is not known; if so, it can be a source");
    } else {
        draft_note(draft, NULL, word, true,
                   "it is asked in clear text, where everybody on the way can change the address: only https here");
    }
}

const char *import_command_fault(const char *command)
{
    struct stat status;

    if (command[0] != '/')
        return "only a program with an absolute path is run, and without a shell";
    if (command[strcspn(command, " \t\n'\"|&;<>()$`\\*?[#~%")])
        return "a program is run without a shell and without arguments: put this into a script of its own";
    if (stat(command, &status) < 0 || !S_ISREG(status.st_mode) || access(command, X_OK) < 0)
        return "there is no such program that can be run here";
    return file_access(command) == FILE_WRITABLE ? "others can write it" : NULL;
}

void import_command(struct draft *draft, struct draft_word *word, struct draft_place *place)
{
    const char *why = import_command_fault(word->value);

    if (why) {
        draft_note(draft, NULL, word, true, "%s", why);
        return;
    }
    place->source = draft_format(draft, "exec:%s", word->value);
    place->remark = "it must print the address and nothing else";
    word->done = true;
}

void import_address(struct draft *draft, struct draft_word *word, enum ip_families families, struct draft_place *place)
{
    struct ip ip;

    if (!ip_parse(word->value, &ip) || !ip_is_host(&ip)) {
        draft_note(draft, NULL, word, true, "it is no address of a host");
        return;
    }
    if (!(families & (ip.family == AF_INET ? IP_V4 : IP_V6))) {
        draft_note(draft, NULL, word, true, "it is an address of the other family");
        return;
    }
    place->source = draft_format(draft, "static:%s", word->value);
    place->allow_private = ip_kind(&ip) != IP_PUBLIC;
    word->done = true;
}

bool import_seconds(const char *text, unsigned long *seconds)
{
    static const char units[] = "smhd";
    static const unsigned long factors[] = {1, 60, 3600, 86400};
    size_t count = strspn(text, "0123456789");
    const char *unit = text[count] ? strchr(units, tolower((unsigned char)text[count])) : units;
    unsigned long factor = unit ? factors[unit - units] : 1;
    char *digits = mem_string_n(text, count);
    bool fits = unit && parse_number(digits, 0, INT32_MAX / factor, seconds);

    if (fits)
        *seconds *= factor;
    free(digits);
    return fits;
}

void import_interval(struct draft *draft, struct draft_word *word, struct draft_place *place)
{
    bool is_program = place->source && strncmp(place->source, "exec:", 5) == 0;
    bool is_service =
        place->source && (strncmp(place->source, "echo:", 5) == 0 || strncmp(place->source, "http", 4) == 0);
    unsigned long least = is_program ? LEAST_PROGRAM : LEAST_SERVICE, seconds;

    if (!word || (!is_program && !is_service) || !import_seconds(word->value, &seconds) || !seconds)
        return;
    if (seconds < least)
        draft_note(draft, NULL, word, false, "%s is asked every %s at most", is_program ? "a program" : "a service",
                   is_program ? "10 seconds" : "10 minutes");
    word->done = true;
    seconds = seconds < least ? least : seconds;
    place->interval = seconds % 60 ? draft_format(draft, "%lus", seconds) : draft_format(draft, "%lum", seconds / 60);
}
