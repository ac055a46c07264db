/* copy.h: x-amz-copy-source: what to copy from, found and checked. */
#ifndef NL_SERVER_S3_OP_COPY_H
#define NL_SERVER_S3_OP_COPY_H

#include "server/s3/op/op.h"

/* An open source. */
typedef struct s3_copy_source {
    char bucket[S3_BUCKET_MAX + 1];
    const char *key;
    s3_bucket *from; /* counted */
    s3_object object;
    bool open;
} s3_copy_source;

/* Parse x-amz-copy-source (decoded exactly once), open it, and hold it against the x-amz-copy-source-if-… conditions. false:
 * answered. Always s3_copy_source_close(); a zeroed one is fine. */
bool s3_copy_source_open(s3_request *rq, s3_copy_source *out);
void s3_copy_source_close(s3_copy_source *s);

#endif
