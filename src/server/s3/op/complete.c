/* complete.c: CompleteMultipartUpload: the list of parts against what is there, then one commit.
 *
 * The ETag is the MD5 of the parts' MD5s and "-N". A composite checksum is made in the same way; one over the full object
 * (a CRC) follows from the parts' CRCs and lengths. Nothing is read for either.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "server/s3/disk/upload.h"
#include "server/s3/op/multipart.h"

#define PART_MIN ((uint64_t)5 << 20) /* of all parts but the last */

struct complete_state {
    s3_meta upload;
    s3_part *parts; /* what is there */
    size_t n_parts;
    s3_part *chosen; /* what the client listed */
    size_t n_chosen;
    s3_meta meta;
    s3_write_condition condition;
};

/* ── the list ── */

/* <CompleteMultipartUpload> with at least one <Part>. NULL: answered. */
static const s3_xml_node *parse(s3_request *rq)
{
    s3_xml_node *root;
    if (s3_xml_parse(rq->arena, rq->text.data ? rq->text.data : "", rq->text.len, rq->text.len, &root, NULL) ||
        strcmp(root->name, "CompleteMultipartUpload") || !s3_xml_child(root, "Part")) {
        s3_refuse(rq, "MalformedXML", NULL);
        return NULL;
    }
    return root;
}

static const s3_part *find_part(const struct complete_state *s, int64_t number)
{
    size_t lo = 0, hi = s->n_parts;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->parts[mid].number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n_parts && s->parts[lo].number == number ? &s->parts[lo] : NULL;
}

/* Does the checksum that the list gives for a part, where it does, fit? */
static bool checksum_fits(const struct complete_state *s, const s3_xml_node *node, const s3_part *part)
{
    char element[32] = "Checksum";
    const char *algorithm = s3_checksum_name(&s->upload);
    if (!algorithm)
        return true;
    strncat(element, algorithm, sizeof(element) - strlen(element) - 1);
    const char *sent = s3_xml_child_text(node, element);
    return !sent || (part->checksum && !strcmp(sent, part->checksum));
}

/* One <Part>. */
static bool choose(s3_request *rq, struct complete_state *s, const s3_xml_node *node)
{
    int64_t number;
    const char *text = s3_xml_child_text(node, "PartNumber"), *etag = s3_xml_child_text(node, "ETag");
    if (!text || !etag || !nl_parse_i64(text, &number)) {
        s3_refuse(rq, "MalformedXML", NULL);
        return false;
    }
    if (s->n_chosen > 0 && number <= s->chosen[s->n_chosen - 1].number) {
        s3_refuse(rq, "InvalidPartOrder", NULL);
        return false;
    }
    const s3_part *part = find_part(s, number);
    if (!part || !s3_etag_listed(etag, part->etag) || !checksum_fits(s, node, part)) {
        s3_refusef(rq, "InvalidPart", "Part %lld could not be found, or its ETag or checksum does not match.",
                   (long long)number);
        return false;
    }
    if (s->n_chosen > 0 && s->chosen[s->n_chosen - 1].size < PART_MIN) {
        s3_refuse(rq, "EntityTooSmall", NULL);
        return false;
    }
    s->chosen[s->n_chosen++] = *part;
    return true;
}

static bool choose_all(s3_request *rq, struct complete_state *s, const s3_xml_node *root)
{
    size_t n = 0;
    for (const s3_xml_node *p = s3_xml_child(root, "Part"); p; p = s3_xml_again(p))
        n++;
    s->chosen = nl_arena_array(rq->arena, n, sizeof(*s->chosen));
    if (!s->chosen) {
        s3_refuse(rq, "InternalError", "no memory");
        return false;
    }
    for (const s3_xml_node *p = s3_xml_child(root, "Part"); p; p = s3_xml_again(p))
        if (!choose(rq, s, p))
            return false;
    return true;
}

/* ── what the object will carry ── */

static void make_etag(struct complete_state *s)
{
    s3_digest md5;
    uint8_t raw[S3_DIGEST_MAX];
    s3_digest_open(&md5, S3_MD5);
    for (size_t i = 0; i < s->n_chosen; i++)
        if (nl_unhex(s->chosen[i].etag, 32, raw))
            s3_digest_update(&md5, raw, 16);
    s3_digest_final(&md5, raw);
    nl_hex(raw, 16, s->meta.etag);
    snprintf(s->meta.etag + 32, sizeof(s->meta.etag) - 32, "-%zu", s->n_chosen);
}

