/* part.h: one part on its way in.
 *
 *     open ──▶ write …, or copy ──▶ commit ──▶ (ended)          abort ends it from anywhere: the part is as it was
 *
 * One thread at a time. */
#ifndef NL_SERVER_S3_DISK_PART_H
#define NL_SERVER_S3_DISK_PART_H

#include "server/s3/disk/live.h"

typedef struct s3_part_writer {
    s3_live *upload;             /* NULL: ended */
    struct s3_part_writer *next; /* of the same upload; guarded by its mutex */
    int number;
    bool in_own;
    bool displaced;  /* its place in data was needed: guarded by the upload's mutex */
    int own;         /* the file of its own, or -1 */
    uint64_t at;     /* as in s3_part_record */
    uint64_t length; /* announced */
    uint64_t size;   /* so far */
    uint64_t since;  /* s3_group_slot_since() of the data, before the first byte */
} s3_part_writer;

/* What is known of a part's bytes. */
typedef struct s3_part_sums {
    uint8_t md5[16];
    enum s3_digest_kind kind; /* of sum; S3_MD5: none */
    uint8_t sum[S3_DIGEST_MAX];
} s3_part_sums;

/* length: how many bytes will come. NL_NOT_FOUND: no such upload. *out must stay where it is. */
int s3_part_open(struct s3_bucket *b, const char *id, int number, uint64_t length, s3_part_writer *out, nl_error *err);
/* NL_CONFLICT: the upload is being completed; NL_NOT_FOUND: it is over. */
int s3_part_write(s3_part_writer *w, const void *data, size_t len, nl_error *err);
/* All of the announced bytes from a file. */
int s3_part_copy(s3_part_writer *w, int from, uint64_t offset, nl_error *err);
/* Make it the upload's part (P3). Ends the writer. *mtime_ns: the part's. */
int s3_part_commit(s3_part_writer *w, const s3_part_sums *sums, int64_t *mtime_ns, nl_error *err);
/* A writer that is zeroed or ended is fine. */
void s3_part_abort(s3_part_writer *w);
/* The name of a file of a part's own. */
void s3_part_own_name(int number, uint64_t at, char out[static 32]);

#endif
