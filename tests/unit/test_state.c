/* What survives a restart: there and back, and back from whatever a disk may have made of it. */
#include "state.h"

#include "fake_http.h"
#include "fake_timer.h"
#include "log.h"
#include "provider.h"
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config_provider *provider;
static struct account *account;
static struct seal *seal;

static void on_changed(void *arg)
{
    (void)arg;
}

static void begin(const char *names)
{
    provider = provider_new("dyndns2", names, 0, IP_BOTH);
    account = account_new(NULL, false, on_changed, NULL);
    account_configure(account, provider);
}

static void end(void)
{
    account_free(account);
    provider_free(provider);
    account = NULL;
    provider = NULL;
}

static void want(int family, const char *text)
{
    struct record_target target = {0};
    struct record *record;

    assert_true(ip_set_parse(text, &target.ips));
    for (size_t i = 0; (record = account_record(account, i)); i++)
        if (record_family(record) == family)
            record_want(record, &target, NULL);
    fake_timer_advance(0);
}

static void answer(const char *body)
{
    fake_http_answer(0, 200, body);
    fake_timer_advance(0);
}

static void write_state(const char *folder)
{
    struct state *state = state_collect(&account, 1);

    assert_int_equal(state_write(state, seal, folder, &(uint64_t){0}), 0);
    state_free(state);
}

static void recall_state(const char *folder)
{
    struct state *state = state_read(folder, false);

    state_recall(state, seal, account);
    state_free(state);
}

/* "name type published refused;" of each record, with ? behind what is doubtful, and what was refused of the login. */
static const char *memories(void)
{
    static char text[4096];
    struct record *record;

    text[0] = '\0';
    for (size_t i = 0; (record = account_record(account, i)); i++) {
        struct record_memory memory;
        char published[IP_SET_TEXT_SIZE];
        size_t length = strlen(text);

        record_memory(record, &memory);
        snprintf(text + length, sizeof text - length, "%s %s %s%s %s;", record_name(record),
                 ip_record_type(record_family(record)), ip_set_text(&memory.published, published),
                 memory.doubtful ? "?" : "", memory.refused ? memory.word : "-");
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s",
             account_refused(account) ? account_refused(account) : "-");
    return text;
}

#define assert_memories(text) assert_string_equal(memories(), text)
#define NOTHING               "a.example.org A none -;a.example.org AAAA none -;-"

