/* Plays the cases of a transcript: the real core, with the definition and the configuration of the case, against a server
 * that answers as it is written. */
#ifndef WANDDNS_TESTS_PLAY_H
#define WANDDNS_TESTS_PLAY_H

#include "buf.h"
#include "transcript.h"

/* Makes the loop and the server, for the whole program. With show each exchange is printed. */
void play_open(bool show);
void play_close(void);

/* Plays all cases. Each that goes another way adds to faults what is wrong, with the file and the line. */
void play_transcript(const struct transcript *transcript, struct buf *faults);

#endif
