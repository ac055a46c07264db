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

static bool is_composite(const s3_meta *upload)
{
    return upload->checksum_header && !strcmp(upload->checksum_type, "COMPOSITE");
}

/* The checksum that the list gives for a part; NULL: none. */
static const char *listed_checksum(const struct complete_state *s, const s3_xml_node *node)
{
    char element[32];
    const char *algorithm = s3_checksum_name(&s->upload);
    if (!algorithm)
        return NULL;
    snprintf(element, sizeof(element), "Checksum%s", algorithm);
    return s3_xml_child_text(node, element);
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
    const char *sum = listed_checksum(s, node);
    if (!sum && is_composite(&s->upload)) {
        s3_refusef(rq, "InvalidRequest",
                   "The upload was created using a %s checksum. The complete request must include the checksum for "
                   "each part. It was missing for part %lld in the request.",
                   s3_checksum_name(&s->upload), (long long)number);
        return false;
    }
    if (!part || !s3_etag_listed(etag, part->etag) || (sum && (!part->checksum || strcmp(sum, part->checksum) != 0))) {
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
        if (++n > S3_PARTS_MAX) {
            s3_refuse(rq, "MalformedXML", NULL);
            return false;
        }
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

/* Sizes and numbers of the parts, for who asks for one by its number. */
static bool make_runs(s3_request *rq, struct complete_state *s)
{
    s3_meta *m = &s->meta;
    int last = 0;
    m->runs = nl_arena_array(rq->arena, s->n_chosen, sizeof(*m->runs));
    m->numbers = nl_arena_array(rq->arena, s->n_chosen, sizeof(*m->numbers));
    if (!m->runs || !m->numbers) {
        s3_refuse(rq, "InternalError", "no memory");
        return false;
    }
    for (size_t i = 0; i < s->n_chosen; i++) {
        const s3_part *p = &s->chosen[i];
        uint64_t gap = (uint64_t)(p->number - last - 1);
        if (m->n_runs && m->runs[m->n_runs - 1].size == p->size)
            m->runs[m->n_runs - 1].count++;
        else
            m->runs[m->n_runs++] = (s3_part_run){1, p->size};
        if (m->n_numbers && gap == 0)
            m->numbers[m->n_numbers - 1].count++;
        else
            m->numbers[m->n_numbers++] = (s3_number_run){gap, 1};
        last = p->number;
    }
    if ((size_t)last == s->n_chosen) /* 1, 2, 3 … goes without saying */
        m->n_numbers = 0;
    return true;
}

/* The checksums of the parts, raw and one behind the other: kept with the object where its attribute has room for them, for
 * who asks for its parts. */
static bool keep_part_sums(s3_request *rq, struct complete_state *s, const uint8_t *sums, size_t len)
{
    nl_buf packed = {0};
    s3_meta with = s->meta;
    with.part_sums = sums;
    with.part_sums_len = len;
    int rc = len <= S3_META_XATTR_MAX ? s3_meta_pack(&with, &packed, NULL) : NL_OK;
    if (!rc && packed.len > 0 && packed.len <= S3_META_XATTR_MAX)
        s->meta = with;
    nl_buf_free(&packed);
    if (rc)
        s3_refuse(rq, rc == NL_INVALID ? "MetadataTooLarge" : "InternalError", NULL);
    return rc == NL_OK;
}

/* The parts' checksums as bytes, from the arena. *sums NULL: a part has none. False: answered. */
static bool raw_sums(s3_request *rq, const struct complete_state *s, size_t size, uint8_t **sums)
{
    uint8_t raw[S3_DIGEST_MAX];
    size_t n;
    *sums = nl_arena_array(rq->arena, s->n_chosen, size);
    if (!*sums) {
        s3_refuse(rq, "InternalError", "no memory");
        return false;
    }
    for (size_t i = 0; i < s->n_chosen && *sums; i++) {
        const char *part = s->chosen[i].checksum;
        if (part && s3_unbase64(part, strlen(part), raw, sizeof(raw), &n) && n == size)
            memcpy(*sums + i * size, raw, size);
        else
            *sums = NULL;
    }
    return true;
}

/* The object's checksum from those of its parts: of all bytes, without reading them, or (composite) of the checksums. */
static bool make_checksum(s3_request *rq, struct complete_state *s, enum s3_digest_kind kind, const uint8_t *sums)
{
    uint8_t whole[S3_DIGEST_MAX];
    char text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    size_t size = s3_digest_size(kind);
    bool composite = is_composite(&s->upload);
    if (composite) {
        s3_digest d;
        s3_digest_open(&d, kind);
        s3_digest_update(&d, sums, s->n_chosen * size);
        s3_digest_final(&d, whole);
    } else {
        memcpy(whole, sums, size);
        for (size_t i = 1; i < s->n_chosen; i++)
            s3_crc_combine(kind, whole, sums + i * size, s->chosen[i].size);
    }
    s3_base64_text(whole, size, text);
    s->meta.checksum_header = s3_digest_header(kind);
    s->meta.checksum_type = composite ? "COMPOSITE" : "FULL_OBJECT";
    s->meta.checksum =
        composite ? nl_arena_printf(rq->arena, "%s-%zu", text, s->n_chosen) : nl_arena_strdup(rq->arena, text);
    if (!s->meta.checksum)
        s3_refuse(rq, "InternalError", "no memory");
    return s->meta.checksum && keep_part_sums(rq, s, sums, s->n_chosen * size);
}

/* ── what the client says that it will be ── */

/* The x-amz-checksum-… header that speaks of the object; NULL: none. */
static const char *object_checksum(s3_request *rq, enum s3_digest_kind *kind)
{
    for (int k = S3_SHA1; k < S3_DIGEST_KINDS; k++) {
        const char *value = s3_header(rq, s3_digest_header((enum s3_digest_kind)k));
        *kind = (enum s3_digest_kind)k;
        if (value)
            return value;
    }
    return NULL;
}

/* A checksum of the whole for an upload that was begun without one: the parts are read. False: answered. */
static bool read_sums(s3_request *rq, struct complete_state *s, enum s3_digest_kind kind)
{
    nl_error err = {0};
    size_t size = s3_digest_size(kind);
    uint8_t one[S3_DIGEST_MAX], *sums = nl_arena_array(rq->arena, s->n_chosen, size);
    int rc = sums ? NL_OK : nl_fail_memory(&err);
    for (size_t i = 0; i < s->n_chosen && !rc; i++) {
        rc = s3_upload_digest(rq->bucket, s3_query(rq, "uploadId"), &s->chosen[i], kind, one, &err);
        if (!rc)
            memcpy(sums + i * size, one, size);
    }
    if (!rc)
        return make_checksum(rq, s, kind, sums);
    if (rc == NL_CONFLICT)
        s3_refuse(rq, "InvalidPart", err.message);
    else
        s3_refuse_error(rq, &err, "NoSuchUpload");
    return false;
}

/* Does what was sent name the checksum? A composite one may come with or without "-N". */
static bool is_same_checksum(const char *sent, const char *have)
{
    size_t n = strcspn(have, "-");
    return !strcmp(sent, have) || (have[n] == '-' && strlen(sent) == n && !strncmp(sent, have, n));
}

static bool size_fits(s3_request *rq, const struct complete_state *s)
{
    uint64_t size = 0, wanted;
    for (size_t i = 0; i < s->n_chosen; i++)
        size += s->chosen[i].size;
    const char *text = s3_header(rq, "x-amz-mp-object-size");
    if (!text || (nl_parse_u64(text, &wanted) && wanted == size))
        return true;
    s3_refusef(rq, "InvalidRequest", "The parts have %llu bytes, not what x-amz-mp-object-size says.",
               (unsigned long long)size);
    return false;
}

/* Against x-amz-checksum-…, x-amz-checksum-type and x-amz-mp-object-size, where the client sent them. */
static bool is_what_was_meant(s3_request *rq, struct complete_state *s)
{
    enum s3_digest_kind kind;
    const char *type = s3_header(rq, "x-amz-checksum-type"), *sent = object_checksum(rq, &kind);
    const char *have = s3_checksum_name(&s->upload);
    if (!size_fits(rq, s))
        return false;
    if (type && have && strcmp(type, s->upload.checksum_type) != 0) {
        s3_refusef(rq, "InvalidRequest",
                   "The upload was created using the %s checksum mode. The complete request must use the same checksum "
                   "mode.",
                   s->upload.checksum_type);
        return false;
    }
    if (!sent)
        return true;
    bool combines = kind == S3_CRC32 || kind == S3_CRC32C || kind == S3_CRC64NVME;
    if (have ? strcmp(have, s3_digest_name(kind)) != 0 : !combines || (type && strcmp(type, "FULL_OBJECT") != 0)) {
        s3_refusef(rq, "InvalidRequest",
                   "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
                   have ? have : "null", s3_digest_name(kind));
        return false;
    }
    if (!have && !read_sums(rq, s, kind))
        return false;
    if (s->meta.checksum && is_same_checksum(sent, s->meta.checksum))
        return true;
    s3_refuse(rq, "BadDigest", "The checksum you specified did not match the calculated checksum.");
    return false;
}

/* ── the operation ── */

static void answer(s3_request *rq, const s3_meta *m)
{
    nl_buf body = {0};
    s3_xml_writer w;
    char etag[80];
    const char *host = s3_header(rq, "Host");
    s3_xml_start(&w, &body);
    s3_xml_open_root(&w, "CompleteMultipartUploadResult");
    char *location = nl_arena_printf(rq->arena, "http://%s%s", host ? host : "", rq->path);
    s3_xml_text(&w, "Location", location ? location : "");
    s3_xml_text(&w, "Bucket", rq->bucket_name);
    s3_xml_text(&w, "Key", rq->key);
    s3_xml_text(&w, "ETag", s3_quoted(m->etag, etag));
    s3_xml_checksum(&w, m);
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
    enum s3_digest_kind kind;
    uint8_t *sums;
    s->meta.headers = s->upload.headers;
    s->meta.n_headers = s->upload.n_headers;
    s->meta.upload_id = s3_query(rq, "uploadId");
    s->meta.tags = s->upload.tags;
    s->meta.n_tags = s->upload.n_tags;
    make_etag(s);
    if (!make_runs(rq, s))
        return false;
    if (!s->upload.checksum_header || !s3_digest_find(s->upload.checksum_header, &kind))
        return true;
    return raw_sums(rq, s, s3_digest_size(kind), &sums) && (!sums || make_checksum(rq, s, kind, sums));
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

const s3_op s3_op_complete_upload = {.name = "CompleteMultipartUpload",
                                     .end = complete,
                                     .text_max = 4 * 1024 * 1024,
                                     .disk = true,
                                     .writes = true,
                                     .object_checksum = true};
