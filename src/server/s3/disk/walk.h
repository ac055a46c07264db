/* walk.h: the plain files of a bucket in the order of their keys.
 *
 *     frames    ""  [ a   a.   b/   c ]      an entry is a file, or a folder that the caller enters or skips
 *                              ▲
 *               "b/"  [ x   y/ ]             entered: b/
 *                       ▲ current: "b/x"
 *
 * W1  Entries come in the order of bytes of their full names, a folder as "b/" (snapshot.h says why that is key order).
 * W2  Nothing is read of a folder that is not entered.
 * W3  A bound is found by a search in each folder on its way, never by reading up to it.
 */
#ifndef NL_SERVER_S3_DISK_WALK_H
#define NL_SERVER_S3_DISK_WALK_H

#include "server/s3/disk/entries.h"

/* Keys at or behind this one; behind it alone where after says so. */
typedef struct s3_bound {
    nl_buf key;
    bool after;
} s3_bound;

struct s3_frame {
    s3_entries entries; /* at the current one */
    size_t prefix_len;  /* of the walk's name */
};

typedef struct s3_walk {
    s3_bucket *bucket; /* borrowed */
    struct s3_frame *frames;
    size_t depth, room;
    nl_buf name; /* the full name of the current entry: the folders' names and the entry's */
    s3_bound from;
} s3_walk;

/* Start at a bound, which is copied. Always s3_walk_close(), also after a failure. */
int s3_walk_open(s3_walk *w, s3_bucket *b, const s3_bound *from, nl_error *err);
void s3_walk_close(s3_walk *w);
/* The current entry: a folder's name ends in "/", as a file's may. False: the end, or a failure. Valid until the next
 * call. */
bool s3_walk_peek(s3_walk *w, s3_slice *name, bool *folder, nl_error *err, int *status);
/* To the next entry, past a folder without entering it. */
int s3_walk_skip(s3_walk *w, nl_error *err);
/* Into the current entry, which is a folder. */
int s3_walk_enter(s3_walk *w, nl_error *err);
/* Forward to a bound. */
int s3_walk_seek(s3_walk *w, s3_slice key, bool after, nl_error *err);
/* Does a folder ("a/b/") hold a key at any depth? Reads no more than it needs, and sorts nothing. */
int s3_folder_has_key(s3_bucket *b, s3_slice folder, bool *out, nl_error *err);

#endif
