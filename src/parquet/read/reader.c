/* reader.c: the public reader: row groups one after the other; what a request fetches is waited for in the caller's thread, a local
 * file is read page by page by whoever decodes.
 *
 *     options ──▶ row group ──pq_request (bytes)──▶ pq_group_reader ──▶ batches ──pq_adapt──▶ batches as asked for
 *
 * The bytes of the next row group are asked for when the current one begins, so that a remote source works meanwhile. Row groups
 * that hold none of the rows wanted are passed over without a request.
 */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/adapt.h"
#include "parquet/read/file.h"
#include "parquet/read/group.h"
#include "parquet/read/request.h"
#include "parquet/read/restore.h"

enum { BATCH_ROWS = 32768 };

struct nl_parquet_reader {
    const nl_parquet_file *file;
    struct pq_projection projection;
    size_t at, end; /* the next row group to be asked for, and where to stop */
    int64_t first;  /* row of the file that it begins with */
    int64_t batch_rows;
    bool string_views, verify_checksums;
    nl_parquet_range *ranges; /* wanted of the file; NULL: all */
    size_t n_ranges, range;   /* the first that may lie in row group `at` */
    nl_pool *pool;
    struct pq_request *ahead;      /* of the row group behind the open one; NULL: none, or it failed */
    struct pq_group_reader *group; /* NULL: none is open */
    /* Read as another schema says; plan NULL: as it comes. */
    struct ArrowSchema from, to;
    nl_arena arena;
    const struct pq_adapt *plan;
    nl_error failure;
};

/* ── starting ── */

static int copy_ranges(nl_parquet_reader *r, const nl_parquet_read_options *o, nl_error *err)
{
    int64_t before = 0;
    if (!o->n_ranges)
        return NL_OK;
    r->ranges = calloc(o->n_ranges, sizeof *r->ranges);
    if (!r->ranges)
        return nl_fail_memory(err);
    for (size_t i = 0; i < o->n_ranges; i++) {
        const nl_parquet_range *x = &o->ranges[i];
        if (x->first < before || x->count < 0 || x->count > INT64_MAX - x->first)
            return nl_fail(err, NL_INVALID, "range %zu, %lld rows from row %lld: ranges ascend and do not overlap", i,
                           (long long)x->count, (long long)x->first);
        before = x->first + x->count;
        r->ranges[i] = *x;
    }
    r->n_ranges = o->n_ranges;
    return NL_OK;
}

