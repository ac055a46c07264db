/* run/files.c: scan_files(): workers claim morsels, wait for their bytes, decode, and add what the file does not have.
 *
 *     morsel ──fetches──▶ bytes ──pq_group_reader──▶ batch of the file's columns ──┐      filtered, as far as it can be
 *                                  constant columns (partition, absent) ───────────┴──▶ batch of the projection
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/group.h"
#include "scan/plan/columns.h"
#include "scan/plan/rows.h"
#include "scan/run/constant.h"
#include "scan/run/scan.h"
#include "scan/run/schedule.h"

#define BATCH_ROWS 65536

struct file_scan {
    struct scan base;
    nl_arena arena; /* filter, projection */
    struct scan_table *table;
    nl_cancel *cancel;
    int64_t batch_rows;
    size_t *columns;
    size_t n;
    struct scan_schedule schedule;
    atomic_uint_least64_t rows, filtered;
};

struct file_worker {
    struct scan_worker base;
    struct scan_morsel *morsel; /* claimed; NULL between two */
    struct pq_group_reader *reader;
    nl_arena arena;                  /* the reader's filter */
    uint64_t batch;                  /* within the morsel */
    struct scan_constant *constants; /* n; made when a morsel needs them, for its file */
    bool only_file_columns;          /* the reader's batches are the projection as it is */
    int status;                      /* how it ended; repeated */
    nl_error error;
};

/* Batches of one morsel count from here. */
static uint64_t batch_index(uint64_t morsel, uint64_t batch)
{
    return morsel << 24 | batch;
}

/* ── a morsel's life ── */

static void drop_constants(struct file_worker *w)
{
    const struct file_scan *s = (const struct file_scan *)w->base.scan;
    for (size_t i = 0; i < s->n; i++)
        scan_constant_free(&w->constants[i]);
}

static void finish_morsel(struct file_worker *w, bool failed)
{
    struct file_scan *s = (struct file_scan *)w->base.scan;
    if (w->reader)
        atomic_fetch_add_explicit(&s->filtered, (uint64_t)pq_group_filtered(w->reader), memory_order_relaxed);
    pq_group_reader_free(w->reader);
    nl_arena_free(&w->arena);
    w->reader = NULL;
    drop_constants(w);
    if (w->morsel)
        scan_schedule_finish(&s->schedule, w->morsel, failed);
    w->morsel = NULL;
}

/* Wait for the bytes of the morsel's leaves. */
static int wait_chunks(const struct file_scan *s, struct scan_morsel *m, struct pq_segment *chunks, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < m->plan.n && !rc; i++) {
        chunks[i].offset = m->plan.ranges[i].offset;
        chunks[i].first_row = m->plan.first_rows[i];
        rc = nl_fetch_wait(m->fetches[i], s->cancel, &chunks[i].bytes, err);
        m->fetches[i] = NULL; /* it has ended either way (S1) */
    }
    return rc;
}

static int start_reader(struct file_worker *w, nl_error *err)
{
    struct file_scan *s = (struct file_scan *)w->base.scan;
    struct scan_morsel *m = w->morsel;
    struct pq_segment *chunks = calloc(m->plan.n + 1, sizeof *chunks);
    size_t n_leaves = m->plan.columns.n_leaves;
    struct pq_leaf_bytes *leaves = calloc(n_leaves + 1, sizeof *leaves);
    int rc = chunks && leaves ? wait_chunks(s, m, chunks, err) : nl_fail_memory(err);
    const struct filter *filter = NULL;
    if (!rc)
        rc = scan_plan_filter(s->schedule.filter, &s->schedule.projection, m->file->map, &w->arena, &filter, err);
    if (!rc) {
        struct pq_group_options options = {.string_views = true,
                                           .cancel = s->cancel,
                                           .rows = m->plan.rows,
                                           .n_rows = m->plan.n_rows,
                                           .filter = filter};
        for (size_t i = 0; i < n_leaves; i++)
            leaves[i] = (struct pq_leaf_bytes){&chunks[m->plan.starts[i]], m->plan.starts[i + 1] - m->plan.starts[i]};
        rc = pq_group_reader_new(m->file->file, m->row_group, &m->plan.columns, leaves, &options, &w->reader, err);
        if (rc)
            nl_note(err, "%s", m->file->what->uri);
    }
    for (size_t i = 0; chunks && i < m->plan.n; i++)
        nl_bytes_release(&chunks[i].bytes); /* what the reader has not taken */
    free(chunks);
    free(leaves);
    w->batch = 0;
    w->only_file_columns = m->plan.columns.n_columns == s->n && !m->file->widenings;
    return rc;
}

