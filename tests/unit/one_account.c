#include "one_account.h"

#include "fake_http.h"
#include "fake_timer.h"
#include "log.h"
#include "mem.h"
#include "provider.h"
#include "unit.h"

struct config_provider *provider;
struct account *account;
static size_t started_before, change_count;

static void on_changed(void *arg)
{
    (void)arg;
    change_count++;
}

void begin(const char *definition, const char *names, enum ip_families families)
{
    provider = provider_new("dyndns2", names, 0, families);
    provider_define(provider, definition);
    account = account_new(NULL, false, on_changed, NULL);
    account_configure(account, provider);
    started_before = fake_http_started();
}

void end(void)
{
    account_free(account);
    account = NULL;
    if (provider)
        mem_wipe(provider->zone);
    if (provider)
        provider_free(provider);
    provider = NULL;
}

int one_account_setup(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    fake_timer_set_random(0);
    fake_timer_set_wall(INT64_C(1700000000));
    fake_http_set_local(&(struct ip){0});
    return 0;
}

int one_account_teardown(void **state)
{
    (void)state;
    end();
    return fake_http_open() || fake_timer_existing() ? -1 : 0;
}

void set_zone(const char *zone)
{
    mem_wipe(provider->zone);
    provider->zone = mem_string(zone);
}

void set_local(const char *ip)
{
    struct ip local;

    assert_true(ip_parse(ip, &local));
    fake_http_set_local(&local);
}

void want(size_t index, const char *ip)
{
    struct record_target target = {0};

    assert_true(ip_set_parse(ip, &target.ips));
    record_want(account_record(account, index), &target, NULL);
}

void want_all(const char *ip)
{
    for (size_t i = 0; account_record(account, i); i++)
        want(i, ip);
    fake_timer_advance(0);
}

void withdraw(size_t index)
{
    record_want(account_record(account, index), &(struct record_target){.withdraw = true}, "no-address: it has none");
}

void answer(size_t index, long status, const char *body)
{
    fake_http_answer(index, status, body);
    fake_timer_advance(0);
}

size_t started(void)
{
    return fake_http_started() - started_before;
}

const char *state_of(size_t index)
{
    return record_state_word(record_state(account_record(account, index)));
}

size_t changes(void)
{
    return change_count;
}
