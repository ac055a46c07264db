/* blend.h: several sorted sources read as one, in order.
 *
 *     source 0   file    a b c d e          oldest
 *     source 1   layer     -b    +f
 *     source 2   layer   +aa                newest
 *     read as            a aa c d e f
 *
 * V1  Where sources have the same name the newest one says whether it is there.
 */
#ifndef NL_SERVER_S3_DISK_BLEND_H
#define NL_SERVER_S3_DISK_BLEND_H

#include "server/s3/disk/layer.h"
#include "server/s3/disk/sorted.h"

struct s3_source {
    const s3_layer *layer;    /* or */
    s3_sorted_reader *reader; /* owned */
    size_t at;                /* in layer */
    bool tied;                /* it has the name that is smallest */
};

/* One reader, one thread. Zeroed: no source. */
typedef struct s3_blend {
    struct s3_source *sources; /* the oldest first */
    size_t n, room;
    bool any;      /* name is one; false behind the last */
    s3_slice name; /* valid until the blend moves */
} s3_blend;

/* Add a newer source, which must outlive the blend. Afterwards seek. */
int s3_blend_file(s3_blend *b, const s3_sorted *file, nl_error *err);
int s3_blend_layer(s3_blend *b, const s3_layer *layer, nl_error *err);
/* To the first name at or behind target (behind alone where after says so). NL_CORRUPT, NL_IO: a file is damaged. */
int s3_blend_seek(s3_blend *b, s3_slice target, bool after, nl_error *err);
int s3_blend_next(s3_blend *b, nl_error *err);
void s3_blend_free(s3_blend *b);

/* Called every some thousand names. */
typedef struct s3_tick {
    void (*fn)(void *ctx); /* NULL: nothing */
    void *ctx;
} s3_tick;

/* Write all names of a blend as one file, at `start` of fd. *out is not counted. */
int s3_blend_write(s3_blend *b, int fd, uint64_t start, uint64_t id, s3_tick tick, s3_sorted *out, nl_error *err);

#endif
