/* finding: what a step takes out of an answer: the one element of a list that is meant, and its values. */
#ifndef WANDDNS_FINDING_H
#define WANDDNS_FINDING_H

#include "memory.h"
#include "verdict.h"

enum finding {
    FINDING_NOTHING,
    FINDING_GOOD,      /* the values are set */
    FINDING_UNCHANGED, /* and the record is as it is to be */
    FINDING_SEVERAL,   /* and nothing says which of them is ours */
    FINDING_OTHER,     /* the answer confirms another address than ours */
    FINDING_NO_JSON,   /* the answer is not what the step needs */
};

/* Sets the values that the step gets, those without a value too, and keeps them where it says so. */
enum finding finding_take(const struct verdict_answer *answer, struct values *values,
                          const struct definition_step *step, struct memory *memory);

/* Sets the step's values to what is remembered; false when the step must be asked. */
bool finding_recall(struct values *values, const struct definition_step *step, const struct memory *memory);

/* Forgets what is remembered of the first item's record. */
void finding_forget_record(const struct values *values, struct memory *memory);

/* Forgets all that is remembered for these values' zone and record, and the login's own. */
void finding_forget(const struct values *values, struct memory *memory);

#endif
