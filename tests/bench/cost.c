/* What the program's own rooms cost without the network, as CPU time in nanoseconds.
 *
 *     cost config FILE        reading a configuration and its definitions, once
 *     cost floor FILE...      libConfuse reading these files, with a schema that knows no key but those of
 *                             sections
 *     cost request FILE       making the request of the step `update`, one line for each provider of
 *                             the configuration, as if its other steps had found what they look for */
#include "config.h"
#include "request.h"

#include <confuse.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 20, REQUESTS = 500 };

static uint64_t cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    fprintf(stderr, "cost: %s:%d: %s\n", file, line, text);
}

static int read_config(const char *path)
{
    uint64_t before = cpu_ns(), took;
    struct config *config = config_read(path, on_fault, NULL);

    took = cpu_ns() - before;
    config_free(config);
    printf("%" PRIu64 "\n", took);
    return config ? 0 : 1;
}

static int read_bare(char **paths)
{
    static const cfg_flag_t flags = CFGF_MULTI | CFGF_TITLE | CFGF_IGNORE_UNKNOWN;
    uint64_t before = cpu_ns();

    for (; *paths; paths++) {
        cfg_opt_t none[] = {CFG_END()};
        cfg_opt_t rules[] = {CFG_SEC("word", none, flags), CFG_SEC("text", none, flags), CFG_SEC("status", none, flags),
                             CFG_SEC("value", none, flags), CFG_END()};
        cfg_opt_t opts[] = {
            CFG_SEC("provider", none, flags), CFG_SEC("step", rules, flags), CFG_SEC("set", none, flags),
            CFG_SEC("sign", none, flags),     CFG_SEC("word", none, flags),  CFG_SEC("text", none, flags),
            CFG_SEC("status", none, flags),   CFG_SEC("value", none, flags), CFG_END()};
        cfg_t *cfg = cfg_init(opts, CFGF_IGNORE_UNKNOWN);

        if (cfg_parse(cfg, *paths) != CFG_SUCCESS)
            return 1;
        cfg_free(cfg);
    }
    printf("%" PRIu64 "\n", cpu_ns() - before);
    return 0;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* All that the answers of the steps would have given. */
static void set_found(struct values *values)
{
    for (size_t i = 0; i < values->definition->step_count; i++) {
        const struct definition_list *get = &values->definition->steps[i].get;

        for (size_t j = 0; j < get->count; j++) {
            struct secret *text;
            char name[64];

            snprintf(name, sizeof name, "%.*s", (int)strcspn(get->list[j], "="), get->list[j]);
            text = secret_new(strcmp(name, "zone") == 0 ? "example.org" : "023e105f4ecef8ad9ca31a8372d0c353");
            values_set(values, name, text);
            secret_free(text);
        }
    }
}

/* The median of the rounds, for one request. */
static uint64_t request_ns(struct values *values, const struct definition_step *step)
{
    uint64_t took[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        took[i] = cpu_ns();
        for (int j = 0; j < REQUESTS; j++) {
            struct request request;

            request_make(values, step, &request);
            request_clear(&request);
        }
        took[i] = (cpu_ns() - took[i]) / REQUESTS;
    }
    qsort(took, ROUNDS, sizeof *took, compare);
    return took[ROUNDS / 2];
}

static void print_request(const struct config_provider *provider)
{
    const struct definition *definition = provider->definition;
    struct update_item *items = calloc(provider->names.count, sizeof *items);
    struct values values = {.provider = provider, .definition = definition, .items = items, .now_s = 1795390543};
    struct ip ip;

    ip_parse("203.0.113.7", &ip);
    values.count = definition->names < provider->names.count ? definition->names : provider->names.count;
    for (size_t i = 0; i < values.count; i++) {
        items[i] = (struct update_item){.name = provider->names.list[i].name, .families = IP_V4};
        ip_set_add(&items[i].ip4, &ip);
    }
    set_found(&values);
    printf("%s %zu %" PRIu64 "\n", provider->id, values.count,
           request_ns(&values, definition_step(definition, "update")));
    values_clear(&values);
    free(items);
}

static int make_requests(const char *path)
{
    struct config *config = config_read(path, on_fault, NULL);

    for (size_t i = 0; config && i < config->provider_count; i++)
        print_request(config->providers[i]);
    config_free(config);
    return config ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "config") == 0)
        return read_config(argv[2]);
    if (argc > 2 && strcmp(argv[1], "floor") == 0)
        return read_bare(argv + 2);
    if (argc > 2 && strcmp(argv[1], "request") == 0)
        return make_requests(argv[2]);
    return 2;
}
