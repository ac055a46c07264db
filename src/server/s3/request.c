/* request.c: what a request says, once it is parsed. */
#include "server/s3/request.h"

#include <string.h>
#include <strings.h>

#include "server/s3/internal.h"

const char *s3_header(const s3_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (!strcasecmp(rq->headers[i].name, name))
            return rq->headers[i].value;
    return NULL;
}

const char *s3_query(const s3_request *rq, const char *name)
{
    return s3_query_get(rq->query, rq->n_query, name);
}

s3_slice s3_key(const s3_request *rq)
{
    return (s3_slice){rq->key, strlen(rq->key)};
}

bool s3_need_bucket(s3_request *rq)
{
    nl_error err = {0};
    if (!s3_bucket_get(rq->server->disk, rq->bucket_name, &rq->bucket, &err))
        return true;
    s3_refuse_error(rq, &err, "NoSuchBucket");
    return false;
}

void *s3_new_state(s3_request *rq, size_t size)
{
    rq->state = nl_arena_alloc(rq->arena, size);
    if (!rq->state)
        s3_refuse(rq, "InternalError", "no memory");
    return rq->state;
}
