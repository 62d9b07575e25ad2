#include "observer.h"

#include "account.h"
#include "clock.h"
#include "disk.h"
#include "logbook.h"
#include "mem.h"
#include "tale.h"
#include "timer.h"
#include "unit.h"
#include "world.h"

#include <sys/socket.h>

enum {
    MOST_AT_ONCE = 4,
    MOST_UNCHANGED = 3,
    WRONG_S = 60,
    SECOND_MS = 1000, /* the wall clock counts no less */
    FREED_MS = 3000,  /* what has changed rests, and the kernel may be busy, before it is known */
    SAVE_MS = 1100,   /* what was heard so long before a sudden end may not be written down */
};

static const struct core *core; /* while it runs */
static unsigned long worlds;    /* changes of the world that were counted as causes */
static size_t looked;           /* as many lines were in the log when the states were looked at */
static bool clock_leapt;        /* what was measured by the wall clock may be over */

static const char *type(const struct key *key)
{
    return ip_record_type(key->family);
}

static void each_key(void (*fn)(struct key *key))
{
    struct key *key;

    for (size_t i = 0; (key = ledger_key(i)); i++)
        fn(key);
}

struct record *observer_record(const struct key *key)
{
    const struct account *account;
    struct record *record;

    for (size_t i = 0; core && (account = core_account(core, i)); i++)
        for (size_t j = 0; (record = account_record(account, j)); j++)
            if (strcmp(account_provider(account)->id, key->login->id) == 0 &&
                strcmp(record_name(record), key->name) == 0 && record_family(record) == key->family)
                return record;
    return NULL;
}

/* ---- Causes. ---- */

static void add_cause(struct key *key)
{
    key->causes++;
}

static void free_wait(struct key *key)
{
    key->losses = 0;
    key->freed_ms = clock_ms();
}

static void owe(struct key *key)
{
    ledger_lift(&key->cause);
    key->owed = true;
    key->locked = false;
    key->not_before_ms = 0;
    key->losses = 0;
    key->causes++;
}

void observer_begin(void)
{
    ledger_begin();
    worlds = 0;
    core = NULL;
    clock_leapt = false;
}

/* Only a change of the world frees: a request alone is no reason for the next one. */
static void note_world(void)
{
    if (worlds < world_changes())
        each_key(free_wait);
    while (worlds < world_changes()) {
        each_key(add_cause);
        worlds++;
    }
}

void observer_freed(void)
{
    each_key(free_wait);
    note_world();
}

void observer_clock_set(int64_t wall_s)
{
    clock_leapt |= wall_s > clock_true_s();
    observer_freed();
}

void observer_forced(void)
{
    struct login *login;

    each_key(owe);
    for (size_t i = 0; (login = ledger_login(i)); i++) {
        ledger_lift(&login->cause);
        login->locked = false;
        login->not_before_ms = login->gap_from_ms = 0;
    }
    looked = SIZE_MAX;
}

/* A login that is refused is tried as a whole, where one of its names is to be tried. */
void observer_updated(const char *name)
{
    struct key *key, *other;

    for (size_t i = 0; (key = ledger_key(i)); i++) {
        if (!key->configured || strcmp(key->name, name) != 0)
            continue;
        for (size_t j = 0; (other = ledger_key(j)); j++)
            if (other == key || (other->login == key->login && key->login->locked))
                owe(other);
        key->wanted = true;
        if (key->login->locked)
            key->login->not_before_ms = key->login->gap_from_ms = 0;
        ledger_lift(&key->login->cause);
        key->login->locked = false;
    }
    looked = SIZE_MAX;
}

void observer_reloaded(const struct config *config, const char *text)
{
    observer_look();
    ledger_configure(config, text);
    each_key(add_cause);
    looked = SIZE_MAX;
}

static void note_sent(struct login *login, size_t number)
{
    assert_true(login->budget < LEDGER_SENT || login->budget_ms < 600000);
    if (!login->sent)
        login->sent = mem_alloc(LEDGER_SENT * sizeof *login->sent);
    if (login->sent_count == LEDGER_SENT)
        memmove(login->sent, login->sent + 1, --login->sent_count * sizeof *login->sent);
    login->sent[login->sent_count++] = (struct sent){number, clock_ms()};
}

/* It has not arrived. */
static void take_sent(struct login *login, size_t number)
{
    for (size_t i = 0; i < login->sent_count; i++)
        if (login->sent[i].number == number)
            memmove(&login->sent[i], &login->sent[i + 1], (--login->sent_count - i) * sizeof *login->sent);
}

