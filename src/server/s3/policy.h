/* policy.h: which of a bucket everybody may read: the one policy that this server knows, kept as the client sent it.
 *
 *     Statement: Effect Allow, Principal "*", Action s3:GetObject,  Resource arn:aws:s3:::BUCKET/PREFIX*
 *                Effect Allow, Principal "*", Action s3:ListBucket, Resource arn:aws:s3:::BUCKET
 *
 *     s3:GetObject          GetObject and HeadObject of keys with a prefix
 *     s3:ListBucket         listings, HeadBucket
 *     s3:GetBucketLocation  GetBucketLocation
 *
 * E1  A policy is taken only where every word of it is understood: a condition, a denial, another principal or another action
 *     is NotImplemented, never left out.
 * E2  It gives reading alone, and to everybody: unsigned, or signed by a key that has no right of its own there. Nothing that
 *     the credentials file gives is taken away by it.
 */
#ifndef NL_SERVER_S3_POLICY_H
#define NL_SERVER_S3_POLICY_H

#include "server/s3/request.h"

#define S3_POLICY_FILE "policy.json"
#define S3_POLICY_MAX  ((size_t)20 * 1024)

struct s3_policy {
    bool list, location;
    const char **prefixes; /* of keys that everybody may read; from the arena */
    size_t n_prefixes;
};

/* NL_INVALID: not a policy for this bucket; NL_UNSUPPORTED: one, but more than is known (E1). */
int s3_policy_parse(nl_arena *arena, const char *text, size_t len, const char *bucket, s3_policy *out, nl_error *err);
/* The policy of the bucket that is asked, read once a request. NULL: there is none. */
const s3_policy *s3_policy_of(s3_request *rq);
/* May everybody read this key? */
bool s3_policy_reads(const s3_policy *p, const char *key);

#endif
