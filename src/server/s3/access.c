/* access.c: what a request may do, by the rights of its key (credentials.h, R3) or, unsigned, by the anonymous entries. */
#include "server/s3/internal.h"

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
    if (!may)
        s3_refuse(rq, "AccessDenied", NULL);
    return may;
}