/* What was heard after the last good write is forgotten, and all of it when the file is another one. */
static bool is_forgotten(uint64_t heard_ms)
{
    return disk_is_tampered() || !disk_state() || heard_ms >= disk_written_ms();
}

/* A refusal that stands in the file comes back, though the program had heard since that it is lifted. */
static void recall(struct cause *cause)
{
    cause->holds |= cause->until_ms && cause->until_ms >= disk_written_ms();
}

/* What somebody else wrote may say anything. */
static void believe(struct key *key)
{
    key->cause.holds |= disk_is_tampered() && disk_state() && strstr(disk_state(), "\"refused\"");
}

static void forget_key(struct key *key)
{
    recall(&key->cause);
    if (is_forgotten(key->said_ms))
        key->unchanged = MOST_UNCHANGED; /* nobody knows any more how often */
    key->certain &= !is_forgotten(key->said_ms);
    key->locked &= !is_forgotten(key->locked_ms);
    if (is_forgotten(key->told_ms) || clock_leapt)
        key->not_before_ms = key->failures = 0;
    key->not_before_ms -= key->not_before_ms ? SECOND_MS : 0;
    key->losses = 0; /* of a wait for the network nobody keeps a note */
}

void observer_started(const struct config *config, const char *text)
{
    struct login *login;

    each_key(forget_key);
    for (size_t i = 0; (login = ledger_login(i)); i++) {
        recall(&login->cause);
        login->locked &= !is_forgotten(login->locked_ms);
        if (is_forgotten(login->told_ms) || clock_leapt)
            login->not_before_ms = 0;
        login->not_before_ms -= login->not_before_ms ? SECOND_MS : 0;
        if (is_forgotten(login->gap_from_ms) || clock_leapt)
            login->gap_from_ms = 0;
        for (size_t j = login->sent_count; j-- > 0;)
            if (is_forgotten(login->sent[j].ms) || clock_leapt)
                take_sent(login, login->sent[j].number);
    }
    ledger_configure(config, text);
    each_key(believe);
    each_key(add_cause);
    observer_freed();
}

/* What waits for its turn may have been sent, as far as the state tells. */
static void note_queued(struct key *key)
{
    const struct record *record = observer_record(key);

    if (record && record_state(record) == RECORD_UPDATING)
        key->certain = false;
}

static void lose_certainty(struct key *key)
{
    if (key->open || key->said_ms + SAVE_MS > clock_ms() || key->lost_ms + SAVE_MS > clock_ms())
        key->certain = false;
}

void observer_watch(const struct core *watched)
{
    core = watched;
}

void observer_stopped(bool killed)
{
    int64_t off_s = timer_wall_s() - clock_true_s();

    observer_look();
    each_key(note_queued);
    core = NULL;
    clock_leapt |= off_s > WRONG_S || off_s < -WRONG_S; /* by that clock it wrote down its times */
    if (killed)
        each_key(lose_certainty);
}

/* ---- Requests. ---- */

/* Is it time to say it once more? */
static bool is_refresh(const struct key *key)
{
    uint64_t refresh_ms = key->login->refresh_ms;

    return refresh_ms && (clock_ms() - key->said_ms + SECOND_MS >= refresh_ms / 10 * 9 || clock_leapt);
}

/* An answer of this very moment may be one that the program had no time to look at before something else came. */
static bool has_reason(const struct about *about, const struct key *key)
{
    return !key->certain || key->said_ms == clock_ms() || key->owed ||
           !ip_set_equal(&key->published, ledger_addresses(about, key)) || is_refresh(key);
}

/* Where one request must have both families, either is a reason for it. */
static bool has_any_reason(const struct about *about, const struct key *key)
{
    bool any = has_reason(about, key);

    for (size_t i = 0; key->login->both_required && i < about->count; i++)
        any |= strcmp(about->keys[i]->name, key->name) == 0 && has_reason(about, about->keys[i]);
    return any;
}

/* The ladder of the network, a tenth less for its jitter. */
static uint64_t network_pause_ms(unsigned losses)
{
    static const uint64_t ladder_ms[] = {1000, 2000, 5000, 10000, 30000, 60000, 120000, 300000, 600000};
    size_t step = losses ? losses - 1 : 0;

    return ladder_ms[step < COUNT(ladder_ms) ? step : COUNT(ladder_ms) - 1] / 10 * 9;
}

/* May what has happened be known to the program only now? */
static bool is_freed(const struct key *key)
{
    return clock_ms() < key->freed_ms + FREED_MS;
}

