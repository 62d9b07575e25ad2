#include "scene.h"

#include "mem.h"

static struct definition *read_definition(const char *text)
{
    static const char top[] = "title = Test\nserver = \"https://api.example.net/v1\"\n";
    size_t size = sizeof top + strlen(text);
    char *folder = unit_folder(), *whole = mem_alloc(size), *path;
    struct unit_faults faults = {0};
    struct definition *definition;

    snprintf(whole, size, "%s%s", top, text);
    path = unit_file(folder, "test.conf", whole, 0600);
    definition = loader_read(path, unit_fault, &faults);
    free(path);
    free(whole);
    unit_remove_folder(folder);
    assert_string_equal(faults.text, "");
    assert_non_null(definition);
    return definition;
}

struct scene *scene_new(const char *definition)
{
    struct scene *scene = mem_alloc(sizeof *scene);

    scene->provider = (struct config_provider){
        .id = mem_string("test"),
        .definition = read_definition(definition),
        .server = mem_string("https://api.example.net/v1"),
        .username = secret_new("alice"),
        .password = secret_new("secret"),
    };
    scene->memory = memory_new();
    scene->values =
        (struct values){.provider = &scene->provider, .definition = scene->provider.definition, .items = scene->items};
    scene_item(scene, 0, "home.example.org", IP_V4, "192.0.2.7", "");
    return scene;
}

void scene_redefine(struct scene *scene, const char *definition)
{
    definition_free(scene->provider.definition);
    scene->provider.definition = read_definition(definition);
}

void scene_free(struct scene *scene)
{
    values_clear(&scene->values);
    memory_free(scene->memory);
    definition_free(scene->provider.definition);
    for (size_t i = 0; i < scene->provider.option_count; i++) {
        free(scene->provider.options[i].name);
        secret_free(scene->provider.options[i].value);
    }
    free(scene->provider.options);
    free(scene->provider.id);
    free(scene->provider.server);
    secret_free(scene->provider.username);
    secret_free(scene->provider.password);
    free(scene->provider.zone);
    free(scene);
}

static void add_addresses(struct ip_set *ip4, struct ip_set *ip6, const char *addresses)
{
    while (*addresses) {
        size_t length = strcspn(addresses, ",");
        char *one = mem_string_n(addresses, length);
        struct ip ip;

        assert_true(ip_parse(one, &ip));
        ip_set_add(strchr(one, ':') ? ip6 : ip4, &ip);
        addresses += length + (addresses[length] == ',');
        free(one);
    }
}

void scene_item(struct scene *scene, size_t index, const char *name, enum ip_families families, const char *addresses,
                const char *old)
{
    struct update_item *item = &scene->items[index];

    assert_true(index < SCENE_ITEMS && index <= scene->values.count);
    *item = (struct update_item){.name = name, .families = families};
    add_addresses(&item->ip4, &item->ip6, addresses);
    add_addresses(&item->old, &item->old, old);
    if (index == scene->values.count)
        scene->values.count++;
}

void scene_set(char **text, const char *value)
{
    free(*text);
    *text = mem_string(value);
}

void scene_option(struct scene *scene, const char *option)
{
    struct config_provider *provider = &scene->provider;
    size_t length = strcspn(option, "=");

    provider->options = mem_resize(provider->options, provider->option_count + 1, sizeof *provider->options);
    provider->options[provider->option_count++] =
        (struct login_option){mem_string_n(option, length), secret_new(option + length + 1)};
}

void scene_password(struct scene *scene, const char *password)
{
    secret_free(scene->provider.password);
    scene->provider.password = secret_new(password);
}

void scene_found(struct scene *scene, const char *name, const char *text)
{
    struct secret *secret = secret_new(text);

    values_set(&scene->values, name, secret);
    secret_free(secret);
}

const struct definition_step *scene_step(const struct scene *scene, const char *title)
{
    const struct definition_step *step = definition_step(scene->values.definition, title);

    assert_non_null(step);
    return step;
}