static bool exists(const char *folder, const char *name)
{
    char *path = unit_path(folder, name);
    bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

static void test_empty(void **state)
{
    begin("a.example.org");
    recall_state(*state);
    assert_memories(NOTHING);
    assert_false(exists(*state, "state.json"));
    /* A folder that is not there has no state either. */
    write_state(*state);
    recall_state(*state);
    assert_memories(NOTHING);
    end();
}

static void test_round_trip(void **state)
{
    char *path = unit_path(*state, "state.json");
    struct record_memory memory;
    struct stat st;

    fake_timer_set_wall(INT64_C(1800000000));
    begin("a.example.org b.example.org *.example.org");
    want(AF_INET, "203.0.113.7");
    answer("good\nnohost\nnochg");
    want(AF_INET6, "2001:db8::7");
    answer("911\ngood\ngood");
    write_state(*state);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    end();
    begin("a.example.org b.example.org *.example.org");
    recall_state(*state);
    assert_memories(
        "a.example.org A 203.0.113.7 -;a.example.org AAAA none? -;"
        "b.example.org A none? provider: nohost: there is no such name in this account;"
        "b.example.org AAAA 2001:db8::7 -;*.example.org A 203.0.113.7 -;*.example.org AAAA 2001:db8::7 -;-");
    record_memory(account_record(account, 0), &memory);
    assert_int_equal(memory.published_at.wall_s, INT64_C(1800000000));
    assert_int_equal(memory.changed_at.wall_s, INT64_C(1800000000));
    /* A restart with the same addresses asks only for what is missing. */
    want(AF_INET, "203.0.113.7");
    assert_int_equal(fake_http_open(), 0);
    want(AF_INET6, "2001:db8::7");
    assert_int_equal(fake_http_open(), 0);
    fake_timer_advance(60000); /* that the provider is owed */
    assert_int_equal(fake_http_open(), 1);
    assert_contains(fake_http_request(0)->url, "hostname=a.example.org&myip=2001:db8::7");
    end();
    free(path);
}

/* Several addresses of a name come back as they were, and are the same in whatever order they are wanted. */
static void test_several_addresses(void **state)
{
    char *path = unit_path(*state, "state.json"), *text;

    begin("a.example.org");
    want(AF_INET, "203.0.113.9,203.0.113.7");
    answer("good");
    want(AF_INET6, "2001:db8::1,2001:db8::2,2001:db8::3,2001:db8::4");
    answer("good");
    write_state(*state);
    text = unit_read(path);
    assert_contains(text, "\"203.0.113.7,203.0.113.9\"");
    free(text);
    end();
    begin("a.example.org");
    recall_state(*state);
    assert_memories("a.example.org A 203.0.113.7,203.0.113.9 -;"
                    "a.example.org AAAA 2001:db8::1,2001:db8::2,2001:db8::3,2001:db8::4 -;-");
    want(AF_INET, "203.0.113.9,203.0.113.7");
    assert_int_equal(fake_http_open(), 0);
    want(AF_INET, "203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    end();
    free(path);
}

/* A record that was withdrawn is not there any more after a restart either. */
static void test_withdrawn(void **state)
{
    begin("a.example.org");
    want(AF_INET, "203.0.113.7");
    answer("good");
    provider_define(provider, "like = dyndns2\nstep delete { url = \"{server}/delete\" }\n");
    record_want(account_record(account, 0), &(struct record_target){.withdraw = true}, "no-address: wan0 has none");
    fake_timer_advance(0);
    assert_contains(fake_http_request(0)->url, "/delete");
    answer("good");
    write_state(*state);
    end();
    begin("a.example.org");
    recall_state(*state);
    assert_memories(NOTHING);
    end();
}

/* What is under way at a crash may have come to its end or not: what was there is known, with the doubt, and is sent
 * anew though it is what is wanted. */
static void test_under_way(void **state)
{
    char *path = unit_path(*state, "state.json"), *text;

    begin("a.example.org");
    want(AF_INET, "203.0.113.7");
    answer("good");
    write_state(*state);
    text = unit_read(path);
    assert_lacks(text, "doubtful");
    free(text);
    want(AF_INET, "203.0.113.8");
    write_state(*state);
    text = unit_read(path);
    assert_contains(text, "\"address\": \"203.0.113.7\"");
    assert_contains(text, "\"doubtful\": true");
    free(text);
    end();
    begin("a.example.org");
    provider_define(provider,
                    "title = x\nstep update { url = \"{server}/set\" query = { \"old={old}\", \"ip={ip}\" } }\n");
    free(provider->definition->name);
    provider->definition->name = strdup("dyndns2"); /* the same place */
    recall_state(*state);
    assert_memories("a.example.org A 203.0.113.7? -;a.example.org AAAA none -;-");
    want(AF_INET, "203.0.113.7");
    assert_int_equal(fake_http_open(), 1);
    assert_contains(fake_http_request(0)->url, "/set?old=203.0.113.7&ip=203.0.113.7");
    answer("");
    assert_memories("a.example.org A 203.0.113.7 -;a.example.org AAAA none -;-");
    end();
    free(path);
}

/* A refused login is remembered until the login changes; what was published is known as long as it is the same place. */
static void test_login_changes(void **state)
{
    static const char *const badauth =
        "a.example.org A 203.0.113.7 provider: badauth: the user name or the password is wrong;"
        "a.example.org AAAA none? provider: badauth: the user name or the password is wrong;"
        "provider: badauth: the user name or the password is wrong";

    begin("a.example.org");
    want(AF_INET, "203.0.113.7");
    answer("good");
    want(AF_INET6, "2001:db8::7");
    answer("badauth");
    write_state(*state);
    end();
    begin("a.example.org");
    recall_state(*state);
    assert_memories(badauth);
    want(AF_INET, "203.0.113.8");
    assert_int_equal(fake_http_open(), 0);
    end();
    /* Another password, or whatever else is changed in the section, lifts the refusal, also one of a single name. */
    begin("a.example.org");
    provider->section++;
    recall_state(*state);
    assert_memories("a.example.org A 203.0.113.7 -;a.example.org AAAA none? -;-");
    end();
    /* Another user, or another server, is another place. */
    begin("a.example.org");
    provider_login(provider, "ALICE", "secret");
    recall_state(*state);
    assert_memories(NOTHING);
    end();
    begin("a.example.org");
    provider->server[8] = '2';
    recall_state(*state);
    assert_memories(NOTHING);
    end();
    /* Another section. */
    begin("a.example.org");
    provider->id[0] = 'D';
    recall_state(*state);
    assert_memories(NOTHING);
    end();
}

static void begin_in_zone(const char *zone)
{
    begin("a.example.org");
    provider->zone = (char *)zone;
    provider->definition->budget = 5;
    provider->definition->budget_ms = UINT64_C(24) * 3600 * 1000;
    account_configure(account, provider);
}

/* In another zone nothing is known of what was published, but the limits are those of the login. What does not say the
 * zone is of an older version, and the same. */
static void test_within(void **state)
{
    static const char published[] = "a.example.org A 203.0.113.7 -;a.example.org AAAA none -;-";
    static const struct {
        const char *zone, *later;
        bool same;
    } cases[] = {{"example.org", "example.org", true},
                 {"example.org", "a.example.org", false},
                 {"example.org", NULL, false},
                 {NULL, "example.org", false},
                 {NULL, NULL, true}};
    char *path = unit_path(*state, "state.json"), *text, number[32];

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct account_memory memory;

        begin_in_zone(cases[i].zone);
        want(AF_INET, "203.0.113.7");
        answer("good");
        write_state(*state);
        snprintf(number, sizeof number, "%lu", (unsigned long)config_provider_within(provider));
        text = unit_read(path);
        if (cases[i].zone ? strstr(text, number) || !strstr(text, "\"within\": \"") : !strstr(text, "\"within\": 0"))
            unit_wrong("row %zu: %s", i, text);
        free(text);
        end();
        begin_in_zone(cases[i].later);
        recall_state(*state);
        account_memory(account, &memory);
        if (strcmp(memories(), cases[i].same ? published : NOTHING) != 0 || memory.limit.used == 0)
            unit_wrong("row %zu: %s %lu", i, memories(), (unsigned long)memory.limit.used);
        end();
    }
    unit_all_right();
    free(path);
}

/* As long as all is well, nothing of a section is written, and no key is made. With another key than it was written by
 * nobody knows whether the section is the same. */
static void test_section(void **state)
{
    char *path = unit_path(*state, "state.json"), *text;

    begin("a.example.org");
    provider->section = 193392638;
    want(AF_INET, "203.0.113.7");
    answer("good");
    write_state(*state);
    text = unit_read(path);
    assert_lacks(text, "section");
    free(text);
    assert_false(exists(*state, "key"));
    want(AF_INET6, "2001:db8::7");
    answer("911");
    write_state(*state);
    assert_true(exists(*state, "key"));
    text = unit_read(path);
    assert_contains(text, "\"section\": \"");
    assert_lacks(text, "193392638");
    free(text);
    end();
    for (int turn = 0; turn < 2; turn++) {
        struct record_memory memory;

        if (turn)
            free(unit_file(*state, "key", "000102030405060708090a0b0c0d0e0f", 0600));
        seal_free(seal);
        seal = seal_new(*state);
        begin("a.example.org");
        provider->section = 193392638;
        recall_state(*state);
        record_memory(account_record(account, 1), &memory);
        assert_int_equal(memory.failures, !turn);
        assert_memories("a.example.org A 203.0.113.7 -;a.example.org AAAA none? -;-");
        end();
    }
    free(path);
}

/* The password is not in the file, whatever the provider says. */
static void test_no_secret(void **state)
{
    char *path = unit_path(*state, "state.json"), *text;

    begin("a.example.org");
    want(AF_INET, "203.0.113.7");
    answer("nohost alice:secret");
    write_state(*state);
    text = unit_read(path);
    assert_lacks(text, "secret");
    assert_contains(text, "nohost");
    free(text);
    free(path);
    end();
}

/* Words of a provider that are no UTF-8 are written all the same, and read back. */
static void test_hostile_words(void **state)
{
    begin("a.example.org");
    want(AF_INET, "203.0.113.7");
    answer("nohost \xff\x01\"\\\xc3\xa4");
    write_state(*state);
    end();
    begin("a.example.org");
    recall_state(*state);
    assert_contains(memories(), "nohost \\xff\\x01\"\\\xc3\xa4");
    assert_false(exists(*state, "state.json.damaged"));
    end();
}

/* Reads the file, and gives back what was warned of. */
static char *recall_warned(const char *folder)
{
    char *log;

    log_set_level(LOG_LEVEL_WARNING);
    unit_capture_begin();
    recall_state(folder);
    log = unit_capture_end();
    log_set_level(LOG_LEVEL_ERROR);
    return log;
}

/* The same with this text as the file. */
static char *read_text(const char *folder, const char *text)
{
    char *aside = unit_path(folder, "state.json.damaged");

    remove(aside);
    free(aside);
    free(unit_file(folder, "state.json", text, 0600));
    return recall_warned(folder);
}

#define HEAD    "{\"version\": 1, \"accounts\": ["
#define RECORDS "], \"records\": ["
#define TAIL    "]}"

/* An account entry with the right numbers, as the account now at hand has them. */
static const char *account_entry(const char *more)
{
    static char text[256];

    snprintf(text, sizeof text, "{\"account\": \"dyndns2\", \"place\": %lu, \"login\": %lu%s}",
             (unsigned long)config_provider_place(provider), (unsigned long)config_provider_login(provider), more);
    return text;
}

/* Not a state file of this form: set aside, told once, and nothing is believed. */
static void test_damaged(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "not json",
        "null",
        "[]",
        "42",
        "{}",
        "{\"version\": 1}",
        "{\"version\": 1, \"accounts\": [], \"records\": {}}",
        "{\"version\": 1, \"accounts\": {}, \"records\": []}",
        "{\"version\": 0, \"accounts\": [], \"records\": []}",
        "{\"version\": 2, \"accounts\": [], \"records\": []}",
        "{\"version\": \"1\", \"accounts\": [], \"records\": []}",
        "{\"version\": 1, \"accounts\": [], \"records\": []} more",
        "{\"version\": 1, \"version\": 1, \"accounts\": [], \"records\": []}",
        "{\"version\": 1, \"accounts\": [\"\xff\"], \"records\": []}",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        char *log, *aside = unit_path(*state, "state.json.damaged"), *kept;

        begin("a.example.org");
        log = read_text(*state, texts[i]);
        kept = unit_read(aside);
        if (!strstr(log, "state.json.damaged") || exists(*state, "state.json") || !kept || strcmp(kept, texts[i]) != 0)
            unit_wrong("\"%s\" is not set aside: %s", texts[i], log);
        if (strcmp(memories(), NOTHING) != 0)
            unit_wrong("\"%s\" gives %s", texts[i], memories());
        free(kept);
        free(log);
        free(aside);
        end();
    }
    unit_all_right();
}

