/* compact.h: the records of metadata that nearly every object has, in as few bytes as they need.
 *
 *         'E' MD5, 16 bytes; then, for "-N", N as LEB128           'F' size as LEB128, then mtime in ns (8, LE)
 *         'C' kind (1 byte), type (1: whole object, 2: composite), the checksum's raw bytes
 *         'T' content-type, 1 byte: its place in a list
 *
 * Why so: ext4 keeps 256 bytes an inode, which leaves room for an attribute of some 60 bytes. One that is longer gets a block
 * of its own: 4 KiB to write, to sync, to read and to free for each object.
 *
 * C1  What does not have exactly the usual form (an ETag that is no MD5, a checksum "…-3", another content type) is not
 *     written here but as the long record of meta.h. Both forms are read for good: the lists below only ever grow.
 */
#ifndef NL_SERVER_S3_DISK_COMPACT_H
#define NL_SERVER_S3_DISK_COMPACT_H

#include "server/s3/disk/meta.h"

#define S3_COMPACT_MAX 48 /* bytes of the longest */

/* Each makes the bytes of one record and returns their number; 0: C1, it has no short form. */
size_t s3_compact_etag(const s3_meta *m, uint8_t out[static S3_COMPACT_MAX]);
size_t s3_compact_facts(const s3_meta *m, uint8_t out[static S3_COMPACT_MAX]);
size_t s3_compact_checksum(const s3_meta *m, uint8_t out[static S3_COMPACT_MAX]);
size_t s3_compact_header(const s3_pair *header, uint8_t out[static S3_COMPACT_MAX]);

/* Is it one of the tags above? */
bool s3_compact_is(uint8_t tag);
/* Read a record of such a tag into m, whose headers have room for one more. NL_CORRUPT, NL_NO_MEMORY. */
int s3_compact_read(nl_arena *arena, s3_meta *m, uint8_t tag, const uint8_t *p, size_t len, nl_error *err);

#endif
