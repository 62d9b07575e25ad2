#include "wishes.h"

#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HOST_PREFIX = 64 };

struct rule wishes_rule(const struct name *name, int family)
{
    struct rule rule = name->place->rule;

    rule.family = family;
    return rule;
}

/* ---- What is watched. ---- */

struct rules {
    struct rule *list;
    size_t count;
};

static void add_rules(struct rules *rules, const struct name *name)
{
    enum ip_families families = name->families;

    rules->list = mem_resize(rules->list, rules->count + 2, sizeof *rules->list);
    if (families & IP_V4)
        rules->list[rules->count++] = wishes_rule(name, AF_INET);
    if (families & IP_V6)
        rules->list[rules->count++] = wishes_rule(name, AF_INET6);
}

/* Names that stand side by side mostly have one place. */
static void collect_rules(struct rules *rules, const struct names *names)
{
    const struct name *before = NULL;

    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->list[i];

        if (!before || before->place != name->place || before->families != name->families)
            add_rules(rules, name);
        before = name;
    }
}

static void recall(struct sources *sources, const struct account *account)
{
    const struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++) {
        const struct name *name = account_name(account, i);
        struct rule rule = wishes_rule(name, record_family(record));
        struct record_memory memory;
        unsigned char bits = rule.prefix_length ? rule.prefix_length : HOST_PREFIX;

        if (!name->host)
            bits = 0;
        else if (name->host->is_mac)
            bits = HOST_PREFIX;
        record_memory(record, &memory);
        sources_recall(sources, &rule, &memory.published, bits);
    }
}

void wishes_watch(struct sources *sources, struct account *const *accounts, size_t count)
{
    struct rules rules = {0};

    for (size_t i = 0; i < count; i++)
        collect_rules(&rules, &account_provider(accounts[i])->names);
    sources_watch(sources, rules.list, rules.count);
    free(rules.list);
    for (size_t i = 0; i < count; i++)
        recall(sources, accounts[i]);
}

/* ---- What is wished. ---- */

/* Turns the address of the link into that of the host behind it. */
static void move_to_host(const struct rule *rule, const struct host *host, struct source_answer *answer)
{
    char detail[64];
    struct ip ip;

    if (answer->reason != REASON_CHOSEN)
        return;
    if (host_fits(host, answer->prefix_length)) {
        ip = host_address(host, &answer->ips.list[0], answer->prefix_length);
        answer->ips = (struct ip_set){1, {ip}};
        return;
    }
    answer->ips = (struct ip_set){0};
    snprintf(detail, sizeof detail, "it is %u bits long; prefix-length may say another", answer->prefix_length);
    source_give_reason(answer, rule, REASON_NO_ROOM, detail);
}

static void wish(const struct sources *sources, const struct name *name, struct record *record)
{
    struct rule rule = wishes_rule(name, record_family(record));
    struct source_answer answer = *sources_answer(sources, &rule);
    struct record_target target = {.withdraw = answer.withdraw};

    if (name->host)
        move_to_host(&rule, name->host, &answer);
    if (rule.bind && !answer.link.index && answer.ips.count) {
        answer.ips = (struct ip_set){0};
        source_give_reason(&answer, &rule, rule_is_auto(&rule) ? REASON_NO_ROUTE : REASON_NO_INTERFACE, NULL);
    }
    target.ips = answer.ips;
    target.link = rule.bind ? answer.link.index : 0;
    target.prefix_length = rule.family == AF_INET6 ? answer.prefix_length : 0;
    record_want(record, &target, answer.text);
    if (target.link && answer.moved)
        record_retry(record);
}

void wishes_tell(const struct sources *sources, struct account *const *accounts, size_t count)
{
    struct record *record;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; (record = account_record(accounts[i], j)); j++)
            wish(sources, account_name(accounts[i], j), record);
        account_release(accounts[i]);
    }
}
