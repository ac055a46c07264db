/* source.c: an object as a source, and a file of the web (web/web.h).
 *
 *     ranges    ▓▓ ▓▓▓          ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓         ▓▓ in the tail
 *     units    ├──────┤        ├────────────────────────┤        (none: served from memory)
 *     calls    ├──────┤        ├───────┤├───────┤├──────┤
 *
 * A unit is one block of memory, filled by one call, or by several side by side where it is large; fetches whose ranges it
 * holds share it. The tail of an object of unknown size is a unit whose block the answer makes.
 *
 * O1  The first answer's ETag is the source's version: later requests carry it as If-Match, later answers must repeat it.
 * O2  What a listing said (size, ETag) is believed, and checked by O1 like everything else.
 * O3  Answers are looked at by who waits, never by the I/O thread.
 * O4  A version that is only expected (store_source_expect) is none before the store has said so: the first tail is asked for
 *     with If-None-Match, and 304 makes it the version of O1. A tail without bytes, of an object that has some, says that.
 * O5  No answer to a range brings a checksum that is of use. So what goes to a file range by range is hashed on its way, the
 *     ranges' checksums are combined, and compared with the whole's, which a HEAD asks for when the range at offset 0 is
 *     asked for. Where the store has no CRC64NVME of the whole, or no HEAD, or answers it long after the bytes, nothing is
 *     compared.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "s3proto/names.h"
#include "s3proto/time.h"
#include "store/s3/schedule.h"
#include "store/s3/unit.h"
#include "store/version.h"
#include "store/web/web.h"

enum { tail_kept_max = 16 << 20, head_patience_s = 10 };

struct s3_fetch {
    nl_fetch base;
    nl_range range;          /* of a tail: length is what was wanted */
    bool is_tail;            /* a range that was asked for as the tail: kept as one */
    struct store_unit *unit; /* NULL: ready */
    nl_bytes ready;
};

