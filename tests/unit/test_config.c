#include "config.h"

#include "log.h"
#include "unit.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The file is written, read, and removed; the faults have "f" in place of its path. */
static struct config *read_with_mode(const char *folder, const char *text, unsigned mode, struct unit_faults *faults)
{
    char *path = unit_file(folder, "f", text, mode);
    struct unit_faults raw = {0};
    struct config *config = config_read(path, unit_fault, &raw);
    char *at = raw.text;

    faults->count = raw.count;
    faults->text[0] = '\0';
    for (char *found; (found = strstr(at, path)); at = found + strlen(path)) {
        *found = '\0';
        strcat(faults->text, at);
        strcat(faults->text, "f");
    }
    strcat(faults->text, at);
    remove(path);
    free(path);
    return config;
}

static struct config *read_text(const char *folder, const char *text, struct unit_faults *faults)
{
    return read_with_mode(folder, text, 0600, faults);
}

#define LOGIN  "username = alice\npassword = secret\n"
#define SERVER "server = \"https://192.0.2.53:8443\"\n"
#define HOST   "hostname = home.example.org\n"
/* A section is five lines with what stands before its end. */
#define SECTION(title, lines) "provider " title " {\n" LOGIN HOST lines "}\n"
#define GOOD                  SECTION("no-ip", "")

static void test_defaults(void **state)
{
    struct unit_faults faults;
    struct config *config = read_text(*state, GOOD, &faults);
    const struct config_provider *provider;

    assert_string_equal(faults.text, "");
    assert_non_null(config);
    assert_int_equal(config->settle_ms, 100);
    assert_int_equal(config->settle_max_ms, 2000);
    assert_null(config->state_dir);
    assert_null(config->ca_file);
    assert_null(config->user);
    assert_int_equal(config->file_count, 0);
    assert_null(config_program(config));
    assert_int_equal(config->provider_count, 1);
    provider = config->providers[0];
    assert_string_equal(provider->id, "no-ip");
    assert_string_equal(provider->definition->name, "no-ip");
    assert_string_equal(provider->server, "https://dynupdate.no-ip.com");
    assert_string_equal(secret_reveal(provider->username), "alice");
    assert_string_equal(secret_reveal(provider->password), "secret");
    assert_int_equal(provider->names.count, 1);
    assert_string_equal(provider->names.list[0].name, "home.example.org");
    assert_string_equal(provider->place->rule.interfaces[0], "");
    assert_int_equal(provider->place->families, IP_BOTH);
    config_free(config);
}

static void test_everything(void **state)
{
    char *ca = unit_file(*state, "ca.pem", "", 0644), *secret = unit_file(*state, "secret", "pass word\n", 0600);
    struct unit_faults faults;
    struct config *config;
    char text[2048];

    snprintf(
        text, sizeof text,
        "interface = wan0\nfamily = ipv4\nsettle = 0ms\nsettle-max = 5s\nstate-dir = \"/var/lib/x\"\nca-file = \"%s\"\n"
        "user = nobody\n"
        "provider dyndns2:office {\n" SERVER "username = \"a@b\"\npassword-file = \"%s\"\n"
        "hostname = { Home.Example.ORG., \"*.example.org\", _x.a-b.example.org }\ninterface = wan1\nfamily = both\n}\n"
        "provider changeip {\n" LOGIN HOST "}\n"
        "provider dyndns2:other {\n" LOGIN HOST "server = ddns.example.org\ninterface = auto\n}\n",
        ca, secret);
    config = read_text(*state, text, &faults);
    assert_string_equal(faults.text, "");
    assert_int_equal(config->settle_ms, 0);
    assert_int_equal(config->settle_max_ms, 5000);
    assert_string_equal(config->state_dir, "/var/lib/x");
    assert_string_equal(config->ca_file, ca);
    assert_string_equal(config->user, "nobody");
    assert_int_equal(config->file_count, 2);
    assert_string_equal(config->files[0], ca);
    assert_string_equal(config->files[1], secret);
    assert_int_equal(config->provider_count, 3);
    assert_string_equal(config->providers[0]->id, "dyndns2:office");
    assert_string_equal(config->providers[0]->server, "https://192.0.2.53:8443");
    assert_string_equal(secret_reveal(config->providers[0]->username), "a@b");
    assert_string_equal(secret_reveal(config->providers[0]->password), "pass word");
    assert_int_equal(config->providers[0]->names.count, 3);
    assert_string_equal(config->providers[0]->names.list[0].name, "home.example.org");
    assert_string_equal(config->providers[0]->names.list[1].name, "*.example.org");
    assert_string_equal(config->providers[0]->names.list[2].name, "_x.a-b.example.org");
    assert_string_equal(config->providers[0]->place->rule.interfaces[0], "wan1");
    assert_int_equal(config->providers[0]->place->families, IP_BOTH);
    /* What is set for all holds where nothing else is said. */
    assert_string_equal(config->providers[1]->place->rule.interfaces[0], "wan0");
    assert_int_equal(config->providers[1]->place->families, IP_V4);
    assert_string_equal(config->providers[2]->place->rule.interfaces[0], "");
    assert_string_equal(config->providers[2]->server, "https://ddns.example.org");
    config_free(config);
    free(ca);
    free(secret);
}

