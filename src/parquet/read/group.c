/* group.c: one row group, all its wanted columns in step. */
#include "parquet/read/group.h"

#include <stdlib.h>

#include "arrow/arrow.h"
#include "parquet/read/column.h"
#include "parquet/read/file.h"

struct pq_group_reader {
    const nl_parquet_file *file;
    size_t row_group;
    nl_cancel *cancel;
    struct pq_codec_ctx codecs;
    int64_t left;
    size_t n;
    struct pq_column_reader *columns;
    struct ArrowArray *arrays; /* room for one batch's columns */
    nl_error failure;          /* what every further call answers; code NL_OK: none */
};

/* Make the reader of column i, which takes the chunk. */
static int start_column(struct pq_group_reader *r, size_t i, size_t column, nl_bytes chunk, bool string_views,
                        nl_error *err)
{
    struct pq_column_chunk meta;
    nl_range range;
    int rc = pq_file_chunk(r->file, r->row_group, column, NULL, &meta, err);
    if (rc == NL_OK)
        rc = pq_chunk_range(r->file, r->row_group, column, &range, err);
    if (rc) {
        nl_bytes_release(&chunk);
        return rc;
    }
    return pq_column_reader_init(&r->columns[i], &r->file->schema.columns[column], meta.meta.codec, r->left, chunk,
                                 range.offset, string_views, &r->codecs, err);
}

static int start(struct pq_group_reader *r, const size_t *columns, nl_bytes *chunks, bool string_views, nl_error *err)
{
    int rc = NL_OK;
    r->columns = calloc(r->n + 1, sizeof *r->columns);
    r->arrays = calloc(r->n + 1, sizeof *r->arrays);
    if (!r->columns || !r->arrays)
        rc = nl_fail_memory(err);
    for (size_t i = 0; i < r->n; i++) {
        nl_bytes chunk = chunks[i];
        chunks[i] = (nl_bytes){0};
        if (rc)
            nl_bytes_release(&chunk);
        else
            rc = start_column(r, i, columns[i], chunk, string_views, err);
    }
    return rc;
}

int pq_group_reader_new(const nl_parquet_file *file, size_t row_group, const size_t *columns, size_t n,
                        nl_bytes *chunks, const struct pq_group_options *options, struct pq_group_reader **out,
                        nl_error *err)
{
    *out = NULL;
    struct pq_group_reader *r = calloc(1, sizeof *r);
    int rc = NL_OK;
    if (!r)
        rc = nl_fail_memory(err);
    else if (row_group >= file->meta.n_row_groups)
        rc = nl_fail(err, NL_INVALID, "row group %zu of %zu", row_group, file->meta.n_row_groups);
    if (rc) {
        free(r);
        for (size_t i = 0; i < n; i++)
            nl_bytes_release(&chunks[i]);
        return rc;
    }
    r->file = file;
    r->row_group = row_group;
    r->n = n;
    r->left = file->meta.row_groups[row_group].num_rows;
    r->cancel = options ? options->cancel : NULL;
    rc = start(r, columns, chunks, options && options->string_views, err);
    if (rc)
        pq_group_reader_free(r);
    else
        *out = r;
    return rc;
}

int64_t pq_group_left(const struct pq_group_reader *r)
{
    return r->left;
}

/* A batch of `rows` rows; on failure r->failure says why. */
static int read_batch(struct pq_group_reader *r, size_t rows, struct ArrowArray *out)
{
    int rc = NL_OK;
    size_t done = 0;
    for (; rc == NL_OK && done < r->n; done++) {
        rc = pq_column_read(&r->columns[done], rows, r->cancel, &r->arrays[done], &r->failure);
        if (rc)
            nl_note(&r->failure, "row group %zu, column %s", r->row_group, r->columns[done].column->name);
    }
    if (rc == NL_OK)
        return arrow_batch_make(r->arrays, r->n, (int64_t)rows, out, &r->failure);
    while (done > 0)
        arrow_array_release(&r->arrays[--done]);
    return rc;
}

int pq_group_next(struct pq_group_reader *r, int64_t max_rows, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    if (max_rows <= 0)
        return nl_fail(err, NL_INVALID, "batches of %lld rows", (long long)max_rows);
    if (r->failure.code == NL_OK && r->left) {
        int64_t rows = r->left < max_rows ? r->left : max_rows;
        if (read_batch(r, (size_t)rows, out) == NL_OK)
            r->left -= rows;
    }
    if (r->failure.code && err)
        *err = r->failure;
    return r->failure.code;
}

void pq_group_reader_free(struct pq_group_reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; r->columns && i < r->n; i++)
        pq_column_reader_free(&r->columns[i]);
    free(r->columns);
    free(r->arrays);
    pq_codec_ctx_free(&r->codecs);
    free(r);
}
