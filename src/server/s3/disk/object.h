/* object.h: open, describe and delete objects, wherever their key lives. */
#ifndef NL_SERVER_S3_DISK_OBJECT_H
#define NL_SERVER_S3_DISK_OBJECT_H

#include "server/s3/disk/disk.h"
#include "server/s3/disk/meta.h"

/* An open object: its bytes are fd's first meta.size ones. What is open stays whole while others overwrite the key. */
typedef struct s3_object {
    int fd; /* -1: taken by somebody */
    s3_meta meta;
    nl_arena arena; /* of meta's strings */
} s3_object;

/* NL_NOT_FOUND: no such key. On failure there is nothing to close. */
int s3_object_open(s3_bucket *b, s3_slice key, s3_object *out, nl_error *err);
void s3_object_close(s3_object *o);

/* Decides under the key's lock whether a change goes on; current is NULL where the key does not exist. NL_OK, or what the
 * change then fails with. */
typedef struct s3_guard {
    int (*check)(void *ctx, const s3_meta *current, nl_error *err);
    void *ctx;
} s3_guard;
/* Run the check; guard may be NULL. The caller holds the key's lock. */
int s3_guard_check(const s3_guard *guard, s3_bucket *b, s3_slice key, nl_error *err);

/* What is not there is deleted already: NL_OK. guard may be NULL. */
int s3_object_delete(s3_bucket *b, s3_slice key, const s3_guard *guard, nl_error *err);
/* Remove the plain file of a key alone, where there is one, durably. The caller holds the key's lock. */
int s3_object_delete_plain(s3_bucket *b, s3_slice key, nl_error *err);

#endif
