#include "random.h"

#include "unit.h"

enum { LOGINS = 3, NAMES = 3, LINKS = 2, ADDRESSES = 5, MOST_EVENTS = 35 };

/* What a scenario has, as far as it has been written. */
static struct {
    struct unit_random dice;
    struct buf out;
    bool runs;
    size_t logins;
    struct {
        size_t kind, names, families, interface, password, option;
        bool absent, bound, withdraws;
    } login[LOGINS];
    bool has_link[LINKS];
    int address[LINKS][2]; /* 0: none */
    unsigned settle;
} made;

static uint32_t dice(uint32_t sides)
{
    return unit_random(&made.dice, sides);
}

/* One of these; NULL ends the list. */
static const char *one_of(const char *const *list)
{
    uint32_t count = 0;

    while (list[count])
        count++;
    return list[dice(count)];
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    buf_add(&made.out, text);
    buf_add(&made.out, "\n");
    free(text);
}

/* ---- Definitions and the configuration. ---- */

static const struct {
    const char *name, *text; /* NULL: one that is shipped */
} kinds[] = {
    {"dyn", NULL},
    {"no-ip", NULL},
    {"patient", "like = dyndns2\ngap = 60s\n"},
    {"thrifty", "like = dyndns2\ngap = 5s\nbudget = \"10/1h\"\n"},
    {"fresh", "like = dyndns2\nrefresh = 2d\nfamilies = both-required\n"},
    {"lonely", "like = dyndns2\nnames = 1\nfamilies = one\n"},
    {"restful", "like = rest\n"
                "step find { url = \"{server}/records\"\n"
                "query = { \"type={type}\", \"name={hostname}\" }\n"
                "list = records\n"
                "get = { \"id=id\", \"current=content\" }\n"
                "keep = record }\n"
                "step update { when = id\n"
                "method = PUT\n"
                "url = \"{server}/records/{id}\"\n"
                "json = '{\"content\": \"{ip}\"}' }\n"
                "step create { unless = id\n"
                "url = \"{server}/records\"\n"
                "json = '{\"type\": \"{type}\", \"name\": \"{hostname}\", \"content\": \"{ip}\"}' }\n"
                "step delete { when = id\n"
                "method = DELETE\n"
                "url = \"{server}/records/{id}\" }\n"},
};

static void say_block(const char *text)
{
    while (*text) {
        int length = (int)strcspn(text, "\n");

        say("| %.*s", length, text);
        text += length + 1;
    }
}

static bool is_used(size_t kind)
{
    bool used = false;

    for (size_t i = 0; i < made.logins; i++)
        used |= made.login[i].kind == kind;
    return used;
}

static void say_definitions(void)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!kinds[i].text || !is_used(i))
            continue;
        say("definition %s", kinds[i].name);
        say("| title = %s", kinds[i].name);
        say_block(kinds[i].text);
    }
}

static const char *const interfaces[] = {"auto", "wan0", "{ wan0, wan1 }", "{ wan1, wan0 }"};
static const char *const families[] = {"both", "ipv4", "ipv6"};

static void say_login(size_t i)
{
    bool is_rest = strcmp(kinds[made.login[i].kind].name, "restful") == 0;

    say("| provider %s:l%zu {", kinds[made.login[i].kind].name, i);
    say("|     server = \"https://s%zu.example.net\"", i);
    if (!is_rest)
        say("|     username = user%zu", i);
    say("|     password = \"marked-%zu-%zu\"", i, made.login[i].password);
    say("|     interface = %s", interfaces[made.login[i].interface]);
    say("|     family = %s", families[made.login[i].families]);
    if (made.login[i].bound)
        say("|     bind = yes");
    if (made.login[i].withdraws && is_rest && !made.login[i].bound) /* by a way that is gone nothing is deleted */
        say("|     when-lost = withdraw\n|     withdraw-after = 5m");
    for (size_t j = 0; j < made.login[i].option; j++)
        say("|     # a comment");
    say("|     hostname = { {{1..%zu: h{n}-%zu.example.org}} }", made.login[i].names, i);
    say("| }");
}

