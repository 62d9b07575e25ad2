#include "errand.h"

#include "log.h"

#include "fake_http.h"
#include "fake_timer.h"
#include "unit.h"

const char *errand_verdict(enum update_verdict verdict)
{
    static const char *const words[] = {
        [UPDATE_DONE] = "done",   [UPDATE_UNCHANGED] = "unchanged", [UPDATE_UNREACHABLE] = "unreachable",
        [UPDATE_AGAIN] = "again", [UPDATE_REFUSED] = "refused",     [UPDATE_REFUSED_ACCOUNT] = "refused-account",
    };

    assert_true(verdict < COUNT(words));
    return words[verdict];
}

void errand_make(struct errand *errand, const struct config_provider *provider, const char *ip4, const char *ip6)
{
    static struct memory *memory;

    if (!memory)
        memory = memory_new();
    memory_forget_all(memory);
    *errand = (struct errand){0};
    errand->update = (struct update_batch){
        .provider = provider,
        .memory = memory,
        .items = errand->items,
        .count = provider->names.count,
    };
    assert_true(errand->update.count <= COUNT(errand->items));
    for (size_t i = 0; i < errand->update.count; i++) {
        struct update_item *item = &errand->items[i];

        item->name = provider->names.list[i].name;
        assert_true(!ip4 || ip_set_parse(ip4, &item->ip4));
        assert_true(!ip6 || ip_set_parse(ip6, &item->ip6));
        item->families = (enum ip_families)((ip4 ? IP_V4 : 0) | (ip6 ? IP_V6 : 0));
    }
}

static void on_done(void *arg, const struct update_result *results)
{
    struct errand_results *out = arg;

    out->calls++;
    for (size_t i = 0; i < out->count; i++) {
        size_t used = strlen(out->verdicts);

        assert_non_null(results[i].text);
        out->list[i].verdict = results[i].verdict;
        out->list[i].requests = results[i].requests;
        out->list[i].after_ms = results[i].after_ms;
        snprintf(out->list[i].text, ERRAND_TEXT, "%s", results[i].text);
        snprintf(out->verdicts + used, sizeof out->verdicts - used, "%s%s", i ? " " : "",
                 errand_verdict(results[i].verdict));
    }
}

struct update *errand_start(const struct errand *errand, struct errand_results *results)
{
    memset(results, 0, sizeof *results);
    results->count = errand->update.count;
    return update_start(NULL, &errand->update, on_done, results);
}

void errand_judge(const struct errand *errand, const struct http_answer *answer, struct errand_results *results)
{
    errand_start(errand, results);
    assert_int_equal(fake_http_open(), 1);
    fake_http_answer_with(0, answer);
    fake_timer_advance(0);
    assert_int_equal(results->calls, 1);
    assert_int_equal(fake_http_open(), 0);
}

int errand_quiet(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    return 0;
}
