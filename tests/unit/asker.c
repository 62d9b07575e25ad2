#include "asker.h"

#include <event2/event.h>
#include <sys/socket.h>

static char url_a[] = ASKER_URL, url_b[] = "https://b.example.org/", member_b[] = "client.ip";

static struct event_base *loop;
static char *folder;
static size_t started; /* requests before the test */

struct asker asker;

int asker_setup_group(void **state)
{
    (void)state;
    folder = unit_folder();
    loop = event_base_new();
    return loop ? 0 : -1;
}

int asker_teardown_group(void **state)
{
    (void)state;
    event_base_free(loop);
    unit_remove_folder(folder);
    return 0;
}

static void on_news(void *arg)
{
    assert_ptr_equal(arg, &asker);
    asker.news++;
}

int asker_setup(void **state)
{
    (void)state;
    fake_timer_set_random(0);
    memset(&asker, 0, sizeof asker);
    asker.outside.services[0].url = url_a;
    asker.outside.service_count = 1;
    asker.rule = (struct rule){.family = AF_INET, .interval_ms = ASKER_INTERVAL_MS, .outside = &asker.outside};
    started = fake_http_started();
    return 0;
}

int asker_teardown(void **state)
{
    (void)state;
    ask_free(asker.ask);
    assert_int_equal(fake_http_open(), 0);
    assert_int_equal(fake_timer_existing(), 0);
    return 0;
}

size_t asker_asked(void)
{
    return fake_http_started() - started;
}

struct source_answer asker_uplink(int index, const char *address)
{
    struct source_answer answer = {.reason = REASON_CHOSEN, .link = {index, "", true}, .prefix_length = 24};
    struct ip ip;

    snprintf(answer.link.name, sizeof answer.link.name, "wan%d", index);
    assert_true(ip_parse(address, &ip));
    ip_set_add(&answer.local, &ip);
    answer.ips = answer.local;
    snprintf(answer.text, sizeof answer.text, "chosen: on wan%d", index);
    return answer;
}

struct source_answer asker_no_uplink(enum reason reason)
{
    struct source_answer answer = {.reason = reason};

    snprintf(answer.text, sizeof answer.text, "%s: of the kernel", reason_word(reason));
    return answer;
}

struct source_answer asker_look(struct source_answer answer)
{
    if (!asker.ask)
        asker.ask = ask_new(loop, NULL, &asker.rule, on_news, &asker);
    ask_look(asker.ask, &answer);
    return answer;
}

struct source_answer asker_look_at(const char *address)
{
    return asker_look(asker_uplink(0 + 1, address));
}

void asker_assert(const struct source_answer *answer, enum reason reason, const char *ips)
{
    char text[IP_SET_TEXT_SIZE];

    assert_string_equal(reason_word(answer->reason), reason_word(reason));
    assert_string_equal(ip_set_text(&answer->ips, text), ips);
}

void asker_assert_known(enum reason reason, const char *ips)
{
    struct source_answer answer = asker_look_at("10.0.0.2");
    char local[IP_SET_TEXT_SIZE];

    asker_assert(&answer, reason, ips);
    assert_string_equal(ip_set_text(&answer.local, local), "10.0.0.2");
    assert_int_equal(answer.link.index, 1);
}

void asker_begin(void)
{
    struct source_answer answer = asker_look_at("10.0.0.2");

    asker_assert(&answer, REASON_ASKING, "none");
    assert_int_equal(fake_http_open(), asker.outside.service_count);
}

void asker_begin_with_two(void)
{
    asker.outside.services[1] = (struct rule_service){url_b, member_b};
    asker.outside.service_count = 2;
    asker_begin();
}

struct event_base *asker_loop(void)
{
    return loop;
}

const char *asker_folder(void)
{
    return folder;
}
