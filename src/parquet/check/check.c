/* check.c: the file as a whole, and its row groups; see chunk.c for the columns. */
#include "parquet/check/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "parquet/check/chunk.h"

void pq_check_say(struct pq_checking *k, bool warning, int64_t row_group, int64_t leaf, int64_t offset, const char *fmt,
                  ...)
{
    char raw[512], what[1024];
    va_list args;
    if (k->rc)
        return;
    va_start(args, fmt);
    int len = vsnprintf(raw, sizeof raw, fmt, args);
    va_end(args);
    nl_printable(raw, len < 0 ? 0 : (size_t)len < sizeof raw ? (size_t)len : sizeof raw - 1, what, sizeof what);
    if (warning)
        k->result->warnings++;
    else
        k->result->errors++;
    struct pq_finding f = {warning, row_group, leaf, offset, what};
    k->rc = k->o->found(k->o->ctx, &f, k->err);
}

static void check_row_count(struct pq_checking *k)
{
    const struct pq_file_meta *m = &k->file->meta;
    if (m->num_rows != k->file->rows)
        /* Some writers leave 0, which readers know. */
        pq_check_say(k, m->num_rows == 0, -1, -1, -1, "the footer says %" PRId64 " rows, the row groups have %" PRId64,
                     m->num_rows, k->file->rows);
}

static void check_magic(struct pq_checking *k)
{
    nl_bytes head = {0};
    nl_error err = {0};
    int rc = nl_source_read(k->file->src, 0, 4, &head, &err);
    if (rc) {
        k->rc = rc;
        if (k->err)
            *k->err = err;
    } else if (head.len < 4 || memcmp(head.data, "PAR1", 4) != 0) {
        pq_check_say(k, false, -1, -1, 0, "the file does not begin with \"PAR1\"");
    }
    nl_bytes_release(&head);
}

/* The chunks' bytes by the metadata alone, for progress. */
static uint64_t bytes_of(const nl_parquet_file *f)
{
    return f->data_end;
}

/* Sorting columns first and in their order, so that ties are known where they are needed; then the others. done: a flag a
 * leaf, all false. */
static void check_columns(struct pq_checking *k, size_t g, bool *done)
{
    const struct pq_row_group *group = &k->file->meta.row_groups[g];
    size_t n = k->file->schema.n_leaves;
    nl_buf_clear(&k->ties);
    bool is_first = true;
    for (size_t i = 0; i < group->n_sorting && k->rc == NL_OK; i++) {
        const struct pq_sorting_column *s = &group->sorting[i];
        if (s->column < 0 || (size_t)s->column >= n) {
            pq_check_say(k, false, (int64_t)g, -1, -1, "sorting_columns name leaf %" PRId32 " of %zu", s->column, n);
            break; /* ties of what is not known */
        }
        if (done[s->column])
            continue;
        done[s->column] = true;
        pq_check_chunk(k, g, (size_t)s->column, s, is_first);
        is_first = false;
    }
    for (size_t i = 0; i < n && k->rc == NL_OK; i++) {
        if (!done[i])
            pq_check_chunk(k, g, i, NULL, false);
        if (k->rc == NL_OK && k->o->progress) {
            uint64_t total = bytes_of(k->file), seen = k->result->bytes;
            k->rc = k->o->progress(k->o->ctx, seen < total ? seen : total, total, k->err);
        }
    }
}

static void check_row_group(struct pq_checking *k, size_t g)
{
    const struct pq_row_group *group = &k->file->meta.row_groups[g];
    size_t n = k->file->schema.n_leaves;
    if (group->n_columns != n) {
        pq_check_say(k, false, (int64_t)g, -1, -1, "%zu column chunks, the schema has %zu leaves", group->n_columns, n);
        return;
    }
    bool *done = calloc(n + 1, sizeof *done);
    if (done)
        check_columns(k, g, done);
    else
        k->rc = nl_fail_memory(k->err);
    free(done);
}

int pq_check(const nl_parquet_file *file, const struct pq_check_options *o, struct pq_check_result *out, nl_error *err)
{
    struct pq_checking k = {.file = file, .o = o, .result = out, .err = err};
    *out = (struct pq_check_result){0};
    k.budget = ((int64_t)1 << 26) + 4096 * (int64_t)(file->size < INT64_MAX >> 14 ? file->size : INT64_MAX >> 14);
    check_magic(&k);
    check_row_count(&k);
    for (size_t g = 0; g < file->meta.n_row_groups && k.rc == NL_OK; g++) {
        k.rc = nl_cancel_check(o->cancel, err);
        if (k.rc == NL_OK)
            check_row_group(&k, g);
    }
    pq_codec_ctx_free(&k.codecs);
    nl_buf_free(&k.ties);
    if (k.rc)
        nl_note(err, "check %s", nl_source_name(file->src));
    return k.rc;
}