/* The sizes of the parts, for who asks for one by its number. */
static bool make_runs(s3_request *rq, struct complete_state *s)
{
    s->meta.runs = nl_arena_array(rq->arena, s->n_chosen, sizeof(*s->meta.runs));
    if (!s->meta.runs) {
        s3_refuse(rq, "InternalError", "no memory");
        return false;
    }
    for (size_t i = 0; i < s->n_chosen; i++) {
        uint64_t size = s->chosen[i].size;
        if (s->meta.n_runs && s->meta.runs[s->meta.n_runs - 1].size == size)
            s->meta.runs[s->meta.n_runs - 1].count++;
        else
            s->meta.runs[s->meta.n_runs++] = (s3_part_run){1, size};
    }
    return true;
}

/* The composite checksum "base64-N"; nothing where a part has none. */
static bool make_composite(s3_request *rq, struct complete_state *s)
{
    enum s3_digest_kind kind;
    s3_digest d;
    uint8_t raw[S3_DIGEST_MAX];
    size_t n;
    nl_buf text = {0};
    if (!s3_digest_find(s->upload.checksum_header, &kind))
        return true;
    s3_digest_open(&d, kind);
    for (size_t i = 0; i < s->n_chosen; i++) {
        const char *part = s->chosen[i].checksum;
        if (!part || !s3_unbase64(part, strlen(part), raw, sizeof(raw), &n))
            return true;
        s3_digest_update(&d, raw, n);
    }
    n = s3_digest_final(&d, raw);
    if (s3_base64(&text, raw, n, NULL) == NL_OK)
        s->meta.checksum = nl_arena_printf(rq->arena, "%s-%zu", text.data, s->n_chosen);
    nl_buf_free(&text);
    s->meta.checksum_header = s3_digest_header(kind);
    s->meta.checksum_type = "COMPOSITE";
    if (!s->meta.checksum)
        s3_refuse(rq, "InternalError", "no memory");
    return s->meta.checksum != NULL;
}

/* The checksum over all bytes, put together from the parts' without reading them; nothing where a part has none. */
static bool make_full(s3_request *rq, struct complete_state *s)
{
    enum s3_digest_kind kind;
    uint8_t whole[S3_DIGEST_MAX], raw[S3_DIGEST_MAX];
    size_t n = 0;
    nl_buf text = {0};
    if (!s3_digest_find(s->upload.checksum_header, &kind))
        return true;
    for (size_t i = 0; i < s->n_chosen; i++) {
        const char *part = s->chosen[i].checksum;
        if (!part || !s3_unbase64(part, strlen(part), raw, sizeof(raw), &n) || n != s3_digest_size(kind))
            return true;
        if (i == 0)
            memcpy(whole, raw, n);
        else
            s3_crc_combine(kind, whole, raw, s->chosen[i].size);
    }
    if (s3_base64(&text, whole, n, NULL) == NL_OK)
        s->meta.checksum = nl_arena_strdup(rq->arena, text.data);
    nl_buf_free(&text);
    s->meta.checksum_header = s3_digest_header(kind);
    s->meta.checksum_type = "FULL_OBJECT";
    if (!s->meta.checksum)
        s3_refuse(rq, "InternalError", "no memory");
    return s->meta.checksum != NULL;
}

/* Against x-amz-checksum-… and x-amz-mp-object-size, where the client sent them. */
static bool is_what_was_meant(s3_request *rq, const struct complete_state *s)
{
    uint64_t size = 0, wanted;
    for (size_t i = 0; i < s->n_chosen; i++)
        size += s->chosen[i].size;
    const char *text = s3_header(rq, "x-amz-mp-object-size");
    if (text && (!nl_parse_u64(text, &wanted) || wanted != size)) {
        s3_refusef(rq, "InvalidRequest", "The parts have %llu bytes, not what x-amz-mp-object-size says.",
                   (unsigned long long)size);
        return false;
    }
    const char *sent = s->meta.checksum_header ? s3_header(rq, s->meta.checksum_header) : NULL;
    if (!sent || !s->meta.checksum || !strncmp(sent, s->meta.checksum, strcspn(sent, "-")))
        return true;
    s3_refuse(rq, "BadDigest", "The checksum you specified did not match the calculated checksum.");
    return false;
}

