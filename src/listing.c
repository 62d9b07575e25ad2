#include "listing.h"

#include "buf.h"
#include "catalog.h"
#include "file.h"
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GOOD = 0, USAGE = 2, MOST_FILE = 1024 * 1024 };

static const char *kind_of(const struct definition *definition)
{
    if (definition->maturity)
        return definition->maturity;
    return definition_publishes(definition) ? "" : "echo service";
}

static bool has(const char *text, const char *word)
{
    return text && strcasestr(text, word);
}

/* Those that fit, or with NULL all of them; how many. What others only build on is none. */
static size_t list(char *const *names, size_t count, const char *word)
{
    size_t listed = 0;

    for (size_t i = 0; i < count; i++) {
        struct faults faults = {"wanddns", fault_print, NULL, false};
        struct definition *definition = loader_find(names[i], &faults, 0);

        if (definition && (definition_publishes(definition) || definition_step(definition, "address")) &&
            (!word || has(names[i], word) || has(definition->title, word) || has(definition->site, word))) {
            printf("%-20s %-36s %-12s %s\n", names[i], definition->title, kind_of(definition),
                   definition->site ? definition->site : "");
            listed++;
        }
        definition_free(definition);
    }
    return listed;
}

static int list_those(const char *word)
{
    size_t count;
    char **names = catalog_list(&count);
    size_t listed = list(names, count, word);

    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (!listed)
        catalog_fault(&(struct faults){"wanddns", fault_print, NULL, false}, 0, word ? word : "");
    else if (isatty(STDOUT_FILENO))
        puts("\nwanddns providers NAME tells what one of them needs, and WORD lists those that have it in their line.");
    return listed ? GOOD : USAGE;
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

static int show_one(const char *name, const char *path)
{
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
    print_comment(path);
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

int listing_run(const char *word)
{
    char *path = word ? catalog_find(word, NULL) : NULL;
    int status = path ? show_one(word, path) : list_those(word);

    free(path);
    return status;
}

void listing_names(const struct config *config)
{
    for (size_t i = 0; i < config->provider_count; i++) {
        const struct config_provider *provider = config->providers[i];

        for (size_t j = 0; j < provider->names.count; j++) {
            const struct name *name = &provider->names.list[j];

            printf("%-32s %-2s %-4s  %s\n", name->name, name->families & IP_V4 ? "A" : "",
                   name->families & IP_V6 ? "AAAA" : "", provider->id);
        }
    }
}

void listing_first_steps(const char *path)
{
    printf("\n"
           "This is what to do next:\n"
           "\n"
           "    wanddns providers WORD     find your service, by a part of its name\n"
           "    wanddns providers NAME     see what it needs, and a section to paste\n"
           "\n"
           "Put that section into %s, with your login and\n"
           "your name in it. Nobody but you and the daemon may read that file: chmod 640. Then\n"
           "\n"
           "    wanddns check              is it right? Every fault with its line\n"
           "    wanddns once --dry-run     print what would be sent\n"
           "    wanddns once               send it; or start the daemon, wanddns run\n"
           "    wanddns status             how it is, while the daemon runs\n"
           "\n"
           "wanddns.conf(5) has every key, and examples; provider custom and others there are\n"
           "for a service that is not among them. wanddns import FILE takes over what inadyn or\n"
           "ddclient had.\n",
           path);
}