/* In which line, and a part of what is said. */
static const struct {
    const char *text, *fault;
} bads[] = {
    /* Unknown keys, missing keys. */
    {"interfaces = wan0\n" GOOD, "f:1: unknown key 'interfaces': did you mean 'interface'?"},
    {SECTION("no-ip", "hostnames = x\n"), "f:5: unknown key 'hostnames': did you mean 'hostname'?"},
    {"provider no-ip {\n" LOGIN "}\n", "f:1: provider no-ip: there is no hostname"},
    {"\nprovider no-ip\n{\npassword = x\n" HOST "}\n", "f:3: provider no-ip: there is no username"},
    {"provider no-ip {\nusername = x\n" HOST "}\n", "f:1: provider no-ip: there is no password"},
    {SECTION("dyndns2", ""), "f:1: provider dyndns2: there is no server"},
    {"", "provider"},
    {"# nothing\n", "provider"},
    {"provider no-ip {\n" LOGIN "hostname = { }\n}\n", "f:4: an empty list"},
    /* Durations, families, interfaces, paths. */
    {"settle = 100\n" GOOD, "f:1: settle: '100' is no duration"},
    {"\nsettle-max = soon\n" GOOD, "f:2: settle-max: 'soon' is no duration"},
    {"settle = 5s\n" GOOD, "f:1: settle-max is shorter than settle"},
    {"settle = 5s\nsettle-max = 4s\n" GOOD, "f:2: settle-max is shorter than settle"},
    {"family = ipv5\n" GOOD, "f:1: family: 'ipv5'"},
    {"user = nobody-of-this-name\n" GOOD, "f:1: user: there is no user 'nobody-of-this-name' on this machine"},
    {"user = \"\"\n" GOOD, "f:1: user: there is no user '' on this machine"},
    {"\nuser = root\n" GOOD, "f:2: user: 'root' is root: name one who may do less"},
    {SECTION("no-ip", "family = inet\n"), "f:5: family: 'inet'"},
    {"interface = abcdefghijklmnop\n" GOOD, "f:1: interface: 'abcdefghijklmnop'"},
    {"interface = \"a b\"\n" GOOD, "f:1: interface: 'a b'"},
    {"interface = \"\"\n" GOOD, "f:1: interface: ''"},
    {"interface = a/b\n" GOOD, "f:1: interface: 'a/b'"},
    {"interface = { wan0, auto }\n" GOOD, "f:1: interface: auto stands alone"},
    {"interface = { a, b, c, d, e, f, g, h,\n i }\n" GOOD, "f:2: interface: more than 8 in a list"},
    {"interface = { wan0, \"a:1\" }\n" GOOD, "f:1: interface: 'a:1'"},
    {"interface = ppp*\n" GOOD, "f:1: a * must stand in quotes"},
    {"interface = ..\n" GOOD, "f:1: interface: '..'"},
    {SECTION("no-ip", "interface = \"a:1\"\n"), "f:5: interface: 'a:1'"},
    {"state-dir = var\n" GOOD, "f:1: state-dir: 'var'"},
    {"ca-file = \"/no/such/file.pem\"\n" GOOD, "f:1: ca-file: /no/such/file.pem: No such file or directory"},
    /* Providers. */
    {SECTION("no-ipp", ""), "f:1: there is no provider 'no-ipp': did you mean 'no-ip'?"},
    {SECTION("no-ipp:label", ""), "f:1: there is no provider 'no-ipp': did you mean 'no-ip'?"},
    {"\n\n" SECTION("\"\"", ""), "f:3: there is no provider ''"},
    {SECTION("\":label\"", ""), "f:1: there is no provider ''"},
    {GOOD GOOD, "f:6: "},
    {GOOD SECTION("no-ip:a", "") SECTION("no-ip:a", ""), "f:11: "},
    /* Names and passwords. */
    {SECTION("no-ip", "password-file = \"/x\"\n"), "f:5: password-file: there is a password in line 3 already"},
    {"provider no-ip {\nusername = x\npassword-file = \"/no/such\"\n" HOST "}\n",
     "f:3: password-file: /no/such: No such file or directory"},
    {"provider no-ip {\nusername = \"\"\npassword = x\n" HOST "}\n", "f:2: username: it is empty"},
    {"provider no-ip {\nusername = \"a:b\"\npassword = x\n" HOST "}\n", "f:2: username: it has a colon"},
    {"provider no-ip {\nusername = x\npassword = \"\"\n" HOST "}\n", "f:3: password: it is empty"},
    {"provider no-ip {\nusername = \"a\nb\"\npassword = x\n" HOST "}\n", "username: it has a control character"},
    /* Servers. */
    {SECTION("no-ip", "server = \"ftp://example.org\"\n"), "f:5: server: 'ftp://example.org' is neither"},
    {SECTION("no-ip", "server = \"https://\"\n"), "f:5: server: 'https://' has no host"},
    {SECTION("no-ip", "server = \"https:///x\"\n"), "f:5: server: 'https:///x' has no host"},
    {SECTION("no-ip", "server = \"\"\n"), "f:5: server: '' has no host"},
    {SECTION("no-ip", "server = \"https://a@b\"\n"), "f:5: server: a user name and a password have keys"},
    {"provider no-ip {\nusername = x\npassword-file = \"secret\"\n" HOST "}\n",
     "f:3: password-file: 'secret' does not begin with /"},
    {SECTION("no-ip", "server = \"https://a?b\"\n"), "f:5: server: 'https://a?b' has a character"},
    {SECTION("no-ip", "server = \"https://a#b\"\n"), "f:5: server: 'https://a#b' has a character"},
    {SECTION("no-ip", "server = \"https://a b\"\n"), "f:5: server: 'https://a b' has a character"},
    {SECTION("no-ip", "server = https://a\n"), "f:5: "},
};