/* ── the operation ── */

static void answer(s3_request *rq, const s3_meta *m)
{
    nl_buf body = {0};
    s3_xml_writer w;
    char etag[80], element[32] = "Checksum";
    const char *host = s3_header(rq, "Host");
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "CompleteMultipartUploadResult");
    char *location = nl_arena_printf(rq->arena, "http://%s%s", host ? host : "", rq->path);
    s3_xml_text(&w, "Location", location ? location : "");
    s3_xml_text(&w, "Bucket", rq->bucket_name);
    s3_xml_text(&w, "Key", rq->key);
    s3_xml_text(&w, "ETag", s3_quoted(m->etag, etag));
    if (m->checksum && s3_checksum_name(m)) {
        strncat(element, s3_checksum_name(m), sizeof(element) - strlen(element) - 1);
        s3_xml_text(&w, element, m->checksum);
        s3_xml_text(&w, "ChecksumType", m->checksum_type);
    }
    s3_xml_close(&w, "CompleteMultipartUploadResult");
    s3_answer_xml(rq, 200, &w, &body);
}

/* P2: was this upload completed before? Then the object says so, and the answer is the same. */
static bool answer_again(s3_request *rq)
{
    s3_object o;
    if (s3_object_open(rq->bucket, s3_key(rq), &o, NULL))
        return false;
    bool same = o.meta.upload_id && !strcmp(o.meta.upload_id, s3_query(rq, "uploadId"));
    if (same)
        answer(rq, &o.meta);
    s3_object_close(&o);
    return same;
}

/* The upload and its parts. false: answered. */
static bool open_upload(s3_request *rq, struct complete_state *s)
{
    nl_error err = {0};
    const char *id = s3_query(rq, "uploadId");
    if (!s3_need_bucket(rq))
        return false;
    int rc = s3_upload_open(rq->bucket, id, s3_key(rq), rq->arena, &s->upload, &err);
    if (!rc)
        rc = s3_upload_parts(rq->bucket, id, rq->arena, &s->parts, &s->n_parts, &err);
    if (!rc || (rc == NL_NOT_FOUND && answer_again(rq)))
        return rc == NL_OK;
    s3_refuse_error(rq, &err, "NoSuchUpload");
    return false;
}

static bool make_meta(s3_request *rq, struct complete_state *s)
{
    s->meta.headers = s->upload.headers;
    s->meta.n_headers = s->upload.n_headers;
    s->meta.upload_id = s3_query(rq, "uploadId");
    s->meta.tags = s->upload.tags;
    s->meta.n_tags = s->upload.n_tags;
    make_etag(s);
    if (!make_runs(rq, s))
        return false;
    if (!s->upload.checksum_header)
        return true;
    return strcmp(s->upload.checksum_type, "FULL_OBJECT") ? make_composite(rq, s) : make_full(rq, s);
}

static void complete(s3_request *rq)
{
    nl_error err = {0};
    struct complete_state *s = s3_new_state(rq, sizeof(*s));
    if (!s || !s3_take_write_condition(rq, &s->condition) || !open_upload(rq, s))
        return;
    const s3_xml_node *root = parse(rq);
    if (!root || !choose_all(rq, s, root) || !make_meta(rq, s) || !is_what_was_meant(rq, s))
        return;
    int rc = s3_upload_complete(rq->bucket, s->meta.upload_id, s->chosen, s->n_chosen, s3_key(rq), &s->meta,
                                &s->condition.guard, &err);
    if (!rc)
        answer(rq, &s->meta);
    else if (rc == NL_CONFLICT && !s->condition.code)
        s3_refuse(rq, "InvalidPart", err.message);
    else if (rc != NL_NOT_FOUND || s->condition.code)
        s3_refuse_write(rq, &s->condition, &err);
    else if (!answer_again(rq)) /* somebody else completed or aborted it just now */
        s3_refuse(rq, "NoSuchUpload", NULL);
}

const s3_op s3_op_complete_upload = {
    .name = "CompleteMultipartUpload", .end = complete, .text_max = 4 * 1024 * 1024, .disk = true, .writes = true};