static struct s3_source *source_of(nl_source *s)
{
    return (struct s3_source *)s;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ── what answers teach ── */

static int changed(const struct s3_source *s, nl_error *err)
{
    return nl_fail(err, NL_CONFLICT, "%s: the object was changed while it was read", s->base.name);
}

/* O1: take the version and the size, or compare them with what is known. */
static int learn(struct s3_source *s, const struct store_reply *r, uint64_t total, nl_error *err)
{
    bool same = true;
    pthread_mutex_lock(&s->mutex);
    if (!s->base.modified)
        s->base.modified = r->modified;
    else if (s->url && r->modified && !r->etag[0] && !s->etag[0])
        same = s->base.modified == r->modified;
    if (r->etag[0] && !s->etag[0])
        memcpy(s->etag, r->etag, sizeof s->etag);
    else if (r->etag[0])
        same = !strcmp(s->etag, r->etag);
    if (total != NL_SIZE_UNKNOWN) {
        uint64_t known = s->base.size;
        if (known == NL_SIZE_UNKNOWN)
            s->base.size = total;
        else
            same = same && known == total;
    }
    pthread_mutex_unlock(&s->mutex);
    return same ? NL_OK : changed(s, err);
}

/* O4: the object is the version that was expected. */
static int confirm(struct s3_source *s, const struct store_reply *r, nl_error *err)
{
    if (r->etag[0] && strcmp(r->etag, s->expected) != 0)
        return changed(s, err);
    struct store_reply same = *r;
    memcpy(same.etag, s->expected, sizeof same.etag);
    return learn(s, &same, s->expected_size, err);
}

/* Where an answer brought the whole object and its checksum: do they fit? */
static int check_whole(const struct s3_source *s, struct store_call *call, uint64_t total, nl_error *err)
{
    bool looked_at = call->request.to_file || atomic_load(&call->verified);
    if (!s->client->verify_checksums || call->received != total || looked_at)
        return NL_OK;
    int rc = store_checksum_verify(&call->reply.checksum, call->bytes.data, call->received, err);
    if (rc)
        nl_note(err, "%s", s->base.name);
    else
        atomic_store(&call->verified, true);
    return rc;
}

/* One piece of a range has arrived: is it what was asked for? */
static int check_piece(struct s3_source *s, struct store_call *call, nl_range want, nl_error *err)
{
    const struct store_reply *r = &call->reply;
    int rc = store_call_result(call, err);
    if (rc)
        return rc;
    bool whole = r->http == 200 && want.offset == 0;
    uint64_t total = whole ? call->received : r->total;
    rc = learn(s, r, total, err);
    if (rc)
        return rc;
    if (!whole && (r->http != 206 || r->first != want.offset))
        return nl_fail(err, NL_UNSUPPORTED, "%s: %s does not answer requests for a range (HTTP %d)", s->base.name,
                       call->endpoint->base, r->http);
    if (call->received != want.length)
        return nl_fail(err, NL_INVALID,
                       "%s: %" PRIu64 " bytes at offset %" PRIu64 " do not lie inside the object: %zu came",
                       s->base.name, want.length, want.offset, call->received);
    return check_whole(s, call, total, err);
}

static int wait_range(struct s3_source *s, struct s3_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct store_unit *u = f->unit;
    uint64_t begin = f->range.offset - u->offset, end = begin + f->range.length;
    int rc = store_unit_need(u, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < u->n_calls; i++) {
        nl_range piece = {u->offset + i * u->piece, least(u->piece, nl_block_size(u->block) - i * u->piece)};
        if (i * u->piece >= end || i * u->piece + piece.length <= begin)
            continue;
        rc = store_call_wait(u->calls[i], cancel, err);
        if (!rc)
            rc = check_piece(s, u->calls[i], piece, err);
        if (rc)
            return rc;
    }
    *out = nl_bytes_of(u->block, (size_t)begin, (size_t)f->range.length);
    return NL_OK;
}

/* ── ranges that go to a file (O5) ── */

/* Wait for what the store knows of the whole, but not long: the bytes are there. One that asks for other keys, or another region,
 * is mended, and waited for as any other. */
static bool head_comes(struct store_call *head, nl_cancel *cancel)
{
    struct store_client *c = head->client;
    struct nl_cancel_watch watch = {.mutex = &c->mutex, .cond = &head->done};
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += head_patience_s;
    nl_cancel_watch(cancel, &watch);
    pthread_mutex_lock(&c->mutex);
    bool late = false, comes = false;
    while (!late &&
           !(comes = head->state == STORE_CALL_DONE || head->state == STORE_CALL_ASKING || nl_cancelled(cancel)))
        late = pthread_cond_clockwait(&head->done, &c->mutex, CLOCK_MONOTONIC, &until) == ETIMEDOUT;
    pthread_mutex_unlock(&c->mutex);
    nl_cancel_unwatch(cancel, &watch);
    return comes;
}

/* Everything was summed up: is it what the store says of the whole? */
static int compare_whole(struct s3_source *s, struct store_call *head, nl_cancel *cancel, nl_error *err)
{
    if (!head_comes(head, cancel))
        return NL_OK;
    int rc = store_call_wait(head, cancel, err);
    if (rc || store_call_result(head, NULL))
        return rc;
    const struct store_reply *r = &head->reply;
    if (r->checksum.kind != s->sum.kind || r->checksum.len != s->sum.len || strcmp(r->etag, s->etag) != 0)
        return NL_OK;
    rc = store_checksum_compare(&r->checksum, &s->sum, err);
    if (rc)
        nl_note(err, "%s", s->base.name);
    return rc;
}

static int wait_file(struct s3_source *s, struct s3_fetch *f, nl_cancel *cancel, nl_error *err)
{
    struct store_call *call = f->unit->calls[0];
    int rc = store_call_wait(call, cancel, err);
    if (!rc)
        rc = check_piece(s, call, f->range, err);
    if (rc || !call->sum.len)
        return rc;
    pthread_mutex_lock(&s->mutex);
    bool next = f->range.offset == s->summed;
    if (next) {
        store_checksum_append(&s->sum, &call->sum, f->range.length);
        s->summed += f->range.length;
    }
    bool whole = next && s->summed == s->base.size;
    struct store_call *head = s->head;
    pthread_mutex_unlock(&s->mutex);
    return whole && head ? compare_whole(s, head, cancel, err) : NL_OK;
}

/* Ask for the checksum of the whole, once. What becomes of it shows at the end. */
static int ask_head(struct s3_source *s, nl_error *err)
{
    static const s3_pair mode[] = {{"x-amz-checksum-mode", "ENABLED"}};
    struct store_call *call;
    struct store_request r = {.method = "HEAD", .bucket = s->bucket, .key = s->key, .headers = mode, .n_headers = 1};
    pthread_mutex_lock(&s->mutex);
    bool asked = s->head_asked;
    s->head_asked = true;
    pthread_mutex_unlock(&s->mutex);
    if (asked)
        return NL_OK;
    int rc = store_call_new(s->client, &r, &call, err);
    if (!rc) {
        rc = store_call_submit(call, err);
        if (rc)
            store_call_free(call);
    }
    pthread_mutex_lock(&s->mutex);
    if (rc)
        s->head_asked = false;
    else
        s->head = call;
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

/* Keep a tail for ranges that lie inside it. */
static void keep_tail(struct s3_source *s, nl_bytes tail, uint64_t total)
{
    pthread_mutex_lock(&s->mutex);
    if (!s->tail.data && tail.len && tail.len <= (s->url ? STORE_WEB_WHOLE : tail_kept_max)) {
        s->tail = nl_bytes_slice(tail, 0, tail.len);
        s->tail_from = total - tail.len;
    }
    pthread_mutex_unlock(&s->mutex);
}

/* Bytes that came without their length: from text into a block. */
static int block_of_text(struct store_call *call, nl_error *err)
{
    nl_block *block;
    int rc = nl_block_new(call->text.len, &block, err);
    if (rc)
        return rc;
    memcpy(nl_block_data(block), call->text.data, call->text.len);
    call->bytes = nl_bytes_of(block, 0, call->text.len);
    nl_block_unref(block);
    return NL_OK;
}

/* A server of the web that knows no "last bytes", or has more than is read whole, but told the size: the same by its place. */
static int tail_by_place(struct s3_source *s, struct s3_fetch *f, uint64_t total, nl_cancel *cancel, nl_bytes *out,
                         nl_error *err)
{
    int rc = learn(s, &f->unit->calls[0]->reply, total, err);
    if (rc)
        return rc;
    uint64_t take = least(f->range.length, total);
    if (!take)
        return NL_OK;
    struct store_unit *u = f->unit;
    rc = store_unit_of_range(s, (nl_range){total - take, take}, take, &f->unit, err);
    store_unit_unref(u);
    if (rc)
        return rc;
    store_unit_queue(s, f->unit);
    f->range = (nl_range){total - take, take};
    return wait_range(s, f, cancel, out, err);
}

/* Is this such an answer? Then *total is the size. */
static bool tail_was_not_understood(const struct s3_source *s, const struct store_call *call, uint64_t *total)
{
    const struct store_reply *r = &call->reply;
    if (!s->url)
        return false;
    *total = r->http == 416 && !call->failed ? r->total : r->http == 200 && call->failed == NL_INVALID ? r->length : 0;
    return *total && *total != UINT64_MAX;
}

/* The answer to a tail: 206 with a part, 200 with all, 416 for an empty object. */
static int wait_tail(struct s3_source *s, struct s3_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct store_call *call = f->unit->calls[0];
    const struct store_reply *r = &call->reply;
    int rc = store_call_wait(call, cancel, err);
    if (rc)
        return rc;
    bool empty = call->curl == CURLE_OK && !call->failed && r->http == 416 && (r->total == 0 || r->total == UINT64_MAX);
    if (empty)
        return learn(s, r, 0, err);
    if (call->curl == CURLE_OK && !call->failed && r->http == 304 && s->expected[0])
        return confirm(s, r, err);
    uint64_t total;
    if (tail_was_not_understood(s, call, &total))
        return tail_by_place(s, f, total, cancel, out, err);
    rc = store_call_result(call, err);
    if (!rc && !call->bytes.data && call->text.len)
        rc = block_of_text(call, err);
    if (rc)
        return rc;
    total = r->http == 206 ? r->total : call->received;
    bool fits =
        r->http != 206 || (total != UINT64_MAX && r->last + 1 == total && r->last - r->first + 1 == call->received);
    if (!fits)
        return nl_fail(err, NL_UNSUPPORTED, "%s: %s answered a request for a range with something else (HTTP %d)",
                       s->base.name, call->endpoint->base, r->http);
    rc = learn(s, r, total, err);
    if (!rc)
        rc = check_whole(s, call, total, err);
    if (rc)
        return rc;
    nl_bytes got = {call->bytes.data, call->received, call->bytes.block};
    size_t give = (size_t)least(f->range.length, got.len);
    keep_tail(s, got, total);
    *out = nl_bytes_slice(got, got.len - give, give);
    return NL_OK;
}

/* ── the calls of a source ── */

static void s3_drop(nl_fetch *base)
{
    struct s3_fetch *f = (struct s3_fetch *)base;
    nl_bytes_release(&f->ready);
    store_unit_unref(f->unit);
    store_unit_advance(source_of(base->source));
    free(f);
}

static int s3_wait(nl_fetch *base, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct s3_fetch *f = (struct s3_fetch *)base;
    struct s3_source *s = source_of(base->source);
    int rc = nl_cancel_check(cancel, err);
    if (!rc && !f->unit) {
        *out = f->ready;
        f->ready = (nl_bytes){0};
    } else if (!rc && f->unit->to_file) {
        rc = wait_file(s, f, cancel, err);
    } else if (!rc) {
        rc = f->unit->tail ? wait_tail(s, f, cancel, out, err) : wait_range(s, f, cancel, out, err);
        if (!rc && f->is_tail)
            keep_tail(s, *out, base->source->size);
    }
    s3_drop(base);
    return rc;
}

/* Is the range empty, or inside the tail that was kept? Then its bytes are in *out. */
static bool from_memory(struct s3_source *s, nl_range want, nl_bytes *out)
{
    *out = (nl_bytes){0};
    if (!want.length)
        return true;
    pthread_mutex_lock(&s->mutex);
    bool inside = s->tail.data && want.offset >= s->tail_from && want.length <= s->tail.len &&
                  want.offset - s->tail_from <= s->tail.len - want.length;
    if (inside)
        *out = nl_bytes_slice(s->tail, (size_t)(want.offset - s->tail_from), (size_t)want.length);
    pthread_mutex_unlock(&s->mutex);
    return inside;
}

static int fetch_new(struct s3_source *s, nl_range range, struct store_unit *u, nl_bytes ready, nl_fetch **out,
                     nl_error *err)
{
    struct s3_fetch *f = malloc(sizeof *f);
    if (!f)
        return nl_fail_memory(err);
    *f = (struct s3_fetch){.base = {&s->base}, .range = range, .unit = u, .ready = ready};
    *out = &f->base;
    return NL_OK;
}

/* Units for the n ranges that memory does not hold, into the queue; at[i] is the place in out of wants[i]. */
static int submit_units(struct s3_source *s, const nl_range *wants, const size_t *at, size_t n, nl_fetch **out,
                        nl_error *err)
{
    struct store_limits limits = store_client_limits(s->client);
    struct store_span *spans = calloc(n, sizeof *spans);
    size_t *which = calloc(n, sizeof *which), count = 0;
    struct store_unit **units = calloc(n, sizeof *units);
    int rc = spans && which && units ? NL_OK : nl_fail_memory(err);
    if (!rc && !store_schedule_spans(wants, n, &limits, spans, which, &count))
        rc = nl_fail_memory(err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = store_unit_of_range(s, spans[i].range, spans[i].piece, &units[i], err);
    for (size_t i = 0; !rc && i < n; i++) {
        rc = fetch_new(s, wants[i], units[which[i]], (nl_bytes){0}, &out[at[i]], err);
        if (!rc)
            atomic_fetch_add(&units[which[i]]->refs, 1);
    }
    for (size_t i = 0; i < count && units; i++) {
        if (!rc)
            store_unit_queue(s, units[i]);
        else if (units[i])
            units[i]->state = UNIT_SENT; /* never to be waited for */
        store_unit_unref(units[i]);      /* ours; the fetches and the queue have their own */
    }
    if (!rc)
        store_unit_advance(s);
    free(spans);
    free(which);
    free(units);
    return rc;
}

static int s3_submit(nl_source *base, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    struct s3_source *s = source_of(base);
    nl_range *wants = calloc(n, sizeof *wants);
    size_t *at = calloc(n, sizeof *at), missing = 0;
    int rc = wants && at ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; !rc && i < n; i++) {
        nl_bytes ready;
        rc = nl_source_check_range(base, ranges[i], err);
        if (rc)
            break;
        if (from_memory(s, ranges[i], &ready)) {
            rc = fetch_new(s, ranges[i], NULL, ready, &out[i], err);
            if (rc)
                nl_bytes_release(&ready);
        } else {
            wants[missing] = ranges[i];
            at[missing++] = i;
        }
    }
    if (!rc && missing)
        rc = submit_units(s, wants, at, missing, out, err);
    for (size_t i = 0; rc && i < n; i++) {
        nl_fetch_drop(out[i]);
        out[i] = NULL;
    }
    free(wants);
    free(at);
    return rc;
}

static int s3_submit_to_file(nl_source *base, nl_range want, int fd, uint64_t at, nl_fetch **out, nl_error *err)
{
    struct s3_source *s = source_of(base);
    struct store_unit *u = NULL;
    int rc = NL_OK;
    if (!want.length)
        return fetch_new(s, want, NULL, (nl_bytes){0}, out, err);
    if (want.length > SIZE_MAX / 2 || at > INT64_MAX - want.length)
        return nl_fail(err, NL_INVALID, "%s: %" PRIu64 " bytes at %" PRIu64 " fit into no file", s->base.name,
                       want.length, at);
    bool verify = s->client->verify_checksums && !s->url;
    if (verify && !want.offset)
        rc = ask_head(s, err);
    if (!rc)
        rc = store_unit_new(s, 1, &u, err);
    if (rc)
        return rc;
    u->to_file = true;
    u->offset = want.offset;
    u->piece = want.length;
    char range[64];
    snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, want.offset, want.offset + want.length - 1);
    struct store_request r = {
        .to_file = true, .file_hashed = verify, .fd = fd, .file_at = at, .room = (size_t)want.length};
    rc = store_unit_send(s, u, 0, range, r, err);
    if (!rc)
        rc = fetch_new(s, want, u, (nl_bytes){0}, out, err);
    if (rc)
        store_unit_unref(u);
    return rc;
}

static int s3_submit_tail(nl_source *base, uint64_t want, nl_fetch **out, nl_error *err)
{
    uint64_t size = base->size;
    if (size != NL_SIZE_UNKNOWN) {
        uint64_t take = least(want, size);
        int rc = s3_submit(base, &(nl_range){size - take, take}, 1, out, err);
        if (!rc)
            ((struct s3_fetch *)*out)->is_tail = true;
        return rc;
    }
    struct store_unit *u;
    int rc = store_unit_of_tail(source_of(base), want, &u, err);
    if (rc)
        return rc;
    rc = fetch_new(source_of(base), (nl_range){0, want}, u, (nl_bytes){0}, out, err);
    if (rc)
        store_unit_unref(u);
    return rc;
}

static void s3_close(nl_source *base)
{
    struct s3_source *s = source_of(base);
    nl_bytes_release(&s->tail);
    store_call_drop(s->head);
    store_unit_clear(s);
    pthread_cond_destroy(&s->started);
    pthread_mutex_destroy(&s->mutex);
    free(s->base.name);
    free(s->url);
    free(s);
}

static const struct nl_source_ops s3_source_ops = {.submit_to_file = s3_submit_to_file,
                                                   .submit_tail = s3_submit_tail,
                                                   .submit = s3_submit,
                                                   .wait = s3_wait,
                                                   .drop = s3_drop,
                                                   .close = s3_close};

/* Of the web: a server may send everything instead of a range, which a file at some place has no use for. */
static const struct nl_source_ops web_source_ops = {
    .submit_tail = s3_submit_tail, .submit = s3_submit, .wait = s3_wait, .drop = s3_drop, .close = s3_close};

void store_source_etag(nl_source *base, char out[static 72])
{
    struct s3_source *s = source_of(base);
    pthread_mutex_lock(&s->mutex);
    memcpy(out, s->etag, sizeof s->etag);
    pthread_mutex_unlock(&s->mutex);
}

void store_source_expect(nl_source *base, const char *etag, uint64_t size)
{
    struct s3_source *s = source_of(base);
    snprintf(s->expected, sizeof s->expected, "%s", etag);
    s->expected_size = size;
}

int store_source_identity(nl_source *base, nl_buf *out, nl_error *err)
{
    struct s3_source *s = source_of(base);
    nl_buf host = {0}, path = {0};
    int rc = store_client_resolve(s->client, err);
    if (!rc && s->url)
        return nl_buf_printf(out, err, "web %s", s->url);
    if (!rc)
        rc = store_endpoint_address(&s->client->endpoint, s->bucket, s->key, &host, &path, err);
    if (!rc)
        rc =
            nl_buf_printf(out, err, "s3 %s://%s%s", s->client->endpoint.https ? "https" : "http", host.data, path.data);
    nl_buf_free(&host);
    nl_buf_free(&path);
    return rc;
}

int store_s3_object_uri(const char *uri, char bucket[static 64], const char **key, nl_error *err)
{
    int rc = s3_uri_split(uri, bucket, key, err);
    if (rc)
        return rc;
    rc = s3_key_check(*key, strlen(*key), err);
    if (rc)
        nl_note(err, "%s", uri);
    return rc;
}

/* Takes the name, which must be there. NULL: no memory. */
static struct s3_source *source_new(struct store_client *c, char *name, const nl_object_info *info)
{
    struct s3_source *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->base.ops = &s3_source_ops;
    s->base.name = name;
    s->base.size = info ? info->size : NL_SIZE_UNKNOWN;
    s->base.modified = info ? info->modified : 0;
    s->client = c;
    if (info)
        memcpy(s->etag, info->etag, sizeof s->etag);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->started, NULL);
    return s;
}

int store_s3_open(store_backend *b, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err)
{
    char bucket[S3_BUCKET_MAX + 1];
    const char *key;
    *out = NULL;
    int rc = store_s3_object_uri(uri, bucket, &key, err);
    if (rc)
        return rc;
    char *name = strdup(uri);
    struct s3_source *s = name ? source_new((struct store_client *)b, name, info) : NULL;
    if (!s) {
        free(name);
        return nl_fail_memory(err);
    }
    memcpy(s->bucket, bucket, sizeof bucket);
    s->key = name + (key - uri);
    *out = &s->base;
    return NL_OK;
}

int store_source_of_url(struct store_client *c, const char *url, char *name, const nl_object_info *info,
                        nl_source **out, nl_error *err)
{
    char *copy = strdup(url);
    struct s3_source *s = copy ? source_new(c, name, info) : NULL;
    *out = NULL;
    if (!s) {
        free(copy);
        return nl_fail_memory(err);
    }
    s->base.ops = &web_source_ops;
    s->url = copy;
    *out = &s->base;
    return NL_OK;
}
