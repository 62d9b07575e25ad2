#include "transcript.h"

#include "buf.h"
#include "mem.h"
#include "parse.h"
#include "unit.h"

#include <strings.h>
#include <sys/socket.h>

/* A zeroed element at the end of a list. */
#define ADD(list, count)                                                                                    \
    ((list) = mem_resize((list), (count) + 1, sizeof *(list)), memset(&(list)[(count)], 0, sizeof *(list)), \
     &(list)[(count)++])

static const char *const verdict_words[] = {"done", "unchanged", "unreachable", "again", "refused", "refused-account"};

/* Where the reading stands. What is NULL has not begun. */
struct reading {
    struct transcript *transcript;
    int line;
    bool in_section, in_body;
    struct transcript_case *now;
    struct transcript_phase *phase;
    struct transcript_exchange *exchange;
};

const char *transcript_verdict_word(enum update_verdict verdict)
{
    return verdict_words[verdict];
}

/* ---- Words. ---- */

static bool fault_at_line(struct reading *reading, int line, const char *what, const char *word)
{
    struct buf text = {0};

    buf_addf(&text, word ? "%s: '%s'" : "%s", what, word);
    reading->transcript->fault = buf_take(&text);
    reading->transcript->fault_line = line;
    return false;
}

static bool fault(struct reading *reading, const char *what, const char *word)
{
    return fault_at_line(reading, reading->line, what, word);
}

/* The next word, which ends there; NULL at the end. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    size_t length = strcspn(word, " \t");

    *rest = word + length;
    if (**rest)
        *(*rest)++ = '\0';
    return length ? word : NULL;
}

static char *trim(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    while (length && strchr(" \t", text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* What is behind the keyword when the line begins with it; else NULL. */
static char *after_keyword(char *line, const char *keyword)
{
    size_t length = strlen(keyword);

    if (strncmp(line, keyword, length) != 0 || (line[length] && !strchr(" \t", line[length])))
        return NULL;
    return trim(line + length);
}

static int family_of_type(const char *word)
{
    return !word ? 0 : strcmp(word, "A") == 0 ? AF_INET : strcmp(word, "AAAA") == 0 ? AF_INET6 : 0;
}

/* [HOST] TYPE */
static bool read_who(struct reading *reading, char **rest, char **host, int *family)
{
    char *word = next_word(rest), *first = word;

    *family = family_of_type(word);
    if (word && !*family) {
        *host = mem_string(word);
        word = next_word(rest);
        *family = family_of_type(word);
    }
    return *family ? true : fault(reading, "there is no type, A or AAAA", first ? first : "");
}

static bool same_host(const char *a, const char *b)
{
    return a && b ? strcasecmp(a, b) == 0 : a == b;
}

/* ---- The end of a phase. ---- */

static bool end_exchange(struct reading *reading)
{
    struct transcript_exchange *exchange = reading->exchange;

    reading->exchange = NULL;
    reading->in_body = false;
    if (exchange && !exchange->answer_line)
        return fault_at_line(reading, exchange->line, "there is no answer to this request", NULL);
    return true;
}

static bool has_verdict(const struct transcript_phase *phase, const struct transcript_want *want)
{
    for (size_t i = 0; i < phase->verdict_count; i++) {
        const struct transcript_verdict *verdict = &phase->verdicts[i];

        if (verdict->is_fault || (verdict->family == want->family && same_host(verdict->host, want->host)))
            return true;
    }
    return false;
}

static bool end_phase(struct reading *reading)
{
    const struct transcript_phase *phase = reading->phase;

    if (!end_exchange(reading))
        return false;
    reading->phase = NULL;
    if (phase && !phase->verdict_count)
        return fault_at_line(reading, phase->line, "there is no line '= ...' that says what comes of it", NULL);
    for (size_t i = 0; phase && i < phase->want_count; i++)
        if (phase->wants[i].kind != TRANSCRIPT_OLD && !has_verdict(phase, &phase->wants[i]))
            return fault_at_line(reading, phase->wants[i].line, "there is no line '= ...' for this record", NULL);
    return true;
}

