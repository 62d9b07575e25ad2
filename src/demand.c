#include "demand.h"

#include "mem.h"
#include "names.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
    [DEMAND_STATUS] = "status",   [DEMAND_EXPLAIN] = "explain", [DEMAND_UPDATE] = "update",
    [DEMAND_FOLLOW] = "follow",   [DEMAND_RELOAD] = "reload",   [DEMAND_LOG_LEVEL] = "log-level",
    [DEMAND_METRICS] = "metrics",
};

const char *demand_word(enum demand_command command)
{
    return words[command];
}

/* NULL, or what is wrong. */
static const char *read_command(const json_t *request, struct demand *demand)
{
    const char *word = json_string_value(json_object_get(request, "command"));

    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        demand->command = (enum demand_command)i;
        if (strcmp(words[i], word) == 0)
            return NULL;
    }
    return "there is no such command";
}

static const char *read_hosts(const json_t *request, struct demand *demand)
{
    const json_t *hosts = json_object_get(request, "hosts");

    if (hosts && !json_is_array(hosts))
        return "hosts is a list of names";
    if (json_array_size(hosts) > DEMAND_HOSTS)
        return "more than 1000 hosts: without any it is all";
    demand->hosts = mem_alloc(json_array_size(hosts) * sizeof *demand->hosts);
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const char *host = json_string_value(json_array_get(hosts, i));

        if (!host)
            return "hosts is a list of names";
        demand->hosts[demand->host_count++] = names_normalize(host);
    }
    return NULL;
}

static const char *read_level(const json_t *request, struct demand *demand)
{
    const char *word = json_string_value(json_object_get(request, "level"));

    if (demand->command != DEMAND_LOG_LEVEL || (word && log_level_parse(word, &demand->level)))
        return NULL;
    return "level is error, warning, info or debug";
}

/* The version comes first: another one may have other members, and other commands. */
static enum demand_fault read_request(const json_t *request, struct demand *demand, const char **text)
{
    *text = "this daemon speaks version 1 of the protocol";
    if (json_integer_value(json_object_get(request, "version")) != DEMAND_VERSION)
        return DEMAND_OTHER_VERSION;
    *text = read_command(request, demand);
    if (!*text)
        *text = read_hosts(request, demand);
    if (!*text)
        *text = read_level(request, demand);
    return *text ? DEMAND_WRONG : DEMAND_GOOD;
}

enum demand_fault demand_read(const char *line, size_t length, struct demand *demand, const char **text)
{
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    enum demand_fault fault = DEMAND_WRONG;

    *demand = (struct demand){0};
    *text = "a request is a line with one JSON object";
    if (json_is_object(request))
        fault = read_request(request, demand, text);
    json_decref(request);
    return fault;
}

void demand_clear(struct demand *demand)
{
    for (size_t i = 0; i < demand->host_count; i++)
        free(demand->hosts[i]);
    free(demand->hosts);
    *demand = (struct demand){0};
}

bool demand_means(const struct demand *demand, const char *name)
{
    for (size_t i = 0; i < demand->host_count; i++)
        if (strcmp(demand->hosts[i], name) == 0)
            return true;
    return !demand->host_count;
}
