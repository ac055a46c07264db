/* sink.c: an object being written.
 *
 *     up to part_size bytes   kept in one buffer (grown as needed)           commit: one PUT
 *     more                    CreateMultipartUpload at the first full part   commit: the last part, CompleteMultipartUpload
 *
 *     slots   [ part 5: sending ][ part 6: sending ][ part 7: hashing ][ part 8: being filled ]     part_buffers of them
 *
 * The slots are used in turn: who needs the next waits until the part that is in it has arrived (back-pressure). Where a
 * body must be hashed, the pool does it, several parts side by side.
 *
 * W1  The object appears at the PUT or at the completion, whole; on any failure the upload is aborted, as far as the
 *     endpoint can be reached. (Where the answer to its creation is lost, it is created again, and an empty upload stays
 *     whose name nobody was told.)
 * W2  A conditional write leaves a random mark in the object's metadata. An answer may be lost after the write took place;
 *     where the second attempt then meets "exists already", the mark tells whether that is our own object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"
#include "s3proto/errors.h"
#include "s3proto/names.h"
#include "store/s3/client.h"

enum {
    first_buffer = 64 << 10,
    most_parts = 10000,
    grow_every = 500, /* parts of an upload of unknown size: then they become twice as large (9,500 parts: 6 TiB) */
    largest_part = 1 << 30,
    extra_headers = 4, /* the mark, the condition, and two of checksums */
};

#define WRITE_ID "x-amz-meta-neuralake-write"

struct s3_sink;

/* One part's buffer and its way. */
struct slot {
    struct s3_sink *sink;
    char *data;
    size_t len, cap;
    size_t number; /* of the part, from 1; 0: nothing is on its way */
    struct store_checksum sum;
    bool hashing; /* under the sink's mutex: a job of the pool has it */
    struct store_call *call;
    nl_error err; /* of the job */
};

/* What the completion says of one part. */
struct part {
    char etag[72];
    struct store_checksum sum;
    uint64_t len;
};

struct s3_sink {
    nl_sink base;
    struct store_client *client;
    char *uri;
    char bucket[S3_BUCKET_MAX + 1];
    const char *key;
    nl_arena arena;
    s3_pair *headers; /* that say what the object is; room for extra_headers behind them */
    size_t n_headers;
    bool if_absent;
    char *if_match;    /* quoted; NULL: none */
    char write_id[33]; /* W2 */
    size_t part_size;
    bool size_known;
    char *upload_id;    /* NULL: no multipart upload yet */
    struct part *parts; /* that were started */
    size_t n_parts, parts_cap;
    pthread_mutex_t mutex;
    pthread_cond_t hashed;
    size_t current, n_slots;
    struct slot slots[];
};

/* ── ending ── */

static void wait_hashed(struct slot *slot)
{
    pthread_mutex_lock(&slot->sink->mutex);
    while (slot->hashing)
        pthread_cond_wait(&slot->sink->hashed, &slot->sink->mutex);
    pthread_mutex_unlock(&slot->sink->mutex);
}

/* Nothing of this sink is on its way after this. */
static void cancel_parts(struct s3_sink *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        wait_hashed(&s->slots[i]);
        store_call_finish(s->slots[i].call);
        s->slots[i].call = NULL;
    }
}

/* W1: tell the endpoint to forget the parts. What it answers changes nothing. */
static void abort_upload(struct s3_sink *s)
{
    if (!s->upload_id)
        return;
    struct store_call *call;
    s3_pair query = {"uploadId", s->upload_id};
    store_call_run(
        s->client,
        &(struct store_request){.method = "DELETE", .bucket = s->bucket, .key = s->key, .query = &query, .n_query = 1},
        &call, NULL);
    store_call_free(call);
}

static void sink_free(struct s3_sink *s)
{
    cancel_parts(s);
    for (size_t i = 0; i < s->n_slots; i++)
        free(s->slots[i].data);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->hashed);
    free(s->uri);
    nl_arena_free(&s->arena);
    free(s->if_match);
    free(s->upload_id);
    free(s->parts);
    free(s);
}

static void s3_abort(nl_sink *base)
{
    struct s3_sink *s = (struct s3_sink *)base;
    cancel_parts(s);
    abort_upload(s);
    sink_free(s);
}

/* ── one part ── */

