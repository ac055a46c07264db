/* trailer.h: an object and its metadata in one file, for the overflow folder and for parts.
 *
 *     ┌── data ──┐┌─ key ─┐┌─ packed metadata (meta.h) ─┐┌──────────── end, 32 bytes ────────────────────────────┐
 *     0        size                                       size (8) key (4) metadata (4) XXH3 of these and both (8) "NLTRAIL1"
 *
 * Numbers are little-endian. The data comes first, so that whether an object needs a trailer can be decided when all of it
 * is written already; and `head` still shows it to a person.
 */
#ifndef NL_SERVER_S3_DISK_TRAILER_H
#define NL_SERVER_S3_DISK_TRAILER_H

#include "server/s3/disk/keypath.h"
#include "server/s3/disk/meta.h"

/* Append the trailer to a file that holds meta->size bytes of data. */
int s3_trailer_write(int fd, s3_slice key, const s3_meta *meta, nl_error *err);
/* Read the trailer of a file; key and meta belong to the arena. NL_CORRUPT: there is none, or it is not whole. */
int s3_trailer_read(int fd, nl_arena *arena, s3_slice *key, s3_meta *meta, nl_error *err);

#endif
