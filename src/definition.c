#include "definition.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

const struct definition_step *definition_step(const struct definition *definition, const char *title)
{
    for (size_t i = 0; i < definition->step_count; i++)
        if (strcmp(definition->steps[i].title, title) == 0)
            return &definition->steps[i];
    return NULL;
}

bool definition_publishes(const struct definition *definition)
{
    for (size_t i = 0; i < definition->step_count; i++)
        if (definition->steps[i].flows & DEFINITION_UPDATE && strcmp(definition->steps[i].title, "address") != 0)
            return true;
    return false;
}

bool definition_deletes(const struct definition *definition)
{
    return definition->runs_program || definition_step(definition, "delete");
}

bool definition_has_each(const struct definition *definition)
{
    for (size_t i = 0; i < definition->step_count; i++)
        if (definition->steps[i].each)
            return true;
    return false;
}

bool definition_keeps(const struct definition *definition)
{
    for (size_t i = 0; i < definition->step_count; i++)
        if (definition->steps[i].keep)
            return true;
    return false;
}

const char *definition_find(const struct definition_list *list, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->list[i], name, length) == 0 && (!list->list[i][length] || list->list[i][length] == '='))
            return list->list[i];
    return NULL;
}

const char *definition_text(const char *entry)
{
    const char *sign = entry ? strchr(entry, '=') : NULL;

    return sign ? sign + 1 : NULL;
}

void definition_clear_list(struct definition_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->list[i]);
    free(list->list);
    *list = (struct definition_list){0};
}

static void clear_step(struct definition_step *step)
{
    char *texts[] = {step->title,  step->url,  step->method, step->auth,    step->login,  step->json,    step->xml,
                     step->body,   step->when, step->unless, step->each,    step->member, step->members, step->list,
                     step->suffix, step->more, step->must,   step->confirm, step->expires};
    struct definition_list *lists[] = {&step->query, &step->form, &step->headers, &step->match, &step->get};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        definition_clear_list(lists[i]);
    answer_clear_rules(&step->rules);
}

struct definition *definition_hold(struct definition *definition)
{
    definition->holders++;
    return definition;
}

void definition_free(struct definition *definition)
{
    if (!definition || definition->holders-- > 0)
        return;
    char *texts[] = {definition->name,   definition->title,   definition->site,      definition->maturity,
                     definition->server, definition->server4, definition->server6,   definition->auth,
                     definition->login,  definition->words,   definition->unmanaged, definition->apex};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < definition->step_count; i++)
        clear_step(&definition->steps[i]);
    for (size_t i = 0; i < definition->macro_count; i++) {
        free(definition->macros[i].name);
        free(definition->macros[i].ipv4);
        free(definition->macros[i].ipv6);
    }
    for (size_t i = 0; i < definition->sign_count; i++) {
        free(definition->signs[i].name);
        free(definition->signs[i].key);
        free(definition->signs[i].data);
    }
    definition_clear_list(&definition->headers);
    definition_clear_list(&definition->needs);
    definition_clear_list(&definition->options);
    answer_clear_rules(&definition->rules);
    free(definition->macros);
    free(definition->signs);
    free(definition->steps);
    free(definition);
}