/* Sign (which hashes the body, where it must be hashed) and send. */
static int send_part(struct slot *slot, nl_error *err)
{
    struct s3_sink *s = slot->sink;
    char number[24];
    snprintf(number, sizeof number, "%zu", slot->number);
    s3_pair query[] = {{"partNumber", number}, {"uploadId", s->upload_id}};
    slot->sum = store_checksum_of(s->client, slot->data, slot->len);
    char sum[STORE_CHECKSUM_TEXT];
    store_checksum_text(&slot->sum, sum);
    s3_pair header = {s3_digest_header(slot->sum.kind), sum};
    struct store_request r = {.method = "PUT",
                              .bucket = s->bucket,
                              .key = s->key,
                              .query = query,
                              .n_query = 2,
                              .headers = &header,
                              .n_headers = *sum != 0,
                              .body = slot->data,
                              .body_len = slot->len};
    struct store_call *call;
    int rc = store_call_new(s->client, &r, &call, err);
    if (rc)
        return rc;
    rc = store_call_submit(call, err);
    if (rc)
        store_call_free(call);
    else
        slot->call = call;
    return rc;
}

/* A job of the pool. */
static void hash_and_send(void *arg)
{
    struct slot *slot = arg;
    nl_error err = {0};
    send_part(slot, &err);
    pthread_mutex_lock(&slot->sink->mutex);
    slot->err = err;
    slot->hashing = false;
    pthread_cond_broadcast(&slot->sink->hashed);
    pthread_mutex_unlock(&slot->sink->mutex);
}

/* The slot is full: its part goes on its way. */
static int start_part(struct s3_sink *s, struct slot *slot, nl_error *err)
{
    if (s->n_parts == most_parts)
        return nl_fail(err, NL_INVALID, "%s: more than %d parts; say the size beforehand", s->uri, most_parts);
    if (s->n_parts == s->parts_cap) {
        size_t cap = s->parts_cap ? s->parts_cap * 2 : 16;
        void *more = reallocarray(s->parts, cap, sizeof *s->parts);
        if (!more)
            return nl_fail_memory(err);
        s->parts = more;
        s->parts_cap = cap;
    }
    slot->number = ++s->n_parts;
    if (store_client_unsigned(s->client))
        return send_part(slot, err);
    nl_pool *pool;
    int rc = store_client_pool(s->client, &pool, err);
    if (rc)
        return rc;
    slot->hashing = true;
    rc = nl_pool_submit(pool, hash_and_send, slot, err);
    if (rc)
        slot->hashing = false;
    return rc;
}

static void keep_part(struct part *p, const struct slot *slot, const struct store_call *call)
{
    memcpy(p->etag, call->reply.etag, sizeof p->etag);
    p->sum = slot->sum;
    p->len = slot->len;
}

/* Wait until the slot's part has arrived, and take its ETag. */
static int end_part(struct s3_sink *s, struct slot *slot, nl_error *err)
{
    if (!slot->number)
        return NL_OK;
    wait_hashed(slot);
    struct store_call *call = slot->call;
    slot->call = NULL;
    if (!call) {
        if (err)
            *err = slot->err;
        return slot->err.code ? slot->err.code : NL_INTERNAL;
    }
    store_call_wait(call, NULL, NULL);
    int rc = store_call_result(call, err);
    if (rc)
        nl_note(err, "part %zu", slot->number);
    else
        keep_part(&s->parts[slot->number - 1], slot, call);
    store_call_free(call);
    slot->number = 0;
    slot->len = 0;
    return rc;
}

/* ── a multipart upload ── */

static bool is_conditional(const struct s3_sink *s)
{
    return s->if_absent || s->if_match;
}

static s3_pair condition_of(const struct s3_sink *s)
{
    return s->if_match ? (s3_pair){"If-Match", s->if_match} : (s3_pair){"If-None-Match", "*"};
}

/* The object's headers, the mark, and the condition: n of them in s->headers, and room for two more. */
static size_t object_headers(struct s3_sink *s, bool condition)
{
    size_t n = s->n_headers;
    if (is_conditional(s))
        s->headers[n++] = (s3_pair){WRITE_ID, s->write_id};
    if (is_conditional(s) && condition)
        s->headers[n++] = condition_of(s);
    return n;
}

