#include "candidates.h"

#include "unit.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum { WORDS = 32 };

static const struct {
    const char *word;
    uint32_t flag;
    int family; /* 0: both */
} flags[] = {
    {"permanent", IFA_F_PERMANENT, 0},
    {"secondary", IFA_F_SECONDARY, AF_INET},
    {"temporary", IFA_F_TEMPORARY, AF_INET6},
    {"mngtmpaddr", IFA_F_MANAGETEMPADDR, AF_INET6},
    {"tentative", IFA_F_TENTATIVE, 0},
    {"optimistic", IFA_F_OPTIMISTIC, 0},
    {"dadfailed", IFA_F_DADFAILED, 0},
    {"deprecated", IFA_F_DEPRECATED, 0},
    {"nodad", IFA_F_NODAD, 0},
    {"home", IFA_F_HOMEADDRESS, 0},
    {"noprefixroute", IFA_F_NOPREFIXROUTE, 0},
    {"autojoin", IFA_F_MCAUTOJOIN, 0},
    {"stable-privacy", IFA_F_STABLE_PRIVACY, 0},
};

static const struct {
    const char *word;
    unsigned char scope;
} scopes[] = {
    {"global", RT_SCOPE_UNIVERSE}, {"site", RT_SCOPE_SITE},       {"link", RT_SCOPE_LINK},
    {"host", RT_SCOPE_HOST},       {"nowhere", RT_SCOPE_NOWHERE},
};

/* What stands in rule->outside: that there is somebody to ask, not who. */
static const struct rule_outside somebody;

struct reading {
    struct candidates *candidates;
    int line;
    char *words[WORDS];
    size_t count;
};

static bool fault(struct reading *reading, const char *what, const char *word)
{
    snprintf(reading->candidates->fault, sizeof reading->candidates->fault, "line %d: %s%s%s%s", reading->line, what,
             word ? ": '" : "", word ? word : "", word ? "'" : "");
    return false;
}

uint32_t candidates_flag(const char *word, int family)
{
    for (size_t i = 0; i < COUNT(flags); i++)
        if (strcmp(flags[i].word, word) == 0 && (!flags[i].family || flags[i].family == family))
            return flags[i].flag;
    return 0;
}

static bool read_reason(const char *word, enum reason *reason)
{
    for (*reason = REASON_NO_ROUTE; *reason < REASON_CHOSEN; (*reason)++)
        if (strcmp(reason_word(*reason), word) == 0)
            return true;
    return strcmp(reason_word(*reason), word) == 0;
}