static void test_faults(void **state)
{
    for (size_t i = 0; i < COUNT(bads); i++) {
        struct unit_faults faults;
        struct config *config = read_text(*state, bads[i].text, &faults);

        if (config || faults.count == 0)
            unit_wrong("%s    is accepted", bads[i].text);
        else if (!strstr(faults.text, bads[i].fault))
            unit_wrong("%s    gives %s    not %s", bads[i].text, faults.text, bads[i].fault);
        else if (faults.count != 1)
            unit_wrong("%s    gives %zu faults: %s", bads[i].text, faults.count, faults.text);
        config_free(config);
    }
    unit_all_right();
}

/* All faults of meaning at once, each with its line. */
static void test_all_faults(void **state)
{
    static const char *const expected[] = {"f:1: family",
                                           "f:2: settle",
                                           "f:4: username",
                                           "f:5: password",
                                           "f:7: hostname",
                                           "f:8: hostname",
                                           "f:10: there is no provider"};
    struct unit_faults faults;
    struct config *config =
        read_text(*state,
                  "family = x\nsettle = y\nprovider no-ip {\nusername = \"\"\npassword = \"\"\n"
                  "hostname = { a.example.org,\nb,\n-.example.org }\n}\nprovider bogus {\n" LOGIN HOST "}\n",
                  &faults);

    assert_null(config);
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_contains(faults.text, expected[i]);
    assert_int_equal(faults.count, COUNT(expected));
}

#define X10     "xxxxxxxxxx"
#define X60     X10 X10 X10 X10 X10 X10
#define LABEL63 X60 "xxx"

#define BUECHER \
    "b\xc3\xbc" \
    "cher"