static bool end_case(struct reading *reading)
{
    if (!end_phase(reading))
        return false;
    if (reading->now && !reading->now->phase_count)
        return fault_at_line(reading, reading->now->line, "nothing is wanted in this case", reading->now->title);
    return true;
}

/* The phase that goes on, or a new one when that has its verdicts. */
static bool begin_phase(struct reading *reading)
{
    if (!reading->now)
        return fault(reading, "there is no case before it", NULL);
    if (reading->phase && !reading->phase->verdict_count)
        return reading->phase->exchange_count ? fault(reading, "the lines '= ...' come first", NULL) : true;
    if (!end_phase(reading))
        return false;
    reading->phase = ADD(reading->now->phases, reading->now->phase_count);
    reading->phase->line = reading->line;
    return true;
}

/* ---- One kind of line each. ---- */

static bool read_addresses(struct reading *reading, char *text, struct transcript_want *want)
{
    char *slash = strchr(text, '/');
    unsigned long bits;

    if (slash) {
        *slash = '\0';
        if (!parse_number(slash + 1, 1, 128, &bits))
            return fault(reading, "not the length of a network", slash + 1);
        want->prefix_length = (unsigned char)bits;
    }
    if (!ip_set_parse(text, &want->ips) || want->ips.list[0].family != want->family)
        return fault(reading, "not an address of this type, or several with commas between them", text);
    return true;
}

static bool read_want(struct reading *reading, enum transcript_kind kind, char *rest)
{
    struct transcript_want *want;

    if (!begin_phase(reading))
        return false;
    if (kind == TRANSCRIPT_OLD && reading->now->phase_count > 1)
        return fault(reading, "what was published before stands at the beginning of a case", NULL);
    want = ADD(reading->phase->wants, reading->phase->want_count);
    want->line = reading->line;
    want->kind = kind;
    if (!read_who(reading, &rest, &want->host, &want->family))
        return false;
    rest = trim(rest);
    if (kind == TRANSCRIPT_LOST)
        return *rest ? fault(reading, "nothing follows the type", rest) : true;
    return read_addresses(reading, rest, want);
}

static bool read_later(struct reading *reading, const char *rest)
{
    uint64_t ms;

    if (!begin_phase(reading))
        return false;
    if (!parse_duration(rest, &ms))
        return fault(reading, "not a time such as 90s, 5m, 12h", rest);
    reading->phase->later_ms += ms;
    return true;
}

static bool read_pair(struct reading *reading, char *text, struct transcript_header *header)
{
    size_t length = strcspn(text, ":");

    header->line = reading->line;
    if (!length || !text[length] || strcspn(text, " \t") < length)
        return fault(reading, "not a header 'Name: value'", text);
    header->name = mem_string_n(text, length);
    header->value = mem_string(trim(text + length + 1));
    return true;
}

static bool begin_exchange(struct reading *reading, char *text)
{
    struct transcript_phase *phase = reading->phase;
    const char *method, *url;

    if (!phase || phase->verdict_count)
        return fault(reading, "nothing is wanted before this request", NULL);
    if (!end_exchange(reading))
        return false;
    method = next_word(&text);
    url = next_word(&text);
    if (!method || !url || !strstr(url, "://") || *trim(text))
        return fault(reading, "a request begins with '> METHOD URL'", method ? method : "");
    reading->exchange = ADD(phase->exchanges, phase->exchange_count);
    reading->exchange->line = reading->line;
    reading->exchange->method = mem_string(method);
    reading->exchange->url = mem_string(url);
    return true;
}

static void add_line(char **text, const char *line)
{
    struct buf all = {0};

    if (*text)
        buf_addf(&all, "%s\n", *text);
    buf_add(&all, line);
    free(*text);
    *text = buf_take(&all);
}