/* All columns of the file as a struct. */
static int file_schema(const nl_parquet_reader *r, struct ArrowSchema *out, nl_error *err)
{
    const struct pq_schema *s = &r->file->schema;
    int rc = arrow_schema_struct(out, s->n_columns, err);
    for (size_t i = 0; rc == NL_OK && i < s->n_columns; i++)
        rc = pq_schema_field(s, i, r->string_views, out->children[i], err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

/* Project the columns that o->schema has, and plan how they become those. */
static int adapt_to(nl_parquet_reader *r, const nl_parquet_read_options *o, nl_error *err)
{
    size_t wanted = o->schema->n_children > 0 ? (size_t)o->schema->n_children : 0, n = 0;
    struct ArrowSchema all = {0};
    int64_t *map = calloc(wanted + 1, sizeof *map);
    size_t *columns = calloc(wanted + 1, sizeof *columns);
    int rc = map && columns ? arrow_schema_copy(o->schema, &r->to, err) : nl_fail_memory(err);
    if (rc == NL_OK)
        rc = file_schema(r, &all, err);
    if (rc == NL_OK)
        rc = pq_adapt_map(&all, &r->to, o->by_field_id, map, err);
    for (size_t i = 0; rc == NL_OK && i < wanted; i++)
        if (map[i] != PQ_ADAPT_ABSENT)
            columns[n++] = (size_t)map[i];
    if (rc == NL_OK)
        rc = pq_projection_columns(r->file, columns, n, &r->projection, err);
    if (rc == NL_OK)
        rc = pq_projection_schema(&r->projection, r->string_views, &r->from, err);
    if (rc == NL_OK)
        rc = pq_restore(r->file, &r->projection, &r->from, err);
    if (rc == NL_OK)
        rc = pq_adapt_plan(&r->from, &r->to, o->by_field_id, &r->arena, &r->plan, err);
    arrow_schema_release(&all);
    free(map);
    free(columns);
    return rc;
}

static int start(nl_parquet_reader *r, const nl_parquet_read_options *o, nl_error *err)
{
    int rc = copy_ranges(r, o, err);
    if (rc == NL_OK)
        rc = o->schema ? adapt_to(r, o, err) : pq_projection_options(r->file, o, &r->projection, err);
    if (rc == NL_OK && o->threads > 1 && r->projection.n_leaves > 1)
        rc = nl_pool_new(o->threads - 1, &r->pool, err);
    return rc;
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
    if (!!o->columns + !!o->paths + !!o->schema > 1)
        return nl_fail(err, NL_INVALID, "columns, paths and schema: one of them says what to read");
    nl_parquet_reader *r = calloc(1, sizeof *r);
    if (!r)
        return nl_fail_memory(err);
    r->file = file;
    r->at = o->first_row_group;
    for (size_t i = 0; i < r->at; i++)
        r->first += file->meta.row_groups[i].num_rows;
    r->end = o->n_row_groups ? r->at + o->n_row_groups : groups;
    r->batch_rows = o->batch_rows ? o->batch_rows : BATCH_ROWS;
    r->string_views = o->string_views;
    r->verify_checksums = o->verify_checksums;
    int rc = start(r, o, err);
    if (rc) {
        pq_note_source(file->src, err);
        nl_parquet_reader_free(r);
        return rc;
    }
    *out = r;
    return NL_OK;
}

int nl_parquet_reader_schema(const nl_parquet_reader *r, struct ArrowSchema *out, nl_error *err)
{
    *out = (struct ArrowSchema){0};
    if (r->plan)
        return arrow_schema_copy(&r->to, out, err);
    int rc = pq_projection_schema(&r->projection, r->string_views, out, err);
    if (rc == NL_OK && (rc = pq_restore(r->file, &r->projection, out, err)) != NL_OK)
        arrow_schema_release(out);
    return rc;
}

/* ── row groups ── */

/* The rows wanted of a row group that begins at row `first` of the file; *n of them in *out, malloc'd. */
static int rows_of(const nl_parquet_reader *r, int64_t first, int64_t rows, nl_parquet_range **out, size_t *n,
                   nl_error *err)
{
    size_t end = r->range;
    while (r->ranges && end < r->n_ranges && r->ranges[end].first < first + rows)
        end++;
    *n = 0;
    *out = malloc((end - r->range + 1) * sizeof **out);
    if (!*out)
        return nl_fail_memory(err);
    if (!r->ranges && rows)
        (*out)[(*n)++] = (nl_parquet_range){0, rows};
    for (size_t i = r->range; i < end; i++) {
        int64_t from = r->ranges[i].first - first, to = from + r->ranges[i].count;
        from = from > 0 ? from : 0;
        to = to < rows ? to : rows;
        if (from < to)
            (*out)[(*n)++] = (nl_parquet_range){from, to - from};
    }
    return NL_OK;
}

/* Ask for the next row group that has rows wanted; *out NULL: there is none. */
static int request_next(nl_parquet_reader *r, struct pq_request **out, nl_error *err)
{
    int rc = NL_OK;
    *out = NULL;
    while (rc == NL_OK && !*out && r->at < r->end) {
        int64_t rows = r->file->meta.row_groups[r->at].num_rows;
        nl_parquet_range *wanted;
        size_t n;
        while (r->range < r->n_ranges && r->ranges[r->range].first + r->ranges[r->range].count <= r->first)
            r->range++;
        rc = rows_of(r, r->first, rows, &wanted, &n, err);
        if (rc)
            return rc;
        if (n)
            rc = pq_request_new(r->file, r->at, &r->projection, wanted, n, out, err);
        free(wanted);
        if (rc == NL_OK) {
            r->first += rows;
            r->at++;
        }
    }
    return rc;
}

/* Open the next row group, and ask for the one behind it. r->group stays NULL at the end. */
static int next_group(nl_parquet_reader *r, nl_error *err)
{
    struct pq_request *request = r->ahead;
    int rc = request ? NL_OK : request_next(r, &request, err);
    r->ahead = NULL;
    if (rc || !request)
        return rc;
    struct pq_group_options options = {.string_views = r->string_views,
                                       .verify_checksums = r->verify_checksums,
                                       .rows = request->rows,
                                       .n_rows = request->n_rows,
                                       .pool = r->pool};
    rc = pq_request_wait(request, NULL, err);
    if (rc == NL_OK)
        rc =
            pq_group_reader_new(r->file, request->row_group, &r->projection, request->leaves, &options, &r->group, err);
    pq_request_free(request);
    if (rc == NL_OK && request_next(r, &r->ahead, NULL))
        r->ahead = NULL; /* said again, with its error, when its turn comes */
    return rc;
}

/* The next batch into *out, or released at the end. */
static int next_batch(nl_parquet_reader *r, struct ArrowArray *out, nl_error *err)
{
    int rc = NL_OK;
    while (rc == NL_OK) {
        if (!r->group)
            rc = next_group(r, err);
        if (rc || !r->group)
            return rc;
        rc = pq_group_next(r->group, r->batch_rows, out, err);
        if (rc || out->release)
            break;
        pq_group_reader_free(r->group);
        r->group = NULL;
    }
    if (rc || !r->plan)
        return rc;
    struct ArrowArray batch = *out;
    *out = (struct ArrowArray){0};
    return pq_adapt_batch(r->plan, &batch, out, err);
}

int nl_parquet_next(nl_parquet_reader *r, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    if (r->failure.code == NL_OK && next_batch(r, out, &r->failure))
        pq_note_source(r->file->src, &r->failure);
    if (r->failure.code && err)
        *err = r->failure;
    return r->failure.code;
}

void nl_parquet_reader_free(nl_parquet_reader *r)
{
    if (!r)
        return;
    pq_request_free(r->ahead);
    pq_group_reader_free(r->group);
    nl_pool_free(r->pool);
    pq_projection_free(&r->projection);
    arrow_schema_release(&r->from);
    arrow_schema_release(&r->to);
    nl_arena_free(&r->arena);
    free(r->ranges);
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
