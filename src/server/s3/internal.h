/* internal.h: the server itself, for the sources of this room. */
#ifndef NL_SERVER_S3_INTERNAL_H
#define NL_SERVER_S3_INTERNAL_H

#include "server/s3/request.h"
#include "server/s3/server.h"

#define S3_REGION "us-east-1" /* what GetBucketLocation says; signatures of every region are taken */
#define S3_OWNER  "neuralake"

struct s3_server {
    http_server *http;
    s3_disk *disk;
    s3_credentials credentials;
};

extern const struct http_handler s3_http_handler; /* handler.c; its app is the server */

#endif
