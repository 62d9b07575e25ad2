#include "names.h"

#include "buf.h"
#include "file.h"
#include "idn.h"
#include "log.h"
#include "mem.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 253, MAX_LABEL = 63, MAX_HOSTS_FILE = 1024 * 1024 };

const struct tree_key names_record_keys[] = {
    PLACE_KEYS,
    {"suffix", TREE_TEXT, NULL},
    {"mac", TREE_TEXT, NULL},
    {NULL, TREE_TEXT, NULL},
};

/* Where a name was written, in the order of who has the say. */
enum kind { RECORD, HOSTS_FILE, HOSTNAME };

struct origin {
    const char *name;
    size_t index;
    int line;
    enum kind kind;
};

struct reading {
    struct faults *faults;
    struct names *names;
    struct origin *origins; /* of each name, in order */
    const char *hosts_path;
};

/* ---- One name (RFC 1123 section 2.1, and the underscore, which DNS itself allows). ---- */

static const char *label_fault(const char *label, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isascii((unsigned char)label[i]))
            return "is not ASCII, and cannot be made so here: write its A-labels, which begin with xn--";
        else if (!isalnum((unsigned char)label[i]) && !strchr("-_", label[i]))
            return "has a character that no host name has";
    if (length == 0)
        return "has an empty part between dots";
    if (length > MAX_LABEL)
        return "has a part longer than 63 characters";
    if (label[0] == '-' || label[length - 1] == '-')
        return "has a part that begins or ends with -";
    return NULL;
}

const char *names_fault(const char *name)
{
    bool is_number;
    size_t labels = 0;

    if (strlen(name) > MAX_NAME)
        return "is longer than 253 characters";
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    for (;;) {
        size_t length = strcspn(name, ".");
        const char *why = label_fault(name, length);

        if (why)
            return why;
        labels++;
        is_number = strspn(name, "0123456789") == length;
        name += length;
        if (!*name && is_number)
            return "ends in a number, as no host name does (RFC 3696 section 2)";
        if (!*name)
            return labels > 1 ? NULL : "is no whole name, such as home.example.org";
        name++;
    }
}

char *names_normalize(const char *text)
{
    bool any = strncmp(text, "*.", 2) == 0, is_ascii = true;
    char *name = mem_string(text), *ascii = NULL;
    size_t length = strlen(name);
    struct buf whole = {0};

    if (length > 1 && name[length - 1] == '.')
        name[length - 1] = '\0';
    for (char *c = name; *c; c++) {
        is_ascii &= isascii((unsigned char)*c) != 0;
        *c = (char)tolower((unsigned char)*c);
    }
    if (!is_ascii)
        ascii = idn_ascii(name + (any ? 2 : 0));
    if (!ascii)
        return name;
    buf_addf(&whole, "%s%s", any ? "*." : "", ascii);
    free(ascii);
    free(name);
    return buf_take(&whole);
}

bool names_is_in_zone(const char *name, const char *zone)
{
    size_t length = strlen(name), zone_length = strlen(zone);

    return zone_length && length >= zone_length && strcmp(name + length - zone_length, zone) == 0 &&
           (length == zone_length || name[length - zone_length - 1] == '.');
}

/* Takes name and host. */
static void add(struct reading *reading, char *name, const struct place *place, struct host *host,
                const struct origin *origin)
{
    struct names *names = reading->names;
    size_t at = names->count++;

    if ((at & (at - 1)) == 0) { /* full: 0, or a power of two */
        names->list = mem_resize(names->list, at ? 2 * at : 1, sizeof *names->list);
        reading->origins = mem_resize(reading->origins, at ? 2 * at : 1, sizeof *reading->origins);
    }
    assert(names->list && reading->origins);
    names->list[at] = (struct name){name, place, host, host ? IP_V6 : place->families};
    reading->origins[at] = (struct origin){name, at, origin->line, origin->kind};
}

static void read_hostnames(struct reading *reading, const struct tree_node *section, const struct place *place)
{
    const struct tree_node *node = tree_find(section, "hostname");

    for (size_t i = 0; node && i < node->value_count; i++) {
        const struct tree_value *value = &node->values[i];
        char *name = names_normalize(value->text);

        if (names_fault(name))
            fault_at(reading->faults, value->line, "hostname: '%s' %s", value->text, names_fault(name));
        add(reading, name, place, NULL, &(struct origin){.line = value->line, .kind = HOSTNAME});
    }
}

/* ---- Sections `record`. ---- */

