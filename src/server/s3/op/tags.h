/* tags.h: tags of objects: at most 10, keys of 1 to 128 characters, values of at most 256, sorted by key. */
#ifndef NL_SERVER_S3_OP_TAGS_H
#define NL_SERVER_S3_OP_TAGS_H

#include "server/s3/disk/meta.h"
#include "server/s3/request.h"

/* x-amz-tagging ("a=1&b=2", percent-encoded) into meta; without the header meta has none. False: answered. */
bool s3_tags_of_header(s3_request *rq, s3_meta *meta);
/* The collected body, <Tagging>, into meta. False: answered. */
bool s3_tags_of_body(s3_request *rq, s3_meta *meta);

#endif
