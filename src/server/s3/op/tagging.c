/* tagging.c: GetObjectTagging, PutObjectTagging, DeleteObjectTagging. */
#include "server/s3/disk/retag.h"
#include "server/s3/op/op.h"
#include "server/s3/op/tags.h"

static void get_tagging(s3_request *rq)
{
    s3_object o;
    s3_xml_writer w;
    nl_buf body = {0};
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return;
    if (s3_object_open(rq->bucket, s3_key(rq), &o, &err)) {
        s3_refuse_error(rq, &err, "NoSuchKey");
        return;
    }
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "Tagging");
    s3_xml_open(&w, "TagSet");
    for (size_t i = 0; i < o.meta.n_tags; i++) {
        s3_xml_open(&w, "Tag");
        s3_xml_text(&w, "Key", o.meta.tags[i].name);
        s3_xml_text(&w, "Value", o.meta.tags[i].value);
        s3_xml_close(&w, "Tag");
    }
    s3_xml_close(&w, "TagSet");
    s3_xml_close(&w, "Tagging");
    s3_object_close(&o);
    s3_answer_xml(rq, 200, &w, &body);
}

const s3_op s3_op_get_tagging = {.name = "GetObjectTagging", .end = get_tagging};

static void set_tags(s3_request *rq, const s3_meta *tags, unsigned status)
{
    nl_error err = {0};
    if (!s3_need_bucket(rq))
        return;
    if (s3_object_retag(rq->bucket, s3_key(rq), tags->tags, tags->n_tags, &err))
        s3_refuse_error(rq, &err, "NoSuchKey");
    else
        s3_answer_empty(rq, status);
}

static void put_tagging(s3_request *rq)
{
    s3_meta tags = {0};
    if (s3_tags_of_body(rq, &tags))
        set_tags(rq, &tags, 200);
}

const s3_op s3_op_put_tagging = {
    .name = "PutObjectTagging", .end = put_tagging, .text_max = 64 * 1024, .disk = true, .writes = true};

static void delete_tagging(s3_request *rq)
{
    set_tags(rq, &(s3_meta){0}, 204);
}

const s3_op s3_op_delete_tagging = {.name = "DeleteObjectTagging", .end = delete_tagging, .disk = true, .writes = true};
