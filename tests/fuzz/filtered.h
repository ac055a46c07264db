/* filtered.h: read row groups under filters on each of their columns, and hold what comes against the rows without a filter:
 * none that satisfies it may be missing (select.h, L1), and nothing may fail that did not fail before (L5). */
#ifndef TESTS_FUZZ_FILTERED_H
#define TESTS_FUZZ_FILTERED_H

#include <string.h>

#include "fuzz/reading.h"
#include "parquet/read/group.h"
#include "parquet/read/inspect.h"
#include "parquet/read/request.h"
#include "parquet/read/select.h"

enum { FILTERED_COLUMNS = 8 };

/* A value of a column, as it lies in an array. */
struct probe {
    struct arrow_type type;
    enum nl_value_kind kind;
    bool known;
    uint8_t bytes[64];
    size_t len;
};

/* What was read of a row group: of the first column, how many nulls, and how many rows with its value. */
struct counted {
    struct outcome outcome;
    int64_t rows, left_out, nulls, equal;
};

static inline const uint8_t *probe_at(const struct probe *p, const struct ArrowArray *a, int64_t i, uint8_t *bit,
                                      size_t *len)
{
    if (p->kind == NL_VALUE_BYTES)
        return arrow_bytes_at(a, &p->type, i, len);
    *len = p->kind == NL_VALUE_BOOL ? 1 : p->type.width / 8;
    *bit = p->kind == NL_VALUE_BOOL && arrow_bit(a->buffers[1], a->offset + i);
    return p->kind == NL_VALUE_BOOL ? bit : (const uint8_t *)a->buffers[1] + (size_t)(a->offset + i) * *len;
}

static inline void count_batch(struct probe *p, const struct ArrowArray *batch, struct counted *c)
{
    const struct ArrowArray *a = batch->children[0];
    c->rows += batch->length;
    for (int64_t i = 0; i < batch->length; i++) {
        uint8_t bit;
        size_t len;
        if (p->type.kind == ARROW_NULL || !arrow_is_valid(a, i)) {
            c->nulls++;
            continue;
        }
        const uint8_t *v = probe_at(p, a, i, &bit, &len);
        if (!p->known && len && len <= sizeof p->bytes) {
            memcpy(p->bytes, v, len);
            p->len = len;
            p->known = true;
        }
        c->equal += p->known && len == p->len && !memcmp(v, p->bytes, len);
    }
}

/* Those columns of a row group; the probe takes the first value where it has none. */
static inline struct counted read_group(const nl_parquet_file *file, size_t g, const struct pq_projection *columns,
                                        const struct filter *filter, bool views, struct probe *p)
{
    static struct touch t;
    struct counted c = {0};
    struct ArrowSchema schema = {0};
    struct pq_request *request = NULL;
    struct pq_group_reader *reader = NULL;
    nl_parquet_range all = {0, nl_parquet_row_group_rows(file, g)};
    int rc = pq_projection_schema(columns, views, &schema, NULL);
    t.n = 0;
    bool known = rc == NL_OK && touch_add(&t, &schema);
    if (rc == NL_OK)
        rc = arrow_type_parse(schema.children[0]->format, &p->type, NULL);
    if (rc == NL_OK)
        rc = pq_request_new(file, g, columns, &all, 1, &request, NULL);
    if (rc == NL_OK)
        rc = pq_request_wait(request, NULL, NULL);
    struct pq_group_options o = {.string_views = views, .filter = filter, .rows = &all, .n_rows = 1};
    if (rc == NL_OK)
        rc = pq_group_reader_new(file, g, columns, request->leaves, &o, &reader, NULL);
    for (int i = 0; rc == NL_OK && i < BATCHES && !c.outcome.ended; i++) {
        struct ArrowArray batch = {0};
        rc = pq_group_next(reader, BATCH_ROWS, &batch, NULL);
        c.outcome.ended = !batch.release;
        if (!c.outcome.ended) {
            touch_must(batch.length > 0 || !filter);
            if (known)
                touch_batch(&t, &schema, &batch);
            count_batch(p, &batch, &c);
        }
        arrow_array_release(&batch);
    }
    c.left_out = reader ? pq_group_filtered(reader) : 0;
    pq_group_reader_free(reader);
    pq_request_free(request);
    arrow_schema_release(&schema);
    c.outcome.rc = rc;
    c.outcome.ended |= rc != NL_OK;
    return c;
}

static inline nl_value probe_value(const struct probe *p)
{
    nl_value v = {.kind = p->kind};
    float f;
    __int128 wide = 0;
    if (p->kind == NL_VALUE_BYTES) {
        v.bytes.data = p->bytes;
        v.bytes.len = p->len;
    } else if (p->kind == NL_VALUE_DOUBLE && p->len == 4) {
        memcpy(&f, p->bytes, 4);
        v.d = f;
    } else {
        memcpy(&wide, p->bytes, p->len);
        if (p->kind == NL_VALUE_INT && p->len < 8)
            wide = (int64_t)((uint64_t)wide << (64 - 8 * p->len)) >> (64 - 8 * p->len);
        memcpy(&v.i, &wide, 8);
        if (p->kind == NL_VALUE_DECIMAL)
            v.decimal = wide;
        if (p->kind == NL_VALUE_BOOL)
            v.b = p->bytes[0];
    }
    return v;
}

/* Filters on the first of two columns. */
static inline void filter_first(const nl_parquet_file *file, size_t g, const struct pq_projection *columns,
                                enum nl_value_kind kind)
{
    nl_arena arena = {0};
    struct probe p = {.kind = kind};
    struct counted whole = read_group(file, g, columns, NULL, true, &p);
    nl_value v = p.known ? probe_value(&p) : (nl_value){0};
    struct filter *null = filter_null(&arena, FILTER_IS_NULL, 0),
                  *equal = p.known ? filter_compare(&arena, FILTER_EQ, 0, v) : NULL,
                  *last = filter_null(&arena, FILTER_IS_NULL, 1),
                  *below = p.known ? filter_compare(&arena, FILTER_LT, 0, v) : NULL, *both[] = {equal, last};
    struct filter *filters[] = {null, equal, filter_join(&arena, FILTER_OR, both, 2), below};
    for (size_t i = 0; i < 4; i++) {
        struct counted some = filters[i] ? read_group(file, g, columns, filters[i], i & 1, &p) : whole;
        if (!whole.outcome.ended || !some.outcome.ended)
            continue;
        touch_must(some.outcome.rc == NL_OK || whole.outcome.rc != NL_OK);
        if (whole.outcome.rc)
            continue;
        touch_must(some.rows + some.left_out == whole.rows);
        touch_must(i != 0 || some.nulls == whole.nulls);
        touch_must((i != 1 && i != 2) || some.equal == whole.equal);
    }
    nl_arena_free(&arena);
}

/* Each column with the one behind it. */
static inline void read_filtered(const nl_parquet_file *file)
{
    const struct pq_schema *s = pq_inspect_schema(file);
    for (size_t i = 0; i < s->n_columns && i < FILTERED_COLUMNS; i++) {
        size_t two[] = {i, (i + 1) % s->n_columns};
        struct pq_projection columns;
        enum nl_value_kind kind;
        if (!s->columns[i].leaf || !pq_select_kind(s->columns[i].leaf, &kind) ||
            pq_projection_columns(file, two, 2, &columns, NULL))
            continue;
        for (size_t g = 0; g < nl_parquet_row_groups(file) && g < 2; g++)
            filter_first(file, g, &columns, kind);
        pq_projection_free(&columns);
    }
}

#endif
