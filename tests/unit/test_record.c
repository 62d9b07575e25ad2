/* One record's life, under a false clock and an owner who only notes what is asked of him. */
#include "record.h"

#include "fake_timer.h"
#include "log.h"
#include "unit.h"

#include <sys/socket.h>

static const uint64_t second = 1000, minute = 60 * 1000;

/* The owner, as account.c is one. */
static struct {
    size_t sends, cancels, changes;
    bool queued;
    bool holds_back; /* what is queued is not sent: to take it back leaves no doubt */
    char moved[200]; /* the last transition, and what was published before it */
} owner;

static struct record *record;

static void on_send(void *arg)
{
    assert_ptr_equal(arg, &owner);
    assert_false(owner.queued);
    owner.queued = true;
    owner.sends++;
}

static void on_cancel(void *arg)
{
    assert_ptr_equal(arg, &owner);
    assert_true(owner.queued);
    owner.queued = false;
    owner.cancels++;
    if (!owner.holds_back)
        record_doubt(record);
}

static void on_changed(void *arg)
{
    assert_ptr_equal(arg, &owner);
    owner.changes++;
}

static void on_moved(void *arg, enum record_state from, const struct ip_set *old, const char *why)
{
    char addresses[IP_SET_TEXT_SIZE];

    assert_ptr_equal(arg, &owner);
    snprintf(owner.moved, sizeof owner.moved, "%s -> %s, %s, %s", record_state_word(from),
             record_state_word(record_state(record)), old->count ? ip_set_text(old, addresses) : "", why ? why : "");
}

static const struct record_calls calls = {on_send, on_cancel, on_changed, on_moved};

static int setup(void **state)
{
    (void)state;
    memset(&owner, 0, sizeof owner);
    fake_timer_set_random(0);
    record = record_new("home.example.org", AF_INET, &calls, &owner);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    record_free(record);
    record = NULL;
    /* Nothing is left behind: no request, no timer. */
    return owner.queued || fake_timer_existing() ? -1 : 0;
}

/* What holds after every step. */
static void check(void)
{
    enum record_state state = record_state(record);

    assert_int_equal(owner.queued, state == RECORD_UPDATING);
    assert_int_equal(fake_timer_running(), state == RECORD_WAITING);
    if (state == RECORD_UPDATING || state == RECORD_CURRENT)
        assert_true(record_target(record)->ips.count || record_target(record)->withdraw);
}

static void want_target(const struct record_target *target)
{
    record_want(record, target, target->ips.count ? NULL : "no-address: wan0 has no address");
    check();
}

/* One address or several with commas between them; NULL: none. */
static void want(const char *text)
{
    struct record_target target = {0};

    assert_true(!text || ip_set_parse(text, &target.ips));
    want_target(&target);
}

/* There has been no address for so long that the record is to be deleted. */
static void want_withdrawn(void)
{
    want_target(&(struct record_target){.withdraw = true});
}

static void answer_full(enum update_verdict verdict, bool arrived, uint64_t after_ms)
{
    char text[] = "the provider's words";
    struct update_result result = {.verdict = verdict,
                                   .requests = arrived,
                                   .wrote = true,
                                   .after_ms = after_ms,
                                   .luck = timer_random(UINT32_MAX),
                                   .text = text};

    assert_true(owner.queued);
    owner.queued = false;
    record_result(record, &result);
    memset(text, '#', sizeof text - 1); /* it is gone afterwards */
    check();
}

static void answer(enum update_verdict verdict)
{
    answer_full(verdict, verdict != UPDATE_UNREACHABLE, 0);
}

static void advance(uint64_t ms)
{
    fake_timer_advance(ms);
    check();
}

#define assert_state(expected) assert_string_equal(record_state_word(record_state(record)), expected)

/* So many requests were asked for, and so many taken back. */
#define assert_asked(send_count, cancel_count)         \
    do {                                               \
        assert_int_equal(owner.sends, send_count);     \
        assert_int_equal(owner.cancels, cancel_count); \
    } while (0)

/* "" when what is published is sure. */
static void assert_memory(const char *text, const char *doubtful)
{
    struct record_memory memory;
    char published[IP_SET_TEXT_SIZE];

    record_memory(record, &memory);
    assert_string_equal(ip_set_text(&memory.published, published), text);
    assert_string_equal(memory.doubtful ? "doubtful" : "", doubtful);
}

#define assert_published(text) assert_memory(text, "")
#define assert_perhaps(text)   assert_memory(text, "doubtful")

static void test_new(void **state)
{
    (void)state;
    assert_state("idle");
    assert_string_equal(record_name(record), "home.example.org");
    assert_int_equal(record_family(record), AF_INET);
    assert_published("none");
    want(NULL);
    assert_state("idle");
    assert_asked(0, 0);
}