static void check_key(const struct about *about, const struct key *key)
{
    uint64_t now_ms = clock_ms();

    if (key->open)
        tale_wrong("%s %s: a second request beside the first", key->name, type(key));
    if (key->locked)
        tale_wrong("%s %s: a request though it is refused", key->name, type(key));
    if (now_ms < key->not_before_ms && now_ms != key->told_ms)
        tale_wrong("%s %s: a request %llu ms before its time", key->name, type(key),
                   (unsigned long long)(key->not_before_ms - now_ms));
    if (key->losses && now_ms < key->lost_ms + network_pause_ms(key->losses))
        tale_wrong("%s %s: a request %llu ms after failure %u of the network, which is too soon", key->name, type(key),
                   (unsigned long long)(now_ms - key->lost_ms), key->losses);
    if (ledger_addresses(about, key)->count && !has_any_reason(about, key))
        tale_wrong("%s %s: what is published is said again", key->name, type(key));
}

static bool is_wanted(const struct about *about)
{
    bool wanted = false;

    for (size_t i = 0; i < about->count; i++)
        wanted |= about->keys[i]->wanted;
    return wanted;
}

static void check_login(const struct login *login, bool wanted)
{
    uint64_t now_ms = clock_ms();

    if (login->locked)
        tale_wrong("%s: a request though the login is refused", login->id);
    if (!wanted && now_ms < login->not_before_ms && now_ms != login->told_ms)
        tale_wrong("%s: a request %llu ms before the time that was asked for", login->id,
                   (unsigned long long)(login->not_before_ms - now_ms));
    if (login->open > MOST_AT_ONCE)
        tale_wrong("%s: %zu requests are under way", login->id, login->open);
    if (!wanted && login->gap_ms && login->single_step && login->gap_from_ms &&
        now_ms < login->gap_from_ms + login->gap_ms)
        tale_wrong("%s: a request %llu ms after the last one, which is within the gap", login->id,
                   (unsigned long long)(now_ms - login->gap_from_ms));
    if (login->budget && login->sent_count > login->budget &&
        now_ms - login->sent[login->sent_count - 1 - login->budget].ms < login->budget_ms)
        tale_wrong("%s: request %lu within the time of the budget", login->id, login->budget + 1);
}

void observer_request(size_t number, const struct about *about)
{
    struct login *login = about->login;

    note_world();
    if (!login)
        return; /* who is asked for an address has no login */
    login->open++;
    note_sent(login, number);
    check_login(login, is_wanted(about));
    for (size_t i = 0; i < about->count; i++) {
        if (is_freed(about->keys[i]))
            about->keys[i]->losses = 0;
        check_key(about, about->keys[i]);
        about->keys[i]->open = number;
        about->keys[i]->writes += ledger_addresses(about, about->keys[i])->count > 0;
    }
}

/* ---- Answers. ---- */

/* A refresh is meant to change nothing. */
static bool is_mere_refresh(const struct about *about, const struct key *key)
{
    return key->certain && !key->owed && ip_set_equal(&key->published, ledger_addresses(about, key)) && is_refresh(key);
}

/* Providers block a name that is sent again and again without a change. */
static void count_unchanged(const struct about *about, struct key *key, enum judgement judgement)
{
    if (judgement == JUDGED_DONE || !ip_set_equal(&key->published, ledger_addresses(about, key)))
        key->unchanged = 0;
    if (judgement == JUDGED_UNCHANGED && !is_mere_refresh(about, key))
        key->unchanged++;
    key->cause.holds = key->unchanged >= MOST_UNCHANGED;
}

static void note_success(const struct about *about, struct key *key)
{
    const struct record *record = observer_record(key);
    /* One that only goes along, while it has no address, does not hear of it. */
    bool hears = !record || record_state(record) != RECORD_IDLE;

    key->published = *ledger_addresses(about, key);
    key->certain = true;
    key->owed &= !hears;
    key->said_ms = hears ? clock_ms() : key->said_ms;
    key->failures = key->losses = 0;
}

static void lock(struct key *key)
{
    key->locked = true;
    key->locked_ms = clock_ms();
    key->failures = 0;
}

static void note_wait(const struct about *about, struct key *key, const struct http_answer *answer)
{
    key->failures++;
    key->told_ms = clock_ms();
    key->not_before_ms = clock_ms() + judge_pause_ms(answer, about, key);
}

static void note_loss(struct key *key)
{
    key->losses = is_freed(key) ? 1 : key->losses + 1;
    key->lost_ms = clock_ms();
}

