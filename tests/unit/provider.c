#include "provider.h"

#include "mem.h"
#include "unit.h"

/* The places of names that want nothing special. */
static const struct place places[] = {
    [IP_V4] = {.families = IP_V4},
    [IP_V6] = {.families = IP_V6},
    [IP_BOTH] = {.families = IP_BOTH},
};

static void add_name(struct config_provider *provider, char *name, const struct place *place)
{
    struct names *names = &provider->names;

    names->list = mem_resize(names->list, names->count + 1, sizeof *names->list);
    names->list[names->count++] = (struct name){.name = name, .place = place, .families = place->families};
}

void provider_add(struct config_provider *provider, const char *name, enum ip_families families)
{
    add_name(provider, mem_string(name), &places[families]);
}

struct config_provider *provider_new(const char *definition, const char *names, size_t count, enum ip_families families)
{
    struct config_provider *provider = mem_alloc(sizeof *provider);
    struct unit_faults told = {0};
    struct faults faults = {"test", unit_fault, &told, false};
    char name[64];

    provider->id = mem_string(definition);
    provider->definition = loader_find(definition, &faults, 1);
    assert_string_equal(told.text, ""); /* WANDDNS_PROVIDERS names the folder of the definitions */
    assert_non_null(provider->definition);
    provider->server = mem_string("https://192.0.2.53:8443");
    provider_login(provider, "alice", "secret");
    while (names && *names) {
        size_t length = strcspn(names, " ");

        add_name(provider, mem_string_n(names, length), &places[families]);
        names += length + strspn(names + length, " ");
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "name%zu.example.org", i);
        provider_add(provider, name, families);
    }
    return provider;
}

void provider_define(struct config_provider *provider, const char *text)
{
    char *folder = unit_folder(), *path = unit_file(folder, "made.conf", text, 0600);
    struct unit_faults faults = {0};

    definition_free(provider->definition);
    provider->definition = loader_read(path, unit_fault, &faults);
    assert_string_equal(faults.text, "");
    free(path);
    unit_remove_folder(folder);
}

void provider_login(struct config_provider *provider, const char *username, const char *password)
{
    secret_free(provider->username);
    secret_free(provider->password);
    provider->username = secret_new(username);
    provider->password = secret_new(password);
}

void provider_free(struct config_provider *provider)
{
    names_clear(&provider->names);
    definition_free(provider->definition);
    free(provider->id);
    free(provider->server);
    provider_login(provider, NULL, NULL);
    free(provider);
}