static void test_first_update(void **state)
{
    struct record_memory memory;

    (void)state;
    want("203.0.113.7");
    assert_state("updating");
    assert_asked(1, 0);
    fake_timer_set_wall(INT64_C(1800000000));
    answer(UPDATE_DONE);
    assert_state("current");
    assert_published("203.0.113.7");
    record_memory(record, &memory);
    assert_int_equal(memory.published_at.wall_s, INT64_C(1800000000));
    assert_false(memory.refused);
    assert_true(owner.changes > 0);
}

/* Refreshed it is published anew, but has not changed. */
static void test_time_of_change(void **state)
{
    struct record_memory memory;

    (void)state;
    fake_timer_set_wall(INT64_C(1800000000));
    want("203.0.113.7");
    answer(UPDATE_DONE);
    fake_timer_set_wall(INT64_C(1800000100));
    record_refresh(record);
    answer(UPDATE_UNCHANGED);
    record_memory(record, &memory);
    assert_int_equal(memory.published_at.wall_s, INT64_C(1800000100));
    assert_int_equal(memory.changed_at.wall_s, INT64_C(1800000000));
    want("203.0.113.8");
    answer(UPDATE_DONE);
    record_memory(record, &memory);
    assert_int_equal(memory.changed_at.wall_s, INT64_C(1800000100));
}

static void test_same_address_asks_nothing(void **state)
{
    (void)state;
    want("203.0.113.7");
    want("203.0.113.7");
    assert_asked(1, 0);
    answer(UPDATE_UNCHANGED);
    assert_state("current");
    want("203.0.113.7");
    record_retry(record);
    check();
    assert_asked(1, 0);
}

static void test_newer_address_supersedes(void **state)
{
    (void)state;
    want("203.0.113.7");
    want("203.0.113.8");
    assert_state("updating");
    assert_asked(2, 1);
    answer(UPDATE_DONE);
    assert_published("203.0.113.8");
    want("203.0.113.9");
    assert_asked(3, 1);
    answer(UPDATE_DONE);
    assert_published("203.0.113.9");
}

static void test_lost_address(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want(NULL);
    assert_state("idle");
    /* Losing an address publishes nothing, and what is published is still known. */
    assert_asked(1, 0);
    assert_published("203.0.113.7");
    want("203.0.113.7");
    assert_state("current");
    assert_asked(1, 0);
}

/* Nobody knows whether a request that was taken back arrived: what was published may be there no more. */
static void test_cancelled_is_doubtful(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want("203.0.113.8");
    want("203.0.113.7");
    assert_state("updating");
    assert_asked(3, 1);
    answer(UPDATE_DONE);
    want("203.0.113.8");
    want(NULL);
    assert_state("idle");
    assert_asked(4, 2);
    assert_perhaps("203.0.113.7");
    want("203.0.113.7");
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_published("203.0.113.7");
}

/* What never left the queue changed nothing. */
static void test_cancelled_in_queue(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    owner.holds_back = true;
    want("203.0.113.8");
    want("203.0.113.7");
    assert_state("current");
    assert_asked(2, 1);
    assert_published("203.0.113.7");
}

/* While a request is under way, a crash must not leave a wrong memory behind: the old address is told with its doubt. */
static void test_memory_while_updating(void **state)
{
    (void)state;
    want("203.0.113.7");
    assert_perhaps("none");
    answer(UPDATE_DONE);
    assert_published("203.0.113.7");
    want("203.0.113.8");
    assert_perhaps("203.0.113.7");
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_published("203.0.113.7");
    advance(second);
    assert_perhaps("203.0.113.7");
    answer(UPDATE_DONE);
    assert_published("203.0.113.8");
}

/* A refused request may have been acted on all the same; the operator's word is one for doubt, too. */
static void test_memory_of_doubt(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want("203.0.113.8");
    answer_full(UPDATE_REFUSED, true, 0);
    assert_perhaps("203.0.113.7");
    record_force(record);
    check();
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_perhaps("203.0.113.7");
    advance(second);
    answer(UPDATE_UNCHANGED);
    assert_published("203.0.113.8");
}

static void try_ladder(enum update_verdict verdict, const unsigned *steps, size_t count)
{
    /* Without jitter, with some, and with the most. */
    static const uint32_t jitters[] = {0, 12345, UINT32_MAX};

    want("203.0.113.7");
    for (size_t i = 0; i < count; i++) {
        uint64_t base = steps[i] * second;

        fake_timer_set_random(jitters[i % COUNT(jitters)]);
        answer(verdict);
        assert_state("waiting");
        assert_in_range(fake_timer_next(), base - base / 10, base);
        advance(fake_timer_next() - 1);
        assert_state("waiting");
        advance(1);
        assert_state("updating");
    }
    answer(UPDATE_DONE);
    /* A success ends the ladder: the next trouble begins at its foot. */
    fake_timer_set_random(0);
    want("203.0.113.8");
    answer(verdict);
    assert_int_equal(fake_timer_next(), steps[0] * second);
}

