/* request.c: plan a row group leaf by leaf, submit all ranges at once. */
#include "parquet/read/request.h"

#include <stdlib.h>
#include <string.h>

/* Indexes of the leaves, while a plan is made. */
struct indexes {
    nl_arena arena;
    nl_bytes *bytes;
    struct pq_offset_index *decoded; /* n 0: none */
};

/* Fetch and decode the offset indexes of all leaves. */
static int load_indexes(const nl_parquet_file *f, const struct pq_request *r, struct indexes *x, nl_error *err)
{
    size_t n = r->projection->n_leaves;
    nl_range *ranges = calloc(n + 1, sizeof *ranges);
    nl_fetch **fetches = calloc(n + 1, sizeof *fetches);
    x->bytes = calloc(n + 1, sizeof *x->bytes);
    x->decoded = nl_arena_array(&x->arena, n, sizeof *x->decoded);
    int rc = ranges && fetches && x->bytes && x->decoded ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++)
        rc = pq_offset_index_range(f, r->row_group, r->projection->leaves[i], &ranges[i], err);
    bool submitted = rc == NL_OK && (rc = nl_source_submit(f->src, ranges, n, fetches, err)) == NL_OK;
    for (size_t i = 0; submitted && i < n; i++)
        if (rc)
            nl_fetch_drop(fetches[i]);
        else
            rc = nl_fetch_wait(fetches[i], NULL, &x->bytes[i], err);
    for (size_t i = 0; rc == NL_OK && i < n; i++) {
        if (!x->bytes[i].len)
            continue;
        rc = pq_offset_index_decode(x->bytes[i].data, x->bytes[i].len, &x->arena, &x->decoded[i], err);
        if (rc) {
            nl_note(err, "offset index at byte %llu", (unsigned long long)ranges[i].offset);
            pq_note_leaf(&f->schema, r->row_group, r->projection->leaves[i], err);
        }
    }
    free(ranges);
    free(fetches);
    return rc;
}

static void free_indexes(struct indexes *x, size_t n)
{
    for (size_t i = 0; x->bytes && i < n; i++)
        nl_bytes_release(&x->bytes[i]);
    free(x->bytes);
    nl_arena_free(&x->arena);
}

/* Add a leaf's segments to the request, and their ranges beside them. */
static int add_leaf(struct pq_request *r, size_t leaf, const struct pq_segment_range *from, size_t n, nl_range **ranges,
                    nl_error *err)
{
    size_t all = r->n_segments + n;
    struct pq_segment *segments = realloc(r->segments, (all + 1) * sizeof *segments);
    if (segments)
        r->segments = segments;
    nl_range *grown = realloc(*ranges, (all + 1) * sizeof *grown);
    if (grown)
        *ranges = grown;
    if (!segments || !grown)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        segments[r->n_segments + i] =
            (struct pq_segment){.offset = from[i].range.offset, .first_row = from[i].first_row};
        grown[r->n_segments + i] = from[i].range;
    }
    r->n_segments = all;
    r->leaves[leaf].n = n;
    return NL_OK;
}

/* Where all leaves' segments lie. */
static int plan(const nl_parquet_file *f, struct pq_request *r, nl_range **ranges, nl_error *err)
{
    struct indexes x = {0};
    size_t n = r->projection->n_leaves;
    bool all = r->n_rows == 1 && r->rows[0].count == f->meta.row_groups[r->row_group].num_rows;
    int rc = all ? NL_OK : load_indexes(f, r, &x, err);
    for (size_t i = 0; rc == NL_OK && i < n; i++) {
        struct pq_segment_range *segments;
        size_t count;
        const struct pq_offset_index *index = all ? NULL : &x.decoded[i];
        rc = pq_chunk_segments(f, r->row_group, r->projection->leaves[i], index, r->rows, r->n_rows, &segments, &count,
                               err);
        if (rc == NL_OK)
            rc = add_leaf(r, i, segments, count, ranges, err);
        free(segments);
    }
    free_indexes(&x, n);
    return rc;
}

/* What is read page by page is not waited for: asking only tells the system what will be wanted. */
static void read_as_needed(const nl_parquet_file *f, struct pq_request *r, const nl_range *ranges, nl_fetch **fetches)
{
    for (size_t i = 0; i < r->n_segments; i++) {
        nl_fetch_drop(fetches[i]);
        fetches[i] = NULL;
        r->segments[i].src = f->src;
        r->segments[i].length = ranges[i].length;
    }
}

static int submit(const nl_parquet_file *f, struct pq_request *r, const nl_range *ranges, nl_error *err)
{
    struct pq_segment *at = r->segments;
    for (size_t i = 0; i < r->projection->n_leaves; at += r->leaves[i++].n)
        r->leaves[i].segments = at;
    nl_fetch **fetches = calloc(r->n_segments + 1, sizeof *fetches);
    if (!fetches)
        return nl_fail_memory(err);
    int rc = r->n_segments ? nl_source_submit(f->src, ranges, r->n_segments, fetches, err) : NL_OK;
    if (rc) {
        free(fetches);
        return rc;
    }
    if (nl_source_reads_into(f->src))
        read_as_needed(f, r, ranges, fetches);
    r->fetches = fetches;
    return NL_OK;
}

int pq_request_new(const nl_parquet_file *f, size_t row_group, const struct pq_projection *projection,
                   const nl_parquet_range *rows, size_t n, struct pq_request **out, nl_error *err)
{
    nl_range *ranges = NULL;
    *out = NULL;
    struct pq_request *r = calloc(1, sizeof *r);
    if (!r)
        return nl_fail_memory(err);
    r->row_group = row_group;
    r->projection = projection;
    r->n_rows = n;
    r->rows = calloc(n + 1, sizeof *r->rows);
    r->leaves = calloc(projection->n_leaves + 1, sizeof *r->leaves);
    int rc = r->rows && r->leaves ? NL_OK : nl_fail_memory(err);
    if (rc == NL_OK && n)
        memcpy(r->rows, rows, n * sizeof *rows);
    if (rc == NL_OK)
        rc = plan(f, r, &ranges, err);
    if (rc == NL_OK)
        rc = submit(f, r, ranges, err);
    free(ranges);
    if (rc)
        pq_request_free(r);
    else
        *out = r;
    return rc;
}

int pq_request_wait(struct pq_request *r, nl_cancel *cancel, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < r->n_segments; i++) {
        if (r->segments[i].src)
            continue;
        rc = nl_fetch_wait(r->fetches[i], cancel, &r->segments[i].bytes, err);
        r->fetches[i] = NULL;
    }
    return rc;
}

void pq_request_free(struct pq_request *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_segments; i++) {
        if (r->fetches && r->fetches[i])
            nl_fetch_drop(r->fetches[i]);
        nl_bytes_release(&r->segments[i].bytes);
    }
    free(r->rows);
    free(r->segments);
    free(r->leaves);
    free(r->fetches);
    free(r);
}
