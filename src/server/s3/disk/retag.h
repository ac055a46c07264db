/* retag.h: other tags for an object whose bytes stay.
 *
 * G1  Bytes, ETag and time stay; readers see the old tags or the new ones, and so does whoever comes after a crash: the
 *     attribute is replaced by one call, and what does not fit into it is a new file under the key (disk.h, D1).
 */
#ifndef NL_SERVER_S3_DISK_RETAG_H
#define NL_SERVER_S3_DISK_RETAG_H

#include "server/s3/disk/writer.h"

/* tags: sorted, checked. NL_NOT_FOUND: no such key; NL_CONFLICT: others overwrite it again and again. */
int s3_object_retag(s3_bucket *b, s3_slice key, s3_pair *tags, size_t n, nl_error *err);

#endif