static void test_network_ladder(void **state)
{
    static const unsigned steps[] = {1, 2, 5, 10, 30, 60, 120, 300, 600, 600, 600};

    (void)state;
    try_ladder(UPDATE_UNREACHABLE, steps, COUNT(steps));
}

static void test_server_ladder(void **state)
{
    static const unsigned steps[] = {60, 120, 300, 600, 1800, 1800, 1800};

    (void)state;
    try_ladder(UPDATE_AGAIN, steps, COUNT(steps));
}

/* Each trouble has its own ladder: an answer begins that of the network anew, but not the other way round. */
static void test_ladders_do_not_mix(void **state)
{
    static const unsigned steps[] = {60, 120, 300, 600, 1800, 1800};

    (void)state;
    want("203.0.113.7");
    for (size_t i = 0; i < COUNT(steps); i++) {
        answer(UPDATE_UNREACHABLE);
        assert_int_equal(fake_timer_next(), second);
        advance(second);
        answer(UPDATE_UNREACHABLE);
        assert_int_equal(fake_timer_next(), 2 * second);
        record_retry(record);
        answer(UPDATE_AGAIN);
        assert_int_equal(fake_timer_next(), steps[i] * second);
        advance(steps[i] * second);
    }
    answer(UPDATE_DONE);
    want("203.0.113.8");
    answer(UPDATE_AGAIN);
    assert_int_equal(fake_timer_next(), minute);
    advance(minute);
    /* So does a refusal. */
    answer(UPDATE_REFUSED);
    record_force(record);
    answer(UPDATE_AGAIN);
    assert_int_equal(fake_timer_next(), minute);
}

/* Who is sent before its time by the operator, and does not arrive, waits for that time. */
static void test_network_shortens_nothing(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer_full(UPDATE_AGAIN, true, 30 * minute);
    advance(10 * minute);
    record_force(record);
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_state("waiting");
    assert_int_equal(fake_timer_next(), 20 * minute);
    record_retry(record);
    want("203.0.113.8");
    assert_state("waiting");
    advance(20 * minute - second / 2);
    record_force(record);
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_int_equal(fake_timer_next(), second);
    assert_state("waiting");
    record_retry(record); /* what is owed is shorter than the wait for the network, and not to be cut short either */
    assert_state("waiting");
    assert_int_equal(fake_timer_next(), second / 2);
    advance(second / 2);
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_int_equal(fake_timer_next(), second);
    record_force(record);
    answer(UPDATE_DONE); /* and nothing is owed any more */
    want("203.0.113.9");
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_int_equal(fake_timer_next(), second);
}

/* The same of a new address, between the two ends. */
static void test_owed_less_than_the_network(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer_full(UPDATE_AGAIN, true, minute);
    advance(minute - second / 2);
    record_force(record);
    answer_full(UPDATE_UNREACHABLE, false, 0);
    want("203.0.113.8");
    assert_state("waiting");
    assert_int_equal(fake_timer_next(), second / 2);
    advance(second / 2);
    assert_state("updating");
    answer_full(UPDATE_UNREACHABLE, false, 0);
    record_retry(record);
    assert_state("updating");
}

/* What the provider is owed is remembered, whatever failed last. */
static void test_memory_of_trouble(void **state)
{
    struct record_memory memory;

    (void)state;
    want("203.0.113.7");
    answer(UPDATE_UNREACHABLE);
    record_memory(record, &memory);
    assert_int_equal(memory.failures, 0);
    advance(second);
    answer(UPDATE_AGAIN);
    advance(minute);
    answer(UPDATE_AGAIN);
    advance(2 * minute);
    answer_full(UPDATE_UNREACHABLE, false, 0);
    record_memory(record, &memory);
    assert_int_equal(memory.failures, 2);
    assert_int_equal(memory.wait_ms, 2 * minute);
    assert_null(memory.word);
    advance(second);
    answer(UPDATE_DONE);
    record_memory(record, &memory);
    assert_int_equal(memory.failures, 0);
}

static void test_asked_for_a_pause(void **state)
{
    (void)state;
    want("203.0.113.7");
    fake_timer_set_random(UINT32_MAX);
    answer_full(UPDATE_AGAIN, true, 30 * minute);
    assert_in_range(fake_timer_next(), 30 * minute, 33 * minute);
}

