/* names.h: what a bucket and a key may be called, and s3:// URIs. */
#ifndef S3PROTO_NAMES_H
#define S3PROTO_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define S3_BUCKET_MAX 63
#define S3_KEY_MAX    1024

/* 3 to 63 of a-z 0-9 - .; begins and ends with a letter or digit; no "..", no ".-" or "-."; not an IPv4 address; not
 * beginning "xn--", "sthree-", nor ending "-s3alias", "--ol-s3". NL_INVALID says which rule. */
int s3_bucket_check(const char *name, size_t len, nl_error *err);
/* 1 to 1,024 bytes of valid UTF-8 without NUL. NL_INVALID says which rule. */
int s3_key_check(const char *key, size_t len, nl_error *err);

/* Split "s3://bucket/key": bucket (checked) into out, *key points into uri, "" where there is none. Keys are taken as they
 * are: nothing is decoded. NL_INVALID: another scheme, or a bad bucket name. */
int s3_uri_split(const char *uri, char bucket[static S3_BUCKET_MAX + 1], const char **key, nl_error *err);

#endif