/* Claim the next morsel and start on it. *end: there is none. */
static int next_morsel(struct file_worker *w, bool *end, nl_error *err)
{
    struct file_scan *s = (struct file_scan *)w->base.scan;
    int rc = scan_schedule_claim(&s->schedule, s->cancel, &w->morsel, err);
    *end = !rc && !w->morsel;
    if (rc || *end)
        return rc;
    if (w->morsel->error.code) {
        *err = w->morsel->error;
        return err->code;
    }
    return start_reader(w, err);
}

/* ── batches ── */

/* Can one array of a constant serve all batches? Nested types and a few others can only be null, and are made anew. */
static bool is_shared(const struct ArrowSchema *field)
{
    return !strchr("+ne", field->format[0]) && strncmp(field->format, "ti", 2) != 0 &&
           strncmp(field->format, "tD", 2) != 0;
}

/* The constant column i of the projection, n rows. */
static int constant_column(struct file_worker *w, size_t i, int64_t rows, struct ArrowArray *out, nl_error *err)
{
    const struct file_scan *s = (const struct file_scan *)w->base.scan;
    const struct scan_table *t = s->table;
    struct scan_constant *c = &w->constants[i];
    size_t column = s->columns[i];
    if (!is_shared(t->schema.children[column]))
        return pq_adapt_nulls(t->schema.children[column], rows, out, err);
    if (c->rows < rows) {
        nl_value null = {.kind = NL_VALUE_NULL};
        const nl_value *value =
            column < t->n_file_columns ? &null : &w->morsel->file->what->partition_values[column - t->n_file_columns];
        scan_constant_free(c);
        int rc = scan_constant_make(c, t->schema.children[column]->format, value, rows, err);
        if (rc)
            return rc;
    }
    return scan_constant_array(c, rows, out, err);
}

/* A column of the file (moved in) as the table has it. */
static int file_column(const struct scan_open_file *f, size_t column, struct ArrowArray *a, struct ArrowArray *out,
                       nl_error *err)
{
    if (f->widenings && f->widenings[column]) {
        int rc = pq_adapt_batch(f->widenings[column], a, out, err);
        if (rc)
            nl_note(err, "%s", f->what->uri);
        return rc;
    }
    arrow_array_move(a, out);
    return NL_OK;
}

/* Put the file's columns and the constants into the order of the projection. batch is moved in. */
static int assemble(struct file_worker *w, struct ArrowArray *batch, struct ArrowArray *out, nl_error *err)
{
    const struct file_scan *s = (const struct file_scan *)w->base.scan;
    const struct scan_table *t = s->table;
    struct ArrowArray *columns = calloc(s->n ? s->n : 1, sizeof *columns);
    int rc = columns ? NL_OK : nl_fail_memory(err);
    size_t from = 0, n = 0;
    for (; n < s->n && !rc; n++) {
        size_t column = s->columns[n];
        if (column < t->n_file_columns && w->morsel->file->map[column] != SCAN_ABSENT)
            rc = file_column(w->morsel->file, column, batch->children[from++], &columns[n], err);
        else
            rc = constant_column(w, n, batch->length, &columns[n], err);
    }
    if (!rc)
        rc = arrow_batch_make(columns, s->n, batch->length, out, err);
    else
        for (size_t i = 0; i < n; i++)
            arrow_array_release(&columns[i]);
    arrow_array_release(batch);
    free(columns);
    return rc;
}

/* The next batch of the morsel; *out stays released at its end. */
static int next_of_morsel(struct file_worker *w, struct ArrowArray *out, nl_error *err)
{
    struct file_scan *s = (struct file_scan *)w->base.scan;
    struct ArrowArray batch = {0};
    int rc = pq_group_next(w->reader, s->batch_rows, &batch, err);
    if (rc) {
        if (rc != NL_CANCELLED)
            nl_note(err, "%s", w->morsel->file->what->uri);
        return rc;
    }
    if (!batch.release)
        return NL_OK;
    atomic_fetch_add_explicit(&s->rows, (uint64_t)batch.length, memory_order_relaxed);
    if (!w->only_file_columns)
        return assemble(w, &batch, out, err);
    arrow_array_move(&batch, out);
    return NL_OK;
}