static void test_too_deep(void **state)
{
    static char text[200001];
    char *log;

    memset(text, '[', sizeof text - 1);
    begin("a.example.org");
    log = read_text(*state, text);
    assert_contains(log, "state.json.damaged");
    free(log);
    end();
}

#define A_RECORD(address) \
    "{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"" address "\"}"

/* An entry that makes no sense is left out with a warning; the others count. */
static void test_wrong_entries(void **state)
{
    static const struct {
        const char *record;
        bool warning;
        const char *published; /* what is believed of the A record */
    } entries[] = {
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"published\": 1}",
         false, "203.0.113.7"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\"}",
         false, "203.0.113.7"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\"}", false, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": null}", false, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"new\": [1]}",
         false, "203.0.113.7"},
        {"{\"account\": \"dyndns2\", \"name\": \"other.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\"}",
         false, "none"},
        {"{\"account\": \"other\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\"}", false,
         "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113\"}", true,
         "none"},
        /* Several addresses: none too many, none of another family, nothing between them but one comma. */
        {A_RECORD("203.0.113.8,203.0.113.7"), false, "203.0.113.7,203.0.113.8"},
        {A_RECORD("203.0.113.7,203.0.113.7"), false, "203.0.113.7"},
        {A_RECORD("203.0.113.1,203.0.113.2,203.0.113.3,203.0.113.4"), false,
         "203.0.113.1,203.0.113.2,203.0.113.3,203.0.113.4"},
        {A_RECORD("203.0.113.1,203.0.113.2,203.0.113.3,203.0.113.4,203.0.113.5"), true, "none"},
        {A_RECORD("203.0.113.7,2001:db8::7"), true, "none"},
        {A_RECORD("2001:db8::7,203.0.113.7"), true, "none"},
        {A_RECORD("2001:db8::7,2001:db8::8"), true, "none"},
        {A_RECORD("203.0.113.7, 203.0.113.8"), true, "none"},
        {A_RECORD("203.0.113.7,"), true, "none"},
        {A_RECORD(",203.0.113.7"), true, "none"},
        {A_RECORD("203.0.113.7,,203.0.113.8"), true, "none"},
        {A_RECORD("203.0.113.7;203.0.113.8"), true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"doubtful\": 1}", true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"doubtful\": true}", false,
         "none?"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"doubtful\": true}",
         false, "203.0.113.7?"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"doubtful\": false}",
         false, "203.0.113.7"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"\"}", true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": 3405803783}", true,
         "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"2001:db8::7\"}", true,
         "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"AAAA\", \"address\": \"203.0.113.7\"}",
         true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"MX\", \"address\": \"203.0.113.7\"}",
         true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"address\": \"203.0.113.7\"}", true, "none"},
        {"{\"account\": \"dyndns2\", \"type\": \"A\", \"address\": \"203.0.113.7\"}", true, "none"},
        {"{\"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\"}", true, "none"},
        {"{\"account\": [], \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\"}", true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": 7, \"type\": \"A\", \"address\": \"203.0.113.7\"}", true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"published\": \"1\"}",
         true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"changed\": true}",
         true, "none"},
        {"{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": \"203.0.113.7\", "
         "\"refused\": 1}",
         true, "none"},
        {"7", true, "none"},
        {"null", true, "none"},
        {"\"text\"", true, "none"},
        {"[]", true, "none"},
    };

    for (size_t i = 0; i < COUNT(entries); i++) {
        char text[1024], expected[256], *log;

        begin("a.example.org b.example.org");
        snprintf(text, sizeof text,
                 HEAD "%s" RECORDS "%s, {\"account\": \"dyndns2\", \"name\": \"b.example.org\", \"type\": \"A\", "
                      "\"address\": \"203.0.113.9\"}" TAIL,
                 account_entry(""), entries[i].record);
        log = read_text(*state, text);
        snprintf(expected, sizeof expected, "a.example.org A %s -;", entries[i].published);
        if (!strstr(memories(), expected) || !strstr(memories(), "b.example.org A 203.0.113.9 -;"))
            unit_wrong("%s: %s", entries[i].record, memories());
        if ((strstr(log, "<4>") != NULL) != entries[i].warning || exists(*state, "state.json.damaged"))
            unit_wrong("%s: the log: %s", entries[i].record, log);
        free(log);
        end();
    }
    unit_all_right();
}