static int begin_upload(struct s3_sink *s, nl_error *err)
{
    s3_pair query = {"uploads", ""};
    size_t n = object_headers(s, false);
    if (s->client->send_checksums) {
        bool full = store_checksum_combines(s->client->checksum);
        s->headers[n++] = (s3_pair){"x-amz-checksum-algorithm", s3_digest_name(s->client->checksum)};
        s->headers[n++] = (s3_pair){"x-amz-checksum-type", full ? "FULL_OBJECT" : "COMPOSITE"};
    }
    struct store_request r = {.method = "POST",
                              .bucket = s->bucket,
                              .key = s->key,
                              .query = &query,
                              .n_query = 1,
                              .headers = s->headers,
                              .n_headers = n,
                              .steady = true};
    struct store_call *call;
    int rc = store_call_run(s->client, &r, &call, err);
    nl_arena arena = {0};
    s3_xml_node *root;
    if (!rc)
        rc = store_reply_xml(&arena, &call->text, "InitiateMultipartUploadResult", &root, err);
    const char *id = rc ? NULL : s3_xml_child_text(root, "UploadId");
    if (!rc && (!id || !*id))
        rc = nl_fail(err, NL_IO, "%s: the answer to CreateMultipartUpload names no upload", s->uri);
    if (!rc && !(s->upload_id = strdup(id)))
        rc = nl_fail_memory(err);
    nl_arena_free(&arena);
    store_call_free(call);
    return rc;
}

/* Send the current slot, and make the next one current and empty. */
static int flush(struct s3_sink *s, nl_error *err)
{
    int rc = s->upload_id ? NL_OK : begin_upload(s, err);
    if (!rc)
        rc = start_part(s, &s->slots[s->current], err);
    if (rc)
        return rc;
    s->current = (s->current + 1) % s->n_slots;
    rc = end_part(s, &s->slots[s->current], err);
    if (!rc && !s->size_known && s->n_parts % grow_every == 0 && s->part_size < largest_part)
        s->part_size *= 2;
    return rc;
}

/* Room for more in the slot: twice as much each time, up to a part. */
static int grow(struct s3_sink *s, struct slot *slot, size_t len, nl_error *err)
{
    size_t cap = slot->cap ? slot->cap : first_buffer;
    if (s->n_parts) /* it will be a whole part */
        cap = s->part_size;
    while (cap < s->part_size && cap - slot->len < len)
        cap *= 2;
    if (cap > s->part_size)
        cap = s->part_size;
    if (cap <= slot->cap)
        return NL_OK;
    char *data = realloc(slot->data, cap);
    if (!data)
        return nl_fail_memory(err);
    slot->data = data;
    slot->cap = cap;
    return NL_OK;
}

static int s3_write(nl_sink *base, const void *data, size_t len, nl_error *err)
{
    struct s3_sink *s = (struct s3_sink *)base;
    const char *from = data;
    while (len) {
        struct slot *slot = &s->slots[s->current];
        if (slot->len >= s->part_size) {
            int rc = flush(s, err);
            if (rc)
                return rc;
            continue;
        }
        if (slot->cap - slot->len < len) {
            int rc = grow(s, slot, len, err);
            if (rc)
                return rc;
        }
        size_t room = (slot->cap < s->part_size ? slot->cap : s->part_size) - slot->len, take = len < room ? len : room;
        memcpy(slot->data + slot->len, from, take);
        slot->len += take;
        from += take;
        len -= take;
    }
    return NL_OK;
}

/* ── commit ── */

/* W2: is the object that is there now the one that we wrote? */
static bool is_ours(struct s3_sink *s)
{
    nl_object_info info;
    char id[40];
    return is_conditional(s) && !store_s3_head_call(s->client, s->bucket, s->key, &info, id, NULL) &&
           !strcmp(id, s->write_id);
}

static int put_whole(struct s3_sink *s, nl_error *err)
{
    const struct slot *slot = &s->slots[0];
    size_t n = object_headers(s, true);
    struct store_checksum sum = store_checksum_of(s->client, slot->data, slot->len);
    char text[STORE_CHECKSUM_TEXT];
    store_checksum_text(&sum, text);
    if (*text)
        s->headers[n++] = (s3_pair){s3_digest_header(sum.kind), text};
    struct store_request r = {.method = "PUT",
                              .bucket = s->bucket,
                              .key = s->key,
                              .headers = s->headers,
                              .n_headers = n,
                              .body = slot->data,
                              .body_len = slot->len};
    struct store_call *call;
    int rc = store_call_run(s->client, &r, &call, err);
    if (rc && call && store_call_repeated(call) && is_ours(s)) {
        nl_error_clear(err);
        rc = NL_OK;
    }
    store_call_free(call);
    return rc;
}

