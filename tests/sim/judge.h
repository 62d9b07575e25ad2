/* What an answer means, by a table of the observer's own. */
#ifndef WANDDNS_TESTS_JUDGE_H
#define WANDDNS_TESTS_JUDGE_H

#include "ledger.h"

enum judgement {
    JUDGED_DONE,
    JUDGED_UNCHANGED,
    JUDGED_WAIT,
    JUDGED_REFUSED,
    JUDGED_LOGIN_REFUSED,
    JUDGED_LOST,    /* nobody has got it */
    JUDGED_DOUBT,   /* somebody may have got it */
    JUDGED_UNKNOWN, /* the table does not say */
};

/* For a record of the request. */
enum judgement judge(const struct http_answer *answer, const struct about *about, const struct key *key);

/* May a record be refused for it? After one of several steps all of them may be gone once more instead. */
bool judge_may_refuse(const struct http_answer *answer, const struct about *about, const struct key *key);

/* How long the provider wants to be left alone by this record, at least; and by the whole login. */
uint64_t judge_pause_ms(const struct http_answer *answer, const struct about *about, const struct key *key);
uint64_t judge_login_pause_ms(const struct http_answer *answer);

#endif