static void test_new_address_ends_network_wait(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_UNREACHABLE);
    want("203.0.113.8");
    assert_state("updating");
    assert_asked(2, 0);
    answer(UPDATE_UNREACHABLE);
    want(NULL);
    assert_state("idle");
    want("203.0.113.8");
    assert_state("updating");
}

static void test_network_change_ends_network_wait(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_UNREACHABLE);
    want("203.0.113.7");
    assert_state("waiting");
    record_retry(record);
    check();
    assert_state("updating");
    assert_asked(2, 0);
    /* In flight, it changes nothing. */
    record_retry(record);
    assert_asked(2, 0);
}

/* A pause that the provider is owed is kept, whatever the network does; then the newest address goes out. */
static void test_server_wait_is_kept(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_AGAIN);
    record_retry(record);
    want("203.0.113.8");
    want("203.0.113.9");
    assert_state("waiting");
    assert_asked(1, 0);
    assert_int_equal(fake_timer_next(), minute);
    advance(minute);
    assert_asked(2, 0);
    assert_string_equal(ip_set_text(&record_target(record)->ips, (char[IP_SET_TEXT_SIZE]){0}), "203.0.113.9");
    answer(UPDATE_DONE);
    assert_published("203.0.113.9");
}

static void test_server_wait_and_no_address(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_AGAIN);
    want(NULL);
    advance(2 * minute);
    assert_state("idle");
    assert_asked(1, 0);
    want("203.0.113.7");
    assert_state("updating");
}

/* What failed without arriving changed nothing; what may have arrived did. */
static void test_back_to_the_old_address(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want("203.0.113.8");
    answer_full(UPDATE_UNREACHABLE, false, 0);
    assert_published("203.0.113.7");
    want("203.0.113.7");
    assert_state("current");
    assert_asked(2, 0);
    want("203.0.113.8");
    answer_full(UPDATE_UNREACHABLE, true, 0);
    assert_perhaps("203.0.113.7");
    want("203.0.113.7");
    assert_state("updating");
    assert_asked(4, 0);
    answer(UPDATE_DONE);
    assert_published("203.0.113.7");
}

/* What goes along has no reason of its own: it stays behind when the other one does, or when it is wanted otherwise. */
static void test_going_along(void **state)
{
    (void)state;
    owner.holds_back = true;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    record_join(record, record);
    assert_state("updating");
    record_leave(record);
    check();
    assert_state("current");
    assert_asked(2, 1);
    record_join(record, record);
    want(NULL);
    want("203.0.113.7");
    assert_state("current");
    assert_asked(3, 2);
    /* With a reason it goes all the same. */
    record_join(record, record);
    want("203.0.113.8");
    record_leave(record);
    assert_state("updating");
    answer(UPDATE_DONE);
    record_join(record, record);
    record_doubt(record);
    record_leave(record);
    check();
    assert_state("updating");
    answer(UPDATE_DONE);
    record_refresh(record);
    record_leave(record);
    assert_state("updating");
    answer(UPDATE_DONE);
    record_leave(record);
    assert_state("current");
}

static void test_refused_stays(void **state)
{
    struct record_memory memory;

    (void)state;
    want("203.0.113.7");
    answer(UPDATE_REFUSED);
    assert_state("refused");
    record_memory(record, &memory);
    assert_true(memory.refused);
    assert_string_equal(memory.word, "the provider's words");
    want("203.0.113.8");
    want(NULL);
    want("203.0.113.9");
    record_retry(record);
    advance(100 * 24 * 60 * minute);
    assert_state("refused");
    assert_asked(1, 0);
    record_force(record);
    check();
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_published("203.0.113.9");
    record_memory(record, &memory);
    assert_null(memory.refused);
}

static void test_force(void **state)
{
    (void)state;
    /* Without an address there is nothing to send. */
    record_force(record);
    check();
    assert_state("idle");
    want("203.0.113.7");
    record_force(record);
    check();
    assert_asked(1, 0);
    answer(UPDATE_DONE);
    record_force(record);
    check();
    assert_state("updating");
    assert_asked(2, 0);
    answer(UPDATE_AGAIN);
    record_force(record);
    check();
    assert_state("updating");
    assert_asked(3, 0);
    answer(UPDATE_REFUSED);
    want(NULL);
    record_force(record);
    check();
    assert_state("idle");
    want("203.0.113.7");
    assert_state("updating");
}

/* The whole login was refused; the owner took the request back already. */
static void test_refuse(void **state)
{
    (void)state;
    want("203.0.113.7");
    owner.queued = false;
    record_refuse(record, "badauth");
    check();
    assert_state("refused");
    assert_asked(1, 0);
    record_force(record);
    check();
    answer(UPDATE_AGAIN);
    record_refuse(record, "badauth");
    check();
    assert_state("refused");
    assert_int_equal(fake_timer_existing(), 0);
}

