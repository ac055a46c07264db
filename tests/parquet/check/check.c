/* tests/parquet/check/check.c: a file that is right has no findings; every promise that is broken has the one that names it;
 * damaged bytes are findings, never a crash; every allocation and every read failing once.
 *
 * Lies are told in the footer: it is decoded, changed, and written again behind the same pages.
 */
#include "parquet/check/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <neuralake/parquet.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "parquet/index/bloom.h"
#include "parquet/index/page_index.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

enum { ROWS = 1000, GROUP_ROWS = 600, PAGE_ROWS = 200, LEAVES = 4, ID = 0, NAME, PRICE, TAG };

/* ── a file ── */

static void make_schema(struct ArrowSchema *out)
{
    static const char *const formats[LEAVES] = {"l", "u", "g", "+l"}, *const names[] = {"id", "name", "price", "tags"};
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(out, LEAVES, &err), err);
    for (size_t i = 0; i < TAG; i++)
        CHECK_OK(arrow_schema_field(out->children[i], formats[i], names[i], i != ID, &err), err);
    CHECK_OK(arrow_schema_nested(out->children[TAG], "+l", names[TAG], true, 1, &err), err);
    CHECK_OK(arrow_schema_field(out->children[TAG]->children[0], "i", "element", true, &err), err);
}

/* Lists of 0 to 3 numbers. */
static void make_lists(struct ArrowArray *out)
{
    nl_error err = {0};
    struct arrow_builder *b;
    struct ArrowArray elements;
    nl_block *block;
    int32_t n = 0;
    CHECK_OK(arrow_builder_new("i", &b, &err), err);
    CHECK_OK(nl_block_new((ROWS + 1) * sizeof(int32_t), &block, &err), err);
    int32_t *offsets = (int32_t *)(void *)nl_block_data(block);
    for (int i = 0; i < ROWS; i++) {
        offsets[i] = n;
        for (int k = 0; k < i % 4; k++, n++)
            CHECK_OK(arrow_builder_int(b, k, &err), err);
    }
    offsets[ROWS] = n;
    CHECK_OK(arrow_builder_finish(b, &elements, &err), err);
    arrow_builder_free(b);
    nl_bytes buffers[2] = {{0}, nl_bytes_of(block, 0, (ROWS + 1) * sizeof(int32_t))};
    nl_block_unref(block);
    struct arrow_parts parts = {
        .length = ROWS, .buffers = buffers, .n_buffers = 2, .children = &elements, .n_children = 1};
    CHECK_OK(arrow_array_make(&parts, out, &err), err);
}

/* Pairs of equal ids; every seventh name is null; one price is NaN. */
static void make_batch(struct ArrowArray *out)
{
    nl_error err = {0};
    struct arrow_builder *b[TAG];
    struct ArrowArray columns[LEAVES];
    char name[32];
    CHECK_OK(arrow_builder_new("l", &b[ID], &err), err);
    CHECK_OK(arrow_builder_new("u", &b[NAME], &err), err);
    CHECK_OK(arrow_builder_new("g", &b[PRICE], &err), err);
    for (int i = 0; i < ROWS; i++) {
        int len = snprintf(name, sizeof name, "name %d", i % 50);
        CHECK_OK(arrow_builder_int(b[ID], i / 2, &err), err);
        CHECK_OK(i % 7 ? arrow_builder_bytes(b[NAME], name, (size_t)len, &err) : arrow_builder_null(b[NAME], &err),
                 err);
        CHECK_OK(arrow_builder_double(b[PRICE], i == 3 ? NAN : i * 0.5, &err), err);
    }
    for (size_t i = 0; i < TAG; i++) {
        CHECK_OK(arrow_builder_finish(b[i], &columns[i], &err), err);
        arrow_builder_free(b[i]);
    }
    make_lists(&columns[TAG]);
    CHECK_OK(arrow_batch_make(columns, LEAVES, ROWS, out, &err), err);
}

