#include "provider.h"

#include "mem.h"
#include "unit.h"

static void add_name(struct config_provider *provider, const char *name, size_t length)
{
    provider->hostnames = mem_resize(provider->hostnames, provider->hostname_count + 1, sizeof *provider->hostnames);
    provider->hostnames[provider->hostname_count++] = mem_string_n(name, length);
}

struct config_provider *provider_new(const char *definition, const char *names, size_t count, enum ip_families families)
{
    struct config_provider *provider = mem_alloc(sizeof *provider);
    struct unit_faults faults = {0};
    char name[64];

    provider->id = mem_string(definition);
    provider->definition = definition_load(definition, "test", 1, unit_fault, &faults);
    assert_string_equal(faults.text, ""); /* WANDDNS_PROVIDERS names the folder of the definitions */
    assert_non_null(provider->definition);
    provider->server = mem_string("https://192.0.2.53:8443");
    provider->username = mem_string("alice");
    provider->password = mem_string("secret");
    provider->families = families;
    while (names && *names) {
        size_t length = strcspn(names, " ");

        add_name(provider, names, length);
        names += length + strspn(names + length, " ");
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "name%zu.example.org", i);
        add_name(provider, name, strlen(name));
    }
    return provider;
}

void provider_free(struct config_provider *provider)
{
    for (size_t i = 0; i < provider->hostname_count; i++)
        free(provider->hostnames[i]);
    free(provider->hostnames);
    definition_free(provider->definition);
    free(provider->id);
    free(provider->server);
    free(provider->username);
    free(provider->password);
    free(provider);
}
