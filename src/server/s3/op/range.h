/* range.h: the Range header. Pure. */
#ifndef NL_SERVER_S3_OP_RANGE_H
#define NL_SERVER_S3_OP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct s3_range {
    uint64_t offset, length;
} s3_range;

enum s3_range_status { S3_RANGE_WHOLE, S3_RANGE_PARTIAL, S3_RANGE_UNSATISFIABLE };

/* "bytes=a-b", "bytes=a-", "bytes=-n" of an object of size bytes. What is no such range (several ranges, another unit, NULL)
 * is ignored, as RFC 9110 wants: the whole object. */
enum s3_range_status s3_range_parse(const char *header, uint64_t size, s3_range *out);

/* x-amz-copy-source-range: exactly "bytes=a-b" inside size bytes. */
bool s3_copy_range_parse(const char *header, uint64_t size, s3_range *out);

#endif