static bool read_request_line(struct reading *reading, char *text)
{
    struct transcript_exchange *exchange = reading->exchange;
    struct transcript_header *header;
    char *rest;

    if (!exchange || exchange->answer_line)
        return begin_exchange(reading, text);
    if (reading->in_body) {
        exchange->body_line = exchange->body_line ? exchange->body_line : reading->line;
        add_line(&exchange->body, text);
        return true;
    }
    if (!*trim(text)) {
        reading->in_body = true;
        return true;
    }
    if ((rest = after_keyword(text, "over"))) {
        exchange->family = strcmp(rest, "ipv4") == 0 ? AF_INET : strcmp(rest, "ipv6") == 0 ? AF_INET6 : 0;
        return exchange->family ? true : fault(reading, "neither ipv4 nor ipv6", rest);
    }
    header = ADD(exchange->headers, exchange->header_count);
    if (!(rest = after_keyword(text, "absent")))
        return read_pair(reading, text, header);
    header->line = reading->line;
    header->name = mem_string(rest);
    return *rest ? true : fault(reading, "which header?", NULL);
}

/* STATUS | Name: value | Name: value */
static bool read_status(struct reading *reading, char *text)
{
    struct transcript_exchange *exchange = reading->exchange;
    char *first = trim(strsep(&text, "|"));
    unsigned long status = 0;

    reading->in_body = false;
    exchange->answer_line = reading->line;
    if (strcmp(first, "drop") != 0 && !parse_number(first, 200, 599, &status))
        return fault(reading, "an answer begins with a status, or drop", first);
    exchange->status = (int)status;
    for (char *pair; (pair = strsep(&text, "|"));)
        if (!read_pair(reading, trim(pair), ADD(exchange->answer_headers, exchange->answer_header_count)))
            return false;
    return true;
}

static bool read_answer_line(struct reading *reading, char *text)
{
    struct transcript_exchange *exchange = reading->exchange;

    if (!exchange)
        return fault(reading, "there is no request before this answer", NULL);
    if (!exchange->answer_line)
        return read_status(reading, text);
    if (!exchange->status)
        return fault(reading, "nothing follows drop", NULL);
    add_line(&exchange->answer, text);
    return true;
}

/* [HOST] TYPE VERDICT [after TIME] */
static bool read_outcome(struct reading *reading, char *text, struct transcript_verdict *verdict)
{
    char *word, *number;

    if (!read_who(reading, &text, &verdict->host, &verdict->family))
        return false;
    word = next_word(&text);
    for (verdict->verdict = 0; verdict->verdict < COUNT(verdict_words); verdict->verdict++)
        if (word && strcmp(word, verdict_words[verdict->verdict]) == 0)
            break;
    if (verdict->verdict == COUNT(verdict_words))
        return fault(reading, "not a verdict", word ? word : "");
    word = next_word(&text);
    number = next_word(&text);
    if (word && (strcmp(word, "after") != 0 || !number || !parse_duration(number, &verdict->after_ms)))
        return fault(reading, "only 'after TIME' may follow the verdict", word);
    return *trim(text) ? fault(reading, "only ': TEXT' may follow", text) : true;
}

static bool read_verdict(struct reading *reading, char *text)
{
    size_t length = strcspn(text, ":");
    struct transcript_verdict *verdict;

    if (reading->now && !reading->now->phase_count && !begin_phase(reading))
        return false; /* of a case whose configuration has a fault nothing need be wanted */
    if (!reading->phase)
        return fault(reading, "nothing is wanted before this verdict", NULL);
    if (!end_exchange(reading))
        return false;
    verdict = ADD(reading->phase->verdicts, reading->phase->verdict_count);
    verdict->line = reading->line;
    if (text[length]) {
        verdict->text = mem_string(trim(text + length + 1));
        text[length] = '\0';
    }
    verdict->is_fault = strcmp(trim(text), "fault") == 0;
    return verdict->is_fault || read_outcome(reading, text, verdict);
}

static bool read_case(struct reading *reading, const char *title)
{
    if (!end_case(reading))
        return false;
    if (!reading->transcript->section_count)
        return fault(reading, "there is no provider section before it", NULL);
    reading->now = ADD(reading->transcript->cases, reading->transcript->case_count);
    reading->now->line = reading->line;
    reading->now->title = mem_string(title);
    return *title ? true : fault(reading, "the case has no title", NULL);
}