static void note(const struct about *about, struct key *key, const struct http_answer *answer)
{
    enum judgement judgement = judge(answer, about, key);

    key->open = 0;
    key->wanted = false;
    key->causes += judgement > JUDGED_UNCHANGED;
    ledger_lift(&key->cause);
    key->cause.holds = judge_may_refuse(answer, about, key);
    if (judgement == JUDGED_DONE || judgement == JUDGED_UNCHANGED) {
        count_unchanged(about, key, judgement);
        note_success(about, key);
        return;
    }
    if (judgement != JUDGED_LOST && ledger_addresses(about, key)->count)
        key->certain = false;
    if (judgement != JUDGED_LOST && judgement != JUDGED_DOUBT)
        key->losses = 0;
    if (judgement == JUDGED_WAIT)
        note_wait(about, key, answer);
    else if (judgement == JUDGED_LOST || judgement == JUDGED_DOUBT)
        note_loss(key);
    else if (judgement == JUDGED_REFUSED)
        lock(key);
}

static void note_of_login(struct login *login, size_t number, const struct about *about,
                          const struct http_answer *answer)
{
    uint64_t pause_ms = answer->stage == HTTP_DONE ? judge_login_pause_ms(answer) : 0;

    login->open--;
    if (answer->stage >= HTTP_WAIT)
        login->gap_from_ms = clock_ms();
    else
        take_sent(login, number);
    if (pause_ms && (answer->status == 429 || answer->status == 503)) {
        login->told_ms = clock_ms();
        login->not_before_ms = clock_ms() + pause_ms;
    }
    for (size_t i = 0; i < about->count; i++) {
        if (judge(answer, about, about->keys[i]) != JUDGED_LOGIN_REFUSED)
            continue;
        login->cause.holds = login->locked = true;
        login->locked_ms = clock_ms();
    }
}

void observer_answer(size_t number, const struct about *about, const struct http_answer *answer)
{
    if (!about->login) { /* with another address the world is another one */
        observer_freed();
        return;
    }
    for (size_t i = 0; i < about->count; i++)
        note(about, about->keys[i], answer);
    note_of_login(about->login, number, about, answer);
}

void observer_cancel(size_t number, const struct about *about, bool connected)
{
    if (!about->login)
        return;
    about->login->open--;
    if (connected)
        about->login->gap_from_ms = clock_ms();
    else
        take_sent(about->login, number);
    for (size_t i = 0; i < about->count; i++) {
        struct key *key = about->keys[i];

        key->open = 0;
        key->causes++;
        key->certain &= !connected;
    }
}

/* ---- States. ---- */

/* Where one request must have both families, what is said of one is said of the name. */
static bool has_cause(const struct key *key)
{
    const struct key *twin = ledger_find(key->login, key->name, key->family == AF_INET ? AF_INET6 : AF_INET);

    return key->cause.holds || key->login->cause.holds || (key->login->both_required && twin && twin->cause.holds);
}

static void look(struct key *key, const struct record *record)
{
    bool refused = record_state(record) == RECORD_REFUSED;

    if (refused && !has_cause(key))
        tale_wrong("%s %s: it is refused, and nothing that was answered is a cause for it", key->name, type(key));
    key->cause.holds |= refused; /* also when that of another is gone */
    if (refused && !key->locked)
        lock(key);
    else if (!refused && key->locked && record_state(record) != RECORD_IDLE)
        tale_wrong("%s %s: it is %s, though it was refused and nothing has lifted that", key->name, type(key),
                   record_state_word(record_state(record)));
    if (!refused && record_state(record) != RECORD_IDLE)
        key->locked = false;
}

void observer_look(void)
{
    const struct account *account;
    const struct record *record;
    struct login *login;

    if (!core || looked == logbook_lines()) /* each change of a state is told */
        return;
    looked = logbook_lines();
    for (size_t i = 0; (account = core_account(core, i)); i++) {
        for (size_t j = 0; (login = ledger_login(j)); j++)
            if (strcmp(login->id, account_provider(account)->id) == 0)
                break;
        for (size_t j = 0; login && (record = account_record(account, j)); j++) {
            struct key *key = ledger_find(login, record_name(record), record_family(record));

            if (key)
                look(key, record);
        }
    }
}

static void check_bound(struct key *key)
{
    uint64_t refresh_ms = key->login->refresh_ms;
    unsigned long due = refresh_ms ? (unsigned long)(clock_ms() / (refresh_ms / 10 * 9)) : 0;

    if (key->writes > key->causes + due)
        tale_wrong("%s %s: written %lu times, with %lu reasons for it", key->name, type(key), key->writes,
                   key->causes + due);
}

void observer_end(void)
{
    struct login *login;

    each_key(check_bound);
    for (size_t i = 0; (login = ledger_login(i)); i++)
        if (login->open)
            tale_wrong("%s: %zu requests are still under way", login->id, login->open);
    ledger_end();
}
