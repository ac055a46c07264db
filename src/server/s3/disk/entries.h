/* entries.h: the entries of one folder in order, wherever they come from.
 *
 *     small    a snapshot, in memory (snapshot.h)
 *     large    its index, from the disk (indexes.h); where that fails, a snapshot all the same
 */
#ifndef NL_SERVER_S3_DISK_ENTRIES_H
#define NL_SERVER_S3_DISK_ENTRIES_H

#include "server/s3/disk/disk.h"

/* One reader, one thread. Zeroed: closed. */
typedef struct s3_entries {
    s3_disk *disk; /* borrowed */
    char *path;    /* below the root */
    int folder;    /* a descriptor of its own */
    s3_snapshot *snapshot;
    size_t at;
    s3_view *view; /* or */
    bool any;      /* name is one; false behind the last */
    s3_slice name; /* valid until the next call */
    nl_buf last;   /* a copy of it: where to go on with another source */
} s3_entries;

/* The open folder of a key prefix ("" or "a/b/"); the descriptor is taken, also after a failure. Afterwards seek. */
int s3_entries_open(s3_entries *e, s3_bucket *b, s3_slice prefix, int folder, nl_error *err);
/* To the first entry at or behind target (behind alone where after says so). */
int s3_entries_seek(s3_entries *e, s3_slice target, bool after, nl_error *err);
int s3_entries_next(s3_entries *e, nl_error *err);
/* Closed is fine. */
void s3_entries_close(s3_entries *e);

#endif
