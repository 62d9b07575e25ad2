#include "life.h"

static const char *const state_words[] = {"idle", "updating", "current", "waiting", "refused"};

const char *record_state_word(enum record_state state)
{
    return state_words[state];
}

bool record_target_equal(const struct record_target *a, const struct record_target *b)
{
    return ip_set_equal(&a->ips, &b->ips) && a->link == b->link && a->prefix_length == b->prefix_length &&
           a->withdraw == b->withdraw;
}
