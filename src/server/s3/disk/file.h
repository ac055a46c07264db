/* file.h: the system calls that the disk side makes, each whole (no short write, no EINTR) and with its error. */
#ifndef NL_SERVER_S3_DISK_FILE_H
#define NL_SERVER_S3_DISK_FILE_H

#include <stdint.h>

#include "base/error.h"
#include "s3proto/hash.h"

/* Write all of len bytes at an offset. */
int s3_file_pwrite(int fd, const void *data, size_t len, uint64_t offset, nl_error *err);
/* Copy length bytes inside the kernel (shares blocks where the file system can). NL_CORRUPT: from is shorter. */
int s3_file_copy(int from, uint64_t from_offset, int to, uint64_t to_offset, uint64_t length, nl_error *err);
/* Digests of size bytes from an offset on, of n kinds in one reading. */
typedef struct s3_digest_value {
    uint8_t bytes[S3_DIGEST_MAX];
} s3_digest_value;
int s3_file_digest(int fd, uint64_t offset, uint64_t size, const enum s3_digest_kind *kinds, size_t n,
                   s3_digest_value *out, nl_error *err);
/* Data and metadata of a file, or the names in a folder, to the disk; what is for the message. */
int s3_file_sync(int fd, const char *what, nl_error *err);
/* The same; returns 0, or errno. */
int s3_file_try_sync(int fd);
/* How many of those this process has made. */
uint64_t s3_file_syncs(void);
/* Open a folder below dir, not through a symbolic link. Returns the descriptor or -1 with errno. */
int s3_folder_open(int dir, const char *name);
/* The same, made where it is missing. */
int s3_folder_make(int dir, const char *name, unsigned mode);
/* Remove a folder with everything in it. A missing one is fine. Does not follow links; folders below must be at most 8
 * deep (ours are 3). */
int s3_folder_remove(int dir, const char *name, nl_error *err);
/* Remove a folder that holds nothing but such folders, however deep. NL_CONFLICT: a file is in it, or name is one; then
 * some empty folders may be gone. */
int s3_folder_remove_empty(int dir, const char *name, nl_error *err);

#endif