static int completion_xml(const struct s3_sink *s, nl_buf *body, nl_error *err)
{
    s3_xml_writer w;
    char etag[80], sum[STORE_CHECKSUM_TEXT], name[32];
    snprintf(name, sizeof name, "Checksum%s", s3_digest_name(s->client->checksum));
    s3_xml_start(&w, body);
    s3_xml_open_root(&w, "CompleteMultipartUpload");
    for (size_t i = 0; i < s->n_parts; i++) {
        snprintf(etag, sizeof etag, "\"%s\"", s->parts[i].etag);
        store_checksum_text(&s->parts[i].sum, sum);
        s3_xml_open(&w, "Part");
        s3_xml_u64(&w, "PartNumber", i + 1);
        s3_xml_text(&w, "ETag", etag);
        s3_xml_text(&w, name, *sum ? sum : NULL);
        s3_xml_close(&w, "Part");
    }
    s3_xml_close(&w, "CompleteMultipartUpload");
    return s3_xml_finish(&w, err);
}

/* The ETag that the whole will have where ETags are MD5s: the MD5 of the parts' MD5s, and their number. */
static bool etag_of_parts(const struct s3_sink *s, char out[static 72])
{
    s3_digest d;
    uint8_t md5[S3_DIGEST_MAX];
    s3_digest_open(&d, S3_MD5);
    for (size_t i = 0; i < s->n_parts; i++) {
        if (strlen(s->parts[i].etag) != 32 || !nl_unhex(s->parts[i].etag, 32, md5))
            return false;
        s3_digest_update(&d, md5, 16);
    }
    char hex[33];
    s3_digest_final(&d, md5);
    nl_hex(md5, 16, hex);
    snprintf(out, 72, "%s-%zu", hex, s->n_parts);
    return true;
}

/* A completion failed that was sent more than once: did an earlier one, whose answer was lost, succeed? */
static bool completed_before(struct s3_sink *s)
{
    char want[72];
    nl_object_info info;
    if (is_conditional(s))
        return is_ours(s);
    return etag_of_parts(s, want) && !store_s3_head_call(s->client, s->bucket, s->key, &info, NULL, NULL) &&
           !strcmp(info.etag, want);
}

/* The whole object's checksum, from those of its parts; none where they do not combine. */
static struct store_checksum whole_checksum(const struct s3_sink *s)
{
    struct store_checksum whole = {0};
    for (size_t i = 0; i < s->n_parts && store_checksum_combines(s->parts[i].sum.kind) && s->parts[i].sum.len; i++)
        store_checksum_append(&whole, &s->parts[i].sum, s->parts[i].len);
    return whole;
}

/* Has the store put together the bytes that were sent? Where its answer carries the whole object's checksum. */
static int check_completed(const struct s3_sink *s, const struct store_call *call, nl_error *err)
{
    struct store_checksum whole = whole_checksum(s);
    char want[STORE_CHECKSUM_TEXT], name[32];
    nl_arena arena = {0};
    s3_xml_node *root;
    int rc = NL_OK;
    if (!whole.len || store_reply_xml(&arena, &call->text, "CompleteMultipartUploadResult", &root, NULL))
        return NL_OK;
    store_checksum_text(&whole, want);
    snprintf(name, sizeof name, "Checksum%s", s3_digest_name(whole.kind));
    const char *got = s3_xml_child_text(root, name);
    if (got && !strchr(got, '-') && strcmp(got, want) != 0)
        rc = nl_fail(err, NL_CORRUPT, "%s: the parts were put together wrongly: %s is %s, not %s", s->uri, name, got,
                     want);
    nl_arena_free(&arena);
    return rc;
}