/* A host behind an address is found by what the kernel says of the network that it is in, and its requests leave as all
 * others do: what was inherited of other sources does not hold for it. */
static void look_behind(struct place *place)
{
    place->rule.outside = NULL;
    place->rule.fixed = (struct ip){0};
    place->rule.bind = place->rule.all = false;
}

/* What the section itself says that a host part does not go with. */
static void check_host_section(struct faults *faults, const struct tree_node *section, const struct place *place)
{
    const struct tree_value *source = tree_value(section, "source"), *bind = tree_value(section, "bind");
    const struct tree_value *interface = tree_value(section, "interface");

    if (source && rule_is_elsewhere(&place->rule))
        fault_at(faults, source->line, "source: a host part goes with the address of an interface");
    if (bind && place->rule.bind)
        fault_at(faults, bind->line, "bind: a host part does not go with the address of an uplink");
    if (interface && place->rule.all)
        fault_at(faults, interface->line, "interface: a host part goes with the first of a list, not with all");
}

static struct host *read_host(struct faults *faults, const struct tree_node *section, struct place *place)
{
    const struct tree_value *suffix = tree_value(section, "suffix"), *mac = tree_value(section, "mac");
    const struct tree_value *value = suffix ? suffix : mac;
    const char *key = suffix ? "suffix" : "mac", *why;
    unsigned prefix_length = place->rule.prefix_length;
    struct host *host;

    if (!value)
        return NULL;
    host = mem_alloc(sizeof *host);
    why = suffix ? host_parse_suffix(value->text, host) : host_parse_mac(value->text, host);
    if (suffix && mac)
        fault_at(faults, mac->line, "mac: there is a suffix in line %d already", suffix->line);
    else if (why)
        fault_at(faults, value->line, "%s: '%s' %s", key, value->text, why);
    else if (prefix_length && !host_fits(host, prefix_length))
        fault_at(faults, value->line, "%s: '%s' is longer than a prefix of %u bits leaves room for", key, value->text,
                 prefix_length);
    check_host_section(faults, section, place);
    look_behind(place);
    place_narrow(faults, section, place, IP_V6, suffix ? "a suffix" : "a MAC");
    return host;
}

static void read_record(struct reading *reading, const struct tree_node *section, const struct place *inherited)
{
    struct place *place = &reading->names->places[reading->names->place_count++];
    char *name = names_normalize(section->title);

    if (names_fault(name))
        fault_at(reading->faults, section->line, "record: '%s' %s", section->title, names_fault(name));
    place_read(reading->faults, section, inherited, place);
    add(reading, name, place, read_host(reading->faults, section, place),
        &(struct origin){.line = section->line, .kind = RECORD});
}

static void read_records(struct reading *reading, const struct tree_node *section, const struct place *inherited)
{
    size_t count = 0;

    for (size_t i = 0; i < section->node_count; i++)
        count += section->nodes[i].key->keys == names_record_keys;
    reading->names->places = mem_alloc((count + 1) * sizeof *reading->names->places);
    for (size_t i = 0; i < section->node_count; i++)
        if (section->nodes[i].key->keys == names_record_keys)
            read_record(reading, &section->nodes[i], inherited);
}

/* ---- The hosts-file: a name, and a suffix or a MAC, in each line. ---- */

/* Six parts; an IPv6 address without :: has eight. */
static bool looks_like_mac(const char *text)
{
    size_t separators = 0;

    for (const char *c = text; *c; c++)
        separators += *c == ':' || *c == '-';
    return separators == 5 && !strstr(text, "::");
}

static void read_hosts_line(struct reading *reading, int line, char *text, const struct place *place)
{
    char *save = NULL, *name, *part, *more, *normal;
    struct host host;
    const char *why, *of;

    text[strcspn(text, "#")] = '\0';
    name = strtok_r(text, " \t\r", &save);
    part = strtok_r(NULL, " \t\r", &save);
    more = strtok_r(NULL, " \t\r", &save);
    if (!name)
        return;
    normal = names_normalize(name);
    of = name;
    why = names_fault(normal);
    if (!why && !part)
        why = "has no suffix and no MAC behind it";
    if (!why && more)
        why = "has more than one suffix or MAC behind it";
    if (!why && (why = looks_like_mac(part) ? host_parse_mac(part, &host) : host_parse_suffix(part, &host)))
        of = part;
    if (!why && place->rule.prefix_length && !host_fits(&host, place->rule.prefix_length)) {
        of = part;
        why = "is longer than prefix-length leaves room for";
    }
    if (!why) {
        struct host *copy = mem_alloc(sizeof *copy);

        *copy = host;
        add(reading, normal, place, copy, &(struct origin){.line = line, .kind = HOSTS_FILE});
        return;
    }
    log_warning("%s:%d: '%s' %s: this line is left out", reading->hosts_path, line, of, why);
    free(normal);
}