static bool read_change(struct reading *reading, char ***list, size_t *count, const char *text)
{
    if (reading->now->phase_count)
        return fault(reading, "it stands at the beginning of a case", NULL);
    if (reading->transcript->section_count == 1)
        return fault(reading, "for this the provider section must have lines of its own", NULL);
    *ADD(*list, *count) = mem_string(text);
    return true;
}

static bool read_never(struct reading *reading, char *text)
{
    size_t length = strcspn(text, ":");
    struct transcript_never *never;

    if (!length || !text[length] || !*trim(text + length + 1))
        return fault(reading, "it is 'never TAG: REASON'", NULL);
    never = ADD(reading->transcript->nevers, reading->transcript->never_count);
    never->line = reading->line;
    never->tag = mem_string_n(text, length);
    return true;
}

static void add_section_line(struct reading *reading, const char *line)
{
    *ADD(reading->transcript->section, reading->transcript->section_count) = mem_string(line);
}

/* provider NAME[:LABEL] { ... up to a line that is only } */
static bool begin_section(struct reading *reading, const char *line, const char *name)
{
    size_t length = strcspn(name, ": \t{");

    if (reading->transcript->section_count)
        return fault(reading, "there is a provider section already", NULL);
    if (!length || !strchr(name, '{'))
        return fault(reading, "it is 'provider NAME {'", NULL);
    reading->transcript->provider = mem_string_n(name, length);
    add_section_line(reading, line);
    reading->in_section = name[strlen(name) - 1] != '}';
    return true;
}

static bool read_keyword(struct reading *reading, char *line)
{
    struct transcript_case *now = reading->now;
    char *whole = mem_string(line), *rest;
    bool good;

    line = trim(line);
    if ((rest = after_keyword(line, "provider")))
        good = begin_section(reading, whole, rest);
    else if ((rest = after_keyword(line, "never")))
        good = read_never(reading, rest);
    else if ((rest = after_keyword(line, "case")))
        good = read_case(reading, rest);
    else if (now && (rest = after_keyword(line, "with")))
        good = read_change(reading, &now->with, &now->with_count, rest);
    else if (now && (rest = after_keyword(line, "without")))
        good = read_change(reading, &now->without, &now->without_count, rest);
    else if ((rest = after_keyword(line, "want")))
        good = read_want(reading, TRANSCRIPT_WANT, rest);
    else if ((rest = after_keyword(line, "lost")))
        good = read_want(reading, TRANSCRIPT_LOST, rest);
    else if ((rest = after_keyword(line, "old")))
        good = read_want(reading, TRANSCRIPT_OLD, rest);
    else if ((rest = after_keyword(line, "later")))
        good = read_later(reading, rest);
    else if ((rest = after_keyword(line, "=")))
        good = read_verdict(reading, rest);
    else
        good = fault(reading, "not a line of a transcript", line);
    free(whole);
    return good;
}

/* What stands behind > and < is taken as it is, but for the first blank. */
static bool read_line(struct reading *reading, char *line)
{
    char *mark = line + strspn(line, " \t");

    if (reading->in_section) {
        add_section_line(reading, line);
        reading->in_section = strncmp(line, "}", 1) != 0 || *trim(line + 1);
        return true;
    }
    if (!*mark || *mark == '#')
        return true;
    if (*mark != '>' && *mark != '<')
        return read_keyword(reading, line);
    if (mark[1] && mark[1] != ' ')
        return fault(reading, "a blank follows > and <", mark);
    line = mark + (mark[1] ? 2 : 1);
    return *mark == '>' ? read_request_line(reading, line) : read_answer_line(reading, line);
}

struct transcript *transcript_read(const char *path)
{
    struct transcript *transcript = mem_alloc(sizeof *transcript);
    struct reading reading = {.transcript = transcript};
    char *text = unit_read(path), *rest = text;
    bool good = true;

    transcript->path = mem_string(path);
    if (!text)
        good = fault(&reading, "it cannot be read", NULL);
    for (char *line; good && (line = strsep(&rest, "\n"));) {
        reading.line++;
        good = read_line(&reading, line);
    }
    if (good && end_case(&reading) && !transcript->case_count)
        fault(&reading, "there is no case in it", NULL);
    free(text);
    return transcript;
}