static void test_wrong_accounts(void **state)
{
    static const char *const entries[] = {
        "7",
        "null",
        "{}",
        "{\"account\": \"dyndns2\"}",
        "{\"account\": \"dyndns2\", \"place\": \"1\", \"login\": 1}",
        "{\"account\": \"dyndns2\", \"place\": 1.5, \"login\": 1}",
        "{\"account\": 1, \"place\": 1, \"login\": 1}",
        "{\"account\": \"dyndns2\", \"place\": 1, \"login\": 1, \"refused\": true}",
    };

    for (size_t i = 0; i < COUNT(entries); i++) {
        char text[1024], *log;

        begin("a.example.org");
        snprintf(text, sizeof text,
                 HEAD "%s" RECORDS "{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", "
                      "\"address\": \"203.0.113.9\"}" TAIL,
                 entries[i]);
        log = read_text(*state, text);
        if (strcmp(memories(), NOTHING) != 0 || !strstr(log, "<4>"))
            unit_wrong("%s: %s, %s", entries[i], memories(), log);
        free(log);
        end();
    }
    unit_all_right();
}

/* Three names with something to lose. */
static void fill(void)
{
    begin("a.example.org b.example.org c.example.org");
    want(AF_INET, "203.0.113.7");
    answer("good\ngood\nnohost");
    want(AF_INET6, "2001:db8::7");
    answer("good\n911\ngood");
}