static void say_config(void)
{
    say("| settle = %ums", made.settle);
    for (size_t i = 0; i < made.logins; i++)
        if (!made.login[i].absent)
            say_login(i);
}

static void make_config(void)
{
    made.settle = 1 + dice(500);
    made.logins = 1 + dice(dice(2) ? LOGINS : 1);
    for (size_t i = 0; i < made.logins; i++) {
        made.login[i].kind = dice(COUNT(kinds));
        made.login[i].names = 1 + dice(NAMES);
        made.login[i].families = dice(COUNT(families));
        made.login[i].interface = dice(COUNT(interfaces));
        made.login[i].bound = dice(4) == 0;
        made.login[i].withdraws = dice(2);
    }
}

/* What a user edits; one login stays. */
static void edit(void)
{
    size_t i = dice((uint32_t)made.logins);

    switch (dice(9)) {
    case 7:
        made.login[i].bound = !made.login[i].bound;
        break;
    case 8:
        made.login[i].withdraws = !made.login[i].withdraws;
        break;
    case 0:
        made.settle = 1 + dice(500);
        break;
    case 1:
        made.login[i].password++;
        break;
    case 2:
        made.login[i].names = 1 + dice(NAMES);
        break;
    case 3:
        made.login[i].families = dice(COUNT(families));
        break;
    case 4:
        made.login[i].interface = dice(COUNT(interfaces));
        break;
    case 5:
        made.login[i].option++;
        break;
    default:
        if (made.logins > 1 && i)
            made.login[i].absent = !made.login[i].absent;
        break;
    }
}

/* ---- The world. ---- */

static void say_address(size_t link, int family, int number, const char *verb)
{
    char text[64];

    /* Of each link its own numbers. */
    snprintf(text, sizeof text, family ? "2001:db8:%zu::%d" : "203.0.113.%zu%d", link + 1, number);
    say("wan%zu %s %s", link, verb, text);
}

static void change_address(size_t link, int family)
{
    int *now = &made.address[link][family], next = (int)dice(ADDRESSES + 1);

    if (*now)
        say_address(link, family, *now, "loses");
    if (*now && dice(2))
        say("+%ums  nothing happens", dice(3000));
    *now = next;
    if (next)
        say_address(link, family, next, "gets");
}

static void change_route(void)
{
    static const char *const which[] = {"", "ipv4 ", "ipv6 ", NULL};
    static const char *const where[] = {"wan0", "wan0", "wan1", "none", NULL};

    say("route %s%s", one_of(which), one_of(where));
}

static void change_world(void)
{
    size_t link = dice(LINKS);

    switch (dice(9)) {
    case 0:
        change_route();
        break;
    case 1:
        say("wan%zu goes %s", link, dice(3) ? "up" : "down");
        break;
    case 2:
        say("kernel %s", dice(2) ? "overrun" : "hint");
        break;
    case 3:
        say("kernel is busy");
        say("kernel hint");
        say("+%ums  nothing happens", dice(900));
        say("kernel is free");
        break;
    default:
        change_address(link, (int)dice(2));
        break;
    }
}

static void make_world(void)
{
    for (size_t link = 0; link < LINKS; link++) {
        say("wan%zu appears", link);
        for (int family = 0; family < 2; family++)
            change_address(link, family);
    }
    say("route wan0");
}

/* ---- The provider. ---- */

