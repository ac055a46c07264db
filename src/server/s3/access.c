/* access.c: what a request may do, by the rights of its key (credentials.h, R3) or, unsigned, by the anonymous entries of the
 * credentials file; and what the bucket's policy gives to everybody (policy.h, E2). */
#include "server/s3/internal.h"
#include "server/s3/op/op.h"
#include "server/s3/policy.h"

/* Does any entry for unsigned requests say yes? */
static bool anonymous_may(const s3_request *rq, const char *bucket, const char *key, bool write)
{
    for (size_t i = 0; i < rq->keys->n; i++) {
        const s3_credential *c = &rq->keys->list[i];
        if (c->anonymous && (key ? s3_may_key(c, bucket, key, write) : s3_may_bucket(c, bucket, write)))
            return true;
    }
    return false;
}

bool s3_may(const s3_request *rq, const char *bucket, const char *key, bool write)
{
    if (!rq->who)
        return anonymous_may(rq, bucket, key, write);
    return key ? s3_may_key(rq->who, bucket, key, write) : s3_may_bucket(rq->who, bucket, write);
}

bool s3_is_open(s3_request *rq)
{
    if (!rq->bucket_name)
        return false;
    if (anonymous_may(rq, rq->bucket_name, rq->key, false))
        return true;
    const s3_policy *p = s3_policy_of(rq);
    return p && (rq->key ? s3_policy_reads(p, rq->key) : p->list || p->location);
}

/* Does the bucket's policy give this operation to everybody? */
static bool policy_may(s3_request *rq)
{
    const s3_op *op = rq->op;
    const s3_policy *p = s3_policy_of(rq);
    if (!p)
        return false;
    if (rq->key)
        return (op == &s3_op_get_object || op == &s3_op_head_object) && s3_policy_reads(p, rq->key);
    if (op == &s3_op_bucket_location)
        return p->location;
    return (op == &s3_op_list_v1 || op == &s3_op_list_v2 || op == &s3_op_head_bucket) && p->list;
}

/* A bucket as a whole is changed only by a key to which all of it belongs. */
static bool may_bucket(const s3_request *rq)
{
    const s3_op *op = rq->op;
    if (op->lists)
        return s3_may(rq, rq->bucket_name, s3_query(rq, "prefix") ? s3_query(rq, "prefix") : "", false);
    if (op->writes && !op->each && rq->who && rq->who->prefixes)
        return false;
    return s3_may(rq, rq->bucket_name, NULL, op->writes);
}

bool s3_access_check(s3_request *rq)
{
    bool may = !rq->bucket_name ? rq->who != NULL
               : rq->key        ? s3_may(rq, rq->bucket_name, rq->key, rq->op->writes)
                                : may_bucket(rq);
    if (!may && rq->bucket_name)
        may = policy_may(rq);
    if (!may)
        s3_refuse(rq, "AccessDenied", NULL);
    return may;
}
