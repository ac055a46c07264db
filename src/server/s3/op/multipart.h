/* multipart.h: what the operations on uploads share. */
#ifndef NL_SERVER_S3_OP_MULTIPART_H
#define NL_SERVER_S3_OP_MULTIPART_H

#include "server/s3/op/op.h"

/* Open the bucket and the upload of ?uploadId; false: answered. */
bool s3_open_upload(s3_request *rq, s3_meta *meta);
/* ?partNumber. False: answered. */
bool s3_part_number(s3_request *rq, int *out);
/* "CRC32" where the upload's parts carry one; NULL otherwise. */
const char *s3_checksum_name(const s3_meta *upload);
/* A number from the query, at least 0, and most where it is more; absent: missing. -1: answered. */
int64_t s3_take_count(s3_request *rq, const char *name, int64_t missing, int64_t most);

#endif