static void test_recall(void **state)
{
    struct record_memory memory = {.published_at = {INT64_C(1600000000), -1}, .changed_at = {INT64_C(1500000000), -1}},
                         now;

    (void)state;
    ip_set_parse("203.0.113.7", &memory.published);
    record_recall(record, &memory);
    assert_state("idle");
    want("203.0.113.7");
    assert_state("current");
    assert_asked(0, 0);
    record_memory(record, &now);
    assert_int_equal(now.published_at.wall_s, INT64_C(1600000000));
    assert_int_equal(now.changed_at.wall_s, INT64_C(1500000000));
    want("203.0.113.8");
    assert_state("updating");
    assert_asked(1, 0);
}

/* A file may say anything. */
static void test_recall_a_long_wait(void **state)
{
    (void)state;
    record_recall(record, &(struct record_memory){.failures = 1, .wait_at = moment_now(), .wait_ms = UINT64_MAX});
    assert_state("waiting");
    assert_int_equal(fake_timer_next(), 24 * 60 * minute);
}

static void test_recall_other_address(void **state)
{
    struct record_memory memory = {0};

    (void)state;
    ip_set_parse("203.0.113.7", &memory.published);
    record_recall(record, &memory);
    want("203.0.113.8");
    assert_state("updating");
    assert_asked(1, 0);
}

/* In doubt, what was published is known for {old}, and sent anew though it is what is wanted. */
static void test_recall_doubtful(void **state)
{
    struct record_memory memory = {.doubtful = true};

    (void)state;
    ip_set_parse("203.0.113.7", &memory.published);
    record_recall(record, &memory);
    assert_perhaps("203.0.113.7");
    want("203.0.113.7");
    assert_state("updating");
    assert_asked(1, 0);
    assert_perhaps("203.0.113.7");
    answer(UPDATE_UNCHANGED);
    assert_published("203.0.113.7");
}

static void test_recall_refused(void **state)
{
    char words[] = "nohost";
    struct record_memory memory = {.refused = true, .word = words};

    (void)state;
    ip_set_parse("203.0.113.7", &memory.published);
    record_recall(record, &memory);
    memset(words, '#', sizeof words - 1);
    check();
    assert_state("refused");
    want("203.0.113.8");
    assert_state("refused");
    assert_asked(0, 0);
    record_memory(record, &memory);
    assert_true(memory.refused);
    assert_string_equal(memory.word, "nohost");
    assert_published("203.0.113.7");
}

/* Freed in each state; teardown looks for what is left. */
static void test_free_everywhere(void **state)
{
    (void)state;
    static const enum update_verdict verdicts[] = {UPDATE_DONE, UPDATE_UNREACHABLE, UPDATE_AGAIN, UPDATE_REFUSED};

    for (size_t i = 0; i < COUNT(verdicts); i++) {
        want("203.0.113.7");
        answer(verdicts[i]);
        record_free(record);
        assert_int_equal(fake_timer_existing(), 0);
        record = record_new("home.example.org", AF_INET, &calls, &owner);
    }
    want("203.0.113.7");
    record_free(record);
    assert_asked(COUNT(verdicts) + 1, 1);
    record = record_new("home.example.org", AF_INET, &calls, &owner);
}

/* The operator's word is not forgotten when the first attempt fails, though nothing has changed. */
static void test_forced_goes_on_after_a_failure(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    record_force(record);
    answer_full(UPDATE_UNREACHABLE, false, 0);
    advance(second);
    assert_string_equal(record_state_word(record_state(record)), "updating");
}

/* What is to be withdrawn is due as long as something is published, or may be. */
static void test_withdraw(void **state)
{
    (void)state;
    /* Nothing is there: nothing to do. */
    want_withdrawn();
    assert_state("idle");
    assert_asked(0, 0);
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want(NULL);
    assert_state("idle");
    assert_published("203.0.113.7");
    want_withdrawn();
    assert_state("updating");
    assert_asked(2, 0);
    assert_int_equal(record_target(record)->ips.count, 0);
    answer(UPDATE_DONE);
    assert_state("idle");
    assert_published("none");
    /* Once is enough. */
    want_withdrawn();
    want(NULL);
    want_withdrawn();
    record_retry(record);
    check();
    assert_state("idle");
    assert_asked(2, 0);
    /* And the address that was there before has to be sent again. */
    want("203.0.113.7");
    assert_state("updating");
    assert_asked(3, 0);
}

