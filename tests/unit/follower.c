#include "follower.h"

#include "naive.h"
#include "timer.h"
#include "unit.h"

#include <arpa/inet.h>

static void blame(struct follower *follower, const char *what)
{
    if (!follower->wrong)
        follower->wrong = what;
}

/* What others can see of an answer. */
static bool looks_alike(const struct rule *rule, const struct source_answer *a, const struct source_answer *b)
{
    return ip_set_equal(&a->ips, &b->ips) && ip_set_equal(&a->local, &b->local) && a->reason == b->reason &&
           strcmp(a->text, b->text) == 0 && a->withdraw == b->withdraw && a->prefix_length == b->prefix_length &&
           (!rule->bind || a->link.index == b->link.index);
}

/* ---- What is told. ---- */

void follower_forget(struct follower *follower, unsigned char bits)
{
    *follower = (struct follower){.rule = follower->rule,
                                  .watched = follower->watched,
                                  .changes = follower->changes,
                                  .published = follower->published,
                                  .wrong = follower->wrong,
                                  .now = {.ips = follower->published, .bits = bits}};
}

void follower_hear(struct follower *follower, const struct source_answer *answer, bool at_rest)
{
    if (at_rest)
        blame(follower, "a change is told, though nothing that is followed changed");
    if (!follower->watched)
        blame(follower, "it is not watched");
    if (follower->known && looks_alike(&follower->rule, &follower->told, answer))
        blame(follower, "a change is told that is none");
    follower->told = *answer;
    follower->known = true;
    follower->changes++;
}

struct ip_set follower_gone(const struct follower *follower, const struct source_answer *answer)
{
    struct ip_set gone = {0};

    for (size_t i = 0; i < follower->local.count; i++)
        if (!ip_set_has(&answer->local, &follower->local.list[i]))
            ip_set_add(&gone, &follower->local.list[i]);
    return gone;
}

/* Which address a link has behind a fixed one was not published, so it may be another one. */
void follower_compare(struct follower *follower, const struct source_answer *fresh)
{
    const struct source_answer *told = &follower->told;
    bool same = ip_set_equal(&told->ips, &fresh->ips) && told->withdraw == fresh->withdraw;

    if (!ip_is_set(&follower->rule.fixed))
        same = looks_alike(&follower->rule, told, fresh);
    if (!same || told->link.index != fresh->link.index)
        blame(follower, "one that begins anew comes to another end");
}

/* ---- What is expected of one rule. ---- */

static void check_link(struct follower *follower, const struct naive_view *view, uint64_t now_ms)
{
    const struct source_answer *answer = &follower->told;
    const struct naive_link *first = naive_first(view), *before = naive_find(view, follower->now.hold);
    uint64_t failback_ms = follower->rule.failback_ms;
    int index = answer->link.index;
    bool may_stay = failback_ms && before && before->best;

    if (!may_stay || before == first || follower->rule.all) {
        if (index != first->index)
            blame(follower, "it is not the first link that is fit");
    } else if (index == before->index) {
        if (now_ms - follower->ahead_ms[first->index] >= failback_ms)
            blame(follower, "it stays behind, though the first link has been fit and ahead for so long");
    } else if (now_ms - follower->fit_ms[index] < failback_ms) {
        blame(follower, "it went over to a link that has not been fit for so long");
    }
}

static void check_ips(struct follower *follower, const struct naive_view *view)
{
    const struct source_answer *answer = &follower->told;
    const struct naive_link *link = naive_find(view, answer->link.index), *first = naive_first(view);
    struct ip_set expected = {0};

    if (!link || !link->best) {
        blame(follower, "its link is not fit");
        return;
    }
    ip_set_add(&expected, &link->best->ip);
    if (follower->rule.all)
        expected = naive_all(view);
    if (!ip_set_equal(&answer->local, &expected))
        blame(follower, "it is not the best address of the link");
    if (answer->prefix_length !=
        (follower->rule.prefix_length ? follower->rule.prefix_length : link->best->prefix_length))
        blame(follower, "the prefix is not as long as that");
    if (answer->ahead != (link == first || follower->rule.all ? 0 : first->index))
        blame(follower, "the link ahead is another one");
}

static void check_none(struct follower *follower, const struct naive_view *view)
{
    const struct naive_link *nearest = naive_nearest(view);
    enum reason reason = nearest                           ? nearest->reason
                         : follower->rule.interfaces[0][0] ? REASON_NO_INTERFACE
                                                           : REASON_NO_ROUTE;

    if (follower->told.local.count)
        blame(follower, "no link is fit");
    if (follower->told.link.index != (nearest ? nearest->index : 0))
        blame(follower, "another link came nearest");
    if (follower->told.reason != (ip_is_set(&follower->rule.fixed) ? REASON_CHOSEN : reason))
        blame(follower, "the reason is another one");
}

