/* overflow.h: the keys of a bucket that lie in its overflow folder, in memory, sorted by bytes.
 *
 * They are few where the file system keeps extended attributes. The folder is the truth: the index is read from it when
 * the bucket is first used, and this process, which holds the root's lock, is the only one that changes it. Any thread.
 */
#ifndef NL_SERVER_S3_DISK_OVERFLOW_H
#define NL_SERVER_S3_DISK_OVERFLOW_H

#include <pthread.h>
#include <stdbool.h>

#include "base/buf.h"
#include "server/s3/disk/keypath.h"

typedef struct s3_overflow {
    pthread_rwlock_t lock;
    char **keys;
    size_t n, room;
} s3_overflow;

/* Room for ".neuralake/overflow/3f/" and 64 digits. */
#define S3_OVERFLOW_PATH 96

/* Read the index of the bucket whose folder is fd. Files that are not whole are left out and logged. */
int s3_overflow_open(s3_overflow *o, int fd, nl_error *err);
void s3_overflow_close(s3_overflow *o);
bool s3_overflow_has(s3_overflow *o, s3_slice key);
int s3_overflow_add(s3_overflow *o, s3_slice key, nl_error *err);
void s3_overflow_remove(s3_overflow *o, s3_slice key);
/* The first key that is at or behind from (behind alone where after says so), into out. False: there is none. */
bool s3_overflow_next(s3_overflow *o, s3_slice from, bool after, nl_buf *out);
size_t s3_overflow_count(s3_overflow *o);
/* The file of a key below the bucket's folder: ".neuralake/overflow/3f/3f79…"; folder_len is the length of the folder. */
void s3_overflow_path(s3_slice key, char out[static S3_OVERFLOW_PATH], size_t *folder_len);
/* By bytes, a shorter one first: the order of listings. */
int s3_slice_compare(s3_slice a, s3_slice b);

#endif
