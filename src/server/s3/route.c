/* route.c: from method, level and query to the operation: one table. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "server/s3/op/op.h"

enum level { SERVICE, BUCKET, OBJECT };

/* query: the sub-resource that must be in the query, NULL: none; copy: x-amz-copy-source must be there. First match wins. */
static const struct route {
    const char *method;
    enum level level;
    const char *query;
    bool copy;
    const s3_op *op;
} routes[] = {
    {"GET", SERVICE, NULL, false, &s3_op_list_buckets},
    {"GET", BUCKET, "cors", false, &s3_op_get_cors},
    {"PUT", BUCKET, "cors", false, &s3_op_put_cors},
    {"DELETE", BUCKET, "cors", false, &s3_op_delete_cors},
    {"GET", BUCKET, "location", false, &s3_op_bucket_location},
    {"GET", BUCKET, "policy", false, &s3_op_get_policy},
    {"PUT", BUCKET, "policy", false, &s3_op_put_policy},
    {"DELETE", BUCKET, "policy", false, &s3_op_delete_policy},
    {"GET", BUCKET, "policyStatus", false, &s3_op_policy_status},
    {"GET", BUCKET, "uploads", false, &s3_op_list_uploads},
    {"GET", BUCKET, "list-type", false, &s3_op_list_v2},
    {"GET", BUCKET, NULL, false, &s3_op_list_v1},
    {"PUT", BUCKET, NULL, false, &s3_op_create_bucket},
    {"HEAD", BUCKET, NULL, false, &s3_op_head_bucket},
    {"DELETE", BUCKET, NULL, false, &s3_op_delete_bucket},
    {"POST", BUCKET, "delete", false, &s3_op_delete_objects},
    {"POST", OBJECT, "uploads", false, &s3_op_create_upload},
    {"POST", OBJECT, "uploadId", false, &s3_op_complete_upload},
    {"PUT", OBJECT, "uploadId", true, &s3_op_copy_part},
    {"PUT", OBJECT, "uploadId", false, &s3_op_upload_part},
    {"GET", OBJECT, "uploadId", false, &s3_op_list_parts},
    {"DELETE", OBJECT, "uploadId", false, &s3_op_abort_upload},
    {"GET", OBJECT, "attributes", false, &s3_op_object_attributes},
    {"GET", OBJECT, "tagging", false, &s3_op_get_tagging},
    {"PUT", OBJECT, "tagging", false, &s3_op_put_tagging},
    {"DELETE", OBJECT, "tagging", false, &s3_op_delete_tagging},
    {"GET", OBJECT, "partNumber", false, &s3_op_get_object},
    {"HEAD", OBJECT, "partNumber", false, &s3_op_head_object},
    {"GET", OBJECT, NULL, false, &s3_op_get_object},
    {"HEAD", OBJECT, NULL, false, &s3_op_head_object},
    {"PUT", OBJECT, NULL, true, &s3_op_copy_object},
    {"PUT", OBJECT, NULL, false, &s3_op_put_object},
    {"DELETE", OBJECT, NULL, false, &s3_op_delete_object},
};

/* Names in a query that make another operation of a request: R2 forbids to overlook them. */
static const char *const subresources[] = {
    "accelerate",
    "acl",
    "analytics",
    "append",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
};

static bool is_subresource(const char *name)
{
    for (size_t i = 0; i < NL_LEN(subresources); i++)
        if (!strcmp(name, subresources[i]))
            return true;
    return false;
}

/* The first sub-resource of the query that the route does not account for; NULL: none. */
static const char *unaccounted(const s3_request *rq, const char *accounted)
{
    for (size_t i = 0; i < rq->n_query; i++) {
        const char *name = rq->query[i].name;
        bool part = accounted && !strcmp(accounted, "uploadId") && !strcmp(name, "partNumber");
        if (is_subresource(name) && !part && (!accounted || strcmp(name, accounted)))
            return name;
    }
    return NULL;
}

/* There are no versions: "null" is the only one that a key has. */
static bool version_is_known(s3_request *rq)
{
    const char *version = s3_query(rq, "versionId");
    if (!version || !strcmp(version, "null"))
        return true;
    s3_refuse(rq, *version ? "NoSuchVersion" : "InvalidArgument", NULL);
    return false;
}

const s3_op *s3_route(s3_request *rq)
{
    enum level level = rq->key ? OBJECT : rq->bucket_name ? BUCKET : SERVICE;
    bool copy = s3_header(rq, "x-amz-copy-source") != NULL, known_method = false;
    if (!version_is_known(rq))
        return NULL;
    const char *sub = unaccounted(rq, NULL);
    for (size_t i = 0; i < NL_LEN(routes); i++) {
        const struct route *r = &routes[i];
        if (r->level != level || strcmp(r->method, rq->method))
            continue;
        known_method = true;
        if ((r->query ? s3_query(rq, r->query) != NULL : !sub) && (!r->copy || copy) && !unaccounted(rq, r->query))
            return r->op;
    }
    if (known_method && sub && !strcmp(rq->method, "GET") && level != SERVICE && s3_probe_known(sub, level == OBJECT) &&
        !unaccounted(rq, sub))
        return level == OBJECT ? &s3_op_probe_object : &s3_op_probe_bucket;
    if (!sub) {
        s3_refuse(rq, "MethodNotAllowed", NULL);
        return NULL;
    }
    s3_refusef(rq, "NotImplemented", "%s of ?%s is not supported by this server.", rq->method, sub);
    return NULL;
}
