/* upload.h: multipart uploads under way.
 *
 *     BUCKET/.neuralake/uploads/ID/         ID: 32 hexadecimal digits: when it was begun, then random
 *       upload                              no data; trailer: key, headers, the checksum's algorithm and type
 *       data                                the object as it grows: part n at (n - 1) * size, where it fits there
 *       parts                               which parts there are, and where (partlog.h)
 *       00007-3                             a part that does not lie in data: sent again, or of another size
 *
 *     data    [ part 1 ][ part 2 ][  hole  ][ part 4 ][ 5 ]        parts of one size, the last one shorter; any order
 *
 * P1  An upload lives as long as its folder has data, parts and upload. Completing it moves data away by the rename that
 *     publishes the object (disk.h): at every instant there is the upload or the object, never neither.
 * P2  Parts that follow each other in data are completed without a copy. A chosen part with a file of its own is copied into
 *     data, where every part that lies in data is chosen and at its offset; else all of them are copied into a new file,
 *     and the object carries the upload's id: completing again after a crash finds it and succeeds.
 * P3  A part counts from its record in the log on, which is written after its bytes are on the disk, and answered after the
 *     record is. What broke off before has no record: nothing refers to it.
 * P4  The size is that of the first part that tells: number 1, or any of 5 MiB and more (a shorter one is a last one). It is
 *     settled by the first record of a part in data.
 * P5  A place in data for which there ever was a record is not written again before the upload is completed: a part sent
 *     again goes to a file of its own, so that one that breaks off leaves the acknowledged one as it was, and so that a
 *     log that loses its tail finds the bytes that it speaks of. The same goes for two that write one part at once.
 * P6  Who writes data or the log enters the upload (live.h); who completes or aborts it seals it first. So nobody writes
 *     into an object that is there.
 */
#ifndef NL_SERVER_S3_DISK_UPLOAD_H
#define NL_SERVER_S3_DISK_UPLOAD_H

#include "server/s3/disk/part.h"
#include "server/s3/disk/writer.h"

#define S3_UPLOAD_ID    33 /* and its NUL */
#define S3_UPLOAD_META  "upload"
#define S3_UPLOAD_DATA  "data"
#define S3_UPLOAD_PARTS "parts"

typedef struct s3_part {
    int number;
    char etag[33];
    const char *checksum; /* base64, or NULL */
    uint64_t size;
    int64_t mtime_ns;
} s3_part;

typedef struct s3_upload_info {
    const char *key;
    const char *id;
    int64_t initiated_ns;
    const char *checksum_header, *checksum_type; /* NULL: none */
} s3_upload_info;

/* meta: headers, checksum_header (the algorithm that parts must use, or NULL) and checksum_type. */
int s3_upload_create(s3_bucket *b, s3_slice key, s3_meta *meta, char id[static S3_UPLOAD_ID], nl_error *err);
/* NL_NOT_FOUND: no upload of that id for that key. */
int s3_upload_open(s3_bucket *b, const char *id, s3_slice key, nl_arena *arena, s3_meta *meta, nl_error *err);
/* The uploads of a bucket, by key, then by id, that is by age. */
int s3_upload_list(s3_bucket *b, nl_arena *arena, s3_upload_info **out, size_t *n, nl_error *err);
/* NL_NOT_FOUND: it is over, or never was. */
int s3_upload_abort(s3_bucket *b, const char *id, nl_error *err);
/* What a crash left of uploads that are over (P1); at the start, for the bucket whose own folder this is. */
void s3_upload_sweep(int reserved);

/* The parts by number. */
int s3_upload_parts(s3_bucket *b, const char *id, nl_arena *arena, s3_part **out, size_t *n, nl_error *err);
/* The digest of a part's bytes, read from the disk. NL_CONFLICT: it changed since s3_upload_parts(). */
int s3_upload_digest(s3_bucket *b, const char *id, const s3_part *part, enum s3_digest_kind kind,
                     uint8_t out[static S3_DIGEST_MAX], nl_error *err);
/* Make the object of these parts, in this order; a part that changed since s3_upload_parts() is NL_CONFLICT. */
int s3_upload_complete(s3_bucket *b, const char *id, const s3_part *parts, size_t n, s3_slice key, s3_meta *meta,
                       const s3_guard *guard, nl_error *err);

#endif
