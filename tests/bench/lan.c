/* What a new prefix costs before the first request: from the event until each host of the LAN behind
 * it has its address.
 *
 *     lan CONFIG
 *
 * Its rooms are the program's; the requests are not made. For each new prefix it prints
 *
 *     OURS-NS LEAST-NS
 *
 * CPU time from the event to the end of wishes_tell(), and of the least that must be done: one question
 * for the link, one for its addresses, and a prefix joined to each host part. By turns the first has the
 * lines for the log in it, and has not. */
#include "config.h"
#include "log.h"
#include "timer.h"
#include "wishes.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct lan {
    struct event_base *base;
    struct kernel *kernel;
    struct sources *sources;
    struct account *account;
    bool changed;
};

static uint64_t cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static void on_moved(void *arg, const struct ip_set *gone)
{
    const struct lan *lan = arg;

    account_leave_addresses(lan->account, gone);
}

static void on_changed(void *arg, const struct rule *rule, const struct source_answer *answer)
{
    struct lan *lan = arg;

    (void)rule;
    (void)answer;
    lan->changed = true;
}

static void on_due(void *arg)
{
    (void)arg;
}

static void on_account_changed(void *arg)
{
    (void)arg;
}

/* As the daemon does when the settle time is over. */
static void on_hint(void *arg, bool overrun)
{
    struct lan *lan = arg;

    (void)overrun;
    while (sources_read(lan->sources) == -EAGAIN)
        ;
    if (lan->changed)
        wishes_tell(lan->sources, &lan->account, 1);
    event_base_loopbreak(lan->base);
}

static void on_fault(void *arg, const char *file, int line, const char *text)
{
    (void)arg;
    fprintf(stderr, "lan: %s:%d: %s\n", file, line, text);
}

static bool all_current(const struct account *account)
{
    const struct record *record;

    for (size_t i = 0; (record = account_record(account, i)); i++)
        if (record_state(record) != RECORD_CURRENT)
            return false;
    return true;
}

/* The new address of each host, and nothing else. */
static uint64_t least_ns(const struct lan *lan)
{
    const struct names *names = &account_provider(lan->account)->names;
    struct ip *ips = malloc(names->count * sizeof *ips);
    uint64_t before = cpu_ns();
    struct kernel_address *list = NULL;
    struct kernel_link link;
    size_t count = 0;

    if (kernel_link_by_name(lan->kernel, names->list[0].place->rule.interfaces[0], &link) == 0)
        kernel_addresses(lan->kernel, link.index, AF_INET6, &list, &count);
    for (size_t i = 0; count && i < names->count; i++)
        ips[i] = host_address(names->list[i].host, &list[0].ip, list[0].prefix_length);
    before = cpu_ns() - before;
    free(list);
    free(ips);
    return before;
}

static void renumber(struct lan *lan, FILE *out, bool aloud)
{
    uint64_t took;

    log_set_level(aloud ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
    lan->changed = false;
    do {
        took = cpu_ns();
        event_base_loop(lan->base, EVLOOP_ONCE);
        took = cpu_ns() - took;
    } while (!lan->changed);
    while (!all_current(lan->account))
        event_base_loop(lan->base, EVLOOP_ONCE);
    fprintf(out, "%" PRIu64 " %" PRIu64 "\n", took, least_ns(lan));
}

int main(int argc, char **argv)
{
    static const struct sources_calls calls = {on_moved, on_changed, on_due};
    FILE *out = fdopen(dup(STDOUT_FILENO), "w");
    struct config *config;
    struct lan lan = {0};

    if (argc != 2 || !out || !freopen("/dev/null", "w", stdout)) /* there go the requests */
        return 2;
    setlinebuf(out);
    config = config_read(argv[1], on_fault, NULL);
    lan.base = timer_loop();
    lan.kernel = config ? kernel_open(lan.base, on_hint, &lan) : NULL;
    if (!lan.kernel)
        return 1;
    lan.sources = sources_new(lan.kernel, lan.base, NULL, &calls, &lan);
    lan.account = account_new(NULL, true, on_account_changed, NULL);
    account_configure(lan.account, config->providers[0]);
    wishes_watch(lan.sources, &lan.account, 1);
    on_hint(&lan, false);
    fprintf(stderr, "lan: ready\n");
    for (bool aloud = true;; aloud = !aloud)
        renumber(&lan, out, aloud);
}