/* How many of the entries are not as they were; what is believed must have been written so. */
static size_t count_lost(const char *whole)
{
    char *copy = strdup(whole), *rest = copy;
    size_t lost = 0;

    for (const char *one; (one = strsep(&rest, ";"));) {
        char empty[128];

        if (strstr(memories(), one))
            continue;
        lost++;
        snprintf(empty, sizeof empty, "%.*s none -;", (int)(strcspn(strchr(one, ' ') + 1, " ") + strcspn(one, " ") + 1),
                 one);
        if (!strstr(memories(), empty))
            unit_wrong("%s: is neither known nor unknown: %s", one, memories());
    }
    free(copy);
    return lost;
}

/* The good file with each byte damaged, and cut off at each byte. A byte costs the entry that it is in, and one that ends
 * a line two; never without a word. */
static void test_each_byte(void **state)
{
    static const char changes[] = {'x', '"', '\0', '{', '9', '\n', '\x80'};
    char *path = unit_path(*state, "state.json"), *aside = unit_path(*state, "state.json.damaged"), *good;
    char whole[1024];
    size_t length;

    fill();
    snprintf(whole, sizeof whole, "%s", memories());
    write_state(*state);
    end();
    good = unit_read(path);
    length = strlen(good);
    for (size_t i = 0; i < length * (COUNT(changes) + 1); i++) {
        size_t at = i / (COUNT(changes) + 1), change = i % (COUNT(changes) + 1), lost;
        FILE *file = fopen(path, "w");
        char *log;

        assert_non_null(file);
        fwrite(good, 1, at, file);
        if (change < COUNT(changes)) {
            fputc(changes[change], file);
            fwrite(good + at + 1, 1, length - at - 1, file);
        }
        fclose(file);
        begin("a.example.org b.example.org c.example.org");
        log = recall_warned(*state);
        lost = count_lost(whole);
        if (change < COUNT(changes) && lost > 2)
            unit_wrong("byte %zu, change %zu: %zu entries are lost", at, change, lost);
        if (lost && !strstr(log, "<4>") && at + 2 < length)
            unit_wrong("byte %zu, change %zu: %zu entries are gone without a word", at, change, lost);
        free(log);
        end();
    }
    unit_all_right();
    assert_contains(whole, "a.example.org A 203.0.113.7 -;");
    free(good);
    free(path);
    remove(aside);
    free(aside);
}

