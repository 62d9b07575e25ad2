#include "section.h"
#include "idn.h"

#include "http.h"

#include <sys/stat.h>

static const struct tree_key provider_keys[] = {NAMES_KEYS, PLACE_KEYS, {NULL, TREE_TEXT, NULL}};
static const struct tree_key keys[] = {PLACE_KEYS, {"provider", TREE_SECTION, provider_keys}, {NULL, TREE_TEXT, NULL}};

static char *folder, *hosts_path;

/* In place of libcurl, which knows such names or not by how it was built. */
char *idn_ascii(const char *name)
{
    return strcmp(name, "b\xc3\xbc"
                        "cher.org") == 0
               ? strdup("xn--bcher-kva.org")
               : NULL;
}

int section_setup(void **state)
{
    (void)state;
    folder = unit_folder();
    hosts_path = unit_path(folder, "hosts");
    return 0;
}

int section_teardown(void **state)
{
    (void)state;
    free(hosts_path);
    unit_remove_folder(folder);
    return 0;
}

const char *section_hosts_path(void)
{
    return hosts_path;
}

static void describe(struct section *section)
{
    static const char *const families[] = {"none", "ipv4", "ipv6", "both"};
    size_t used = 0;
    struct ip base;

    assert_true(ip_parse("2001:db8:0:ffff::", &base));
    for (size_t i = 0; i < section->names.count && used < sizeof section->text; i++) {
        const struct name *name = &section->names.list[i];
        char interfaces[RULE_NAME_SIZE], address[IP_TEXT_SIZE] = "";

        if (name->host) {
            struct ip ip = host_address(name->host, &base, 64);

            ip_text(&ip, address);
        }
        used += (size_t)snprintf(section->text + used, sizeof section->text - used, "%s %s %s%s%s\n", name->name,
                                 families[name->families], rule_name(&name->place->rule, interfaces),
                                 *address ? " " : "", address);
    }
}

struct section *section_read(const char *format)
{
    struct section *section = calloc(1, sizeof *section);
    const char *mark = strstr(format, "%s");
    const struct tree_node *provider;
    char text[4096];

    assert_non_null(section);
    snprintf(text, sizeof text, "%.*s%s%s", mark ? (int)(mark - format) : (int)strlen(format), format,
             mark ? hosts_path : "", mark ? mark + 2 : "");
    section->faults = (struct faults){"f", unit_fault, &section->told, false};
    section->tree = tree_parse("f", text, strlen(text), keys, unit_fault, &section->told);
    assert_string_equal(section->told.text, "");
    provider = tree_find(section->tree, "provider");
    unit_capture_begin();
    place_read(&section->faults, section->tree, NULL, &section->top);
    place_read(&section->faults, provider, &section->top, &section->place);
    names_read(&section->faults, provider, &section->place, &section->names);
    section->log = unit_capture_end();
    assert_int_equal(section->faults.any, section->told.count > 0);
    describe(section);
    return section;
}

void section_free(struct section *section)
{
    names_clear(&section->names);
    place_clear(&section->place);
    place_clear(&section->top);
    tree_free(section->tree);
    free(section->log);
    free(section);
}

void section_write_hosts(const char *content, size_t length)
{
    FILE *file = fopen(hosts_path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(hosts_path, 0644), 0);
}