/* RFC 1123 section 2.1, RFC 1035 section 2.3.4. */
static const struct {
    const char *name;
    const char *fault; /* NULL: good */
} hostnames[] = {
    {"home.example.org", NULL},
    {"a.b", NULL},
    {"a.b.", NULL},
    {"1.2.3.org", NULL},
    {"3com.example", NULL},
    {"a--b.example.org", NULL},
    {"xn--bcher-kva.example", NULL},
    {"_acme.example.org", NULL},
    {"*.example.org", NULL},
    {"*.a.b", NULL},
    {LABEL63 ".example.org", NULL},
    {LABEL63 "." LABEL63 "." LABEL63 "." X60 "x", NULL},
    {LABEL63 "." LABEL63 "." LABEL63 "." X60 "xx", "longer than 253"},
    {LABEL63 "x.example.org", "longer than 63"},
    {"", ""},
    {".", ""},
    {"..", "empty part"},
    {"localhost", "no whole name"},
    {"*", ""},
    {"*.", ""},
    {"*.org", ""},
    {"a..b", "empty part"},
    {".a.b", "empty part"},
    {"a.b..", "empty part"},
    {"-a.b", "begins or ends with -"},
    {"a-.b", "begins or ends with -"},
    {"a.-", "begins or ends with -"},
    {"a.*.b", "character"},
    {"**.example.org", "character"},
    {"a*.example.org", "character"},
    {"a b.example.org", "character"},
    {" a.example.org", "character"},
    {"a.example.org ", "character"},
    {"a/b.example.org", "character"},
    {"a,b.example.org", "character"},
    {"a:80.example.org", "character"},
    {"a@example.org", "character"},
    {"a&myip=1.example.org", "character"},
    {"http://a.example.org", "character"},
    /* Only the host of a URL would be left of these. */
    {BUECHER ".-", ""},
    {BUECHER "..org", ""},
    {"a@" BUECHER ".org", ""},
    {BUECHER ":80", ""},
    {BUECHER ".org/x", ""},
    {BUECHER ".org?x", ""},
    {BUECHER ".org#x", ""},
    {BUECHER ".org a", ""},
    {BUECHER ".org@example.net", ""},
    {BUECHER "%2eorg", ""},
    {"*" BUECHER ".org", ""},
    {"\xfc.example.org", ""},
};

static void test_hostnames(void **state)
{
    for (size_t i = 0; i < COUNT(hostnames); i++) {
        struct unit_faults faults;
        struct config *config;
        char text[1024];

        snprintf(text, sizeof text, "provider no-ip {\n" LOGIN "hostname = {\n a.b,\n \"%s\" }\n}\n",
                 strcmp(hostnames[i].name, "a.b") == 0 || strcmp(hostnames[i].name, "a.b.") == 0 ? "c.d"
                                                                                                 : hostnames[i].name);
        config = read_text(*state, text, &faults);
        if (!config != (hostnames[i].fault != NULL))
            unit_wrong("\"%s\": %s", hostnames[i].name, config ? "is accepted" : faults.text);
        else if (hostnames[i].fault && (strncmp(faults.text, "f:6: hostname: ", 15) != 0 ||
                                        !strstr(faults.text, hostnames[i].fault) || faults.count != 1))
            unit_wrong("\"%s\": %s", hostnames[i].name, faults.text);
        config_free(config);
    }
    unit_all_right();
}

/* Does libcurl know names that are not ASCII? */
static bool has_idn(void)
{
#ifdef CURLU_PUNYCODE
    return curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_IDN;
#else
    return false;
#endif
}

/* They are sent in A-labels, whatever the locale (here it is "C"); without libcurl's help the user is told of them. */
static void test_names_that_are_not_ascii(void **state)
{
    static const char *const names[][2] = {
        {BUECHER ".example", "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.Example.",
         "xn--bcher-kva.example"},
        {"*." BUECHER ".example", "*.xn--bcher-kva.example"},
        {"a." BUECHER ".example", "a.xn--bcher-kva.example"},
        {BUECHER ".xn--bcher-kva.example", "xn--bcher-kva.xn--bcher-kva.example"},
    };

    for (size_t i = 0; i < COUNT(names); i++) {
        struct unit_faults faults;
        struct config *config;
        char text[512];

        snprintf(text, sizeof text, "provider no-ip {\n" LOGIN "hostname = \"%s\"\n}\n", names[i][0]);
        config = read_text(*state, text, &faults);
        if (!config != !has_idn())
            unit_wrong("%s: %s", names[i][0], config ? "is accepted" : faults.text);
        else if (config && strcmp(config->providers[0]->names.list[0].name, names[i][1]) != 0)
            unit_wrong("%s: %s", names[i][0], config->providers[0]->names.list[0].name);
        else if (!config && !strstr(faults.text, "xn--"))
            unit_wrong("%s: %s", names[i][0], faults.text);
        config_free(config);
    }
    unit_all_right();
}

