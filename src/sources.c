#include "sources.h"

#include "mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct watched {
    struct source_rule rule;
    struct source_answer answer;
    struct source_answer next; /* of the reading under way */
    struct ip before;          /* the last address that was chosen */
    bool known;
};

struct sources {
    struct kernel *kernel;
    sources_changed_fn *changed;
    void *arg;
    struct watched *list;
    size_t count;
};

struct sources *sources_new(struct kernel *kernel, sources_changed_fn *changed, void *arg)
{
    struct sources *sources = mem_alloc(sizeof *sources);

    sources->kernel = kernel;
    sources->changed = changed;
    sources->arg = arg;
    return sources;
}

void sources_free(struct sources *sources)
{
    if (!sources)
        return;
    free(sources->list);
    free(sources);
}

static struct watched *find(struct watched *list, size_t count, const struct source_rule *rule)
{
    for (size_t i = 0; i < count; i++)
        if (source_rule_equal(&list[i].rule, rule))
            return &list[i];
    return NULL;
}

void sources_watch(struct sources *sources, const struct source_rule *rules, size_t count)
{
    struct watched *fresh = mem_alloc(count * sizeof *fresh);
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        const struct watched *old = find(sources->list, sources->count, &rules[i]);

        if (!find(fresh, used, &rules[i]))
            fresh[used++] = old ? *old : (struct watched){.rule = rules[i]};
    }
    free(sources->list);
    sources->list = fresh;
    sources->count = used;
}

/* Address events of other links are not worth a wake-up of ours. */
static void follow_links(struct sources *sources)
{
    int *indexes = mem_alloc(sources->count * SOURCE_LINKS * sizeof *indexes);
    size_t count = 0;
    bool all = false;

    for (size_t i = 0; i < sources->count; i++) {
        const struct source_answer *answer = &sources->list[i].answer;

        all |= answer->link_count > SOURCE_LINKS;
        for (size_t j = 0; j < answer->link_count && j < SOURCE_LINKS; j++)
            indexes[count++] = answer->links[j];
    }
    kernel_follow(sources->kernel, all ? NULL : indexes, count);
    free(indexes);
}

static void take_next(struct sources *sources, struct watched *watched)
{
    struct ip before = watched->answer.ip;
    bool same_address = ip_equal(&before, &watched->next.ip);
    bool same = watched->known && same_address && strcmp(watched->answer.text, watched->next.text) == 0;

    if (same_address)
        before = (struct ip){0};
    watched->answer = watched->next;
    watched->known = true;
    if (ip_is_set(&watched->answer.ip))
        watched->before = watched->answer.ip;
    if (!same)
        sources->changed(sources->arg, &watched->rule, &watched->answer, &before);
}

void sources_recall(struct sources *sources, const struct source_rule *rule, const struct ip *published)
{
    struct watched *watched = find(sources->list, sources->count, rule);

    if (!ip_is_set(&watched->before))
        watched->before = *published;
}

int sources_read(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct watched *watched = &sources->list[i];

        if (source_read(sources->kernel, &watched->rule, &watched->before, &watched->next) == -EAGAIN)
            return -EAGAIN;
    }
    for (size_t i = 0; i < sources->count; i++)
        take_next(sources, &sources->list[i]);
    follow_links(sources);
    return 0;
}

const struct source_answer *sources_answer(const struct sources *sources, const struct source_rule *rule)
{
    return &find(sources->list, sources->count, rule)->answer;
}