static void make_file(nl_buf *out, bool v2)
{
    nl_error err = {0};
    nl_sink *sink;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    nl_parquet_writer *w;
    nl_parquet_column_options blooms[] = {{.path = "id", .bloom_filter = true},
                                          {.path = "name", .bloom_filter = true, .encoding = NL_PARQUET_DICTIONARY}};
    nl_parquet_sorting sorting[] = {{.path = "id"}};
    nl_parquet_write_options o = {.row_group_rows = GROUP_ROWS,
                                  .page_rows = PAGE_ROWS,
                                  .checksums = true,
                                  .data_page_v2 = v2,
                                  .columns = blooms,
                                  .n_columns = 2,
                                  .sorting = sorting,
                                  .n_sorting = 1};
    make_schema(&schema);
    make_batch(&batch);
    CHECK_OK(nl_sink_create_memory(out, &sink, &err), err);
    CHECK_OK(nl_parquet_writer_new(sink, &schema, &o, &w, &err), err);
    CHECK_OK(nl_parquet_write(w, &batch, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    CHECK_OK(nl_sink_commit(sink, &err), err);
    nl_parquet_writer_free(w);
    arrow_array_release(&batch);
    arrow_schema_release(&schema);
}

/* ── checking ── */

/* Findings, and whether one of them is what was expected. */
struct seen {
    const char *wanted;
    bool warning, found;
    int64_t row_group, leaf, offset; /* of the wanted one */
    char all[4096];
};

static int see(void *ctx, const struct pq_finding *f, nl_error *err)
{
    struct seen *s = ctx;
    (void)err;
    size_t used = strlen(s->all);
    snprintf(s->all + used, sizeof s->all - used, "%s %lld/%lld: %s\n", f->warning ? "warning" : "error",
             (long long)f->row_group, (long long)f->leaf, f->what);
    if (s->wanted && !s->found && f->warning == s->warning && strstr(f->what, s->wanted)) {
        s->found = true;
        s->row_group = f->row_group;
        s->leaf = f->leaf;
        s->offset = f->offset;
    }
    return NL_OK;
}

/* NL_OK, or why the file could not be checked (opening it included). */
static int check_bytes(const void *data, size_t len, struct seen *s, struct pq_check_result *r, nl_error *err)
{
    nl_source *source;
    nl_parquet_file *file = NULL;
    struct pq_check_options o = {.found = see, .ctx = s};
    int rc = nl_source_open_memory("a file", data, len, &source, err);
    if (rc)
        return rc;
    rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK)
        rc = pq_check(file, &o, r, err);
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

static void right_files_have_no_findings(void **state)
{
    (void)state;
    for (int v2 = 0; v2 < 2; v2++) {
        nl_buf bytes = {0};
        struct seen s = {0};
        struct pq_check_result r = {0};
        nl_error err = {0};
        check_why("data pages of version %d", v2 + 1);
        make_file(&bytes, v2);
        CHECK_OK(check_bytes(bytes.data, bytes.len, &s, &r, &err), err);
        CHECK_STR(s.all, "");
        CHECK_INT(r.errors + r.warnings, 0);
        CHECK_INT(r.chunks, 2 * LEAVES);
        CHECK_INT(r.checksums, r.pages);
        CHECK_INT(r.page_indexes, 2 * 2 * LEAVES);
        CHECK_INT(r.bloom_filters, 4);
        CHECK(r.pages >= 5 * LEAVES);
        nl_buf_free(&bytes);
    }
}

/* ── lies ── */

/* A file taken apart, to be put together again with another footer. */
struct apart {
    nl_buf bytes;    /* without the footer; indexes may be appended */
    nl_buf original; /* what the structures below are slices of */
    nl_arena arena;
    struct pq_file_meta meta;
    struct pq_column_chunk *chunks[2]; /* of the row groups; chunks[0] is where lies are told */
};

static void take_apart(struct apart *a, const nl_buf *file)
{
    nl_error err = {0};
    uint32_t len;
    memcpy(&len, file->data + file->len - 8, 4);
    CHECK_OK(nl_buf_append(&a->original, file->data, file->len, &err), err);
    const char *footer = a->original.data + a->original.len - 8 - len;
    CHECK_OK(nl_buf_append(&a->bytes, file->data, file->len - 8 - len, &err), err);
    CHECK_OK(pq_file_meta_decode(footer, len, &a->arena, &a->meta, &err), err);
    for (size_t g = 0; g < 2; g++) {
        a->chunks[g] = nl_arena_array(&a->arena, LEAVES, sizeof *a->chunks[g]);
        for (size_t i = 0; i < LEAVES; i++)
            CHECK_OK(pq_row_group_chunk(&a->meta.row_groups[g], i, &a->arena, &a->chunks[g][i], &err), err);
        a->meta.row_groups[g].columns = a->chunks[g];
    }
}

static void put_together(struct apart *a)
{
    nl_error err = {0};
    size_t before = a->bytes.len;
    CHECK_OK(pq_file_meta_encode(&a->meta, &a->bytes, &err), err);
    uint32_t len = (uint32_t)(a->bytes.len - before);
    CHECK_OK(nl_buf_append(&a->bytes, &len, 4, &err), err);
    CHECK_OK(nl_buf_append(&a->bytes, "PAR1", 4, &err), err);
}

static void apart_free(struct apart *a)
{
    nl_buf_free(&a->bytes);
    nl_buf_free(&a->original);
    nl_arena_free(&a->arena);
}

static struct pq_statistics *stats_of(struct apart *a, size_t leaf)
{
    return &a->chunks[0][leaf].meta.statistics;
}

static struct pq_slice number(int64_t v)
{
    static int64_t kept[8];
    static size_t n;
    int64_t *at = &kept[n++ % NL_LEN(kept)];
    *at = v;
    return (struct pq_slice){(const uint8_t *)at, sizeof *at};
}

static struct pq_slice real(double d)
{
    int64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return number(bits);
}

static void lie_min(struct apart *a)
{
    stats_of(a, ID)->min_value = number(1);
}
static void lie_max(struct apart *a)
{
    stats_of(a, ID)->max_value = number(298);
}
static void lie_exact(struct apart *a)
{
    *stats_of(a, ID) = (struct pq_statistics){.min_value = number(-5),
                                              .max_value = number(299),
                                              .has_min_exact = true,
                                              .min_exact = true};
}
static void lie_loose(struct apart *a)
{
    *stats_of(a, ID) = (struct pq_statistics){.min_value = number(-5), .max_value = number(299)};
}
static void lie_old(struct apart *a)
{
    stats_of(a, ID)->min = number(0);
    stats_of(a, ID)->max = number(7);
}
static void lie_nan(struct apart *a)
{
    stats_of(a, PRICE)->min_value = real((double)NAN);
}
static void lie_length(struct apart *a)
{
    stats_of(a, PRICE)->max_value.len = 7;
}
static void lie_text(struct apart *a)
{
    stats_of(a, NAME)->min_value = (struct pq_slice){(const uint8_t *)"name 1", 6};
}
static void lie_nulls(struct apart *a)
{
    stats_of(a, NAME)->null_count++;
}
static void lie_distinct(struct apart *a)
{
    stats_of(a, NAME)->has_distinct_count = true;
    stats_of(a, NAME)->distinct_count = GROUP_ROWS;
}
static void lie_values(struct apart *a)
{
    a->chunks[0][ID].meta.num_values++;
}
static void lie_rows(struct apart *a)
{
    a->meta.row_groups[0].num_rows++;
}
static void lie_all_rows(struct apart *a)
{
    a->meta.num_rows++;
}
static void lie_no_rows(struct apart *a)
{
    a->meta.num_rows = 0;
}
static void lie_size(struct apart *a)
{
    a->chunks[0][ID].meta.total_uncompressed_size++;
}
static void lie_place(struct apart *a)
{
    a->chunks[0][ID].meta.dictionary_page_offset = -1;
    a->chunks[0][ID].meta.data_page_offset = INT32_MAX;
}
static void lie_data_page(struct apart *a)
{
    a->chunks[0][ID].meta.data_page_offset++;
}
static void lie_dictionary(struct apart *a)
{
    a->chunks[0][NAME].meta.dictionary_page_offset++;
}
static void lie_codec(struct apart *a)
{
    a->chunks[0][ID].meta.codec = 99;
}
static void lie_type(struct apart *a)
{
    a->chunks[0][ID].meta.type = PQ_DOUBLE;
}
static void lie_path(struct apart *a)
{
    a->chunks[0][ID].meta.path[0].len--;
}
static void lie_encodings(struct apart *a)
{
    a->chunks[0][PRICE].meta.encodings = UINT32_C(1) << PQ_RLE;
}
static void lie_counts(struct apart *a)
{
    static struct pq_encoding_stats stats[] = {{PQ_DATA_PAGE, PQ_BYTE_STREAM_SPLIT, 3}};
    a->chunks[0][PRICE].meta.encoding_stats = stats;
    a->chunks[0][PRICE].meta.n_encoding_stats = 1;
}
static void lie_order(struct apart *a)
{
    a->meta.row_groups[0].sorting[0].descending = true;
}
static void lie_second_order(struct apart *a)
{
    static struct pq_sorting_column by[] = {{ID, false, false}, {PRICE, true, false}};
    a->meta.row_groups[0].sorting = by;
    a->meta.row_groups[0].n_sorting = 2;
}
static void lie_no_column(struct apart *a)
{
    a->meta.row_groups[0].sorting[0].column = LEAVES;
}
static void lie_other_file(struct apart *a)
{
    a->chunks[0][ID].file_path = (struct pq_slice){(const uint8_t *)"other", 5};
}
static void lie_index_place(struct apart *a)
{
    a->chunks[0][ID].offset_index_offset = INT32_MAX;
}
/* The filter of another column. */
static void lie_bloom(struct apart *a)
{
    a->chunks[0][NAME].meta.bloom_filter_offset = a->chunks[0][ID].meta.bloom_filter_offset;
    a->chunks[0][NAME].meta.bloom_filter_length = a->chunks[0][ID].meta.bloom_filter_length;
}
/* The last byte of the chunk is changed, and its page's checksum not. */
static void lie_checksum(struct apart *a)
{
    const struct pq_column_meta *m = &a->chunks[0][ID].meta;
    int64_t begin = m->dictionary_page_offset > 0 ? m->dictionary_page_offset : m->data_page_offset;
    a->bytes.data[begin + m->total_compressed_size - 1] ^= 1;
}
static void lie_magic(struct apart *a)
{
    a->bytes.data[0] = 'Q';
}

static const struct pq_column_chunk *decode_indexes(struct apart *a, size_t leaf, struct pq_offset_index *o,
                                                    struct pq_column_index *x)
{
    nl_error err = {0};
    const struct pq_column_chunk *c = &a->chunks[0][leaf];
    CHECK_OK(pq_offset_index_decode(a->original.data + c->offset_index_offset, (size_t)c->offset_index_length,
                                    &a->arena, o, &err),
             err);
    CHECK_OK(pq_column_index_decode(a->original.data + c->column_index_offset, (size_t)c->column_index_length,
                                    &a->arena, x, &err),
             err);
    return c;
}

static void encode_indexes(struct apart *a, size_t leaf, const struct pq_offset_index *o,
                           const struct pq_column_index *x)
{
    nl_error err = {0};
    struct pq_column_chunk *c = &a->chunks[0][leaf];
    c->offset_index_offset = (int64_t)a->bytes.len;
    CHECK_OK(pq_offset_index_encode(o, &a->bytes, &err), err);
    c->offset_index_length = (int32_t)((int64_t)a->bytes.len - c->offset_index_offset);
    c->column_index_offset = (int64_t)a->bytes.len;
    CHECK_OK(pq_column_index_encode(x, &a->bytes, &err), err);
    c->column_index_length = (int32_t)((int64_t)a->bytes.len - c->column_index_offset);
}

#define LIE_INDEX(name, leaf, statement)                                                                               \
    static void name(struct apart *a)                                                                                  \
    {                                                                                                                  \
        struct pq_offset_index o;                                                                                      \
        struct pq_column_index x;                                                                                      \
        decode_indexes(a, leaf, &o, &x);                                                                               \
        statement;                                                                                                     \
        encode_indexes(a, leaf, &o, &x);                                                                               \
    }
LIE_INDEX(lie_page_offset, ID, o.pages[0].offset--)
LIE_INDEX(lie_page_bytes, ID, o.pages[1].compressed_size--)
LIE_INDEX(lie_page_row, TAG, o.pages[1].first_row++)
LIE_INDEX(lie_page_count, ID, o.n = x.n = o.n - 1)
LIE_INDEX(lie_page_min, ID, x.min[1] = number(101))
LIE_INDEX(lie_page_max, ID, x.max[1] = number(3))
LIE_INDEX(lie_page_nulls, NAME, x.null_counts[0]++)
LIE_INDEX(lie_page_null, NAME, x.null_pages[1] = true)
LIE_INDEX(lie_page_order, ID, x.order = PQ_DESCENDING)

static const struct lie {
    const char *why;
    void (*tell)(struct apart *a);
    const char *wanted;
    bool warning;
    int64_t row_group, leaf;
} lies[] = {
    {"a min above a value", lie_min, "statistics: min is 1, the least value is 0", false, 0, ID},
    {"a max below a value", lie_max, "statistics: max is 298, the greatest value is 299", false, 0, ID},
    {"a bound that is said to be exact", lie_exact, "min -5 is said to be exact", false, 0, ID},
    {"a bound that is loose", lie_loose, "min is -5, looser than the least value, 0", true, 0, ID},
    {"the deprecated pair", lie_old, "deprecated statistics: max is 7", false, 0, ID},
    {"NaN as a bound", lie_nan, "min is NaN", true, 0, PRICE},
    {"a bound of another length", lie_length, "max has 7 bytes", false, 0, PRICE},
    {"a min of text", lie_text, "min is 'name 1', the least value is 'name 0'", false, 0, NAME},
    {"a null too many", lie_nulls, "statistics: 87 nulls are stated, 86 were found", false, 0, NAME},
    {"more distinct values than values", lie_distinct, "600 distinct values among 514", false, 0, NAME},
    {"a value too many", lie_values, "1 of 601 values are missing", false, 0, ID},
    {"a row too many", lie_rows, "600 rows, the row group has 601", false, 0, ID},
    {"a row too many in the footer", lie_all_rows, "the footer says 1001 rows", false, -1, -1},
    {"a footer without a row count", lie_no_rows, "the footer says 0 rows", true, -1, -1},
    {"another size before compression", lie_size, "total_uncompressed_size", true, 0, ID},
    {"a chunk beyond the file", lie_place, "the file's data lies in 4 to", false, 0, ID},
    {"a data page somewhere else", lie_data_page, "data_page_offset is not the first data page", false, 0, ID},
    {"a dictionary somewhere else", lie_dictionary, "page header", false, 0, NAME},
    {"a codec that does not exist", lie_codec, "codec", false, 0, ID},
    {"another type", lie_type, "the chunk is of type DOUBLE, the schema says INT64", false, 0, ID},
    {"another path", lie_path, "path_in_schema", false, 0, ID},
    {"an encoding that is not listed", lie_encodings, "which the metadata does not list", false, 0, PRICE},
    {"other pages than encoding_stats count", lie_counts, "encoding_stats: 3 data pages in BYTE_STREAM_SPLIT", false, 0,
     PRICE},
    {"the other order", lie_order, "sorting_columns promise descending values", false, 0, ID},
    {"an order among equals", lie_second_order, "row 1 of the row group is the first of 300", false, 0, PRICE},
    {"an order by no column", lie_no_column, "sorting_columns name leaf 4 of 4", false, 0, -1},
    {"a column in another file", lie_other_file, "lies in another file, other", true, 0, ID},
    {"an index beyond the file", lie_index_place, "offset index: ", false, 0, ID},
    {"another column's bloom filter", lie_bloom, "bloom filter: it denies", false, 0, NAME},
    {"a changed byte", lie_checksum, "the page's checksum is", false, 0, ID},
    {"another beginning", lie_magic, "does not begin with", false, -1, -1},
    {"a page somewhere else", lie_page_offset, "offset index: page 0 is at byte", false, 0, ID},
    {"a page of another size", lie_page_bytes, "offset index: page 1 has", false, 0, ID},
    {"a page at another row", lie_page_row, "offset index: page 1 begins with row 200, the index says 201", false, 0,
     TAG},
    {"a page too few", lie_page_count, "offset index: 2 pages, the chunk has 3", false, 0, ID},
    {"a page's min", lie_page_min, "column index, page 1: min is 101, the least value is 100", false, 0, ID},
    {"a page's max", lie_page_max, "column index, page 1: max is 3, the greatest value is 199", false, 0, ID},
    {"a page's nulls", lie_page_nulls, "column index: page 0 has 29 nulls, the index says 30", false, 0, NAME},
    {"a page of nulls that is none", lie_page_null, "page 1 is said to hold nothing but nulls", false, 0, NAME},
    {"pages in the other order", lie_page_order, "the pages are said to be in descending order", false, 0, ID},
};

static void every_lie_is_found(void **state)
{
    (void)state;
    nl_buf file = {0};
    make_file(&file, false);
    for (size_t i = 0; i < NL_LEN(lies); i++) {
        const struct lie *l = &lies[i];
        struct seen s = {.wanted = l->wanted, .warning = l->warning};
        struct pq_check_result r = {0};
        struct apart a = {0};
        nl_error err = {0};
        take_apart(&a, &file);
        l->tell(&a);
        put_together(&a);
        check_why("%s", l->why);
        CHECK_OK(check_bytes(a.bytes.data, a.bytes.len, &s, &r, &err), err);
        check_why("%s; found:\n%s", l->why, s.all);
        CHECK(s.found);
        CHECK_INT(s.row_group, l->row_group);
        CHECK_INT(s.leaf, l->leaf);
        CHECK(l->warning ? r.errors == 0 : r.errors > 0);
        apart_free(&a);
    }
    nl_buf_free(&file);
}

/* ── damage ── */

static void changed_bytes_are_findings(void **state)
{
    (void)state;
    struct rng rng = rng_seed("changed bytes");
    nl_buf file = {0};
    size_t silent = 0;
    make_file(&file, rng_below(&rng, 2));
    for (int round = 0; round < 600; round++) {
        struct seen s = {0};
        struct pq_check_result r = {0};
        nl_error err = {0};
        size_t len = file.len, changes = 1 + rng_below(&rng, 3);
        char *copy = malloc(len); /* exactly: a byte beyond is seen */
        CHECK(copy != NULL);
        memcpy(copy, file.data, len);
        for (size_t i = 0; i < changes; i++)
            copy[rng_below(&rng, len)] = (char)rng_next(&rng);
        check_why("round %d", round);
        int rc = check_bytes(copy, len, &s, &r, &err);
        CHECK(rc == NL_OK || rc == NL_CORRUPT || rc == NL_UNSUPPORTED);
        silent += rc == NL_OK && !s.all[0];
        free(copy);
    }
    /* What nobody can notice: names, the writer's, key-values; and bytes that were what they are. */
    CHECK_MAX(silent, 300);
    nl_buf_free(&file);
}

static int refuse(void *ctx, const struct pq_finding *f, nl_error *err)
{
    (void)f;
    ++*(int *)ctx;
    return nl_fail(err, NL_IO, "no more");
}

static void a_callback_ends_the_check(void **state)
{
    (void)state;
    nl_buf file = {0};
    nl_source *source;
    nl_parquet_file *opened;
    struct pq_check_result r = {0};
    nl_error err = {0};
    int calls = 0;
    make_file(&file, false);
    file.data[0] = 'Q';
    file.data[200] ^= 0x55;
    CHECK_OK(nl_source_open_memory("a file", file.data, file.len, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &opened, &err), err);
    struct pq_check_options o = {.found = refuse, .ctx = &calls};
    CHECK_FAILS(pq_check(opened, &o, &r, &err), NL_IO, err, "no more");
    CHECK_INT(calls, 1);
    nl_cancel cancel;
    nl_cancel_init(&cancel);
    nl_cancel_set(&cancel);
    struct seen s = {0};
    struct pq_check_options cancelled = {.found = see, .ctx = &s, .cancel = &cancel};
    CHECK_FAILS(pq_check(opened, &cancelled, &r, &err), NL_CANCELLED, err, "cancelled");
    nl_cancel_destroy(&cancel);
    nl_parquet_close(opened);
    nl_source_close(source);
    nl_buf_free(&file);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    nl_buf file = {0};
    make_file(&file, true);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct seen s = {0};
        struct pq_check_result r = {0};
        nl_error err = {0};
        int rc = check_bytes(file.data, file.len, &s, &r, &err);
        bool failed = fault_off(&f);
        CHECK(rc == NL_OK || (failed && rc == NL_NO_MEMORY));
        CHECK_STR(s.all, ""); /* no memory is no finding */
    }
    nl_buf_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_files_have_no_findings), cmocka_unit_test(every_lie_is_found),
        cmocka_unit_test(changed_bytes_are_findings),   cmocka_unit_test(a_callback_ends_the_check),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
