#include "history.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

void history_add(struct history *history, enum record_state from, enum record_state to, const char *text)
{
    if (history->count == HISTORY_LENGTH) {
        free(history->entries[0].text);
        memmove(history->entries, history->entries + 1, (HISTORY_LENGTH - 1) * sizeof *history->entries);
        history->count--;
    } else {
        history->entries = mem_resize(history->entries, history->count + 1, sizeof *history->entries);
    }
    history->entries[history->count++] =
        (struct history_entry){moment_now(), (unsigned char)from, (unsigned char)to, mem_string(text)};
}

void history_clear(struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        free(history->entries[i].text);
    free(history->entries);
    *history = (struct history){0};
}
