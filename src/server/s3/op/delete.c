/* delete.c: DeleteObject and DeleteObjects. What is not there counts as deleted. */
#include <string.h>
#include <strings.h>

#include "server/s3/op/op.h"

#define MOST_KEYS 1000

static void delete_object(s3_request *rq)
{
    nl_error err = {0};
    s3_write_condition condition;
    if (!s3_take_write_condition(rq, &condition) || !s3_need_bucket(rq))
        return;
    if (s3_object_delete(rq->bucket, s3_key(rq), &condition.guard, &err))
        s3_refuse_write(rq, &condition, &err);
    else
        s3_answer_empty(rq, 204);
}

const s3_op s3_op_delete_object = {.name = "DeleteObject", .end = delete_object, .disk = true, .writes = true};

/* One <Object>: delete it and say how it went. */
static void delete_one(s3_request *rq, const s3_xml_node *object, bool quiet, s3_xml_writer *w)
{
    nl_error err = {0};
    const char *key = s3_xml_child_text(object, "Key"), *version = s3_xml_child_text(object, "VersionId");
    int rc = s3_key_check(key, strlen(key), &err);
    if (!rc && version && *version && strcmp(version, "null"))
        rc = nl_fail(&err, NL_UNSUPPORTED, "There are no versions.");
    if (!rc && !s3_may(rq, rq->bucket_name, key, true))
        rc = nl_fail(&err, NL_DENIED, "Access Denied");
    if (!rc)
        rc = s3_object_delete(rq->bucket, (s3_slice){key, strlen(key)}, NULL, &err);
    if (rc) {
        s3_xml_open(w, "Error");
        s3_xml_text(w, "Key", key);
        s3_xml_text(w, "Code",
                    rc == NL_INVALID       ? "InvalidArgument"
                    : rc == NL_UNSUPPORTED ? "NotImplemented"
                    : rc == NL_DENIED      ? "AccessDenied"
                                           : "InternalError");
        s3_xml_text(w, "Message", err.message);
        s3_xml_close(w, "Error");
    } else if (!quiet) {
        s3_xml_open(w, "Deleted");
        s3_xml_text(w, "Key", key);
        s3_xml_close(w, "Deleted");
    }
}

/* <Delete> with 1 to 1000 <Object><Key>. NULL: answered. */
static const s3_xml_node *parse(s3_request *rq)
{
    s3_xml_node *root;
    size_t n = 0;
    if (s3_xml_parse(rq->arena, rq->text.data ? rq->text.data : "", rq->text.len, rq->text.len, &root, NULL) ||
        strcmp(root->name, "Delete")) {
        s3_refuse(rq, "MalformedXML", NULL);
        return NULL;
    }
    for (const s3_xml_node *o = s3_xml_child(root, "Object"); o; o = s3_xml_again(o), n++) {
        const char *key = s3_xml_child_text(o, "Key");
        if (!key || !*key)
            n = MOST_KEYS + 1;
    }
    if (n > 0 && n <= MOST_KEYS)
        return root;
    s3_refuse(rq, "MalformedXML", "A list of 1 to 1000 objects, each with a key, was expected.");
    return NULL;
}

/* Is a digest of the list sent along, in a header or announced as a trailer? wire/body.c holds it against the bytes. */
static bool has_digest(const s3_request *rq)
{
    enum s3_digest_kind kind;
    const char *trailer = s3_header(rq, "x-amz-trailer");
    for (size_t i = 0; i < rq->n_headers; i++)
        if (!strcasecmp(rq->headers[i].name, "Content-MD5") || s3_digest_find(rq->headers[i].name, &kind))
            return true;
    return trailer && s3_digest_find(trailer, &kind);
}

/* A list that was damaged on the way would delete something else. */
static void begin_objects(s3_request *rq)
{
    if (!has_digest(rq))
        s3_refuse(rq, "InvalidRequest", "Missing required header for this request: Content-MD5");
}

static void delete_objects(s3_request *rq)
{
    nl_buf body = {0};
    s3_xml_writer w;
    const s3_xml_node *root = parse(rq);
    if (!root || !s3_need_bucket(rq))
        return;
    const char *quiet = s3_xml_child_text(root, "Quiet");
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "DeleteResult");
    for (const s3_xml_node *o = s3_xml_child(root, "Object"); o; o = s3_xml_again(o))
        delete_one(rq, o, quiet && !strcmp(quiet, "true"), &w);
    s3_xml_close(&w, "DeleteResult");
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_delete_objects = {.name = "DeleteObjects",
                                    .begin = begin_objects,
                                    .end = delete_objects,
                                    .text_max = 4 * 1024 * 1024,
                                    .disk = true,
                                    .writes = true,
                                    .each = true};