/* A deletion fails and is tried again like any other request. */
static void test_withdraw_is_tried_again(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want_withdrawn();
    answer(UPDATE_UNREACHABLE);
    assert_state("waiting");
    assert_published("203.0.113.7");
    advance(second);
    assert_state("updating");
    answer(UPDATE_AGAIN);
    assert_state("waiting");
    assert_perhaps("203.0.113.7");
    advance(minute);
    assert_state("updating");
    answer(UPDATE_UNCHANGED);
    assert_state("idle");
    assert_asked(4, 0);
    assert_int_equal(fake_timer_existing(), 0);
}

/* The address is back before the deletion is through: nobody knows what is published now. */
static void test_withdraw_is_taken_back(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want_withdrawn();
    want("203.0.113.7");
    assert_state("updating");
    assert_asked(3, 1);
    answer(UPDATE_UNCHANGED);
    assert_state("current");
    assert_published("203.0.113.7");
    /* It never left the queue: what was published still is. */
    owner.holds_back = true;
    want_withdrawn();
    want("203.0.113.7");
    assert_state("current");
    assert_asked(4, 2);
    /* A withdrawal that is not wanted any more, without an address. */
    want_withdrawn();
    want(NULL);
    assert_state("idle");
    assert_asked(5, 3);
    assert_published("203.0.113.7");
}

/* A request that may have arrived left something there, perhaps. */
static void test_withdraw_what_is_doubtful(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer_full(UPDATE_UNREACHABLE, true, 0);
    want_withdrawn();
    assert_state("updating");
    assert_asked(2, 0);
    answer(UPDATE_DONE);
    assert_state("idle");
    assert_published("none");
}

/* What cannot be deleted is given up: it may not be there at all. The operator's word is for a deletion too, and a later
 * address is sent as ever. */
static void test_withdraw_forced_and_refused(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want_withdrawn();
    answer_full(UPDATE_REFUSED, true, 0);
    assert_state("idle");
    want(NULL);
    want_withdrawn();
    assert_state("idle");
    assert_asked(2, 0);
    record_force(record);
    check();
    assert_state("updating");
    answer_full(UPDATE_REFUSED, true, 0);
    assert_state("idle");
    assert_published("none");
    want("203.0.113.7");
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_published("203.0.113.7");
}

/* A deletion that a restart cut short is sent again. */
static void test_withdraw_after_a_restart(void **state)
{
    struct record_memory memory;

    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want_withdrawn();
    assert_state("updating");
    record_memory(record, &memory);
    assert_true(memory.doubtful);
    assert_int_equal(memory.published.count, 1);
    memory.word = NULL; /* it goes with the record */
    record_free(record);
    record = record_new("home.example.org", AF_INET, &calls, &owner);
    record_recall(record, &memory);
    want_withdrawn();
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_state("idle");
    record_memory(record, &memory);
    assert_false(memory.doubtful);
}

/* Recalled from before: a record that is idle stays as it is until there is a word to withdraw it. */
static void test_withdraw_recalled(void **state)
{
    struct record_memory memory = {.published_at = {INT64_C(1600000000), -1}};

    (void)state;
    ip_set_parse("203.0.113.7", &memory.published);
    record_recall(record, &memory);
    want(NULL);
    assert_state("idle");
    assert_asked(0, 0);
    assert_published("203.0.113.7");
    want_withdrawn();
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_published("none");
}

/* Several addresses are one value: in whatever order they come, and one more or less is another value. */
static void test_several_addresses(void **state)
{
    (void)state;
    want("203.0.113.9,203.0.113.7");
    assert_asked(1, 0);
    want("203.0.113.7,203.0.113.9");
    assert_asked(1, 0);
    answer(UPDATE_DONE);
    assert_published("203.0.113.7,203.0.113.9");
    want("203.0.113.9,203.0.113.7");
    assert_state("current");
    assert_asked(1, 0);
    want("203.0.113.7");
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_published("203.0.113.7");
    want("203.0.113.7,203.0.113.8,203.0.113.9,203.0.113.10");
    assert_state("updating");
    answer(UPDATE_DONE);
    assert_published("203.0.113.7,203.0.113.8,203.0.113.9,203.0.113.10");
    assert_asked(3, 0);
}

/* A request that is bound to a link is of no use when it must leave by another one. What is published is the same, so a
 * change of link by itself is nothing to tell the provider. */
static void test_link_changes(void **state)
{
    struct record_target target = {.link = 2};

    (void)state;
    ip_set_parse("203.0.113.7", &target.ips);
    want_target(&target);
    assert_asked(1, 0);
    want_target(&target);
    assert_asked(1, 0);
    target.link = 3;
    want_target(&target);
    assert_state("updating");
    assert_asked(2, 1);
    assert_int_equal(record_target(record)->link, 3);
    answer(UPDATE_DONE);
    target.link = 2;
    want_target(&target);
    assert_state("current");
    assert_asked(2, 1);
    assert_int_equal(record_target(record)->link, 2);
    /* So it is with the length of the prefix. */
    target.prefix_length = 60;
    want_target(&target);
    assert_state("current");
    assert_asked(2, 1);
    assert_published("203.0.113.7");
}