/* What was written before there were sums is read all the same. */
static void test_first_version(void **state)
{
    struct record_memory memory;
    char text[1024];

    begin("a.example.org b.example.org");
    snprintf(text, sizeof text,
             HEAD "%s" RECORDS "{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", \"address\": "
                  "\"203.0.113.9\", \"published\": 1699999000}, {\"account\": \"dyndns2\", \"name\": "
                  "\"b.example.org\", \"type\": \"A\", \"refused\": \"provider: nohost\", \"doubtful\": true}" TAIL,
             account_entry(", \"refused\": \"provider: badauth\""));
    free(read_text(*state, text));
    assert_memories("a.example.org A 203.0.113.9 provider: badauth;a.example.org AAAA none provider: badauth;"
                    "b.example.org A none? provider: nohost;b.example.org AAAA none provider: badauth;"
                    "provider: badauth");
    record_memory(account_record(account, 0), &memory);
    assert_int_equal(memory.changed_at.wall_s, 1699999000);
    end();
}

static void test_within_of_old(void **state)
{
    char text[1024];

    begin_in_zone("example.org");
    snprintf(text, sizeof text, HEAD "%s" RECORDS A_RECORD("203.0.113.7") TAIL, account_entry(""));
    free(read_text(*state, text));
    assert_memories("a.example.org A 203.0.113.7 -;a.example.org AAAA none -;-");
    write_state(*state);
    end();
    /* From then on it is known. */
    begin_in_zone("a.example.org");
    recall_state(*state);
    assert_memories(NOTHING);
    end();
}

