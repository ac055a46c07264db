/* endpoint.h: from an endpoint, a bucket and a key to a URL. Pure.
 *
 *     path-style     http://127.0.0.1:9000/bucket/key               an endpoint of one's own; bucket names with dots
 *     virtual host   https://bucket.s3.eu-west-1.amazonaws.com/key  AWS itself; where addressing_style says so
 */
#ifndef STORE_S3_ENDPOINT_H
#define STORE_S3_ENDPOINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "store/settings.h"

/* A parsed endpoint. */
struct store_endpoint {
    char base[320]; /* "http://127.0.0.1:9000": for messages */
    bool https;
    bool loopback;     /* 127.0.0.0/8, ::1 or localhost */
    bool given;        /* by the user; false: AWS */
    bool virtual_host; /* unless the bucket's name has dots */
    char host[280];    /* as in the Host header: with the port unless it is the scheme's own */
    char path[256];    /* what stands before the bucket, without a "/" at its end; mostly "" */
};

/* NL_INVALID: not of the form http://host[:port][/path]. */
int store_endpoint_parse(const struct store_settings *s, struct store_endpoint *out, nl_error *err);
/* Append the host and the raw path for a bucket (NULL: none) and a key (NULL or "": none), which is encoded. */
int store_endpoint_address(const struct store_endpoint *e, const char *bucket, const char *key, nl_buf *host,
                           nl_buf *path, nl_error *err);

#endif
