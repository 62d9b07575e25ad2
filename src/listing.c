#include "listing.h"

#include "buf.h"
#include "catalog.h"
#include "file.h"
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOOD = 0, USAGE = 2, MOST_FILE = 1024 * 1024 };

static const char *kind_of(const struct definition *definition)
{
    if (definition->maturity)
        return definition->maturity;
    return definition_publishes(definition) ? "" : "echo service";
}

static int list_all(void)
{
    size_t count;
    char **names = catalog_list(&count);

    for (size_t i = 0; i < count; i++) {
        struct faults faults = {"wanddns", fault_print, NULL, false};
        struct definition *definition = loader_find(names[i], &faults, 0);

        /* What others only build on is none. */
        if (definition && (definition_publishes(definition) || definition_step(definition, "address")))
            printf("%-20s %-36s %-12s %s\n", names[i], definition->title, kind_of(definition),
                   definition->site ? definition->site : "");
        definition_free(definition);
        free(names[i]);
    }
    free(names);
    if (!count)
        catalog_fault(&(struct faults){"wanddns", fault_print, NULL, false}, 0, "");
    return count ? GOOD : USAGE;
}

static void print_duration(const char *what, const char *before, uint64_t ms)
{
    static const struct {
        uint64_t ms;
        const char *name;
    } units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}, {1, "millisecond"}};
    size_t i = 0;

    if (!ms)
        return;
    while (ms % units[i].ms)
        i++;
    printf("%-11s %s%llu %s%s\n", what, before, (unsigned long long)(ms / units[i].ms), units[i].name,
           ms == units[i].ms ? "" : "s");
}

static void print_list(const char *what, const struct definition_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        printf("%-11s %s\n", i ? "" : what, list->list[i]);
}

static bool has_ttl(const struct definition *definition)
{
    return definition->ttl || definition->ttl_min || definition->ttl_max;
}

static void print_limits(const struct definition *definition)
{
    if (definition->names > 1)
        printf("%-11s %lu %s in a request\n", "names", definition->names,
               definition_has_each(definition) ? "records" : "names");
    if (definition->both_families)
        printf("%-11s A and AAAA of a name in one request\n", "families");
    if (definition->both_required)
        printf("%-11s both at once: it clears the one that is left out\n", "");
    if (definition->connect_family)
        printf("%-11s it takes the address that the request comes from\n", "address");
    if (definition->many_values)
        printf("%-11s several of a family for a name\n", "addresses");
    if (definition->only)
        printf("%-11s %s only\n", "families", definition->only == IP_V4 ? "ipv4" : "ipv6");
    if (has_ttl(definition)) {
        printf("%-11s ", "ttl");
        if (definition->ttl)
            printf("%lu second%s", definition->ttl, definition->ttl == 1 ? "" : "s");
        else
            printf("as the provider has it");
        if (definition->ttl_min)
            printf(", at least %lu", definition->ttl_min);
        if (definition->ttl_max)
            printf(", at most %lu", definition->ttl_max);
        puts("");
    }
    print_duration("gap", "", definition->gap_ms);
    if (definition->budget) {
        char before[64];

        snprintf(before, sizeof before, "%lu request%s in ", definition->budget, definition->budget == 1 ? "" : "s");
        print_duration("budget", before, definition->budget_ms);
    }
    print_duration("refresh", "", definition->refresh_ms);
    printf("%-11s %s\n", "withdraw", definition_deletes(definition) ? "yes" : "no");
}

/* A section to paste, complete enough for `wanddns check`. */
static void print_example(const struct definition *definition)
{
    const char *name = definition->name;
    struct buf options = {0};

    printf("\nprovider %s {\n", name);
    for (size_t i = 0; i < definition->needs.count; i++) {
        const char *need = definition->needs.list[i];

        if (strcmp(need, "username") == 0)
            puts("    username      = \"...\"");
        else if (strcmp(need, "password") == 0)
            printf("    password-file = /etc/wanddns/%s.password\n", name);
        else if (strcmp(need, "zone") == 0)
            puts("    zone          = example.org");
        else
            buf_addf(&options, "%s\"%s=...\"", options.length ? ", " : "", need);
    }
    if (options.length)
        printf("    options       = { %s }\n", options.text);
    if (!definition->server && !definition->runs_program && !definition->takes_url)
        puts("    server        = \"https://...\"");
    if (definition->takes_url)
        puts("    url           = \"https://.../update?name={hostname}&addr={ip}\"");
    if (definition->runs_program)
        puts("    program       = /usr/local/sbin/...");
    if (definition->only)
        printf("    family        = %s\n", definition->only == IP_V4 ? "ipv4" : "ipv6");
    puts("    hostname      = home.example.org\n}");
    buf_free(&options);
}

/* What its author says of it, at the beginning of the file: what a user name or a password is there, and more. */
static void print_comment(const char *path)
{
    char *text = NULL;
    size_t length;

    printf("%-11s %s\n", "file", path);
    if (file_read(path, MOST_FILE, &text, &length))
        return;
    for (char *line = text; *line == '#'; line += line[strcspn(line, "\n")] ? strcspn(line, "\n") + 1 : strlen(line))
        printf("%-11s%.*s\n", line == text ? "notes" : "", (int)strcspn(line + 1, "\n"), line + 1);
    free(text);
}

static int show_one(const char *name)
{
    char *path;
    struct faults faults = {"wanddns", fault_print, NULL, false};
    struct definition *definition = loader_find(name, &faults, 0);

    if (!definition)
        return USAGE;
    printf("%-11s %s\n", "name", definition->name);
    printf("%-11s %s\n", "title", definition->title);
    if (definition->site)
        printf("%-11s %s\n", "site", definition->site);
    if (definition->server)
        printf("%-11s %s\n", "server", definition->server);
    if (definition->maturity)
        printf("%-11s %s\n", "maturity", definition->maturity);
    path = catalog_find(name, NULL);
    if (path)
        print_comment(path);
    free(path);
    print_list("needs", &definition->needs);
    print_list("options", &definition->options);
    if (definition_publishes(definition)) {
        print_limits(definition);
        print_example(definition);
    } else if (definition_step(definition, "address")) {
        printf("\nsource = echo:%s\n", definition->name);
    }
    definition_free(definition);
    return GOOD;
}

int listing_run(const char *name)
{
    return name ? show_one(name) : list_all();
}