/* What is behind "key=", or NULL. */
static char *value_of(char *word, const char *key)
{
    size_t length = strlen(key);

    return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static bool read_number(const char *text, unsigned long most, unsigned long *number)
{
    char *end;

    *number = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *number <= most;
}

static bool read_prefixes(struct reading *reading, char *text, struct ip_prefix *prefixes)
{
    size_t count = 0;

    for (char *rest = text, *one; (one = strsep(&rest, ","));)
        if (count == RULE_PREFIXES || !ip_prefix_parse(one, &prefixes[count++]))
            return fault(reading, "not a list of up to four prefixes", one);
    return true;
}

static bool read_rule(struct reading *reading, struct rule *rule)
{
    for (size_t i = 1; i < reading->count; i++) {
        char *word = reading->words[i], *value;

        if (strcmp(word, "temporary") == 0)
            rule->temporary = true;
        else if (strcmp(word, "allow-private") == 0)
            rule->allow_private = true;
        else if (strcmp(word, "outside") == 0)
            rule->outside = &somebody;
        else if ((value = value_of(word, "prefer")) || (value = value_of(word, "match"))) {
            if (!read_prefixes(reading, value, *word == 'p' ? rule->prefer : rule->match))
                return false;
        } else
            return fault(reading, "not a setting of a rule", word);
    }
    return true;
}

static bool read_before(struct reading *reading, struct source_before *before)
{
    unsigned long bits;
    struct ip ip;

    for (size_t i = 1; i < reading->count; i++) {
        const char *value = value_of(reading->words[i], "bits");

        if (value && read_number(value, 128, &bits))
            before->bits = (unsigned char)bits;
        else if (before->ips.count < IP_SET_MAX && ip_parse(reading->words[i], &ip))
            ip_set_add(&before->ips, &ip);
        else
            return fault(reading, "not an address", reading->words[i]);
    }
    return true;
}

static bool read_own(struct reading *reading, struct ip *own)
{
    if (reading->count != 2 || !ip_parse(reading->words[1], own))
        return fault(reading, "own takes one address", NULL);
    return true;
}

static bool read_scope(const char *text, unsigned char *scope)
{
    for (size_t i = 0; i < COUNT(scopes); i++) {
        *scope = scopes[i].scope;
        if (strcmp(scopes[i].word, text) == 0)
            return true;
    }
    return false;
}

/* A word of a candidate, such as "tentative", "pref=60" or "scope=link". */
static bool read_quality(struct reading *reading, char *word, struct kernel_address *address)
{
    uint32_t flag = candidates_flag(word, address->ip.family);
    const char *pref = value_of(word, "pref"), *scope = value_of(word, "scope");
    unsigned long number;

    if (flag && !(address->flags & flag))
        address->flags |= flag;
    else if (pref && read_number(pref, UINT32_MAX, &number))
        address->preferred_s = (uint32_t)number;
    else if (!scope || !read_scope(scope, &address->scope))
        return fault(reading, "not a word that fits this address", word);
    return true;
}

static bool read_address(char *text, struct kernel_address *address)
{
    char *slash = strchr(text, '/');
    unsigned long bits;

    if (slash)
        *slash = '\0';
    if (!ip_parse(text, &address->ip))
        return false;
    bits = address->ip.family == AF_INET ? 24 : 64;
    if (slash && !read_number(slash + 1, ip_bits(address->ip.family), &bits))
        return false;
    address->prefix_length = (unsigned char)bits;
    return true;
}

static bool read_candidate(struct reading *reading, struct candidate_case *now, enum reason reason)
{
    struct kernel_address *address = &now->list[now->count];

    if (now->count == CANDIDATES_MAX)
        return fault(reading, "there are too many candidates", NULL);
    address->preferred_s = UINT32_MAX;
    if (!read_address(reading->words[0], address))
        return fault(reading, "not an address", reading->words[0]);
    for (size_t i = 1; i < reading->count - 2; i++)
        if (!read_quality(reading, reading->words[i], address))
            return false;
    for (size_t i = 0; i < now->count; i++)
        if (now->list[i].ip.family != address->ip.family || ip_equal(&now->list[i].ip, &address->ip))
            return fault(reading, "of another family than the others, or there already", reading->words[0]);
    if (reason == REASON_CHOSEN && now->ends)
        return fault(reading, "something is chosen before", NULL);
    if (reason == REASON_CHOSEN) {
        now->chosen = now->count;
        now->reason = reason;
        now->ends = true;
    }
    now->rule.family = address->ip.family;
    now->each[now->count++] = reason;
    return true;
}

static bool read_range(struct reading *reading, const char *what)
{
    struct candidates *all = reading->candidates;
    struct candidate_range *range;

    all->ranges = realloc(all->ranges, (all->range_count + 1) * sizeof *all->ranges);
    assert_non_null(all->ranges);
    range = &all->ranges[all->range_count++];
    *range = (struct candidate_range){.line = reading->line};
    range->disguise = strcmp(what, "6to4") == 0 ? SIXTOFOUR : strcmp(what, "teredo") == 0 ? TEREDO : PLAIN;
    if (range->disguise == PLAIN && !read_reason(what, &range->reason))
        return fault(reading, "not a reason", what);
    if (reading->count != 5 || !ip_parse(reading->words[0], &range->first) ||
        !ip_parse(reading->words[2], &range->last) || range->first.family != range->last.family)
        return fault(reading, "a range is: FIRST - LAST = REASON", NULL);
    return true;
}

/* What ends with "= REASON". */
static bool read_verdict(struct reading *reading, struct candidate_case *now)
{
    size_t count = reading->count;
    const char *last = reading->words[count - 1];
    enum reason reason;

    if (count < 3 || strcmp(reading->words[count - 2], "=") != 0)
        return fault(reading, "there is no '= REASON' at the end", NULL);
    if (strcmp(reading->words[1], "-") == 0)
        return read_range(reading, last);
    if (!read_reason(last, &reason))
        return fault(reading, "not a reason", last);
    if (strcmp(reading->words[0], "none") != 0)
        return read_candidate(reading, now, reason);
    if (now->ends || count != 3 || reason == REASON_CHOSEN)
        return fault(reading, "none does not go with this", NULL);
    now->ends = true;
    now->reason = reason;
    return true;
}

static bool read_line(struct reading *reading, struct candidate_case *now)
{
    const char *first = reading->words[0];

    if (strcmp(first, "rule") == 0)
        return read_rule(reading, &now->rule);
    if (strcmp(first, "before") == 0)
        return read_before(reading, &now->before);
    if (strcmp(first, "own") == 0)
        return read_own(reading, &now->own);
    return read_verdict(reading, now);
}

/* A case is over: of one that is a list of ranges nothing stays but these. */
static bool end_case(struct reading *reading, size_t ranges_before)
{
    struct candidates *all = reading->candidates;
    struct candidate_case *last = all->case_count ? &all->cases[all->case_count - 1] : NULL;

    if (!last)
        return true;
    reading->line = last->line;
    if (all->range_count > ranges_before) {
        all->case_count--;
        return last->count == 0 && !last->ends ? true : fault(reading, "ranges and candidates do not mix", NULL);
    }
    if (!last->ends)
        return fault(reading, "nothing is chosen, and there is no line `none`", last->name);
    if (last->reason != REASON_CHOSEN)
        last->chosen = last->count;
    return true;
}

static struct candidate_case *begin_case(struct reading *reading, const char *name)
{
    struct candidates *all = reading->candidates;
    struct candidate_case *now;

    all->cases = realloc(all->cases, (all->case_count + 1) * sizeof *all->cases);
    assert_non_null(all->cases);
    now = &all->cases[all->case_count++];
    *now = (struct candidate_case){.line = reading->line};
    snprintf(now->name, sizeof now->name, "%s", name);
    return now;
}

static bool split(struct reading *reading, char *line)
{
    reading->count = 0;
    for (char *word; (word = strsep(&line, " \t"));) {
        if (*word && reading->count == WORDS)
            return fault(reading, "the line is too long", NULL);
        if (*word)
            reading->words[reading->count++] = word;
    }
    return true;
}

bool candidates_read(char *text, struct candidates *candidates)
{
    struct reading reading = {.candidates = candidates};
    struct candidate_case *now = NULL;
    size_t ranges_before = 0;
    int number = 0;

    *candidates = (struct candidates){0};
    for (char *line; (line = strsep(&text, "\n"));) {
        reading.line = ++number;
        line[strcspn(line, "#")] = '\0';
        if (!line[strspn(line, " \t")])
            continue;
        if (*line != ' ' && *line != '\t') {
            if (!end_case(&reading, ranges_before))
                return false;
            ranges_before = candidates->range_count;
            reading.line = number;
            now = begin_case(&reading, line);
        } else if (!now) {
            return fault(&reading, "there is no name of a case before it", NULL);
        } else if (!split(&reading, line) || !read_line(&reading, now)) {
            return false;
        }
    }
    return end_case(&reading, ranges_before);
}

void candidates_free(struct candidates *candidates)
{
    free(candidates->cases);
    free(candidates->ranges);
}
