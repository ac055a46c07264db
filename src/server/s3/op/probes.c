/* probes.c: questions that clients ask before they work ("is it versioned? who owns it? is it encrypted?"), answered
 * as S3 does for a bucket on which nothing of that kind was ever set. */
#include <string.h>

#include "base/str.h"
#include "server/s3/op/op.h"

struct probe {
    const char *query;
    const char *code;         /* the error that says "nothing of that kind" … */
    const char *root;         /* … or an empty document of this name */
    const char *child, *text; /* or with one element */
};

static const struct probe bucket_probes[] = {
    {.query = "accelerate", .root = "AccelerateConfiguration"},
    {.query = "acl", .root = "AccessControlPolicy"},
    {.query = "encryption", .code = "ServerSideEncryptionConfigurationNotFoundError"},
    {.query = "lifecycle", .code = "NoSuchLifecycleConfiguration"},
    {.query = "logging", .root = "BucketLoggingStatus"},
    {.query = "notification", .root = "NotificationConfiguration"},
    {.query = "object-lock", .code = "ObjectLockConfigurationNotFoundError"},
    {.query = "ownershipControls", .code = "OwnershipControlsNotFoundError"},
    {.query = "publicAccessBlock", .code = "NoSuchPublicAccessBlockConfiguration"},
    {.query = "replication", .code = "ReplicationConfigurationNotFoundError"},
    {.query = "requestPayment", .root = "RequestPaymentConfiguration", .child = "Payer", .text = "BucketOwner"},
    {.query = "tagging", .code = "NoSuchTagSet"},
    {.query = "versioning", .root = "VersioningConfiguration"},
    {.query = "website", .code = "NoSuchWebsiteConfiguration"},
};

static const struct probe object_probes[] = {
    {.query = "acl", .root = "AccessControlPolicy"},
    {.query = "legal-hold", .code = "NoSuchObjectLockConfiguration"},
    {.query = "retention", .code = "NoSuchObjectLockConfiguration"},
};

static const struct probe *find(const struct probe *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(table[i].query, name))
            return &table[i];
    return NULL;
}

bool s3_probe_known(const char *name, bool object)
{
    return object ? find(object_probes, NL_LEN(object_probes), name) != NULL
                  : find(bucket_probes, NL_LEN(bucket_probes), name) != NULL;
}

/* The owner may do everything; nobody else may do anything. */
static void write_acl(s3_xml_writer *w)
{
    s3_xml_owner(w, "Owner");
    s3_xml_open(w, "AccessControlList");
    s3_xml_open(w, "Grant");
    s3_xml_open(w, "Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"");
    s3_xml_text(w, "ID", S3_OWNER);
    s3_xml_text(w, "DisplayName", S3_OWNER);
    s3_xml_close(w, "Grantee");
    s3_xml_text(w, "Permission", "FULL_CONTROL");
    s3_xml_close(w, "Grant");
    s3_xml_close(w, "AccessControlList");
}

static void answer(s3_request *rq, const struct probe *p)
{
    nl_buf body = {0};
    s3_xml_writer w;
    if (p->code) {
        s3_refuse(rq, p->code, NULL);
        return;
    }
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, p->root);
    if (!strcmp(p->query, "acl"))
        write_acl(&w);
    else if (p->child)
        s3_xml_text(&w, p->child, p->text);
    s3_xml_close(&w, p->root);
    s3_answer_xml(rq, 200, &w, &body);
}

/* The probe that the query names; routing has seen that there is one. */
static const struct probe *asked(s3_request *rq, const struct probe *table, size_t n)
{
    const struct probe *p = NULL;
    for (size_t i = 0; i < rq->n_query && !p; i++)
        p = find(table, n, rq->query[i].name);
    return p;
}

static void probe_bucket(s3_request *rq)
{
    const struct probe *p = asked(rq, bucket_probes, NL_LEN(bucket_probes));
    if (p && s3_need_bucket(rq))
        answer(rq, p);
}

const s3_op s3_op_probe_bucket = {.name = "GetBucketConfiguration", .end = probe_bucket};

static void probe_object(s3_request *rq)
{
    const struct probe *p = asked(rq, object_probes, NL_LEN(object_probes));
    s3_object o;
    nl_error err = {0};
    if (!p || !s3_need_bucket(rq))
        return;
    if (s3_object_open(rq->bucket, s3_key(rq), &o, &err)) {
        s3_refuse_error(rq, &err, "NoSuchKey");
        return;
    }
    s3_object_close(&o);
    answer(rq, p);
}

const s3_op s3_op_probe_object = {.name = "GetObjectConfiguration", .end = probe_object};
