/* hash.h: the digests and checksums that S3 speaks of, computed piece by piece.
 *
 *     MD5         Content-MD5, the ETag          SHA1, SHA256   x-amz-checksum-sha1, -sha256; payload hashes
 *     CRC32       boto3's default trailer        CRC32C, CRC64NVME   x-amz-checksum-crc32c, -crc64nvme
 *
 * On the wire a checksum is the base64 of its big-endian bytes. Threads: one digest belongs to one thread at a time.
 */
#ifndef S3PROTO_HASH_H
#define S3PROTO_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum s3_digest_kind { S3_MD5, S3_SHA1, S3_SHA256, S3_CRC32, S3_CRC32C, S3_CRC64NVME, S3_DIGEST_KINDS };

#define S3_DIGEST_MAX   32 /* bytes of the longest */
#define S3_SHA256_HEX   65 /* lower-case hexadecimal and a NUL */
#define S3_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Holds no memory of its own: copied with =, nothing to release. */
typedef struct s3_digest {
    enum s3_digest_kind kind;
    uint64_t state[16]; /* the library's context; the CRC in [0] */
} s3_digest;

/* Start. Cannot fail. */
void s3_digest_open(s3_digest *d, enum s3_digest_kind kind);
void s3_digest_update(s3_digest *d, const void *data, size_t len);
/* The digest, big-endian, into out; returns its length in bytes. The digest then starts afresh: it may be used again. */
size_t s3_digest_final(s3_digest *d, uint8_t out[static S3_DIGEST_MAX]);

/* For md5_lanes.h: the four words of an MD5 that has taken whole blocks alone, to be moved on by who hashes blocks himself and
 * then says how many bytes they were. */
uint32_t *s3_md5_words(s3_digest *d);
void s3_md5_count(s3_digest *d, uint64_t bytes);

/* The CRC of two pieces in a row from the CRC of each (big-endian, CRC kinds only): into first. Reads no data. */
void s3_crc_combine(enum s3_digest_kind kind, uint8_t *first, const uint8_t *second, uint64_t second_len);

/* Length in bytes of a kind's digest. */
size_t s3_digest_size(enum s3_digest_kind kind);
/* S3's name of the algorithm, "CRC64NVME"; "MD5" for MD5. Static. */
const char *s3_digest_name(enum s3_digest_kind kind);
/* The header or trailer that carries it, lower case: "x-amz-checksum-crc32"; "content-md5" for MD5. Static. */
const char *s3_digest_header(enum s3_digest_kind kind);
/* The kind of an algorithm's name or of a header's name, case ignored. False: neither. */
bool s3_digest_find(const char *name, enum s3_digest_kind *out);

/* All at once. */
void s3_sha256(const void *data, size_t len, uint8_t out[static 32]);
void s3_sha256_hex(const void *data, size_t len, char out[static S3_SHA256_HEX]);
void s3_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[static 32]);

/* The base64 of len bytes and a NUL: out has room for 4 * ((len + 2) / 3) + 1. */
void s3_base64_text(const uint8_t *data, size_t len, char *out);
/* Append the base64 of len bytes, with padding. */
int s3_base64(nl_buf *out, const void *data, size_t len, nl_error *err);
/* Decode strictly (padding required, no white space) into out, which has room for cap bytes. False: not base64, or more
 * than cap bytes. */
bool s3_unbase64(const char *text, size_t text_len, uint8_t *out, size_t cap, size_t *out_len);

/* Are len bytes equal? The time depends on len alone. */
bool s3_equal(const void *a, const void *b, size_t len);
/* The same for strings; the time depends on the length of a alone. */
bool s3_equal_text(const char *a, const char *b);

#endif
