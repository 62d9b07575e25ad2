#include "dialect.h"

#include "catalog.h"
#include "loader.h"
#include "unit.h"

#include <sys/stat.h>

static struct dialect *dialect;

static struct dialect *read_dialect(const char *client)
{
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};
    struct dialect *found = dialect_read(client, &faults);

    if (told.count)
        unit_wrong("%s.import: %s", client, told.text);
    assert_true(faults.any == (found == NULL));
    return found;
}

static int setup(void **state)
{
    (void)state;
    dialect = read_dialect("inadyn");
    return dialect ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    dialect_free(dialect);
    return 0;
}

/* Exact names and aliases in any case, then a part of one service's name; what has ended is said. */
static void test_provider(void **state)
{
    static const char *const rows[][3] = {
        {"default@no-ip.com", "no-ip", NULL},
        {"Default@No-IP.com", "no-ip", NULL},
        {"no-ip", "no-ip", NULL},
        {"freedns", "freedns", NULL},
        {"Dyn", "dyn", NULL},
        {"dyndns.org", "dyn", NULL},
        {"simplycom", "simply", NULL},
        {"ipv6@strato.com", "strato", NULL},
        {"ipv4@ipv64.net", "ipv64", NULL},
        {"oopia", "loopia", NULL},
        {"domains.google.com", NULL, "Google Domains has ended"},
        {"nothing-like-it", NULL, NULL},
        {"e", NULL, NULL}, /* a part of many */
        {"", NULL, NULL},
        {"../../etc/passwd", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why;
        char *found = dialect_provider(dialect, rows[i][0], &why);

        if ((found == NULL) != (rows[i][1] == NULL) || (found && strcmp(found, rows[i][1]) != 0))
            unit_wrong("%s is %s", rows[i][0], found ? found : "none");
        if ((why == NULL) != (rows[i][2] == NULL) || (why && strcmp(why, rows[i][2]) != 0))
            unit_wrong("%s: %s", rows[i][0], why ? why : "no reason");
        free(found);
    }
    unit_all_right();
}

static void test_server(void **state)
{
    struct dialect *other = read_dialect("ddclient");
    static const char *const rows[][2] = {
        {"members.dyndns.org", "dyn"},
        {"dynupdate.no-ip.com", "no-ip"},
        {"dns.loopia.se", "loopia"},
        {"IPV6.nsupdate.info", "nsupdate-info"},
        {"ddns.example.net", NULL},
        {"api.porkbun.com/api/json/v3", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *found = dialect_provider_at(other, rows[i][0]);

        if ((found == NULL) != (rows[i][1] == NULL) || (found && strcmp(found, rows[i][1]) != 0))
            unit_wrong("%s is of %s", rows[i][0], found ? found : "nobody");
        free(found);
    }
    assert_true(dialect_is_own_server(other, "easydns", "members.easydns.com"));
    assert_false(dialect_is_own_server(other, "easydns", "ddns.example.net"));
    assert_false(dialect_is_own_server(other, "no-such", "ddns.example.net"));
    dialect_free(other);
    unit_all_right();
}

static void test_source(void **state)
{
    (void)state;
    assert_string_equal(dialect_source(dialect, "api.ipify.org"), "echo:ipify");
    assert_string_equal(dialect_source(dialect, "http://API.ipify.org/"), "echo:ipify");
    assert_string_equal(dialect_source(dialect, "https://ifconfig.me/ip"), "https://ifconfig.me/ip");
    assert_string_equal(dialect_source(dialect, "default"), "echo:ipify");
    assert_string_equal(dialect_source(dialect, "http://checkip.dyndns.org/"), "");
    assert_null(dialect_source(dialect, "https://ifconfig.me/other"));
    assert_null(dialect_source(dialect, "checkip.example.net"));
    assert_int_equal(dialect_families(dialect, "dns64.cloudflare-dns.com"), IP_V6);
    assert_int_equal(dialect_families(dialect, "https://1.1.1.1/cdn-cgi/trace"), IP_V4);
    assert_int_equal(dialect_families(dialect, "checkip.example.net"), 0);
    assert_non_null(dialect_hint(dialect));
}

static void test_fate(void **state)
{
    const char *why;

    (void)state;
    assert_int_equal(dialect_fate(dialect, "period", "300", &why), DIALECT_NEEDLESS);
    assert_non_null(why);
    assert_int_equal(dialect_fate(dialect, "secure-ssl", "YES", &why), DIALECT_NEEDLESS);
    assert_int_equal(dialect_fate(dialect, "secure-ssl", "false", &why), DIALECT_LOST);
    assert_non_null(why);
    assert_int_equal(dialect_fate(dialect, "iterations", "0", &why), DIALECT_NEEDLESS);
    assert_int_equal(dialect_fate(dialect, "iterations", "1", &why), DIALECT_LOST);
    assert_int_equal(dialect_fate(dialect, "iter", "1", &why), DIALECT_UNKNOWN);
    assert_int_equal(dialect_fate(dialect, "iterations-", "1", &why), DIALECT_UNKNOWN);
    assert_true(dialect_is_secret(dialect, "password"));
    assert_false(dialect_is_secret(dialect, "period"));
}

static void test_flag(void **state)
{
    static const char *const yes[] = {"yes", "YES", "y", "true", "t", "on", "1"};
    static const char *const no[] = {"no", "n", "False", "f", "off", "0"};
    static const char *const neither[] = {"", "2", "yess", "maybe", "of"};

    (void)state;
    for (size_t i = 0; i < COUNT(yes); i++)
        assert_int_equal(dialect_flag(yes[i]), 1);
    for (size_t i = 0; i < COUNT(no); i++)
        assert_int_equal(dialect_flag(no[i]), 0);
    for (size_t i = 0; i < COUNT(neither); i++)
        assert_int_equal(dialect_flag(neither[i]), -1);
}

static void test_login(void **state)
{
    (void)state;
    assert_string_equal(dialect_login(dialect, "duckdns", "password")->values[0].text, "username");
    assert_string_equal(dialect_login(dialect, "no-ip", "password")->values[0].text, "password");
    assert_string_equal(dialect_login(dialect, "duckdns", "unused")->values[0].text, "password");
    assert_null(dialect_login(dialect, "no-ip", "unused"));
    assert_null(dialect_login(dialect, "no-ip", "zone"));
    assert_null(dialect_login(dialect, "no-ip", "lost")); /* the list of words is another thing */
}

/* ---- The files that are shipped: what they name is there. ---- */

static const struct tree_key service_keys[] = {
    {"server", TREE_LIST, NULL},        {"name", TREE_TEXT, NULL},          {"username", TREE_LIST, NULL},
    {"password", TREE_LIST, NULL},      {"zone", TREE_LIST, NULL},          {"options", TREE_LIST, NULL},
    {"password-ipv4", TREE_LIST, NULL}, {"password-ipv6", TREE_LIST, NULL}, {"must", TREE_TEXT, NULL},
    {"unused", TREE_LIST, NULL},        {"lost", TREE_LIST, NULL},          {NULL, TREE_TEXT, NULL},
};
static const struct tree_key keys[] = {
    {"username", TREE_LIST, NULL},
    {"password", TREE_LIST, NULL},
    {"zone", TREE_LIST, NULL},
    {"secret", TREE_LIST, NULL},
    {"hint", TREE_TEXT, NULL},
    {"alias", TREE_LIST, NULL},
    {"gone", TREE_LIST, NULL},
    {"echo", TREE_LIST, NULL},
    {"only-ipv4", TREE_LIST, NULL},
    {"only-ipv6", TREE_LIST, NULL},
    {"needless", TREE_LIST, NULL},
    {"lost", TREE_LIST, NULL},
    {"service", TREE_SECTION, service_keys},
    {NULL, TREE_TEXT, NULL},
};

static void check_service(const char *client, const struct tree_node *service)
{
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};
    struct definition *definition = loader_find(service->title, &faults, 0);
    const struct tree_node *options = tree_find(service, "options");

    if (!definition)
        unit_wrong("%s.import: service %s: %s", client, service->title, told.text);
    for (size_t i = 0; definition && options && i < options->value_count; i++) {
        char *name = strndup(options->values[i].text, strcspn(options->values[i].text, "="));

        if (!definition_find(&definition->options, name) && !definition_find(&definition->needs, name))
            unit_wrong("%s.import: service %s has no option %s", client, service->title, name);
        free(name);
    }
    definition_free(definition);
}

/* "NAME=VALUE", and what the value names is there. */
static void check_list(const char *client, const struct tree_node *node)
{
    for (size_t i = 0; i < node->value_count; i++) {
        const char *text = node->values[i].text, *value = strchr(text, '=');
        const char *name = value && strcmp(node->key->name, "alias") == 0 ? value + 1
                           : value && strncmp(value, "=echo:", 6) == 0    ? value + 6
                                                                          : NULL;
        char *path = name ? catalog_find(name, NULL) : NULL;

        if (!value)
            unit_wrong("%s.import: %s: '%s' has no sign", client, node->key->name, text);
        if (name && !path)
            unit_wrong("%s.import: %s: there is no %s", client, node->key->name, name);
        free(path);
    }
}

static void test_shipped(void **state)
{
    static const char *const clients[] = {"inadyn", "ddclient"};

    (void)state;
    for (size_t c = 0; c < COUNT(clients); c++) {
        struct unit_faults told = {0};
        char *path = catalog_import(clients[c]);
        struct tree_node *tree = tree_read(path, keys, unit_fault, &told);

        assert_string_equal(told.text, "");
        for (size_t i = 0; i < tree->node_count; i++) {
            static const char *const with_sign[] = {"alias", "gone", "echo", "needless", "lost"};

            if (tree->nodes[i].title)
                check_service(clients[c], &tree->nodes[i]);
            for (size_t w = 0; w < COUNT(with_sign); w++)
                if (strcmp(tree->nodes[i].key->name, with_sign[w]) == 0)
                    check_list(clients[c], &tree->nodes[i]);
        }
        tree_free(tree);
        free(path);
    }
    unit_all_right();
}

/* A client of which there is no file, and a file with a fault. */
static void test_faults(void **state)
{
    char *path = unit_file(*state, "broken.import", "\nunheard = of\n", 0644);
    char *before = strdup(getenv("WANDDNS_PROVIDERS"));
    struct unit_faults told = {0};
    struct faults faults = {"f", unit_fault, &told, false};

    setenv("WANDDNS_PROVIDERS", *state, 1);
    assert_null(dialect_read("broken", &faults));
    assert_contains(told.text, "broken.import:2: unknown key 'unheard'");
    assert_true(faults.any);
    told.text[0] = '\0';
    assert_null(dialect_read("missing", &faults));
    assert_contains(told.text, "f:0: there is no file missing.import");
    setenv("WANDDNS_PROVIDERS", before, 1);
    free(before);
    free(path);
    dialect_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_provider),
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_source),
        cmocka_unit_test(test_fate),
        cmocka_unit_test(test_flag),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_shipped),
        cmocka_unit_test_setup_teardown(test_faults, unit_setup_folder, unit_teardown_folder),
    };

    return cmocka_run_group_tests_name("dialect", tests, setup, teardown);
}
