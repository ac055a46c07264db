/* config.h: what is set for a bucket as a whole, kept with it: BUCKET/.neuralake/config/NAME, a file each, replaced by a
 * rename as objects are (disk.h, D1, D2). */
#ifndef NL_SERVER_S3_DISK_CONFIG_H
#define NL_SERVER_S3_DISK_CONFIG_H

#include "base/buf.h"
#include "server/s3/disk/disk.h"

#define S3_CONFIG_MAX ((size_t)64 * 1024)

/* Append the file to out. NL_NOT_FOUND: it was never set. */
int s3_config_read(s3_bucket *b, const char *name, nl_buf *out, nl_error *err);
/* Set it, durably. */
int s3_config_write(s3_bucket *b, const char *name, const void *data, size_t len, nl_error *err);
/* Unset it, durably. One that was never set is fine. */
int s3_config_remove(s3_bucket *b, const char *name, nl_error *err);

#endif