/* The same by the log: from and to with commas, and a record that is gone. */
static void test_log_sets(void **state)
{
    char *text;

    (void)state;
    log_set_level(LOG_LEVEL_INFO);
    unit_capture_begin();
    want("203.0.113.9,203.0.113.7");
    answer(UPDATE_DONE);
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want_withdrawn();
    answer(UPDATE_DONE);
    text = unit_capture_end();
    log_set_level(LOG_LEVEL_ERROR);
    assert_string_equal(text,
                        "<6>home.example.org A: idle -> updating (203.0.113.7,203.0.113.9)\n"
                        "<6>home.example.org A: updating -> current (203.0.113.7,203.0.113.9; the provider's words)\n"
                        "<6>home.example.org A: current -> updating (203.0.113.7,203.0.113.9 -> 203.0.113.7)\n"
                        "<6>home.example.org A: updating -> current (203.0.113.7; the provider's words)\n"
                        "<6>home.example.org A: current -> updating (203.0.113.7 -> none)\n"
                        "<6>home.example.org A: updating -> idle (withdrawn)\n");
    free(text);
}

/* One line for each fact, in the words of the manual. */
static void test_log(void **state)
{
    char *text;

    (void)state;
    log_set_level(LOG_LEVEL_INFO);
    unit_capture_begin();
    want("203.0.113.7");
    answer_full(UPDATE_UNREACHABLE, false, 0);
    advance(second);
    answer(UPDATE_DONE);
    want("203.0.113.9");
    answer(UPDATE_REFUSED);
    record_force(record);
    answer(UPDATE_DONE);
    want(NULL);
    want("203.0.113.9");
    text = unit_capture_end();
    log_set_level(LOG_LEVEL_ERROR);
    assert_string_equal(
        text, "<6>home.example.org A: idle -> updating (203.0.113.7)\n"
              "<4>home.example.org A: updating -> waiting (the provider's words; next attempt in 1.0 s)\n"
              "<6>home.example.org A: waiting -> updating (203.0.113.7)\n"
              "<6>home.example.org A: updating -> current (203.0.113.7; the provider's words)\n"
              "<6>home.example.org A: current -> updating (203.0.113.7 -> 203.0.113.9)\n"
              "<4>home.example.org A: updating -> refused (the provider's words; no further attempt before a change "
              "of its section or: wanddns update home.example.org)\n"
              "<6>home.example.org A: refused -> updating (203.0.113.7 -> 203.0.113.9)\n"
              "<6>home.example.org A: updating -> current (203.0.113.9; the provider's words)\n"
              "<6>home.example.org A: current -> idle (no-address: wan0 has no address)\n"
              "<6>home.example.org A: idle -> current (203.0.113.9; published before)\n");
    free(text);
}

/* An address, or none, now and then one that is to be withdrawn; on one of two links. */
static void want_somehow(struct unit_random *random, const char *text)
{
    struct record_target target = {.withdraw = !text && unit_random(random, 2), .link = unit_random(random, 8) ? 2 : 3};

    assert_true(!text || ip_set_parse(text, &target.ips));
    want_target(&target);
}

/* Thousands of random steps: the invariant in check(), and never a wrong word about what is published. The provider
 * here takes what was sent when the answer says so, and by chance when nobody knows. */
static void test_random(void **state)
{
    static const char *const addresses[] = {NULL, "203.0.113.1", "203.0.113.2", "203.0.113.3,203.0.113.4"};
    const uint64_t seed = 20240607;
    struct ip_set published = {0};
    struct unit_random random;
    size_t withdrawn = 0;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    unit_random_seed(&random, seed);
    for (int step = 0; step < 50000; step++) {
        struct record_memory memory;
        size_t cancels = owner.cancels;
        bool was_published = published.count;
        struct ip_set sent = owner.queued ? record_target(record)->ips : (struct ip_set){0};
        bool taken = unit_random(&random, 2);

        fake_timer_set_random(unit_random(&random, UINT32_MAX));
        switch (unit_random(&random, 6)) {
        case 0:
            want_somehow(&random, addresses[unit_random(&random, COUNT(addresses))]);
            if (owner.cancels > cancels && taken)
                published = sent;
            break;
        case 1:
            advance(unit_random(&random, (uint32_t)(20 * minute)));
            break;
        case 2:
            record_retry(record);
            break;
        case 3:
            if (unit_random(&random, 10) == 0)
                record_force(record);
            break;
        default:
            if (owner.queued) {
                enum update_verdict verdict = (enum update_verdict)unit_random(&random, 6);
                bool arrived = verdict != UPDATE_UNREACHABLE || unit_random(&random, 2);

                if (verdict <= UPDATE_UNCHANGED || (arrived && taken))
                    published = sent;
                answer_full(verdict, arrived, 0);
            }
        }
        check();
        record_memory(record, &memory);
        assert_true(memory.doubtful || !memory.published.count || ip_set_equal(&memory.published, &published));
        if (record_state(record) == RECORD_UPDATING)
            assert_true(memory.doubtful);
        if (record_state(record) == RECORD_CURRENT)
            assert_true(ip_set_equal(&record_target(record)->ips, &published));
        withdrawn += was_published && !published.count;
    }
    assert_true(owner.sends > 1000 && withdrawn > 100);
}