static void read_hosts_file(struct reading *reading, const struct tree_node *section, const struct place *inherited)
{
    const struct tree_value *value = tree_value(section, "hosts-file");
    struct place *place = &reading->names->places[reading->names->place_count++];
    char *content = NULL, *at;
    size_t length;
    int error, line = 1;

    place_copy(inherited, place);
    look_behind(place);
    if (!value)
        return;
    reading->hosts_path = value->text;
    error = value->text[0] == '/' ? file_read(value->text, MAX_HOSTS_FILE, &content, &length) : 0;
    if (!content) {
        fault_at(reading->faults, value->line, "hosts-file: %s%s%s", value->text,
                 error ? ": " : " does not begin with /", error ? file_error(value->text, error) : "");
        return;
    }
    if (strlen(content) != length)
        fault_at(reading->faults, value->line, "hosts-file: %s: there is a NUL in it", value->text);
    if (file_access(value->text) == FILE_WRITABLE)
        fault_at(reading->faults, value->line, "hosts-file: others can write %s: chmod go-w", value->text);
    if (tree_value(section, "family") && !(inherited->wanted & IP_V6))
        fault_at(reading->faults, value->line, "hosts-file: gives ipv6 only, and this section is ipv4");
    for (at = content; *at; line++) {
        size_t rest = strcspn(at, "\n");
        bool last = !at[rest];

        at[rest] = '\0';
        read_hosts_line(reading, line, at, place);
        at += rest + !last;
    }
    free(content);
}

/* ---- No name twice in one family. ---- */

static int compare(const void *a, const void *b)
{
    const struct origin *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    if (order)
        return order;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left->index < right->index ? -1 : 1;
}

/* The families of names of each kind that stand before this one and are called the same. */
struct taken {
    const char *name;
    enum ip_families by[HOSTNAME + 1];
};

/* Leaves the name what others do not have. */
static void share(struct reading *reading, struct taken *taken, const struct origin *origin, struct name *name)
{
    enum ip_families others = taken->by[RECORD] | taken->by[HOSTS_FILE];

    if (!taken->name || strcmp(taken->name, name->name) != 0)
        *taken = (struct taken){.name = name->name};
    else if ((origin->kind == HOSTNAME && taken->by[HOSTNAME]) || (origin->kind == RECORD && others & name->families))
        fault_at(reading->faults, origin->line, "%s: '%s' stands here a second time",
                 origin->kind == RECORD ? "record" : "hostname", name->name);
    else if (origin->kind == HOSTNAME)
        name->families &= ~others;
    else if (others & name->families) {
        log_warning("%s:%d: '%s' stands somewhere already: this line is left out", reading->hosts_path, origin->line,
                    name->name);
        name->families = 0;
    }
    taken->by[origin->kind] |= name->families;
}

static void remove_empty(struct names *names)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->count; i++) {
        if (names->list[i].families) {
            names->list[kept++] = names->list[i];
            continue;
        }
        free(names->list[i].name);
        free(names->list[i].host);
    }
    names->count = kept;
}

/* Sorted, so that a list of thousands costs no square of them. */
static void share_families(struct reading *reading)
{
    struct names *names = reading->names;
    struct taken taken = {0};

    if (!reading->origins) /* there is no name */
        return;
    qsort(reading->origins, names->count, sizeof *reading->origins, compare);
    for (size_t i = 0; i < names->count; i++)
        share(reading, &taken, &reading->origins[i], &names->list[reading->origins[i].index]);
    remove_empty(names);
}

void names_read(struct faults *faults, const struct tree_node *section, const struct place *place, struct names *names)
{
    struct reading reading = {.faults = faults, .names = names};

    *names = (struct names){0};
    read_hostnames(&reading, section, place);
    read_records(&reading, section, place);
    read_hosts_file(&reading, section, place);
    share_families(&reading);
    free(reading.origins);
    if (!names->count && !faults->any)
        fault_at(faults, section->line, "provider %s: there is no hostname", section->title);
}

void names_clear(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i].name);
        free(names->list[i].host);
    }
    for (size_t i = 0; i < names->place_count; i++)
        place_clear(&names->places[i]);
    free(names->places);
    free(names->list);
}
