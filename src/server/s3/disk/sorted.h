/* sorted.h: names in the order of their bytes, in a file: written once from the first to the last, then never changed.
 *
 *     at `start`   block 0 | block 1 | …             4096 bytes each; a name never straddles two
 *     a block      sum (8)  used (2)  records…       sum: hash of the rest, seeded by the file's id and the block's number
 *     a record     present (1)  length (2)  name     present 0: the name was removed (from what is older, layer.h)
 *
 * It is read with pread() alone: nothing is mapped, nothing is kept in memory but the block that a reader is at.
 *
 * O1  Every block is checked before a name of it is believed: damage, a block of another file and a hole that a power cut
 *     left are NL_CORRUPT, never wrong names. So nothing here is ever synced.
 */
#ifndef NL_SERVER_S3_DISK_SORTED_H
#define NL_SERVER_S3_DISK_SORTED_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "server/s3/disk/keypath.h"

#define S3_BLOCK 4096
/* The longest name that a block takes. */
#define S3_SORTED_NAME_MAX 1024

/* A finished file, or one of several in a file. Any number of readers, any thread. */
typedef struct s3_sorted {
    atomic_uint refs; /* of s3_sorted_ref(); 0 for one that is not counted */
    int fd;
    uint64_t start; /* of block 0 */
    uint64_t id;
    uint64_t blocks;
    uint64_t records;
} s3_sorted;

/* One reference more, or less: the last one closes the file and frees it. NULL is fine. */
s3_sorted *s3_sorted_ref(s3_sorted *s);
void s3_sorted_release(s3_sorted *s);

typedef struct s3_sorted_writer {
    s3_sorted file; /* as far as it is written */
    uint8_t *out;   /* blocks that are not written yet; the last one is being filled */
    size_t n_out, used;
} s3_sorted_writer;

/* Begin at `start` of an open file, which is borrowed. End it with finish or drop. */
int s3_sorted_begin(s3_sorted_writer *w, int fd, uint64_t start, uint64_t id, nl_error *err);
/* Names must come in order, each once. */
int s3_sorted_add(s3_sorted_writer *w, s3_slice name, bool present, nl_error *err);
/* Write the rest. *out is not counted; the file stays the caller's. */
int s3_sorted_finish(s3_sorted_writer *w, s3_sorted *out, nl_error *err);
void s3_sorted_drop(s3_sorted_writer *w);

/* A place in a file. Zeroed but for `file`: before its first name. Nothing to free. */
typedef struct s3_sorted_reader {
    const s3_sorted *file;
    uint64_t block;   /* the one in data */
    size_t at, end;   /* of the next record, and of the last one */
    bool loaded, any; /* any: name is one, false behind the last */
    bool present;
    s3_slice name; /* points into data */
    uint8_t data[S3_BLOCK];
} s3_sorted_reader;

/* To the first name that is at or behind target (behind alone where after says so). */
int s3_sorted_seek(s3_sorted_reader *r, s3_slice target, bool after, nl_error *err);
/* To the next name. */
int s3_sorted_next(s3_sorted_reader *r, nl_error *err);

#endif