/* The same name twice in one section would be sent twice; however it is written. */
static void test_same_hostname(void **state)
{
    static const char *const lists[] = {
        "{ a.example.org,\n a.example.org }",
        "{ a.example.org,\n A.EXAMPLE.org }",
        "{ a.example.org,\n a.example.org. }",
        "{ A.example.org, b.example.org, B2.example.org,\n a.example.org }",
        "{ \"*.example.org\", x.y,\n \"*.EXAMPLE.org\" }",
    };

    for (size_t i = 0; i < COUNT(lists); i++) {
        struct unit_faults faults;
        struct config *config;
        char text[512];

        snprintf(text, sizeof text, "provider no-ip {\n" LOGIN "hostname = %s\n}\n", lists[i]);
        config = read_text(*state, text, &faults);
        if (config || faults.count != 1 || strncmp(faults.text, "f:5: hostname: '", 16) != 0 ||
            !strstr(faults.text, "a second time"))
            unit_wrong("%s: %s", lists[i], config ? "is accepted" : faults.text);
        config_free(config);
    }
    unit_all_right();
}

/* A file with a secret: read by others it is warned about, written by others it is refused. */
static void test_modes(void **state)
{
    static const char *const by_file = "provider no-ip {\nusername = x\npassword-file = \"%s\"\n" HOST "}\n";
    static const struct {
        unsigned mode, secret_mode; /* of the file, and of the password file: 0 for a password in the file */
        bool good, warning;
    } modes[] = {
        {0600, 0, true, false},    {0640, 0, true, false},     {0644, 0, true, true},      {0660, 0, false, false},
        {0602, 0, false, false},   {0600, 0600, true, false},  {0644, 0600, true, false},  {0600, 0644, true, true},
        {0600, 0640, true, false}, {0600, 0666, false, false}, {0600, 0620, false, false}, {0666, 0600, false, false},
    };

    for (size_t i = 0; i < COUNT(modes); i++) {
        char *secret = unit_file(*state, "secret", "x\n", modes[i].secret_mode ? modes[i].secret_mode : 0600);
        struct unit_faults faults;
        struct config *config;
        char text[1024], *warning;

        snprintf(text, sizeof text, modes[i].secret_mode ? by_file : "%.0s" GOOD, secret);
        unit_capture_begin();
        config = read_with_mode(*state, text, modes[i].mode, &faults);
        warning = unit_capture_end();
        if (!config == modes[i].good || (faults.count > 0) == modes[i].good)
            unit_wrong("modes %o %o: %s", modes[i].mode, modes[i].secret_mode, config ? "accepted" : faults.text);
        if (modes[i].good && (strstr(warning, "everybody can read") != NULL) != modes[i].warning)
            unit_wrong("modes %o %o: the log: %s", modes[i].mode, modes[i].secret_mode, warning);
        config_free(config);
        free(warning);
        free(secret);
    }
    unit_all_right();
}

/* What belongs to the user that the daemon turns into is as good as root's; but for the configuration itself, which
 * could have root give him any folder. */
static void test_files_of_the_user(void **state)
{
    static const struct {
        const char *user;
        bool owns_secret, owns_configuration, good;
    } rows[] = {
        {"user = nobody\n", false, false, true}, {"user = nobody\n", true, false, true},  {"", true, false, false},
        {"user = daemon\n", true, false, false}, {"user = nobody\n", false, true, false},
    };

    for (size_t i = 0; i < COUNT(rows) && geteuid() == 0; i++) {
        char *secret = unit_file(*state, "secret", "x\n", 0600), *path, text[1024];
        struct unit_faults faults = {0};
        struct config *config;

        snprintf(text, sizeof text, "%sprovider no-ip {\nusername = x\npassword-file = \"%s\"\n" HOST "}\n",
                 rows[i].user, secret);
        path = unit_file(*state, "f", text, 0600);
        assert_int_equal(rows[i].owns_secret ? chown(secret, 65534, 65534) : 0, 0);
        assert_int_equal(rows[i].owns_configuration ? chown(path, 65534, 65534) : 0, 0);
        config = config_read(path, unit_fault, &faults);
        if (!config == rows[i].good)
            unit_wrong("%zu: %s", i, config ? "is accepted" : faults.text);
        if (!rows[i].good)
            assert_contains(faults.text, "it must belong to root or to you");
        config_free(config);
        unlink(secret);
        unlink(path);
        free(secret);
        free(path);
    }
    unit_all_right();
}

