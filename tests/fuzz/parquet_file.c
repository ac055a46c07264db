/* parquet_file.c: any bytes as a whole file, through everything that reads: metadata and statistics, columns one by one, all
 * columns in threads, rows by filters, members by path, rows by ranges, as another schema, page indexes and bloom filters as a filter asks
 * them, the check. parquet_file_mutate.h changes pages and footer so that the file still opens.
 *
 * Rows may be promised without end (runs of nulls cost nothing): a fixed number of batches is read.
 *
 * Must hold: views and copies, one thread and two, large and small batches give the same rows or the same refusal; arrays
 * keep what they promise (touch.h); rows that statistics exclude are not looked for, but never outside of the row group.
 */
#include <string.h>

#include "arrow/arrow.h"
#include "fuzz/filtered.h"
#include "fuzz/parquet_file_mutate.h"
#include "parquet/check/check.h"
#include "parquet/index/dictionary.h"
#include "parquet/index/select.h"
#include "parquet/read/inspect.h"
#include "parquet/read/segments.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 64 };

static void read_column(const nl_parquet_file *file, size_t column)
{
    int64_t rows = nl_parquet_rows(file), third = rows / 3;
    const nl_parquet_range some[] = {{third / 2, third > 9 ? 9 : third}, {third + 9, 5}, {rows > 3 ? rows - 3 : 0, 3}};
    nl_parquet_read_options o = {.columns = &column, .n_columns = 1, .batch_rows = BATCH_ROWS, .string_views = true};
    struct outcome views = read_with(file, &o);
    o.string_views = false;
    o.batch_rows = 37;
    must_agree(views, read_with(file, &o));
    o.ranges = some;
    o.n_ranges = 3;
    o.string_views = column & 1;
    read_with(file, &o);
    o.n_ranges = 0;
    o.verify_checksums = true;
    struct outcome checked = read_with(file, &o);
    touch_must(checked.rc || !checked.ended || (!views.ended || (views.rc == NL_OK)));
}

static void read_together(const nl_parquet_file *file)
{
    nl_parquet_read_options o = {.batch_rows = BATCH_ROWS, .string_views = true};
    struct outcome alone = read_with(file, &o);
    o.threads = 2;
    must_agree(alone, read_with(file, &o));
}

/* Every name on the way to the first leaf of a column, as paths. */
static void read_paths(const nl_parquet_file *file, const struct ArrowSchema *schema)
{
    nl_buf path = {0};
    for (int64_t i = 0; i < schema->n_children && i < COLUMNS; i++) {
        const struct ArrowSchema *s = schema->children[i];
        nl_buf_clear(&path);
        touch_must(nl_buf_append(&path, s->name, strlen(s->name), NULL) == NL_OK);
        while (s->n_children > 0) {
            bool is_struct = !strcmp(s->format, "+s");
            s = s->children[s->n_children - 1];
            if (is_struct)
                touch_must(nl_buf_printf(&path, NULL, ".%s", s->name) == NL_OK);
        }
        touch_must(nl_buf_append(&path, "", 1, NULL) == NL_OK);
        const char *paths[] = {path.data};
        nl_parquet_read_options o = {.paths = paths, .n_paths = 1, .batch_rows = BATCH_ROWS};
        read_with(file, &o);
    }
    nl_buf_free(&path);
}

/* Wider types for all fields that have one. */
static void widen(struct ArrowSchema *s)
{
    static const char *const wider[][2] = {{"c", "s"},
                                           {"C", "i"},
                                           {"s", "l"},
                                           {"i", "g"},
                                           {"I", "l"},
                                           {"f", "g"},
                                           {"u", "U"},
                                           {"z", "vz"},
                                           {"tdD", "tsu:"},
                                           {"ttm", "ttn"},
                                           {"tsm:UTC", "tsn:UTC"},
                                           {"tsm:", "tsn:"}};
    for (size_t i = 0; i < sizeof wider / sizeof *wider; i++)
        if (!strcmp(s->format, wider[i][0])) {
            touch_must(arrow_schema_set_format(s, wider[i][1], NULL) == NL_OK);
            break;
        }
    for (int64_t i = 0; i < s->n_children; i++)
        widen(s->children[i]);
}

static void read_adapted(const nl_parquet_file *file, struct ArrowSchema *schema)
{
    widen(schema);
    for (int by_id = 0; by_id < 2; by_id++) {
        nl_parquet_read_options o = {.schema = schema, .by_field_id = by_id, .batch_rows = BATCH_ROWS};
        read_with(file, &o);
    }
}

/* ── metadata, indexes ── */

struct unit {
    const nl_parquet_file *file;
    size_t row_group;
};

static void bounds_of(const void *unit, size_t column, struct filter_bounds *out)
{
    const struct unit *u = unit;
    pq_stats(u->file, u->row_group, column, out);
}

/* Bytes of the input, held against its size; NULL: outside. */
static const uint8_t *slice(const uint8_t *data, size_t size, int64_t offset, int64_t len)
{
    return offset >= 0 && len > 0 && (uint64_t)offset < size && (uint64_t)len <= size - (uint64_t)offset ? data + offset
                                                                                                         : NULL;
}