static int complete(struct s3_sink *s, nl_error *err)
{
    nl_buf body = {0};
    s3_pair query = {"uploadId", s->upload_id}, condition = condition_of(s);
    struct store_call *call = NULL;
    int rc = completion_xml(s, &body, err);
    struct store_request r = {.method = "POST",
                              .bucket = s->bucket,
                              .key = s->key,
                              .query = &query,
                              .n_query = 1,
                              .headers = &condition,
                              .n_headers = is_conditional(s),
                              .body = body.data,
                              .body_len = body.len,
                              .error_in_200 = true};
    if (!rc)
        rc = store_call_run(s->client, &r, &call, err);
    if (rc && call && store_call_repeated(call) && completed_before(s)) {
        nl_error_clear(err);
        rc = NL_OK;
    } else if (!rc)
        rc = check_completed(s, call, err);
    store_call_free(call);
    nl_buf_free(&body);
    return rc;
}

/* The rest, and the end, of a multipart upload. */
static int finish_upload(struct s3_sink *s, nl_error *err)
{
    int rc = s->slots[s->current].len ? start_part(s, &s->slots[s->current], err) : NL_OK;
    for (size_t i = 0; !rc && i < s->n_slots; i++)
        rc = end_part(s, &s->slots[(s->current + 1 + i) % s->n_slots], err);
    return rc ? rc : complete(s, err);
}

static int s3_commit(nl_sink *base, nl_error *err)
{
    struct s3_sink *s = (struct s3_sink *)base;
    int rc = s->upload_id ? finish_upload(s, err) : put_whole(s, err);
    if (rc) {
        s3_abort(base);
        return rc;
    }
    sink_free(s);
    return NL_OK;
}

static const struct nl_sink_ops s3_sink_ops = {s3_write, s3_commit, s3_abort};

/* ── making one ── */

/* Parts so large that the object fits into most_parts (536 MiB for 5 TiB); and so few at a time that memory stays bounded,
 * but two. */
static void choose_sizes(struct s3_sink *s, const nl_put_options *o, const struct store_tuning *t)
{
    uint64_t fits = (uint64_t)t->part_size * most_parts;
    s->size_known = o->size_hint != 0;
    s->part_size = t->part_size * (s->size_known ? (size_t)((o->size_hint - 1) / fits) + 1 : 1);
    if (s->part_size > largest_part)
        s->part_size = largest_part;
    size_t memory = t->part_size * t->part_buffers;
    while (s->n_slots > 2 && s->n_slots * s->part_size > memory)
        s->n_slots--;
}

static int make_write_id(struct s3_sink *s, nl_error *err)
{
    uint8_t random[16];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return nl_fail(err, NL_IO, "no random numbers");
    nl_hex(random, sizeof random, s->write_id);
    return NL_OK;
}

int store_s3_create(store_backend *b, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err)
{
    static const nl_put_options none;
    const nl_put_options *o = options ? options : &none;
    struct store_client *c = (struct store_client *)b;
    char bucket[S3_BUCKET_MAX + 1];
    const char *key;
    *out = NULL;
    int rc = store_s3_object_uri(uri, bucket, &key, err);
    if (!rc)
        rc = store_client_resolve(c, err);
    if (rc)
        return rc;
    size_t n = c->tuning.part_buffers < 2 ? 2 : c->tuning.part_buffers;
    struct s3_sink *s = calloc(1, sizeof *s + n * sizeof s->slots[0]);
    if (!s)
        return nl_fail_memory(err);
    s->base.ops = &s3_sink_ops;
    s->client = c;
    s->n_slots = n;
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->hashed, NULL);
    for (size_t i = 0; i < n; i++)
        s->slots[i].sink = s;
    choose_sizes(s, o, &c->tuning);
    memcpy(s->bucket, bucket, sizeof bucket);
    s->if_absent = o->if_absent;
    s->uri = strdup(uri);
    const char *quote = o->if_match && *o->if_match == '"' ? "" : "\"";
    if (o->if_match && asprintf(&s->if_match, "%s%s%s", quote, o->if_match, quote) < 0)
        s->if_match = NULL;
    rc = s->uri && (!o->if_match || s->if_match) ? make_write_id(s, err) : nl_fail_memory(err);
    if (!rc && (rc = store_s3_object_headers(&s->arena, o, true, extra_headers, &s->headers, &s->n_headers, err)))
        nl_note(err, "%s", uri);
    if (rc) {
        sink_free(s);
        return rc;
    }
    s->key = s->uri + (key - uri);
    *out = &s->base;
    return NL_OK;
}