/* In a provider, or as the source of a name. */
static void test_program(void **state)
{
    static const char *const texts[][2] = {
        {GOOD "provider exec {\nprogram = \"/bin/true\"\n" HOST "}\n", "/bin/true"},
        {"source = \"exec:/bin/false\"\n" GOOD, "/bin/false"},
        {SECTION("no-ip", "record x.example.org {\nsource = \"exec:/bin/false\"\n}\n"), "/bin/false"},
        {"source = \"exec:/bin/false\"\n" SECTION("no-ip", "source = kernel\n"), NULL},
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct unit_faults faults;
        struct config *config = read_text(*state, texts[i][0], &faults);
        const char *program = config ? config_program(config) : faults.text;

        if (!program != !texts[i][1] || (program && strcmp(program, texts[i][1]) != 0))
            unit_wrong("%s: %s", texts[i][0], program ? program : "none");
        config_free(config);
    }
    unit_all_right();
}

static void test_password_file(void **state)
{
    static const char *const contents[][2] = {
        {"secret", "secret"},
        {"secret\n", "secret"},
        {"secret\r\n", "secret"},
        {" a b \n", " a b "},
        {"first\nsecond\n", "first"},
        {"*+#//${X}\"'\n", "*+#//${X}\"'"},
        {"", NULL},
        {"\n", NULL},
        {"a\tb\n", NULL},
    };

    for (size_t i = 0; i < COUNT(contents); i++) {
        char *secret = unit_file(*state, "secret", contents[i][0], 0600), text[1024];
        struct unit_faults faults;
        struct config *config;

        snprintf(text, sizeof text, "provider no-ip {\nusername = x\npassword-file = \"%s\"\n" HOST "}\n", secret);
        config = read_text(*state, text, &faults);
        if (!config != !contents[i][1] ||
            (config && strcmp(secret_reveal(config->providers[0]->password), contents[i][1]) != 0))
            unit_wrong("\"%s\": %s", contents[i][0],
                       config ? secret_reveal(config->providers[0]->password) : faults.text);
        config_free(config);
        free(secret);
    }
    unit_all_right();
}

/* http is used when it is asked for, with a warning unless nobody is on the way. */
static void test_plain_http(void **state)
{
    static const struct {
        const char *server, *base;
        bool warning;
    } servers[] = {
        {"http://example.org", "http://example.org", true},
        {"http://192.0.2.1:8080/x/", "http://192.0.2.1:8080/x", true},
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080", false},
        {"http://127.9.9.9", "http://127.9.9.9", false},
        {"http://localhost:1", "http://localhost:1", false},
        {"http://[::1]:1", "http://[::1]:1", false},
        {"http://127.0.0.1.example.org", "http://127.0.0.1.example.org", true},
        {"http://localhost.example.org", "http://localhost.example.org", true},
        {"http://[::2]", "http://[::2]", true},
        {"https://example.org//", "https://example.org", false},
        {"example.org:8443", "https://example.org:8443", false},
    };

    for (size_t i = 0; i < COUNT(servers); i++) {
        struct unit_faults faults;
        struct config *config;
        char text[512], *warning;

        snprintf(text, sizeof text, SECTION("no-ip", "server = \"%s\"\n"), servers[i].server);
        unit_capture_begin();
        config = read_text(*state, text, &faults);
        warning = unit_capture_end();
        if (!config || strcmp(config->providers[0]->server, servers[i].base) != 0)
            unit_wrong("%s: %s", servers[i].server, config ? config->providers[0]->server : faults.text);
        if ((strstr(warning, "plain http") != NULL) != servers[i].warning)
            unit_wrong("%s: the log: %s", servers[i].server, warning);
        config_free(config);
        free(warning);
    }
    unit_all_right();
}