static void check_published(struct follower *follower, uint64_t now_ms)
{
    const struct source_answer *answer = &follower->told;
    const struct rule *rule = &follower->rule;
    bool doubt = answer->reason == REASON_TENTATIVE, lost = answer->reason != REASON_CHOSEN && !doubt;
    struct ip_set fixed = {1, {rule->fixed}};

    if (!ip_set_equal(&answer->ips, ip_is_set(&rule->fixed) ? &fixed : &answer->local))
        blame(follower, "what is published is not what is chosen");
    if (strncmp(answer->text, reason_word(answer->reason), strlen(reason_word(answer->reason))) != 0)
        blame(follower, "the text does not begin with the reason");
    if ((answer->reason == REASON_CHOSEN) != (answer->ips.count != 0))
        blame(follower, "chosen, or not");
    follower->lost_ms = !lost ? 0 : follower->lost_ms ? follower->lost_ms : now_ms;
    if (answer->withdraw != (lost && rule->withdraw_ms && now_ms - follower->lost_ms >= rule->withdraw_ms))
        blame(follower, "withdraw says something else");
}

static void keep_time(struct follower *follower, const struct naive_view *view, uint64_t now_ms)
{
    const struct naive_link *before = naive_find(view, follower->now.hold), *first = naive_first(view);

    for (int index = 1; index < FOLLOWER_INDEXES; index++) {
        const struct naive_link *link = naive_find(view, index);
        bool fit = link && link->best, ahead = fit && link == first && before && before->best && link != before;
        uint64_t *fit_ms = &follower->fit_ms[index], *ahead_ms = &follower->ahead_ms[index];

        *fit_ms = !fit ? 0 : *fit_ms ? *fit_ms : now_ms;
        *ahead_ms = !ahead ? 0 : *ahead_ms ? *ahead_ms : now_ms;
    }
}

void follower_check(struct follower *follower, const struct source_answer *answer)
{
    uint64_t now_ms = timer_now_ms();
    struct naive_view view;

    if (!follower->known || !looks_alike(&follower->rule, answer, &follower->told))
        blame(follower, "the change was not told");
    /* What nobody need be told of is in it all the same. */
    follower->told = *answer;
    naive_look(&follower->rule, &follower->now, &view);
    keep_time(follower, &view, now_ms);
    if (naive_first(&view)) {
        check_link(follower, &view, now_ms);
        check_ips(follower, &view);
    } else {
        check_none(follower, &view);
    }
    check_published(follower, now_ms);
    follower->local = answer->local;
    if (answer->local.count)
        follower->now = (struct source_before){.ips = answer->local, .hold = answer->link.index};
    if (answer->ips.count)
        follower->published = answer->ips;
}

/* ---- Candidates. ---- */

struct listing {
    struct ip_set chosen;
    struct {
        int index;
        struct ip ip;
    } seen[FAKE_LINKS * FAKE_ADDRESSES];
    size_t count;
    int index; /* of the answer's link */
    bool all, twice, wrong;
};

static void on_candidate(void *arg, const struct kernel_link *link, const struct kernel_address *address,
                         enum reason reason, const char *why)
{
    struct listing *listing = arg;
    struct ip ip = address ? address->ip : (struct ip){0};
    int index = link ? link->index : 0;

    assert_true((why != NULL) == (reason == REASON_OTHER));
    for (size_t i = 0; i < listing->count; i++)
        if (listing->seen[i].index == index && ip_equal(&listing->seen[i].ip, &ip)) {
            listing->twice = true;
            return;
        }
    listing->seen[listing->count].index = index;
    listing->seen[listing->count++].ip = ip;
    if (reason != REASON_CHOSEN)
        return;
    ip_set_add(&listing->chosen, &ip);
    if (!ip_set_has(&listing->chosen, &ip) || (!listing->all && index != listing->index))
        listing->wrong = true; /* one more than an answer can have, or of another link */
}

void follower_check_candidates(struct follower *follower, const struct sources *sources)
{
    bool is_fixed = ip_is_set(&follower->rule.fixed); /* on no link */
    struct listing listing = {.index = is_fixed ? 0 : follower->told.link.index, .all = follower->rule.all};

    if (sources_explain(sources, &follower->rule, on_candidate, &listing))
        return;
    if (listing.twice)
        blame(follower, "a candidate is told twice");
    if (listing.wrong || !ip_set_equal(&listing.chosen, is_fixed ? &follower->told.ips : &follower->told.local))
        blame(follower, "of the candidates, others are told as chosen");
}
