/* upload.h: multipart uploads under way.
 *
 *     BUCKET/.neuralake/uploads/ID/         ID: 32 random hexadecimal digits
 *       upload                              no data; trailer: key, headers, the checksum's algorithm and type
 *       00001 …                             a part: its data, and a trailer: key, ETag, checksum
 *
 * P1  A part is whole or not there: it is written in tmp/ and renamed, as an object is; one sent again replaces it.
 * P2  A complete copies the parts into a new object and commits that (disk.h), and only then removes the folder. A crash
 *     between leaves an upload whose object is there: the object carries the upload's id, so completing again succeeds.
 * P3  Whoever loses the folder to an abort or a complete finds no such upload: rename into a removed folder fails.
 */
#ifndef NL_SERVER_S3_DISK_UPLOAD_H
#define NL_SERVER_S3_DISK_UPLOAD_H

#include "server/s3/disk/writer.h"

#define S3_UPLOAD_ID 33 /* and its NUL */
#define S3_PARTS_MAX 10000

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
} s3_upload_info;

/* meta: headers, checksum_header (the algorithm that parts must use, or NULL) and checksum_type. */
int s3_upload_create(s3_bucket *b, s3_slice key, s3_meta *meta, char id[static S3_UPLOAD_ID], nl_error *err);
/* NL_NOT_FOUND: no upload of that id for that key. */
int s3_upload_open(s3_bucket *b, const char *id, s3_slice key, nl_arena *arena, s3_meta *meta, nl_error *err);
/* The uploads of a bucket, by key, then by time. */
int s3_upload_list(s3_bucket *b, nl_arena *arena, s3_upload_info **out, size_t *n, nl_error *err);
int s3_upload_abort(s3_bucket *b, const char *id, nl_error *err);

/* Make what a writer holds part `number`. Ends the writer. meta: etag and checksum; size and time are set here. */
int s3_upload_put_part(s3_writer *w, const char *id, int number, s3_slice key, s3_meta *meta, nl_error *err);
/* The parts by number. */
int s3_upload_parts(s3_bucket *b, const char *id, nl_arena *arena, s3_part **out, size_t *n, nl_error *err);
/* Make the object of these parts, in this order; a part that changed since s3_upload_parts() is NL_CONFLICT. */
int s3_upload_complete(s3_bucket *b, const char *id, const s3_part *parts, size_t n, s3_slice key, s3_meta *meta,
                       const s3_guard *guard, nl_error *err);

#endif