/* What makes two sections the same login, and what their numbers in the state file tell. */
static void test_same_login(void **state)
{
    static const struct {
        const char *text;
        bool same_place, same_login;
    } others[] = {
        {"provider no-ip:label { username = alice password = secret hostname = x.y interface = wan0 }", true, true},
        {"provider no-ip { username = alice password = other hostname = home.example.org }", true, false},
        {"provider no-ip { username = bob password = secret hostname = home.example.org }", false, false},
        {"provider dyn { username = alice password = secret hostname = home.example.org }", false, false},
        {"provider no-ip { username = alice password = secret hostname = home.example.org server = a.b }", false,
         false},
        {"provider no-ip { username = alices password = ecret hostname = home.example.org }", false, false},
    };
    struct unit_faults faults;
    struct config *first = read_text(*state, GOOD, &faults);
    const struct config_provider *a = first->providers[0];

    for (size_t i = 0; i < COUNT(others); i++) {
        struct config *second = read_text(*state, others[i].text, &faults);
        const struct config_provider *b;

        assert_non_null(second);
        b = second->providers[0];
        if (config_provider_equal(a, b) != others[i].same_login ||
            (config_provider_login(a) == config_provider_login(b)) != others[i].same_login ||
            (config_provider_place(a) == config_provider_place(b)) != others[i].same_place)
            unit_wrong("%s", others[i].text);
        config_free(second);
    }
    config_free(first);
    config_free(NULL);
    unit_all_right();
}

/* All that a request is made of is the login's, so that a refusal ends when the user changed something that may be why. */
static void test_what_changes_a_login(void **state)
{
    static const struct {
        const char *one, *other;
        bool same_place, same_within, same_login;
    } pairs[] = {
#define CLOUDFLARE(lines) "provider cloudflare { password = secret hostname = a.example.org " lines " }"
#define CUSTOM(lines)     "provider custom { hostname = a.example.org " lines " }"
#define URL               "url = \"https://h.example.net/set?ip={ip}\" "
#define EXEC(lines)       "provider exec { hostname = a.example.org " lines " }"
        {CLOUDFLARE(""), CLOUDFLARE("family = ipv4 interface = wan1"), true, true, true},
        {CLOUDFLARE(""), CLOUDFLARE("zone = example.org"), true, false, false},
        {CLOUDFLARE("zone = example.org"), CLOUDFLARE("zone = a.example.org"), true, false, false},
        {CLOUDFLARE("zone = example.org"), CLOUDFLARE("zone = example.org"), true, true, true},
        {CLOUDFLARE("zone = example.org"), CLOUDFLARE("zone = example.org ttl = 60"), true, true, false},
        {CLOUDFLARE(""), CLOUDFLARE("ttl = 7200"), true, true, false},
        {CLOUDFLARE("ttl = 7200"), CLOUDFLARE("ttl = 3600"), true, true, false},
        {CLOUDFLARE(""), CLOUDFLARE("options = \"proxied=true\""), true, false, false},
        {CLOUDFLARE("options = \"proxied=false\""), CLOUDFLARE("options = \"proxied=true\""), true, false, false},
        {CLOUDFLARE("options = \"proxied=true\""), CLOUDFLARE("options = \"proxied=true\""), true, true, true},
        {EXEC("program = \"/bin/sh\""), EXEC("program = \"/bin/ls\""), true, false, false},
        {EXEC("program = \"/bin/sh\""), EXEC("program = \"/bin/sh\" ttl = 60"), true, true, false},
        {EXEC("program = \"/bin/sh\""), EXEC("program = \"/bin/sh\" username = x"), false, true, false},
        {EXEC("program = \"/bin/sh\""), EXEC("program = \"/bin/sh\""), true, true, true},
        {CUSTOM(URL), CUSTOM(URL), true, true, true},
        {CUSTOM(URL), CUSTOM("url = \"https://h.example.net/set?addr={ip}\""), true, false, false},
        {CUSTOM(URL), CUSTOM("url = \"https://i.example.net/set?ip={ip}\""), false, true, false},
        {CUSTOM(URL), CUSTOM(URL "method = POST"), true, true, false},
        {CUSTOM(URL "method = PUT"), CUSTOM(URL "method = POST"), true, true, false},
        {CUSTOM(URL), CUSTOM(URL "answer = OK"), true, true, false},
        {CUSTOM(URL "answer = OK"), CUSTOM(URL "answer = ok"), true, true, false},
        {CUSTOM(URL "answer = OK"), CUSTOM(URL "answer = { OK, SAME }"), true, true, false},
        {CUSTOM(URL "method = PUT answer = { OK, SAME }"), CUSTOM(URL "answer = { OK, SAME } method = PUT"), true, true,
         true},
#undef CUSTOM
#undef CLOUDFLARE
#undef URL
#undef EXEC
    };

    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct unit_faults faults;
        struct config *one = read_text(*state, pairs[i].one, &faults), *other;
        const struct config_provider *a, *b;

        assert_string_equal(faults.text, "");
        other = read_text(*state, pairs[i].other, &faults);
        assert_string_equal(faults.text, "");
        a = one->providers[0];
        b = other->providers[0];
        if ((config_provider_login(a) == config_provider_login(b)) != pairs[i].same_login ||
            config_provider_equal(a, b) != pairs[i].same_login ||
            (config_provider_place(a) == config_provider_place(b)) != pairs[i].same_place ||
            (config_provider_within(a) == config_provider_within(b)) != pairs[i].same_within)
            unit_wrong("row %zu: %s    and %s", i, pairs[i].one, pairs[i].other);
        config_free(one);
        config_free(other);
    }
    unit_all_right();
}