static int worker_next(struct scan_worker *base, struct ArrowArray *out, uint64_t *index, nl_error *err)
{
    struct file_worker *w = (struct file_worker *)base;
    struct file_scan *s = (struct file_scan *)base->scan;
    bool end = false;
    while (!w->status && !out->release && !end) {
        w->status = nl_cancel_check(s->cancel, &w->error);
        if (!w->status && !w->reader)
            w->status = next_morsel(w, &end, &w->error);
        if (!w->status && !end)
            w->status = next_of_morsel(w, out, &w->error);
        *index = w->morsel ? batch_index(w->morsel->index, w->batch++) : 0;
        if (w->status || !out->release)
            finish_morsel(w, w->status);
    }
    if (w->status && err)
        *err = w->error;
    return w->status;
}

static void worker_free(struct scan_worker *base)
{
    struct file_worker *w = (struct file_worker *)base;
    finish_morsel(w, false);
    free(w->constants);
    free(w);
}

static int worker_new(struct scan *base, struct scan_worker **out, nl_error *err)
{
    struct file_scan *s = (struct file_scan *)base;
    struct file_worker *w = calloc(1, sizeof *w);
    if (w && !(w->constants = calloc(s->n ? s->n : 1, sizeof *w->constants))) {
        free(w);
        w = NULL;
    }
    if (!w)
        return nl_fail_memory(err);
    w->base.scan = base;
    *out = &w->base;
    return NL_OK;
}

/* ── the scan ── */

static size_t max_workers(const struct scan *base)
{
    struct file_scan *s = (struct file_scan *)(uintptr_t)base; /* a mutex is locked, nothing changes */
    size_t n = scan_schedule_morsels(&s->schedule);
    return n ? n : 1;
}

static void get_stats(const struct scan *base, struct scan_stats *out)
{
    struct file_scan *s = (struct file_scan *)(uintptr_t)base;
    pthread_mutex_lock(&s->schedule.mutex);
    *out = s->schedule.stats;
    pthread_mutex_unlock(&s->schedule.mutex);
    out->rows = atomic_load(&s->rows);
    out->rows_filtered = atomic_load(&s->filtered);
}

static void free_scan(struct scan *base)
{
    struct file_scan *s = (struct file_scan *)base;
    scan_schedule_free(&s->schedule);
    nl_arena_free(&s->arena);
    free(s);
}

static const struct scan_ops file_ops = {max_workers, worker_new, worker_next, worker_free, get_stats, free_scan};

static int copy_columns(struct file_scan *s, const struct scan_request *req, nl_error *err)
{
    size_t all = (size_t)s->table->schema.n_children;
    s->n = req->columns ? req->n_columns : all;
    s->columns = nl_arena_array(&s->arena, s->n, sizeof *s->columns);
    if (!s->columns)
        return nl_fail_memory(err);
    for (size_t i = 0; i < s->n; i++) {
        s->columns[i] = req->columns ? req->columns[i] : i;
        if (s->columns[i] >= all)
            return nl_fail(err, NL_INVALID, "column %zu of %zu", s->columns[i], all);
    }
    return NL_OK;
}

static int start(struct file_scan *s, const struct scan_request *req, nl_error *err)
{
    int rc = copy_columns(s, req, err);
    if (rc)
        return rc;
    struct filter *filter = filter_copy(&s->arena, req->filter);
    if (req->filter && !filter)
        return nl_fail_memory(err);
    struct scan_projection p = {s->columns, s->n, s->table->n_file_columns};
    return scan_schedule_start(&s->schedule, s->table, filter, p, req->memory ? req->memory : SCAN_MEMORY, err);
}

int scan_files(struct scan_table *t, const struct scan_request *req, struct scan **out, nl_error *err)
{
    *out = NULL;
    struct file_scan *s = calloc(1, sizeof *s);
    if (!s)
        return nl_fail_memory(err);
    s->base.ops = &file_ops;
    s->table = t;
    s->cancel = req->cancel;
    s->batch_rows = req->batch_rows > 0 ? req->batch_rows : BATCH_ROWS;
    int rc = start(s, req, err);
    if (rc) {
        nl_arena_free(&s->arena);
        free(s);
        return rc;
    }
    *out = &s->base;
    return NL_OK;
}
