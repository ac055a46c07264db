/* tests/scan/run/fake_store.c */
#include "scan/run/fake_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <neuralake/parquet.h>

#include "arrow/arrow.h"
#include "base/buf.h"
#include "base/io/merge.h"
#include "base/io/sink.h"
#include "base/io/source.h"
#include "support/check.h"
#include "support/rng.h"

struct file {
    char *uri;
    nl_block *block;
    size_t len;
    bool fails;
    struct file *next;
};

struct fake_source {
    nl_source base;
    struct file *file;
    bool has_tail;
    uint64_t tail_from;
};

struct fake_fetch {
    nl_fetch base;
    nl_range range;
    bool ahead; /* counted in bytes_ahead */
    bool is_tail;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t sent = PTHREAD_COND_INITIALIZER;
static struct file *files;
static struct fake_counts counts;
static uint64_t hold, hold_ranges, bytes_ahead;

void fake_reset(void)
{
    while (files) {
        struct file *f = files;
        files = f->next;
        nl_block_unref(f->block);
        free(f->uri);
        free(f);
    }
    counts = (struct fake_counts){0};
    hold = hold_ranges = bytes_ahead = 0;
}

void fake_put(const char *uri, const void *data, size_t len)
{
    nl_error err;
    struct file *f = calloc(1, sizeof *f);
    f->uri = strdup(uri);
    f->len = len;
    CHECK_OK(nl_block_new(len, &f->block, &err), err);
    memcpy(nl_block_data(f->block), data, len);
    f->next = files;
    files = f;
}

static struct file *find(const char *uri)
{
    for (struct file *f = files; f; f = f->next)
        if (strcmp(f->uri, uri) == 0)
            return f;
    return NULL;
}

void fake_fail(const char *uri)
{
    find(uri)->fails = true;
}

void fake_damage(const char *uri, size_t offset)
{
    nl_block_data(find(uri)->block)[offset] ^= 1;
}

size_t fake_size(const char *uri)
{
    return find(uri)->len;
}

struct fake_counts fake_counts(void)
{
    return counts;
}

void fake_hold(uint64_t requests)
{
    hold = requests;
}

void fake_hold_ranges(uint64_t requests)
{
    hold_ranges = requests;
}

/* ── a source ── */

static int new_fetch(struct fake_source *s, nl_range r, bool ahead, nl_fetch **out, nl_error *err)
{
    struct fake_fetch *f = calloc(1, sizeof *f);
    if (!f)
        return nl_fail_memory(err);
    *f = (struct fake_fetch){.base = {&s->base}, .range = r, .ahead = ahead};
    *out = &f->base;
    return NL_OK;
}

static void count(uint64_t requests, uint64_t bytes, uint64_t ahead)
{
    pthread_mutex_lock(&mutex);
    counts.requests += requests;
    counts.bytes += bytes;
    bytes_ahead += ahead;
    if (bytes_ahead > counts.max_bytes_ahead)
        counts.max_bytes_ahead = bytes_ahead;
    pthread_cond_broadcast(&sent);
    pthread_mutex_unlock(&mutex);
}

static int submit_tail(nl_source *base, uint64_t want, nl_fetch **out, nl_error *err)
{
    struct fake_source *s = (struct fake_source *)base;
    uint64_t n = want < s->file->len ? want : s->file->len;
    s->tail_from = s->file->len - n;
    s->has_tail = true;
    count(1, n, 0);
    int rc = new_fetch(s, (nl_range){s->tail_from, n}, false, out, err);
    if (!rc)
        ((struct fake_fetch *)*out)->is_tail = true;
    return rc;
}

static int submit(nl_source *base, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    struct fake_source *s = (struct fake_source *)base;
    nl_range far[64], requests[64];
    size_t which[64], n_far = 0;
    uint64_t bytes = 0, wanted = 0;
    for (size_t i = 0; i < n; i++) {
        bool near = s->has_tail && ranges[i].offset >= s->tail_from;
        if (!near && ranges[i].length)
            far[n_far++] = ranges[i];
        wanted += ranges[i].length;
        int rc = new_fetch(s, ranges[i], true, &out[i], err);
        if (rc) {
            while (i)
                free(out[--i]);
            return rc;
        }
    }
    size_t n_requests = nl_merge_ranges(far, n_far, 4096, UINT64_MAX, requests, which);
    for (size_t i = 0; i < n_requests; i++)
        bytes += requests[i].length;
    count(n_requests, bytes, wanted);
    return NL_OK;
}

static void end_fetch(struct fake_fetch *f)
{
    pthread_mutex_lock(&mutex);
    if (f->ahead)
        bytes_ahead -= f->range.length;
    pthread_mutex_unlock(&mutex);
    free(f);
}

static int wait_fetch(nl_fetch *base, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct fake_fetch *f = (struct fake_fetch *)base;
    struct fake_source *s = (struct fake_source *)base->source;
    struct nl_cancel_watch watch = {.mutex = &mutex, .cond = &sent};
    nl_cancel_watch(cancel, &watch);
    pthread_mutex_lock(&mutex);
    while (counts.requests < (f->is_tail ? hold : hold > hold_ranges ? hold : hold_ranges) && !nl_cancelled(cancel))
        pthread_cond_wait(&sent, &mutex);
    pthread_mutex_unlock(&mutex);
    nl_cancel_unwatch(cancel, &watch);

    int rc = nl_cancel_check(cancel, err);
    if (!rc && s->file->fails)
        rc = nl_fail(err, NL_IO, "%s: connection reset", s->base.name);
    s->base.size = s->file->len;
    if (!rc)
        *out = nl_bytes_of(s->file->block, f->range.offset, f->range.length);
    end_fetch(f);
    return rc;
}

static void drop_fetch(nl_fetch *base)
{
    end_fetch((struct fake_fetch *)base);
}

static void close_source(nl_source *base)
{
    pthread_mutex_lock(&mutex);
    counts.closed++;
    pthread_mutex_unlock(&mutex);
    free(base);
}

static const struct nl_source_ops ops = {
    .submit_tail = submit_tail, .submit = submit, .wait = wait_fetch, .drop = drop_fetch, .close = close_source};

int nl_store_open(nl_store *store, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err)
{
    (void)store;
    (void)info;
    *out = NULL;
    struct file *f = find(uri);
    if (!f)
        return nl_fail(err, NL_NOT_FOUND, "%s: no such object", uri);
    struct fake_source *s = calloc(1, sizeof *s);
    if (!s)
        return nl_fail_memory(err);
    s->base = (nl_source){.ops = &ops, .name = f->uri, .size = NL_SIZE_UNKNOWN};
    s->file = f;
    pthread_mutex_lock(&mutex);
    counts.opened++;
    pthread_mutex_unlock(&mutex);
    *out = &s->base;
    return NL_OK;
}

/* ── Parquet files ── */

static void fill(struct arrow_builder *const b[3], const struct fake_parquet *p)
{
    struct rng r = rng_fixed((uint64_t)p->first + 1);
    uint8_t pad[4096];
    nl_error err;
    for (int64_t row = 0; row < p->rows; row++) {
        int64_t id = p->first + (p->distinct ? row % p->distinct : row) * (p->step ? p->step : 1);
        char name[64];
        int len = snprintf(name, sizeof name, "row %lld", (long long)id);
        CHECK_OK(arrow_builder_int(b[0], id, &err), err);
        CHECK_OK(arrow_builder_bytes(b[1], name, (size_t)len, &err), err);
        rng_bytes(&r, pad, p->pad_bytes);
        CHECK_OK(arrow_builder_bytes(b[2], pad, p->pad_bytes, &err), err);
    }
}

void fake_put_parquet(const char *uri, struct fake_parquet p)
{
    const char *const formats[] = {p.id_format ? p.id_format : "l", "u", "z"}, *const names[] = {"id", "name", "pad"};
    struct ArrowSchema schema;
    struct ArrowArray columns[3], kept[3], batch;
    struct arrow_builder *b[3];
    nl_parquet_writer *w;
    nl_buf out = {0};
    nl_sink *sink;
    nl_error err;
    for (int i = 0; i < 3; i++)
        CHECK_OK(arrow_builder_new(formats[i], &b[i], &err), err);
    fill(b, &p);
    size_t n = 0;
    bool wanted[] = {true, !p.no_name, p.pad_bytes > 0};
    CHECK_OK(arrow_schema_struct(&schema, 1 + wanted[1] + wanted[2], &err), err);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(arrow_builder_finish(b[i], &columns[i], &err), err);
        arrow_builder_free(b[i]);
        if (!wanted[i]) {
            arrow_array_release(&columns[i]);
            continue;
        }
        CHECK_OK(arrow_schema_field(schema.children[n], formats[i], names[i], false, &err), err);
        arrow_array_move(&columns[i], &kept[n++]);
    }
    CHECK_OK(arrow_batch_make(kept, n, p.rows, &batch, &err), err);
    CHECK_OK(nl_sink_create_memory(&out, &sink, &err), err);
    nl_parquet_write_options options = {.row_group_rows = p.group_rows,
                                        .codec = NL_PARQUET_UNCOMPRESSED,
                                        .page_rows = p.page_rows,
                                        .no_page_index = p.no_index,
                                        .no_dictionary = !p.dictionary,
                                        .columns = &(nl_parquet_column_options){.path = "id", .bloom_filter = p.bloom},
                                        .n_columns = 1};
    CHECK_OK(nl_parquet_writer_new(sink, &schema, &options, &w, &err), err);
    CHECK_OK(nl_parquet_write(w, &batch, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    nl_parquet_writer_free(w);
    CHECK_OK(nl_sink_commit(sink, &err), err);
    fake_put(uri, out.data, out.len);
    nl_buf_free(&out);
    arrow_array_release(&batch);
    arrow_schema_release(&schema);
}
