#include "sample.h"

#include <sys/stat.h>

#define LOGIN          "username = alice\npassword = secret\nhostname = home.example.org\n"
#define SECTION(lines) "provider no-ip.com {\n" LOGIN lines "}\n"
#define CUSTOM(lines)  "custom x {\nddns-server = s.example.net\nhostname = home.example.org\n" lines "}\n"

static void try_all(const char *const rows[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        sample_expect(rows[i][0], rows[i][1]);
    unit_all_right();
}

/* The title: which provider, which label; what is of none stays as comments, without secrets. */
static void test_titles(void **state)
{
    static const char *const rows[][2] = {
        {SECTION(""), "provider no-ip {\n    username       = alice\n    password       = secret\n"
                      "    hostname       = home.example.org\n!left out\n!not needed"},
        {"provider default@noip.com:2 {\n" LOGIN "}", "provider no-ip:2 {"},
        {"provider Dyn\n{\n" LOGIN "}", "provider dyn {"},
        {"provider \"no-ip.com:my own/1\" {\n" LOGIN "}", "provider no-ip:my-own-1 {"},
        {"provider no-ip.com: {\n" LOGIN "}", "provider no-ip {"},
        {"provider no-ip.com:1 {\n" LOGIN
         "}\nprovider no-ip.com:2 {\nusername = bob\npassword = x\nhostname = b.example.org\n}",
         "provider no-ip:1 {\nprovider no-ip:2 {"},
        {"provider no-ip.com:1 {\n" LOGIN
         "}\nprovider no-ip.com:2 {\nusername = alice\npassword = secret\nhostname = b.example.org\n}",
         "provider no-ip:1 {\n    hostname       = { home.example.org, b.example.org }\n!no-ip:2"},
        {"provider nothing-like-it {\n" LOGIN "}",
         "# f:1: provider nothing-like-it: left out, there is no such provider\n# f:2: username = ...: left out\n"
         "# f:3: password = ...: left out\n# f:4: hostname = home.example.org: left out\n!alice\n!secret\n!{"},
        {"provider domains.google.com:1 {\n" LOGIN "}",
         "# f:1: provider domains.google.com:1: left out, Google Domains has ended"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* What a key of a login is, where a service has it otherwise. */
static void test_logins(void **state)
{
    static const char *const rows[][2] = {
        {"provider duckdns.org {\nusername = tok\npassword = none\nhostname = { a, b.duckdns.org }\n}",
         "password       = tok\n# f:3: password = ...: not needed\nhostname       = { a.duckdns.org, b.duckdns.org "
         "}\n!username   "},
        {"provider cloudflare.com {\nusername = example.org\npassword = tok\nhostname = a.example.org\nttl = "
         "1\nproxied = yes\n}",
         "password       = tok\nzone           = example.org\nttl            = 1\noptions        = "
         "\"proxied=true\"\n!username   "},
        {"provider cloudflare.com {\nusername = example.net\npassword = tok\nhostname = a.example.org\n}",
         "# f:2: username = ...: left out, a.example.org is not in such a zone\n!zone    "},
        {"provider namecheap.com {\nusername = example.org\npassword = p\nhostname = { \"@\", \"*\", www }\n}",
         "zone           = example.org\nhostname       = { example.org, \"*.example.org\", www.example.org }"},
        {"provider tunnelbroker.net {\nusername = a\npassword = p\nhostname = 1234\n}",
         "hostname       = tunnel1234.tunnelbroker.net"},
        {"provider dnspod.cn {\nusername = i\npassword = t\nhostname = { a.b.example.org, example.net }\n}",
         "zone           = b.example.org\nzone           = example.net\nprovider dnspod {\nprovider dnspod:2 {"},
        {"provider dnsmadeeasy.com {\nusername = a\npassword = p\nhostname = 1007\n}",
         "options        = \"id=1007\"\nhostname       = record-1007.dnsmadeeasy.invalid"},
        {"provider ddnss.de {\nusername = a\npassword = p\nhostname = h.ddnss.de\n}",
         "password = ...: left out, the service is asked with the update key\n# password       = ...    must be "
         "written here"},
        {"provider easydns.com {\n" LOGIN "wildcard = true\n}", "options        = \"wildcard=ON\"\n!f:5: wildcard"},
        {"provider freemyip {\npassword = t\nhostname = { a.freemyip.com, b.freemyip.com }\n}",
         "provider freemyip {\nprovider freemyip:2 {"},
        {SECTION("wildcard = true\nproxied = true\nttl = 60\n"),
         "wildcard = true: left out\nproxied = true: left out\nttl = 60: not needed"},
        {"provider no-ip.com {\n username = a\n password = \"\"\n hostname = h.example.org\n}\n",
         "f:3: password = ...: not needed, it is empty\n!left out"},
        {SECTION("wildcard = false\nproxied = no\n"), "wildcard = false: not needed\nproxied = no: not needed"},
        {"provider gandi {\npassword = t\nttl = 5\nhostname = a.example.org\n}",
         "ttl = 5: left out, this service takes 300 to 2592000 seconds"},
        {"provider gandi {\npassword = t\nttl = soon\nhostname = a.example.org\n}",
         "ttl = soon: left out, it is no number of seconds"},
        {"provider no-ip.com {\nusername = a\npassword = \"a\\x01b\"\nhostname = h.example.org\n}",
         "password = ...: left out, it has a control character\n# password       = ...    must be written here"},
        {"provider no-ip.com {\nusername = a\npassword = p\nalias = h.example.org\n}",
         "hostname       = h.example.org"},
        {"provider no-ip.com {\nusername = a\npassword = p\nhostname = { ok.example.org, \"not ok\", short }\n}",
         "hostname       = ok.example.org\nhostname = not ...: left out, as a host name it has a character\nhostname = "
         "short: left out"},
        {"provider no-ip.com {\nusername = a\npassword = p\n}",
         "# f:2: username = ...: left out, its section has no hostname"},
        {"provider ipv6@dy.fi {\n" LOGIN "}",
         "hostname = home.example.org: left out, this service has only records of ipv4"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_families(void **state)
{
    static const char *const rows[][2] = {
        {SECTION(""), "\nfamily         = ipv4\n"},
        {"allow-ipv6 = true\n" SECTION(""), "!family"},
        {"allow-ipv6 = false\n" SECTION(""), "\nfamily         = ipv4\n!allow-ipv6"},
        {"provider ipv6@strato.com {\n" LOGIN "}", "\nfamily         = ipv6\n"},
        {"allow-ipv6 = on\nprovider ipv4@nsupdate.info {\n" LOGIN "}", "\nfamily         = ipv4\n"},
        {"allow-ipv6 = on\n" SECTION("checkip-server = dns64.cloudflare-dns.com\ncheckip-path = /cdn-cgi/trace\n"),
         "\nfamily         = ipv6\n"},
        {"allow-ipv6 = on\n" SECTION("checkip-server = 1.1.1.1\n"), "\nfamily         = ipv4\n"},
        {"allow-ipv6 = on\niface = a\n" SECTION("checkip-server = 1.1.1.1\n"), "!family"},
        {"provider dyn:1 {\n" LOGIN "}\nprovider ipv6@dyndns.org:2 {\n" LOGIN "}",
         "# f:6: provider ipv6@dyndns.org:2: left out"},
        {"provider strato.com {\n" LOGIN "}\nprovider ipv6@strato.com {\n" LOGIN "}",
         "provider strato {\n!family\n!strato:2"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* An interface, a program or a server; only one that is known is asked, and over HTTPS. */
static void test_places(void **state)
{
    static const char *const rows[][2] = {
        {"iface = eth1\n" SECTION(""), "interface      = eth1\n!f:1"},
        {"iface = eth1\n" SECTION("iface = wan0\n"), "interface      = wan0\niface = eth1: not needed, no section"},
        {"iface = \"e*\"\n" SECTION(""), "iface = e*: left out, it is no name of an interface\n!interface  "},
        {"iface = all\n" SECTION(""), "iface = all: left out"},
        {"iface = eth1\n" SECTION("checkip-server = api.ipify.org\n"),
         "interface      = eth1\ncheckip-server = api.ipify.org: not needed\n!source  "},
        {SECTION("checkip-server = default\n"), "source         = \"echo:ipify\""},
        {SECTION("checkip-server = api.ipify.org\ncheckip-ssl = false\n"),
         "source         = \"echo:ipify\"\ncheckip-ssl = false: not needed"},
        {SECTION("checkip-server = ifconfig.me\ncheckip-path = /ip\n"),
         "source         = \"https://ifconfig.me/ip\"\n!checkip"},
        {SECTION("checkip-server = ifconfig.me\ncheckip-path = ip\n"), "source         = \"https://ifconfig.me/ip\""},
        {SECTION("checkip-server = checkip.example.net\n"),
         "checkip-server = checkip.example.net: left out, whether it answers\n!source  "},
        {SECTION("checkip-server = checkip.example.net\ncheckip-ssl = no\ncheckip-path = /x\n"),
         "checkip-server = checkip.example.net: left out, it is asked in clear text\ncheckip-path = /x: not needed, it "
         "goes with checkip-server"},
        {SECTION("checkip-server = 1.1.1.1\ncheckip-path = /cdn-cgi/trace\n"),
         "left out, it answers with more than the address"},
        {SECTION("checkip-path = /x\n"), "checkip-path = /x: not needed, no server"},
        {SECTION("checkip-command = \"/sbin/ip addr | grep secret\"\n"),
         "checkip-command = /sbin/ip ...: left out, a program is run without a shell\n!grep"},
        {SECTION("checkip-command = address\n"), "left out, only a program with an absolute path"},
        {SECTION("checkip-command = /nonexistent/address\n"), "left out, there is no such program"},
        {SECTION("checkip-command = /bin/true\n"),
         "source         = \"exec:/bin/true\"    # it must print the address and nothing else"},
        {"period = 300\n" SECTION("checkip-command = /bin/true\n"), "check-interval = 5m\n!period"},
        {"period = 5\n" SECTION("checkip-command = /bin/true\n"),
         "check-interval = 10s\nperiod = 5: not needed, a program is asked every 10 seconds at most"},
        {"period = 1234\n" SECTION("checkip-server = default\n"), "check-interval = 1234s\n!period"},
        {"period = 300\n" SECTION("checkip-server = default\n"), "check-interval = 10m\nperiod = 300: not needed"},
        {"period = 300\n" SECTION(""), "period = 300: not needed, the kernel tells\n!check-interval"},
        {"verify-address = false\n" SECTION(""), "allow-private  = yes\n!verify"},
        {"verify-address = true\n" SECTION(""), "!allow-private\nverify-address = true: not needed"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_globals(void **state)
{
    static const char *const rows[][2] = {
        {"secure-ssl = false\n" SECTION(""), "# f:1: secure-ssl = false: left out"},
        {"broken-rtc = true\nfake-address = true\niterations = 3\nuser-agent = Mozilla/4.0\n" SECTION(""),
         "f:1: broken-rtc = true: left out\nf:2: fake-address = true: left out\nf:3: iterations = 3: left out\nf:4: "
         "user-agent = Mozilla/4.0: left out"},
        {"secure-ssl = true\nbroken-rtc = no\nfake-address = off\niterations = 0\nforced-update = 1\ncache-dir = "
         "/x\n" SECTION("ssl = true\n"),
         "!left out"},
        {"ca-trust-file = /etc/passwd\n" SECTION(""), "ca-file        = \"/etc/passwd\"\n!ca-trust"},
        {"ca-trust-file = /nonexistent/x\n" SECTION(""),
         "ca-trust-file = /nonexistent/x: left out, it cannot be read here"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* Sections custom: the URL that inadyn would ask for. */
static void test_custom(void **state)
{
    static const char *const rows[][2] = {
        {CUSTOM("ddns-path = \"/u?h=\"\n"),
         "provider custom:x {\nurl            = \"https://s.example.net/u?h={hostname}\"\n!left out"},
        {CUSTOM("ddns-path = \"/u?i=\"\nappend-myip = true\n"), "url            = \"https://s.example.net/u?i={ip}\""},
        {CUSTOM("ddns-path = \"/u?h=%h&i=%i\"\nappend-myip = true\n"),
         "url            = \"https://s.example.net/u?h={hostname}&i={ip}\""},
        {CUSTOM("username = u\npassword = p\nddns-path = \"u/%u/%p/%h?%i\"\n"),
         "url            = \"https://s.example.net/u/{username}/{password}/{hostname}?{ip}\""},
        {CUSTOM("ddns-path = \"/u?a=%u&b=%p&h=%h\"\n"),
         "url            = \"https://s.example.net/u?a=&b=&h={hostname}\""},
        {CUSTOM("ddns-path = \"/a b/{c}/100%%/%2F/%x?%h\"\n"),
         "url            = \"https://s.example.net/a+b/%7Bc%7D/100%25/%2F/%25x?{hostname}\""},
        {CUSTOM("ddns-path = \"/\xc3\xa4?%h\"\n"), "url            = \"https://s.example.net/%C3%A4?{hostname}\""},
        {CUSTOM("ddns-path = \"/%h\"\nssl = false\n"), "url            = \"http://s.example.net/{hostname}\"\n!f:"},
        {CUSTOM(""), "url            = \"https://s.example.net/{hostname}\""},
        {CUSTOM("ddns-path = /%h\nddns-response = { Arrr, \"so be it\" }\n"),
         "answer         = { Arrr, \"so be it\" }"},
        {CUSTOM("ddns-path = /%h\nddns-response = \"\"\n"), "!answer"},
        {"custom x {\nhostname = h.example.org\npassword = topsecret\n}",
         "# f:1: custom x: left out, it has no ddns-server\nhostname = h.example.org: left out\n!topsecret"},
        {"custom some@identifier {\nddns-server = s.example.net:81\nhostname = h.example.org\n}",
         "provider custom:some-identifier {\nhttps://s.example.net:81/{hostname}"},
        {"custom d {\nddns-server = s.example.net\nddns-path = \"/?h=%h.dyn.example.net&i=%i\"\nhostname = { A, b }\n}",
         "url            = \"https://s.example.net/?h={hostname}&i={ip}\"\nhostname       = { a.dyn.example.net, "
         "b.dyn.example.net }"},
        {"custom n {\nusername = example.org\npassword = p\nddns-server = s.example.net\nddns-path = "
         "\"/?d=%u&p=%p&h=%h\"\nhostname = { \"@\", www }\n}",
         "url            = \"https://s.example.net/?d={username}&p={password}&h={name}\"\nzone           = "
         "example.org\nhostname       = { example.org, www.example.org }"},
        {"custom n {\nusername = me\nddns-server = s.example.net\nddns-path = \"/?h=%h\"\nhostname = www\n}",
         "hostname = www: left out"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

static void test_faults(void **state)
{
    static const char *const rows[][2] = {
        {"", "0: there is no section of inadyn and no host of ddclient in it"},
        {"provider no-ip.com {\n usrname = a\n}", "2: unknown key 'usrname': did you mean 'username'?"},
        {"provider no-ip.com {\n ddns-server = a\n}", "2: unknown key 'ddns-server'"},
        {"intreface = a\n" SECTION(""), "1: unknown key 'intreface'"},
        {"provider no-ip.com {\n username = a\n", "1: the section that begins here is not closed with }"},
        {SECTION("") SECTION(""), "6: there is a section"},
        {"provider no-ip.com {\n username = a\n username = b\n}",
         "3: 'username' stands here a second time, first in line 2"},
        {"provider no-ip.com {\n hostname = *.example.org\n}", "2: a * must stand in quotes"},
        {"provider no-ip.com {\n username = \"${HOME}\"\n}", "2: ${...} would be replaced"},
        {"provider no-ip.com {\n include(\"/nonexistent/x\")\n}", "2: include: /nonexistent/x: No such file"},
        {"provider no-ip.com {\n include(\"missing\")\n}", "2: include: missing: No such file"},
        {"provider no-ip.com {\n include(\"/\")\n}", "2: include: /: Is a directory"},
        {"provider no-ip.com {\n include(\"/dev/null\")\n}", "2: include: /dev/null: it is no regular file"},
        {"provider no-ip.com {\n include()\n}", "2: include: include has one file in ( )"},
        {"provider no-ip.com {\n include(a, b)\n}", "2: include: include has one file in ( )"},
        {"include(\"x\")\n" SECTION(""), "1: unknown key 'include'"},
    };

    (void)state;
    try_all(rows, COUNT(rows));
}

/* ---- Files that are included. ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    free(unit_file(folder, name, text, 0600));
}

static void expect_include(const char *folder, const char *name, const char *parts)
{
    char text[1024];

    snprintf(text, sizeof text,
             "provider no-ip.com {\nusername = first\ninclude(\"%s/%s\")\nhostname = h.example.org\n}", folder, name);
    sample_expect(text, parts);
}

/* Keys of an included file count where it stands; a later one has the say; a fault is one of that file. */
static void test_include(void **state)
{
    char expected[512];

    write_file(*state, "login", "password = from-file\nusername = second\n");
    write_file(*state, "again", "include(\"login\")\nusername = third\n");
    write_file(*state, "loop", "include(\"loop2\")\n");
    write_file(*state, "loop2", "include(\"loop\")\n");
    write_file(*state, "broken", "\nnothing = x\n");
    write_file(*state, "nested", "provider x { }\n");
    expect_include(
        *state, "login",
        "username       = second\npassword       = from-file\n# f:2: username = ...: not needed, it is written again");
    expect_include(*state, "again", "username       = third\npassword       = from-file");
    snprintf(expected, sizeof expected, "1: include: this file includes itself");
    expect_include(*state, "loop", expected);
    snprintf(expected, sizeof expected, "2: unknown key 'nothing'");
    expect_include(*state, "broken", expected);
    expect_include(*state, "nested", "1: unknown key 'provider'");
    unit_all_right();
}

/* Neither depth nor number has no end. */
static void test_include_limits(void **state)
{
    char name[16], text[4096] = "";

    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "deep%d", i);
        snprintf(text, sizeof text, "include(\"deep%d\")\n", i + 1);
        write_file(*state, name, text);
    }
    write_file(*state, "leaf", "ssl = true\n");
    text[0] = '\0';
    for (int i = 0; i < 70; i++)
        strcat(text, "include(\"leaf\")\n");
    write_file(*state, "many", text);
    expect_include(*state, "deep0", "1: include: files include each other too deeply");
    expect_include(*state, "many", "64: include: too many files are included");
    unit_all_right();
}

/* Beside the file, from the root, or in the home of the user. */
static void test_include_paths(void **state)
{
    char path[512], text[1024];

    snprintf(path, sizeof path, "%s/sub", (char *)*state);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(path, "outer", "include(\"inner\")\n");
    write_file(path, "inner", "password = from-inner\n");
    snprintf(text, sizeof text, "sub/outer");
    expect_include(*state, text, "password       = from-inner");
    sample_expect("provider no-ip.com {\n include(\"~/no-such-file-here\")\n}", "2: include: ");
    unit_all_right();
    unit_remove_folder(strdup(path));
}

static void test_many(void **state)
{
    struct unit_faults faults = {0};
    char *text = malloc(100000), *at = text;

    (void)state;
    for (int i = 0; i < 501; i++)
        at += sprintf(at, "provider no-ip.com:%d {\nusername=u%d\npassword=p\nhostname=h%d.example.org\n}\n", i, i, i);
    free(sample_import(text, &faults, NULL));
    assert_contains(faults.text, "f:2501: more than 500 sections");
    faults = (struct unit_faults){0};
    at = text + sprintf(text, "provider no-ip.com {\nusername=u\npassword=p\nhostname={ h0.example.org");
    for (int i = 1; i < 2001; i++)
        at += sprintf(at, ",h%d.example.org", i);
    strcpy(at, "}\n}\n");
    free(sample_import(text, &faults, NULL));
    assert_contains(faults.text, "f:1: more than 2000 hosts");
    free(text);
}

int main(void)
{
#define FOLDER(function) cmocka_unit_test_setup_teardown(function, unit_setup_folder, unit_teardown_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_titles), cmocka_unit_test(test_logins),  cmocka_unit_test(test_families),
        cmocka_unit_test(test_places), cmocka_unit_test(test_globals), cmocka_unit_test(test_custom),
        cmocka_unit_test(test_faults), FOLDER(test_include),           FOLDER(test_include_limits),
        FOLDER(test_include_paths),    cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests_name("import_inadyn", tests, NULL, NULL);
}