/* The old form: the checksum itself, from which passwords can be guessed. It holds still, and becomes a seal. */
static void test_section_of_old(void **state)
{
    char *path = unit_path(*state, "state.json"), *written, text[1024], old[64];

    begin("a.example.org");
    provider->section = 193392638;
    for (int turn = 0; turn < 2; turn++) {
        snprintf(old, sizeof old, ", \"section\": %d", turn ? 193392639 : 193392638);
        snprintf(text, sizeof text,
                 HEAD "%s" RECORDS "{\"account\": \"dyndns2\", \"name\": \"a.example.org\", \"type\": \"A\", "
                      "\"refused\": true, \"word\": \"provider: nohost\"%s}" TAIL,
                 account_entry(old), old);
        free(read_text(*state, text));
        assert_memories(turn ? NOTHING : "a.example.org A none provider: nohost;a.example.org AAAA none -;-");
        write_state(*state);
        written = unit_read(path);
        assert_lacks(written, "193392638");
        if (turn)
            assert_lacks(written, "section");
        else
            assert_contains(written, "\"section\": \"");
        free(written);
        end();
        begin("a.example.org");
        provider->section = 193392638;
        recall_state(*state);
        assert_memories(turn ? NOTHING : "a.example.org A none provider: nohost;a.example.org AAAA none -;-");
        end();
        begin("a.example.org");
        provider->section = 193392638;
    }
    end();
    free(path);
}

/* A wait that the provider is owed goes on over a restart, by the wall clock over one of the machine. */
static void test_waits_go_on(void **state)
{
    static const uint64_t minute = 60000;
    struct record_memory memory;

    fake_timer_set_random(0);
    for (int boots = 0; boots < 2; boots++) {
        provider = provider_new("no-ip", "a.example.org", 0, IP_V4);
        account = account_new(NULL, false, on_changed, NULL);
        account_configure(account, provider);
        want(AF_INET, "203.0.113.7");
        answer("911");
        fake_timer_advance(10 * minute);
        write_state(*state);
        end();
        if (boots)
            fake_timer_boot();
        provider = provider_new("no-ip", "a.example.org", 0, IP_V4);
        account = account_new(NULL, false, on_changed, NULL);
        account_configure(account, provider);
        recall_state(*state);
        want(AF_INET, "203.0.113.8");
        assert_int_equal(fake_timer_next(), 20 * minute);
        record_memory(account_record(account, 0), &memory);
        assert_int_equal(memory.failures, 1);
        assert_int_equal(fake_http_open(), 0);
        fake_timer_advance(20 * minute);
        assert_int_equal(fake_http_open(), 1);
        assert_contains(fake_http_request(0)->url, "203.0.113.8");
        end();
    }
}

/* What is in the way of a file, or cannot be read, is told and costs no more than the memory. */
static void test_unreadable(void **state)
{
    char *path = unit_path(*state, "state.json"), *log;

    assert_int_equal(mkdir(path, 0700), 0);
    begin("a.example.org");
    log = recall_warned(*state);
    assert_contains(log, "<4>");
    assert_memories(NOTHING);
    free(log);
    end();
    free(path);
}

/* The same again is not written again, but after a failure it is. */
static void test_written_once(void **state)
{
    char *path = unit_path(*state, "state.json"), *missing = unit_path(*state, "missing");
    struct state *collected, *read_back;
    uint64_t sum = 0;

    begin("a.example.org");
    collected = state_collect(&account, 1);
    assert_int_equal(state_write(collected, seal, *state, &sum), 0);
    assert_true(sum == state_sum(collected));
    read_back = state_read(*state, false);
    assert_true(state_sum(read_back) == sum);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(state_write(collected, seal, *state, &sum), 0);
    assert_false(exists(*state, "state.json"));
    sum++;
    assert_int_equal(state_write(collected, seal, missing, &sum), -ENOENT);
    assert_int_equal(state_write(collected, seal, *state, &sum), 0);
    assert_true(exists(*state, "state.json"));
    state_free(read_back);
    state_free(collected);
    end();
    free(path);
    free(missing);
}

