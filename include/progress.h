/* progress: how far a command with many records is, on the last line of the terminal that standard error is.
 *
 * There is one line, and it is there from progress_begin() to progress_end(); without a terminal, or where TERM is dumb,
 * it never is. All others that write to the terminal take it away before, and bring it back afterwards. */
#ifndef WANDDNS_PROGRESS_H
#define WANDDNS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

enum { PROGRESS_MANY = 10 }; /* so many and less are told by a line each */

/* Of so many in all. False when there is no such line: then each may be told for itself. */
bool progress_begin(size_t all);
void progress_end(void);

/* What became of them by now; the others are left. */
void progress_show(size_t done, size_t failed);

void progress_erase(void);
void progress_draw(void);

#endif
