/* reader.c: the public reader: row groups one after the other, I/O and decoding in the caller's thread.
 *
 *     options ──▶ row group ──submit ranges, wait──▶ chunks ──▶ pq_group_reader ──▶ batches
 *
 * The chunks of the next row group are asked for when the current one begins, so that a remote source works meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/file.h"
#include "parquet/read/group.h"

enum { BATCH_ROWS = 65536 };

struct nl_parquet_reader {
    const nl_parquet_file *file;
    size_t *columns;
    size_t n;
    size_t at, end; /* the next row group to be started, and where to stop */
    int64_t batch_rows;
    bool string_views;
    struct pq_group_reader *group; /* NULL: none is open */
    nl_fetch **ahead;              /* of row group `at`, where is_ahead */
    bool is_ahead;
    nl_bytes *chunks;
    nl_error failure;
};

/* The columns wanted, all where none are named; each must be readable. */
static int choose_columns(nl_parquet_reader *r, const nl_parquet_read_options *o, nl_error *err)
{
    r->n = o->columns ? o->n_columns : r->file->schema.n_columns;
    r->columns = calloc(r->n + 1, sizeof *r->columns);
    r->ahead = calloc(r->n + 1, sizeof *r->ahead);
    r->chunks = calloc(r->n + 1, sizeof *r->chunks);
    if (!r->columns || !r->ahead || !r->chunks)
        return nl_fail_memory(err);
    for (size_t i = 0; i < r->n; i++) {
        r->columns[i] = o->columns ? o->columns[i] : i;
        int rc = pq_column_check(r->file, r->columns[i], err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

int nl_parquet_reader_new(const nl_parquet_file *file, const nl_parquet_read_options *options, nl_parquet_reader **out,
                          nl_error *err)
{
    static const nl_parquet_read_options defaults;
    const nl_parquet_read_options *o = options ? options : &defaults;
    size_t groups = file->meta.n_row_groups;
    *out = NULL;
    if (o->first_row_group > groups || o->n_row_groups > groups - o->first_row_group || o->batch_rows < 0)
        return nl_fail(err, NL_INVALID, "row groups %zu to %zu of %zu, batches of %lld rows", o->first_row_group,
                       o->first_row_group + o->n_row_groups, groups, (long long)o->batch_rows);
    nl_parquet_reader *r = calloc(1, sizeof *r);
    if (!r)
        return nl_fail_memory(err);
    r->file = file;
    r->at = o->first_row_group;
    r->end = o->n_row_groups ? r->at + o->n_row_groups : groups;
    r->batch_rows = o->batch_rows ? o->batch_rows : BATCH_ROWS;
    r->string_views = o->string_views;
    int rc = choose_columns(r, o, err);
    if (rc) {
        nl_note(err, "%s", nl_source_name(file->src));
        nl_parquet_reader_free(r);
        return rc;
    }
    *out = r;
    return NL_OK;
}

int nl_parquet_reader_schema(const nl_parquet_reader *r, struct ArrowSchema *out, nl_error *err)
{
    int rc = arrow_schema_struct(out, r->n, err);
    for (size_t i = 0; rc == NL_OK && i < r->n; i++)
        rc = pq_schema_field(&r->file->schema, r->columns[i], r->string_views, out->children[i], err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

/* Ask for the chunks of row group r->at. */
static int submit(nl_parquet_reader *r, nl_error *err)
{
    nl_range *ranges = calloc(r->n + 1, sizeof *ranges);
    int rc = ranges ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < r->n; i++)
        rc = pq_chunk_range(r->file, r->at, r->columns[i], &ranges[i], err);
    if (rc == NL_OK && r->n)
        rc = nl_source_submit(r->file->src, ranges, r->n, r->ahead, err);
    free(ranges);
    r->is_ahead = rc == NL_OK;
    return rc;
}

/* Wait for the chunks that were asked for. */
static int collect(nl_parquet_reader *r, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < r->n; i++) {
        r->chunks[i] = (nl_bytes){0};
        if (rc)
            nl_fetch_drop(r->ahead[i]);
        else
            rc = nl_fetch_wait(r->ahead[i], NULL, &r->chunks[i], err);
    }
    for (size_t i = 0; rc && i < r->n; i++)
        nl_bytes_release(&r->chunks[i]);
    r->is_ahead = false;
    return rc;
}

/* Open the next row group, and ask for the one behind it. */
static int next_group(nl_parquet_reader *r, nl_error *err)
{
    struct pq_group_options options = {.string_views = r->string_views};
    int rc = r->is_ahead ? NL_OK : submit(r, err);
    if (rc == NL_OK)
        rc = collect(r, err);
    if (rc == NL_OK)
        rc = pq_group_reader_new(r->file, r->at, r->columns, r->n, r->chunks, &options, &r->group, err);
    r->at++;
    if (rc == NL_OK && r->at < r->end && submit(r, NULL))
        r->is_ahead = false; /* said again, with its error, when its turn comes */
    return rc;
}

/* The next batch into *out, or released at the end. */
static int next_batch(nl_parquet_reader *r, struct ArrowArray *out, nl_error *err)
{
    int rc = NL_OK;
    while (rc == NL_OK) {
        if (!r->group && r->at == r->end)
            return NL_OK;
        if (!r->group)
            rc = next_group(r, err);
        if (rc == NL_OK)
            rc = pq_group_next(r->group, r->batch_rows, out, err);
        if (rc || out->release)
            return rc;
        pq_group_reader_free(r->group);
        r->group = NULL;
    }
    return rc;
}

int nl_parquet_next(nl_parquet_reader *r, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    if (r->failure.code == NL_OK && next_batch(r, out, &r->failure))
        nl_note(&r->failure, "%s", nl_source_name(r->file->src));
    if (r->failure.code && err)
        *err = r->failure;
    return r->failure.code;
}

void nl_parquet_reader_free(nl_parquet_reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; r->is_ahead && i < r->n; i++)
        nl_fetch_drop(r->ahead[i]);
    pq_group_reader_free(r->group);
    free(r->columns);
    free(r->ahead);
    free(r->chunks);
    free(r);
}

static int stream_next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    return nl_parquet_next(ctx, out, err);
}

static void stream_done(void *ctx)
{
    nl_parquet_reader_free(ctx);
}

int nl_parquet_reader_stream(nl_parquet_reader *r, struct ArrowArrayStream *out, nl_error *err)
{
    struct ArrowSchema schema;
    int rc = nl_parquet_reader_schema(r, &schema, err);
    if (rc) {
        *out = (struct ArrowArrayStream){0};
        nl_parquet_reader_free(r);
        return rc;
    }
    return arrow_stream_make(&schema, stream_next, stream_done, r, out, err);
}