static void change_server(void)
{
    static const char *const troubles[] = {
        "answers 503 the server rests",
        "answers 500 what is {login}?",
        "answers 503 [Retry-After: 7] soon",
        "answers 503 [Retry-After: 4000] later",
        "answers 429 [Date: {date}][Retry-After: {date+2h}] later",
        "answers 429 [Retry-After: 999999999] never",
        "answers 429 slow down",
        "answers 404 not found",
        "fails resolve there is no such name",
        "fails connect refused",
        "fails tls the certificate is not yet valid",
        "fails wait reset",
        "fails garbled rubbish",
        "hangs",
        NULL,
    };
    /* Of the protocol of Dyn. */
    static const char *const words[] = {"answers 200 911", "answers 200 dnserr", "answers 200 hello",
                                        "answers 200",     "answers 500 911",    NULL};
    static const char *const refusals[] = {"answers 200 badauth",        "answers 401",
                                           "answers 200 nohost",         "answers 200 abuse",
                                           "answers 200 good 127.0.0.1", NULL};
    static const char *const times[] = {"0s", "50ms", "700ms", "9s", NULL};
    size_t i = dice((uint32_t)made.logins);
    bool is_rest = strcmp(kinds[made.login[i].kind].name, "restful") == 0;
    uint32_t what = dice(20);

    if (what < 4)
        say("server s%zu.example.net takes %s", i, one_of(times));
    else if (what < 10)
        say("server s%zu.example.net good", i);
    else if (what < 16 || is_rest)
        say("server s%zu.example.net %s", i, one_of(troubles));
    else
        say("server s%zu.example.net %s", i, what == 19 ? one_of(refusals) : one_of(words));
}

/* ---- The program and its machine. ---- */

static void spoil_disk(void)
{
    switch (dice(4)) {
    case 0:
        say("state removed");
        break;
    case 1:
        say("state damaged at %u", dice(600));
        break;
    default:
        say("disk %s", dice(2) ? "full" : "read-only");
        say("+%us  nothing happens", dice(200));
        say("disk good");
        break;
    }
}

static void start(void)
{
    say("change settle = %ums", made.settle);
    say("start");
    made.runs = true;
}

static void change_program(void)
{
    if (!made.runs) {
        if (dice(3))
            start();
        else
            spoil_disk();
        return;
    }
    switch (dice(10)) {
    case 0:
        say("stop");
        made.runs = false;
        break;
    case 1:
    case 2:
        say("kill");
        made.runs = false;
        break;
    case 3:
        say("reboot");
        say("clock is 1970-01-01");
        made.runs = false;
        break;
    case 4:
        spoil_disk();
        break;
    case 5:
        if (dice(2))
            say("force");
        else
            say("update h1-0.example.org");
        break;
    default:
        edit();
        say("reload");
        say_config();
        break;
    }
}

static void change_clock(void)
{
    static const char *const steps[] = {"+1h",      "-1h",      "+30y",     "is 1970-01-01",
                                        "is right", "is right", "is right", NULL};

    if (dice(3))
        say("clock %s", one_of(steps));
    else
        say("resolver changes");
}

/* ---- All of it. ---- */

static void pass(void)
{
    static const char *const times[] = {"0s", "1ms", "60ms", "150ms", "1s",  "2s",
                                        "7s", "40s", "90s",  "5m",    "31m", NULL};
    static const char *const long_times[] = {"2h", "5h", "1d", NULL};

    say("+%s  nothing happens", one_of(dice(25) ? times : long_times));
}

static void come_to_rest(void)
{
    say("disk good");
    say("clock is right");
    say("wan0 goes up");
    say_address(0, 0, 9, "gets");
    say("route wan0");
    for (size_t i = 0; i < made.logins; i++) {
        say("server s%zu.example.net takes 50ms", i);
        say("server s%zu.example.net good", i);
    }
    if (!made.runs)
        start();
    say("+60h  nothing happens");
    say("any requests");
    say("all are settled");
    say("in all any requests");
}

char *random_scenario(uint64_t number)
{
    uint32_t events;

    memset(&made, 0, sizeof made);
    unit_random_seed(&made.dice, number);
    dice(2);
    say("# made up by number %llu", (unsigned long long)number);
    make_config();
    say_definitions();
    make_world();
    for (size_t i = 0; i < made.logins; i++)
        say("server s%zu.example.net good", i);
    say("configuration");
    say_config();
    start();
    events = 3 + dice(MOST_EVENTS);
    while (events--) {
        uint32_t what = dice(20);

        if (what < 8)
            change_world();
        else if (what < 14)
            change_server();
        else if (what < 18)
            change_program();
        else if (what < 19)
            change_clock();
        if (dice(3))
            pass();
    }
    come_to_rest();
    return buf_take(&made.out);
}