/* After a reload the old object has the new content, belongs to the new configuration, and both can be freed. */
static void test_keep_provider(void **state)
{
    struct unit_faults faults;
    struct config *old = read_text(*state, SECTION("no-ip:a", "") SECTION("no-ip:b", ""), &faults);
    struct config *fresh = read_text(*state, SECTION("dyn", "") SECTION("no-ip:b", "interface = wan1\n"), &faults);
    const struct config_provider *kept = old->providers[1];

    config_keep_provider(fresh, 1, old, kept);
    assert_ptr_equal(fresh->providers[1], kept);
    assert_string_equal(kept->id, "no-ip:b");
    assert_string_equal(kept->place->rule.interfaces[0], "wan1");
    config_free(old);
    assert_string_equal(secret_reveal(kept->username), "alice");
    assert_string_equal(kept->definition->name, "no-ip");
    config_free(fresh);
}

static void test_no_file(void **state)
{
    char *path = unit_path(*state, "missing"), expected[512];
    struct unit_faults faults = {0};

    assert_null(config_read(path, unit_fault, &faults));
    snprintf(expected, sizeof expected, "%s:0: No such file or directory\n", path);
    assert_string_equal(faults.text, expected);
    free(path);
}

/* Thousands of names are read in no time, and in their order. */
static void test_many_names(void **state)
{
    static char text[200000];
    struct unit_faults faults;
    struct config *config;
    size_t length = (size_t)snprintf(text, sizeof text, "provider no-ip {\n" LOGIN "hostname = { n0.example.org");

    for (int i = 1; i < 5000; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, ",\nn%d.example.org", i);
    snprintf(text + length, sizeof text - length, "}\n}\n");
    config = read_text(*state, text, &faults);
    assert_string_equal(faults.text, "");
    assert_int_equal(config->providers[0]->names.count, 5000);
    assert_string_equal(config->providers[0]->names.list[4321].name, "n4321.example.org");
    config_free(config);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, unit_setup_folder, unit_teardown_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_defaults),
        WITH_FOLDER(test_everything),
        WITH_FOLDER(test_faults),
        WITH_FOLDER(test_all_faults),
        WITH_FOLDER(test_names_that_are_not_ascii),
        WITH_FOLDER(test_what_changes_a_login),
        WITH_FOLDER(test_hostnames),
        WITH_FOLDER(test_same_hostname),
        WITH_FOLDER(test_modes),
        WITH_FOLDER(test_files_of_the_user),
        WITH_FOLDER(test_program),
        WITH_FOLDER(test_password_file),
        WITH_FOLDER(test_plain_http),
        WITH_FOLDER(test_same_login),
        WITH_FOLDER(test_keep_provider),
        WITH_FOLDER(test_no_file),
        WITH_FOLDER(test_many_names),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
