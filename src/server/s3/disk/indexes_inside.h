/* indexes_inside.h: what indexes.c, indexes_thread.c and watch.c share. All is called with the mutex held, but for start and
 * stop. */
#ifndef NL_SERVER_S3_DISK_INDEXES_INSIDE_H
#define NL_SERVER_S3_DISK_INDEXES_INSIDE_H

#include "server/s3/disk/indexes.h"

#define S3_INDEXES_MOST 128

/* ── indexes.c ── */

/* Have an index of this folder in the table, from its file, or (build) by reading the folder. *fresh: it was not there
 * before. Gives the mutex up meanwhile. */
int s3_indexes_take_up(s3_indexes *s, int folder, const char *path, bool build, bool *fresh, nl_error *err);
/* Remove a file, unless an index in the table has that name: one that was made meanwhile, or of a folder in the place of
 * another. */
void s3_indexes_unlink(s3_indexes *s, const char *name);
/* Take x out of the table; nobody is busy with it. Of a lost one the file goes too. */
void s3_indexes_remove(s3_indexes *s, s3_index *x);

/* ── indexes_thread.c ── */

/* Sweep the folder of files, start the thread, which takes up what is there. */
void s3_indexes_start(s3_indexes *s);
void s3_indexes_stop(s3_indexes *s);
/* Write what its file does not have, where the folder's time allows it (I2; wait: for some milliseconds, until it does). */
void s3_indexes_save(s3_indexes *s, s3_index *x, bool wait);

/* ── watch.c ── */

/* Ask the kernel for events; without them no index is watched. */
void s3_watch_open(s3_indexes *s);
/* Watch x's folder, where it can be: else x->wd stays -1. */
void s3_watch_add(s3_indexes *s, s3_index *x);
void s3_watch_remove(s3_indexes *s, s3_index *x);
/* Take all events that came so far. */
void s3_watch_drain(s3_indexes *s);

#endif