static int quiet(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    return 0;
}

#define LIFE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- For those who watch. ---- */

static void assert_moved(const char *expected)
{
    assert_string_equal(owner.moved, expected);
    *owner.moved = '\0';
}

static void test_transitions_are_told(void **state)
{
    (void)state;
    want("203.0.113.7");
    assert_moved("idle -> updating, , ");
    answer(UPDATE_DONE);
    assert_moved("updating -> current, , the provider's words");
    want("203.0.113.9");
    assert_moved("current -> updating, 203.0.113.7, ");
    answer(UPDATE_AGAIN);
    assert_moved("updating -> waiting, 203.0.113.7, the provider's words");
    record_force(record);
    assert_moved("waiting -> updating, 203.0.113.7, ");
    answer(UPDATE_REFUSED);
    assert_moved("updating -> refused, 203.0.113.7, the provider's words");
    record_force(record);
    answer(UPDATE_UNCHANGED);
    assert_moved("updating -> current, 203.0.113.7, the provider's words");
    want(NULL);
    assert_moved("current -> idle, 203.0.113.9, no-address: wan0 has no address");
    want_withdrawn();
    assert_moved("idle -> updating, 203.0.113.9, ");
    answer(UPDATE_DONE);
    assert_moved("updating -> idle, 203.0.113.9, withdrawn");
    want_withdrawn();
    assert_moved("");
}

/* What cannot be deleted is not told as if it had been. */
static void test_deletion_that_is_given_up_is_told(void **state)
{
    (void)state;
    want("203.0.113.7");
    answer(UPDATE_DONE);
    want_withdrawn();
    answer(UPDATE_REFUSED);
    assert_moved("updating -> idle, , it cannot be deleted: the provider's words");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_new),
        LIFE(test_first_update),
        LIFE(test_time_of_change),
        LIFE(test_same_address_asks_nothing),
        LIFE(test_newer_address_supersedes),
        LIFE(test_lost_address),
        LIFE(test_cancelled_is_doubtful),
        LIFE(test_cancelled_in_queue),
        LIFE(test_memory_while_updating),
        LIFE(test_memory_of_doubt),
        LIFE(test_network_ladder),
        LIFE(test_server_ladder),
        LIFE(test_ladders_do_not_mix),
        LIFE(test_network_shortens_nothing),
        LIFE(test_owed_less_than_the_network),
        LIFE(test_memory_of_trouble),
        LIFE(test_asked_for_a_pause),
        LIFE(test_new_address_ends_network_wait),
        LIFE(test_network_change_ends_network_wait),
        LIFE(test_server_wait_is_kept),
        LIFE(test_server_wait_and_no_address),
        LIFE(test_back_to_the_old_address),
        LIFE(test_going_along),
        LIFE(test_refused_stays),
        LIFE(test_force),
        LIFE(test_refuse),
        LIFE(test_recall),
        LIFE(test_recall_a_long_wait),
        LIFE(test_recall_other_address),
        LIFE(test_recall_doubtful),
        LIFE(test_recall_refused),
        LIFE(test_free_everywhere),
        LIFE(test_withdraw),
        LIFE(test_withdraw_is_tried_again),
        LIFE(test_withdraw_is_taken_back),
        LIFE(test_withdraw_what_is_doubtful),
        LIFE(test_withdraw_forced_and_refused),
        LIFE(test_withdraw_after_a_restart),
        LIFE(test_withdraw_recalled),
        LIFE(test_several_addresses),
        LIFE(test_link_changes),
        LIFE(test_log_sets),
        LIFE(test_log),
        LIFE(test_forced_goes_on_after_a_failure),
        LIFE(test_random),
        LIFE(test_transitions_are_told),
        LIFE(test_deletion_that_is_given_up_is_told),
    };

    return cmocka_run_group_tests_name("record", tests, quiet, NULL);
}
