/* checksum.h: the checksums that go with what is written, and that come with what is read.
 *
 *     PUT, UploadPart          x-amz-checksum-crc64nvme: BASE64         the server refuses what does not fit
 *     CreateMultipartUpload    x-amz-checksum-algorithm, x-amz-checksum-type: FULL_OBJECT
 *     CompleteMultipartUpload  each part's; the answer's, of the whole, must be what the parts' combine to
 *     GET                      x-amz-checksum-mode: ENABLED; where the whole object came and its checksum too, they must fit
 *
 * CRC64NVME unless the options name another; AWS_REQUEST_CHECKSUM_CALCULATION=when_required and
 * AWS_RESPONSE_CHECKSUM_VALIDATION=when_required leave them out, as in the AWS SDKs.
 */
#ifndef STORE_S3_CHECKSUM_H
#define STORE_S3_CHECKSUM_H

#include "s3proto/hash.h"

struct store_client;
struct store_call;

enum { STORE_CHECKSUM_TEXT = 48 }; /* base64 of the longest, and a NUL */

/* One checksum; len 0: none. */
struct store_checksum {
    enum s3_digest_kind kind;
    uint8_t value[S3_DIGEST_MAX];
    size_t len;
};

/* What the options and the environment ask for: into the client. NL_INVALID: no such algorithm. */
int store_checksum_choose(struct store_client *c, const char *name, nl_error *err);
/* Of len bytes, by the client's kind; none where it sends none. */
struct store_checksum store_checksum_of(const struct store_client *c, const void *data, size_t len);
/* As on the wire; "" for none. */
void store_checksum_text(const struct store_checksum *sum, char out[static STORE_CHECKSUM_TEXT]);
/* May the parts' checksums be combined to the whole's? */
bool store_checksum_combines(enum s3_digest_kind kind);
/* Add the checksum of the bytes that follow, len of them. Both of one kind that combines; an empty first becomes next. */
void store_checksum_append(struct store_checksum *first, const struct store_checksum *next, uint64_t len);
/* Read a header of an answer: true where it is a checksum that is well formed. "VALUE-3", of parts, is none. */
bool store_checksum_parse(const char *header, const char *value, struct store_checksum *out);
/* Are data the bytes that the answer's checksum was made of? NL_CORRUPT with both values. NL_OK where there is none. */
int store_checksum_verify(const struct store_checksum *sum, const void *data, size_t len, nl_error *err);
/* Is what was found in the bytes what the store says (sum)? Both of one kind. NL_CORRUPT with both values. */
int store_checksum_compare(const struct store_checksum *sum, const struct store_checksum *found, nl_error *err);

#endif