/* Which rows of a row group may have the least or the greatest value of a column? */
static void select_rows(const struct pq_select *s, size_t column, nl_arena *arena)
{
    struct filter_bounds b;
    pq_stats(s->file, s->row_group, column, &b);
    struct filter *f[] = {filter_null(arena, FILTER_IS_NULL, column),
                          b.has_min ? filter_compare(arena, FILTER_EQ, column, b.min) : NULL,
                          b.has_max ? filter_compare(arena, FILTER_GE, column, b.max) : NULL};
    for (size_t i = 0; i < 3; i++) {
        nl_parquet_range *rows = NULL;
        size_t n = 0;
        int64_t at = 0;
        if (!f[i] || pq_select_excluded(s, f[i]))
            continue;
        touch_must(pq_select_rows(s, f[i], &rows, &n, NULL) == NL_OK);
        for (size_t k = 0; k < n; at = rows[k].first + rows[k].count, k++)
            touch_must(rows[k].first >= at && rows[k].count > 0 &&
                       rows[k].count <= nl_parquet_row_group_rows(s->file, s->row_group) - rows[k].first);
        free(rows);
    }
}

static void look_up(const nl_parquet_file *file, size_t g, size_t column, const uint8_t *data, size_t size,
                    nl_arena *arena)
{
    const struct pq_column *c = &pq_inspect_schema(file)->columns[column];
    struct pq_column_chunk chunk;
    struct pq_column_index bounds;
    struct pq_offset_index offsets;
    struct pq_bloom bloom = {0};
    struct pq_slice *values = NULL;
    struct unit unit = {file, g};
    struct pq_select_column known[COLUMNS];
    size_t need;
    if (c->is_nested || pq_file_chunk(file, g, c->first_leaf, arena, &chunk, NULL))
        return;
    for (size_t i = 0; i < COLUMNS; i++)
        known[i] = (struct pq_select_column){
            .column = (int32_t)i < (int32_t)pq_inspect_schema(file)->n_columns ? (int32_t)i : -1};
    struct pq_select_column *k = &known[column];
    const uint8_t *b = slice(data, size, chunk.column_index_offset, chunk.column_index_length),
                  *o = slice(data, size, chunk.offset_index_offset, chunk.offset_index_length),
                  *f = slice(data, size, chunk.meta.bloom_filter_offset, 1);
    if (b && o && !pq_column_index_decode(b, (size_t)chunk.column_index_length, arena, &bounds, NULL) &&
        !pq_offset_index_decode(o, (size_t)chunk.offset_index_length, arena, &offsets, NULL))
        k->bounds = &bounds, k->offsets = &offsets;
    if (f && !pq_bloom_decode(f, size - (size_t)(f - data), &bloom, &need, NULL) && bloom.bits)
        k->bloom = &bloom;
    nl_range d = pq_dictionary_range(file, &chunk);
    if (d.length && slice(data, size, (int64_t)d.offset, (int64_t)d.length) &&
        !pq_dictionary_values(c->leaf->element, &chunk, data + d.offset, d.length, arena, &values, &k->n_dictionary,
                              NULL))
        k->dictionary = values;
    struct pq_select s = {file, g, known, COLUMNS, bounds_of, &unit};
    select_rows(&s, column, arena);
}

static void inspect(const nl_parquet_file *file, const uint8_t *data, size_t size)
{
    const struct pq_schema *schema = pq_inspect_schema(file);
    nl_arena arena = {0};
    nl_buf text = {0};
    for (size_t g = 0; g < nl_parquet_row_groups(file) && g < 4; g++)
        for (size_t i = 0; i < schema->n_leaves && i < COLUMNS; i++) {
            struct pq_column_chunk chunk;
            nl_range range;
            pq_inspect_chunk(file, g, i, &arena, &chunk, NULL);
            pq_inspect_path(file, i, &text, NULL);
            pq_inspect_type(schema->leaves[i].element, &text, NULL);
            if (pq_chunk_range(file, g, i, &range, NULL) == NL_OK)
                touch_must(range.offset <= size && range.length <= size - range.offset); /* O2 */
            if (pq_offset_index_range(file, g, i, &range, NULL) == NL_OK)
                touch_must(range.offset <= size && range.length <= size - range.offset);
            if (i < schema->n_columns)
                look_up(file, g, i, data, size, &arena);
            nl_buf_clear(&text);
        }
    nl_buf_free(&text);
    nl_arena_free(&arena);
}

static int found(void *ctx, const struct pq_finding *f, nl_error *err)
{
    (void)err;
    for (const char *c = f->what; *c; c++)
        touch_must((unsigned char)*c >= ' ' && *c != 0x7F);
    return ++*(int *)ctx < 1000 ? NL_OK : NL_CANCELLED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_source *source;
    nl_parquet_file *file;
    if (nl_source_open_memory("fuzz", data, size, &source, NULL))
        return 0;
    if (nl_parquet_open(source, &file, NULL) == NL_OK) {
        struct ArrowSchema schema;
        int findings = 0;
        inspect(file, data, size);
        for (size_t i = 0; i < pq_inspect_schema(file)->n_columns && i < COLUMNS; i++)
            read_column(file, i);
        read_together(file);
        read_filtered(file);
        if (nl_parquet_schema(file, &schema, NULL) == NL_OK) {
            read_paths(file, &schema);
            read_adapted(file, &schema);
            arrow_schema_release(&schema);
        }
        struct pq_check_result result;
        pq_check(file, &(struct pq_check_options){.found = found, .ctx = &findings}, &result, NULL);
        nl_parquet_close(file);
    }
    nl_source_close(source);
    return 0;
}
