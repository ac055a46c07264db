/* op.h: the operations, and what several of them share. */
#ifndef NL_SERVER_S3_OP_OP_H
#define NL_SERVER_S3_OP_OP_H

#include "server/s3/disk/object.h"
#include "server/s3/disk/writer.h"
#include "server/s3/internal.h"

/* buckets.c */
extern const s3_op s3_op_list_buckets, s3_op_create_bucket, s3_op_head_bucket, s3_op_delete_bucket,
    s3_op_bucket_location;
/* cors.c */
extern const s3_op s3_op_put_cors, s3_op_get_cors, s3_op_delete_cors;
/* policy.c */
extern const s3_op s3_op_put_policy, s3_op_get_policy, s3_op_policy_status, s3_op_delete_policy;
/* listing.c */
extern const s3_op s3_op_list_v1, s3_op_list_v2;
/* get.c */
extern const s3_op s3_op_get_object, s3_op_head_object;
/* attributes.c */
extern const s3_op s3_op_object_attributes;
/* tagging.c */
extern const s3_op s3_op_get_tagging, s3_op_put_tagging, s3_op_delete_tagging;
/* put.c */
extern const s3_op s3_op_put_object;
/* copy.c */
extern const s3_op s3_op_copy_object;
/* delete.c */
extern const s3_op s3_op_delete_object, s3_op_delete_objects;
/* multipart.c, uploads.c, part.c, complete.c */
extern const s3_op s3_op_create_upload, s3_op_list_uploads, s3_op_list_parts, s3_op_abort_upload;
extern const s3_op s3_op_upload_part, s3_op_copy_part, s3_op_complete_upload;
/* probes.c: questions about what this server does not have, answered as S3 answers for a plain bucket. */
extern const s3_op s3_op_probe_bucket, s3_op_probe_object;
/* Is there an answer to GET ?name on a bucket (object: on an object)? */
bool s3_probe_known(const char *name, bool object);

/* ── shared (common.c) ── */

/* What a request says of an object to be stored: content headers and x-amz-meta-…, into meta. false: answered (a header that
 * asks for what is not supported, or too much metadata). */
bool s3_take_object_headers(s3_request *rq, s3_meta *meta);
/* Send them back, with ETag, Last-Modified and the checksum where with_checksum says so. */
void s3_add_object_headers(s3_request *rq, const s3_meta *meta, bool with_checksum);
/* <Owner> as listings show it. */
void s3_xml_owner(s3_xml_writer *w, const char *element);
/* "2026-11-22T15:49:09.000Z" of nanoseconds. */
const char *s3_iso_time(int64_t ns, char out[static 25]);
/* Does a condition's list of ETags ("*", quoted or not, comma-separated) name this one? */
bool s3_etag_listed(const char *list, const char *etag);
/* "\"etag\"" for XML. */
const char *s3_quoted(const char *etag, char out[static 80]);
/* <ChecksumCRC32> or its like, and <ChecksumType>; nothing where there is none. */
void s3_xml_checksum(s3_xml_writer *w, const s3_meta *meta);
/* Answer a copy: 200, and when and as what the new object or part was written, below an element of that name. */
void s3_answer_copied(s3_request *rq, const char *root, const s3_meta *meta);

/* If-Match and If-None-Match of a write, decided under the key's lock. code: S3's code of a refusal. */
typedef struct s3_write_condition {
    const char *if_match, *if_none_match;
    const char *code;
    s3_guard guard;
} s3_write_condition;
/* c must stay where it is until the write is over. false: answered (a condition that S3 does not know for writes). */
bool s3_take_write_condition(s3_request *rq, s3_write_condition *c);
/* Answer a write that failed. */
void s3_refuse_write(s3_request *rq, const s3_write_condition *c, const nl_error *err);

#endif