/* Who only looks moves nothing; who runs sets a folder in the place of the file aside. */
static void test_look_only(void **state)
{
    char *path = unit_file(*state, "state.json", "no json", 0600);

    log_set_level(LOG_LEVEL_ERROR);
    state_free(state_read(*state, true));
    assert_true(exists(*state, "state.json"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    state_free(state_read(*state, false));
    assert_false(exists(*state, "state.json"));
    assert_true(exists(*state, "state.json.damaged"));
    free(path);
}

static void test_write_fails(void **state)
{
    char *missing = unit_path(*state, "missing");
    struct state *collected;

    begin("a.example.org");
    collected = state_collect(&account, 1);
    assert_int_equal(state_write(collected, seal, missing, &(uint64_t){0}), -ENOENT);
    state_free(collected);
    end();
    collected = state_collect(NULL, 0);
    assert_int_equal(state_write(collected, seal, *state, &(uint64_t){0}), 0);
    state_free(collected);
    state_free(NULL);
    free(missing);
}

/* Without the key that it was sealed by a refusal is known to nobody after a restart: that is a failure, though the
 * state itself is there, until the key is. No seal is written that nobody could compare. */
static void test_key_fails(void **state)
{
    char *missing = unit_path(*state, "missing"), *path = unit_path(*state, "state.json"), *text;
    struct seal *elsewhere = seal_new(missing);
    struct state *collected;
    uint64_t sum = 0;

    begin("a.example.org");
    provider->section = 193392638;
    want(AF_INET, "203.0.113.7");
    answer("nohost");
    for (int turn = 0; turn < 3; turn++) {
        if (turn == 2)
            assert_int_equal(mkdir(missing, 0700), 0);
        collected = state_collect(&account, 1);
        assert_int_equal(state_write(collected, elsewhere, *state, &sum), turn == 2 ? 0 : -ENOENT);
        text = unit_read(path);
        assert_contains(text, "\"refused\": true");
        assert_int_equal(strstr(text, "\"section\"") != NULL, turn == 2);
        free(text);
        state_free(collected);
    }
    end();
    seal_free(elsewhere);
    unit_remove_folder(missing);
    free(path);
}

/* Two sections do not mix, though they have the same names; a reload takes this way without the disk. */
static void test_two_accounts(void **state)
{
    struct config_provider *providers[2];
    struct account *accounts[2];
    struct state *collected;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        providers[i] = provider_new("dyndns2", "a.example.org", 0, IP_V4);
        free(providers[i]->id);
        providers[i]->id = strdup(i ? "dyndns2:b" : "dyndns2:a");
        accounts[i] = account_new(NULL, false, on_changed, NULL);
        account_configure(accounts[i], providers[i]);
    }
    account = accounts[0];
    want(AF_INET, "203.0.113.7");
    answer("good");
    account = accounts[1];
    want(AF_INET, "203.0.113.8");
    answer("good");
    collected = state_collect(accounts, 2);
    for (size_t i = 0; i < 2; i++) {
        account_free(accounts[i]);
        accounts[i] = account_new(NULL, false, on_changed, NULL);
        account_configure(accounts[i], providers[i]);
        state_recall(collected, NULL, accounts[i]);
        account = accounts[i];
        assert_memories(i ? "a.example.org A 203.0.113.8 -;-" : "a.example.org A 203.0.113.7 -;-");
        account_free(accounts[i]);
        provider_free(providers[i]);
    }
    state_free(collected);
    account = NULL;
}

static int quiet(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    return 0;
}

static int setup(void **state)
{
    int error = unit_setup_folder(state);

    seal = seal_new(*state);
    return error;
}

static int teardown(void **state)
{
    seal_free(seal);
    return unit_teardown_folder(state);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_empty),          WITH_FOLDER(test_round_trip),        WITH_FOLDER(test_under_way),
        WITH_FOLDER(test_login_changes),  WITH_FOLDER(test_no_secret),         WITH_FOLDER(test_hostile_words),
        WITH_FOLDER(test_damaged),        WITH_FOLDER(test_too_deep),          WITH_FOLDER(test_wrong_entries),
        WITH_FOLDER(test_wrong_accounts), WITH_FOLDER(test_each_byte),         WITH_FOLDER(test_unreadable),
        WITH_FOLDER(test_write_fails),    WITH_FOLDER(test_written_once),      WITH_FOLDER(test_look_only),
        WITH_FOLDER(test_two_accounts),   WITH_FOLDER(test_first_version),     WITH_FOLDER(test_waits_go_on),
        WITH_FOLDER(test_withdrawn),      WITH_FOLDER(test_several_addresses), WITH_FOLDER(test_section),
        WITH_FOLDER(test_section_of_old), WITH_FOLDER(test_key_fails),         WITH_FOLDER(test_within),
        WITH_FOLDER(test_within_of_old),
    };

    return cmocka_run_group_tests_name("state", tests, quiet, NULL);
}
