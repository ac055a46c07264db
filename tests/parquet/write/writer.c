/* tests/parquet/write/writer.c: the bytes of small files, the footer decoded again, what is refused, and every
 * allocation and every write of the sink failing once. */
#include <neuralake/parquet.h>

#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "parquet/codec/codec.h"
#include "parquet/format/metadata.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/memory_sink.h"

/* ── files from values ── */

/* A schema of one column. */
static void one_column(struct ArrowSchema *out, const char *format, bool nullable)
{
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(out, 1, &err), err);
    CHECK_OK(arrow_schema_field(out->children[0], format, "x", nullable, &err), err);
}

/* A batch of one column of integers; INT64_MIN is a null. */
static void int_batch(struct ArrowArray *out, const char *format, const int64_t *values, size_t n)
{
    struct arrow_builder *b;
    struct ArrowArray column;
    nl_error err = {0};
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(values[i] == INT64_MIN ? arrow_builder_null(b, &err) : arrow_builder_int(b, values[i], &err), err);
    CHECK_OK(arrow_builder_finish(b, &column, &err), err);
    arrow_builder_free(b);
    CHECK_OK(arrow_batch_make(&column, 1, (int64_t)n, out, &err), err);
}

/* A batch of one column of strings; NULL is a null. */
static void text_batch(struct ArrowArray *out, const char *const *values, size_t n)
{
    struct arrow_builder *b;
    struct ArrowArray column;
    nl_error err = {0};
    CHECK_OK(arrow_builder_new("u", &b, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(values[i] ? arrow_builder_bytes(b, values[i], strlen(values[i]), &err) : arrow_builder_null(b, &err),
                 err);
    CHECK_OK(arrow_builder_finish(b, &column, &err), err);
    arrow_builder_free(b);
    CHECK_OK(arrow_batch_make(&column, 1, (int64_t)n, out, &err), err);
}

/* Write the batch `times` times as a file into sink. */
static int write_file(struct test_sink *sink, const struct ArrowSchema *schema, const struct ArrowArray *batch,
                      int times, const nl_parquet_write_options *o, nl_error *err)
{
    nl_parquet_writer *w = NULL;
    int rc = nl_parquet_writer_new(&sink->base, schema, o, &w, err);
    CHECK(!rc == (w != NULL));
    for (int i = 0; !rc && i < times; i++)
        rc = nl_parquet_write(w, batch, err);
    if (!rc)
        rc = nl_parquet_finish(w, err);
    nl_parquet_writer_free(w);
    return rc;
}

/* The footer of a finished file; strings point into the file. */
static struct pq_file_meta footer_of(const nl_buf *file, nl_arena *arena)
{
    struct pq_file_meta meta;
    nl_error err = {0};
    uint32_t len;
    CHECK(file->len > 12);
    CHECK_MEM(file->data, "PAR1", 4);
    CHECK_MEM(file->data + file->len - 4, "PAR1", 4);
    memcpy(&len, file->data + file->len - 8, 4);
    CHECK_MAX(len, file->len - 12);
    CHECK_OK(pq_file_meta_decode(file->data + file->len - 8 - len, len, arena, &meta, &err), err);
    return meta;
}

/* The page at `at`: its header; *at moves to its body. */
static struct pq_page_header page_at(const nl_buf *file, size_t *at)
{
    struct pq_page_header h;
    size_t used;
    nl_error err = {0};
    CHECK_OK(pq_page_header_decode(file->data + *at, file->len - *at, &h, &used, &err), err);
    *at += used;
    return h;
}

static const nl_parquet_write_options plain = {.codec = NL_PARQUET_UNCOMPRESSED, .no_dictionary = true};

/* ── bytes ── */

static void a_page_has_these_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *format;
        bool nullable;
        int64_t values[10];
        size_t n, len;
        const char *body;
    } cases[] = {
        {"required int32: the values alone", "i", false, {1, -1, 2}, 3, 12, "\1\0\0\0\xff\xff\xff\xff\2\0\0\0"},
        {"int8 is widened with its sign", "c", false, {-2}, 1, 4, "\xfe\xff\xff\xff"},
        {"uint16 without one", "S", false, {65535}, 1, 4, "\xff\xff\0\0"},
        {"booleans are bits", "b", false, {1, 0, 1, 1, 0, 0, 0, 0, 1}, 9, 2, "\x0d\x01"},
        {"optional without nulls: one run", "i", true, {7}, 1, 4 + 2 + 4, "\2\0\0\0\x02\x01\7\0\0\0"},
        {"a null has a level and no value",
         "i",
         true,
         {7, INT64_MIN, 8},
         3,
         4 + 2 + 8,
         "\2\0\0\0\x03\x05\7\0\0\0\x08\0\0\0"},
        {"booleans without the nulls' places", "b", true, {1, INT64_MIN, 1, 0}, 4, 4 + 2 + 1, "\2\0\0\0\x03\x0d\x03"},
        {"nothing but nulls", "l", true, {INT64_MIN, INT64_MIN}, 2, 4 + 2, "\2\0\0\0\x03\0"},
        {"seconds become milliseconds", "tss:", false, {-3}, 1, 8, "\x48\xf4\xff\xff\xff\xff\xff\xff"},
        {"milliseconds become days, towards the past", "tdm", false, {-1}, 1, 4, "\xff\xff\xff\xff"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowSchema schema;
        struct ArrowArray batch;
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        check_why("%s", cases[i].why);
        one_column(&schema, cases[i].format, cases[i].nullable);
        int_batch(&batch, cases[i].format, cases[i].values, cases[i].n);
        CHECK_OK(write_file(&sink, &schema, &batch, 1, &plain, &err), err);
        size_t at = 4;
        struct pq_page_header h = page_at(&sink.bytes, &at);
        CHECK_INT(h.type, PQ_DATA_PAGE);
        CHECK_INT(h.num_values, cases[i].n);
        CHECK_INT(h.encoding, PQ_PLAIN);
        CHECK_INT(h.definition_encoding, PQ_RLE);
        CHECK_INT(h.uncompressed_size, cases[i].len);
        CHECK_INT(h.compressed_size, cases[i].len);
        CHECK_MEM(sink.bytes.data + at, cases[i].body, cases[i].len);
        nl_buf_free(&sink.bytes);
        arrow_schema_release(&schema);
        arrow_array_release(&batch);
    }
}

static void large_decimals_are_big_endian(void **state)
{
    (void)state;
    struct arrow_builder *b;
    struct ArrowArray column, batch;
    struct ArrowSchema schema;
    struct test_sink sink = TEST_SINK;
    nl_error err = {0};
    one_column(&schema, "d:20,2", false);
    CHECK_OK(arrow_builder_new("d:20,2", &b, &err), err);
    CHECK_OK(arrow_builder_decimal(b, -2, &err), err);
    CHECK_OK(arrow_builder_decimal(b, (__int128)1 << 64, &err), err);
    CHECK_OK(arrow_builder_finish(b, &column, &err), err);
    arrow_builder_free(b);
    CHECK_OK(arrow_batch_make(&column, 1, 2, &batch, &err), err);
    CHECK_OK(write_file(&sink, &schema, &batch, 1, &plain, &err), err);
    size_t at = 4;
    CHECK_INT(page_at(&sink.bytes, &at).uncompressed_size, 18);
    CHECK_MEM(sink.bytes.data + at, "\xff\xff\xff\xff\xff\xff\xff\xff\xfe\1\0\0\0\0\0\0\0\0", 18);
    nl_buf_free(&sink.bytes);
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
}

static void a_dictionary_has_these_bytes(void **state)
{
    (void)state;
    static const char *const words[] = {"seven", NULL, "eleven", "seven", "seven", "eleven", "seven", "twelve"};
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct test_sink sink = TEST_SINK;
    nl_arena arena = {0};
    nl_error err = {0};
    nl_parquet_write_options o = {.codec = NL_PARQUET_UNCOMPRESSED};
    one_column(&schema, "u", true);
    text_batch(&batch, words, 8);
    CHECK_OK(write_file(&sink, &schema, &batch, 1, &o, &err), err);
    size_t at = 4;
    struct pq_page_header h = page_at(&sink.bytes, &at);
    CHECK_INT(h.type, PQ_DICTIONARY_PAGE);
    CHECK_INT(h.encoding, PQ_PLAIN);
    CHECK_INT(h.num_values, 3);
    CHECK_MEM(sink.bytes.data + at, "\5\0\0\0seven\6\0\0\0eleven\6\0\0\0twelve", 29);
    at += 29;
    size_t data_at = at;
    h = page_at(&sink.bytes, &at);
    CHECK_INT(h.type, PQ_DATA_PAGE);
    CHECK_INT(h.encoding, PQ_RLE_DICTIONARY);
    CHECK_INT(h.num_values, 8);
    /* levels 10111111, width 2, one group: 0 1 0 0 1 0 2 and padding */
    CHECK_INT(h.uncompressed_size, 4 + 2 + 1 + 3);
    CHECK_MEM(sink.bytes.data + at, "\2\0\0\0\x03\xfd\x02\x03\x04\x21", 10);
    struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
    struct pq_column_chunk c;
    CHECK_OK(pq_row_group_chunk(&meta.row_groups[0], 0, &arena, &c, &err), err);
    CHECK_INT(c.meta.dictionary_page_offset, 4);
    CHECK_INT(c.meta.data_page_offset, data_at);
    CHECK_INT(c.meta.encodings, 1u << PQ_PLAIN | 1u << PQ_RLE | 1u << PQ_RLE_DICTIONARY);
    CHECK_INT(c.meta.n_encoding_stats, 2);
    CHECK_INT(c.meta.statistics.null_count, 1);
    CHECK_INT(c.meta.statistics.distinct_count, 3);
    CHECK_MEM(c.meta.statistics.min_value.data, "eleven", 6);
    CHECK_MEM(c.meta.statistics.max_value.data, "twelve", 6);
    nl_arena_free(&arena);
    nl_buf_free(&sink.bytes);
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
}

/* ── the footer ── */

static void the_footer_says_what_was_written(void **state)
{
    (void)state;
    enum { ROWS = 1000, TIMES = 5, GROUP = 1500 };
    static int64_t values[ROWS];
    static const char *const pairs[] = {"answer", "42", "empty", ""};
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct test_sink sink = TEST_SINK;
    nl_arena arena = {0};
    nl_error err = {0};
    for (size_t i = 0; i < ROWS; i++)
        values[i] = (int64_t)i * 1000003;
    one_column(&schema, "l", false);
    int_batch(&batch, "l", values, ROWS);
    nl_parquet_write_options o = {.row_group_rows = GROUP, .page_bytes = 800, .key_values = pairs, .n_key_values = 2};
    CHECK_OK(write_file(&sink, &schema, &batch, TIMES, &o, &err), err);
    struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
    CHECK_INT(meta.version, 2);
    CHECK_INT(meta.num_rows, ROWS * TIMES);
    CHECK_INT(meta.n_row_groups, 4);
    CHECK_INT(meta.n_schema, 2);
    CHECK_INT(meta.n_column_orders, 1);
    CHECK_INT(meta.column_orders[0], PQ_ORDER_TYPE_DEFINED);
    CHECK_INT(meta.n_key_values, 3);
    CHECK_MEM(meta.key_values[2].key.data, "ARROW:schema", 12);
    CHECK_MEM(meta.key_values[0].value.data, "42", 2);
    CHECK_INT(meta.key_values[1].value.len, 0);
    CHECK_MEM(meta.created_by.data, "neuralake version 0.1.0 (build ", 31);
    int64_t at = 4;
    for (size_t g = 0; g < 4; g++) {
        struct pq_column_chunk c;
        check_why("row group %zu", g);
        const struct pq_row_group *rg = &meta.row_groups[g];
        CHECK_INT(rg->num_rows, g < 3 ? GROUP : ROWS * TIMES - 3 * GROUP);
        CHECK_INT(rg->ordinal, g);
        CHECK_INT(rg->file_offset, at);
        CHECK_OK(pq_row_group_chunk(rg, 0, &arena, &c, &err), err);
        CHECK_INT(c.meta.num_values, rg->num_rows);
        CHECK_INT(rg->total_byte_size, c.meta.total_uncompressed_size);
        CHECK_INT(rg->total_compressed_size, c.meta.total_compressed_size);
        /* The pages add up to what the footer says. */
        size_t page = (size_t)at, rows = 0, unpacked = 0, n = 0;
        while (page < (size_t)(at + c.meta.total_compressed_size)) {
            size_t start = page;
            struct pq_page_header h = page_at(&sink.bytes, &page);
            unpacked += page - start + (size_t)h.uncompressed_size;
            page += (size_t)h.compressed_size;
            rows += h.type == PQ_DATA_PAGE ? (size_t)h.num_values : 0;
            n++;
        }
        CHECK_INT(page, at + c.meta.total_compressed_size);
        CHECK_INT(rows, rg->num_rows);
        CHECK_INT(unpacked, c.meta.total_uncompressed_size);
        CHECK(n > 1);
        at += c.meta.total_compressed_size;
    }
    nl_arena_free(&arena);
    nl_buf_free(&sink.bytes);
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
}

static void a_file_without_rows_is_a_file(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct test_sink sink = TEST_SINK;
    nl_arena arena = {0};
    nl_error err = {0};
    one_column(&schema, "u", true);
    text_batch(&batch, NULL, 0);
    CHECK_OK(write_file(&sink, &schema, &batch, 2, NULL, &err), err);
    struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
    CHECK_INT(meta.num_rows, 0);
    CHECK_INT(meta.n_row_groups, 0);
    CHECK_INT(meta.n_schema, 2);
    nl_arena_free(&arena);
    nl_buf_free(&sink.bytes);
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
}

/* Which encodings a column of `distinct` different values ends with. */
static void a_dictionary_must_pay(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int64_t distinct;
        uint64_t dictionary_bytes;
        bool dict, plain;
    } cases[] = {
        {"few values", 10, 0, true, false},
        {"all different", 20000, 0, false, true},
        {"it overflows later", 2000, 4000, true, true},
        {"no room for a value", 10, 4, false, true},
    };
    static int64_t values[20000];
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowSchema schema;
        struct ArrowArray batch;
        struct test_sink sink = TEST_SINK;
        nl_arena arena = {0};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        /* The first page's values repeat; then new ones come. */
        for (int64_t k = 0; k < 20000; k++)
            values[k] = cases[i].dictionary_bytes > 4 && k < 4000 ? k % 10 : k % cases[i].distinct;
        one_column(&schema, "l", true);
        int_batch(&batch, "l", values, 20000);
        nl_parquet_write_options o = {.page_bytes = 16000, .dictionary_bytes = cases[i].dictionary_bytes};
        CHECK_OK(write_file(&sink, &schema, &batch, 1, &o, &err), err);
        struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
        struct pq_column_chunk c;
        CHECK_OK(pq_row_group_chunk(&meta.row_groups[0], 0, &arena, &c, &err), err);
        bool dict = false, has_plain = false;
        for (size_t k = 0; k < c.meta.n_encoding_stats; k++) {
            const struct pq_encoding_stats *s = &c.meta.encoding_stats[k];
            dict |= s->page_type == PQ_DATA_PAGE && s->encoding == PQ_RLE_DICTIONARY;
            has_plain |= s->page_type == PQ_DATA_PAGE && s->encoding == PQ_PLAIN;
        }
        CHECK_INT(dict, cases[i].dict);
        CHECK_INT(has_plain, cases[i].plain);
        CHECK_INT(c.meta.dictionary_page_offset >= 0, cases[i].dict);
        CHECK_INT(c.meta.statistics.has_distinct_count, cases[i].dict && !cases[i].plain);
        int64_t min = 0, max = cases[i].distinct - 1;
        CHECK_MEM(c.meta.statistics.min_value.data, &min, 8);
        CHECK_MEM(c.meta.statistics.max_value.data, &max, 8);
        nl_arena_free(&arena);
        nl_buf_free(&sink.bytes);
        arrow_schema_release(&schema);
        arrow_array_release(&batch);
    }
}

/* The chunk's size and whether it has a dictionary, of n values in one row group. */
static int64_t written_size(const int64_t *values, int64_t n, nl_parquet_codec codec, int level, bool *dict)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct test_sink sink = TEST_SINK;
    nl_arena arena = {0};
    nl_error err = {0};
    one_column(&schema, "l", true);
    int_batch(&batch, "l", values, n);
    nl_parquet_write_options o = {.codec = codec, .codec_level = level};
    CHECK_OK(write_file(&sink, &schema, &batch, 1, &o, &err), err);
    struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
    struct pq_column_chunk c;
    CHECK_OK(pq_row_group_chunk(&meta.row_groups[0], 0, &arena, &c, &err), err);
    *dict = c.meta.dictionary_page_offset >= 0;
    nl_arena_free(&arena);
    nl_buf_free(&sink.bytes);
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
    return c.meta.total_compressed_size;
}

static uint64_t mixed(uint64_t i)
{
    i = (i ^ i >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    return (i ^ i >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

/* 100,000 different values: a page's dictionary is as large as the page, that of eight pages is not. */
static void a_dictionary_stays_where_it_will_pay(void **state)
{
    (void)state;
    enum { N = 1000000 };
    int64_t *values = malloc(N * sizeof(*values));
    assert_non_null(values);
    bool dict;
    for (uint64_t k = 0; k < N; k++)
        values[k] = (int64_t)(mixed(k) % 100000);
    int64_t size = written_size(values, N, NL_PARQUET_SNAPPY, 0, &dict);
    CHECK_INT(dict, true);
    CHECK(size < N * 3);
    for (uint64_t k = 0; k < N; k++)
        values[k] = (int64_t)mixed(k);
    written_size(values, N, NL_PARQUET_SNAPPY, 0, &dict);
    CHECK_INT(dict, false);
    free(values);
}

/* Without a level, zstd takes what is no larger than its default, by what a page shows. */
static void the_level_of_zstd_is_measured(void **state)
{
    (void)state;
    enum { N = 400000 };
    int64_t *values = malloc(N * sizeof(*values));
    assert_non_null(values);
    for (int shape = 0; shape < 3; shape++) {
        check_why("shape %d", shape);
        for (uint64_t k = 0; k < N; k++)
            values[k] = (int64_t)(shape == 0   ? mixed(k)
                                  : shape == 1 ? k * 1000 + mixed(k) % 100
                                               : (mixed(k / 3) & 0xFFFFFF) * 100);
        bool dict;
        int64_t unasked = written_size(values, N, NL_PARQUET_ZSTD, 0, &dict), least = INT64_MAX;
        for (int level = 1; level <= 3; level++) {
            int64_t size = written_size(values, N, NL_PARQUET_ZSTD, level, &dict);
            least = size < least ? size : least;
            if (level == 3)
                CHECK(unasked <= size + size / 100);
        }
        CHECK(unasked >= least);
    }
    free(values);
}

/* ── what is refused ── */

static void damaged_batches_are_refused_by_column_and_row(void **state)
{
    (void)state;
    static const int32_t backwards[] = {0, 2, 1, 3}, negative[] = {-5, 0, 1, 2};
    static const uint8_t valid[] = {0x05};
    static const int64_t sizes[] = {4};
    static const int32_t views[] = {20, 0, 0, 0, 1, 'a', 0, 0, 1, 'b', 0, 0}, bad_len[] = {-1, 0, 0, 0},
                         bad_buffer[] = {20, 0, 1, 0};
    static const __int128 huge[] = {1000, 0, 0};
    const struct {
        const char *why, *format;
        bool nullable;
        int64_t length, null_count, n_buffers;
        const void *buffers[4];
        const char *words;
    } cases[] = {
        {"offsets that go back", "u", true, 3, 0, 3, {NULL, backwards, "abc"}, "column x: row 1"},
        {"negative offsets", "u", true, 3, 0, 3, {NULL, negative, "abc"}, "column x: row 0"},
        {"a null in a required column", "i", false, 3, -1, 2, {valid, huge}, "column x: row 1 of the batch is null"},
        {"too few rows", "i", true, 2, 0, 2, {NULL, huge}, "the array has 2 rows, the batch needs 3"},
        {"too few buffers", "u", true, 3, 0, 2, {NULL, backwards}, "2 buffers"},
        {"a missing buffer", "i", true, 3, 0, 2, {NULL, NULL}, "buffer"},
        {"strings without data", "u", true, 3, 0, 3, {NULL, backwards, NULL}, "row 0"},
        {"a view of no buffer", "vu", true, 3, 0, 3, {NULL, views, sizes}, "row 0"},
        {"a view beyond its buffer", "vu", true, 3, 0, 4, {NULL, views, "abcd", sizes}, "row 0"},
        {"a view of negative length", "vu", true, 3, 0, 3, {NULL, bad_len, sizes}, "row 0"},
        {"a view of another buffer", "vu", true, 3, 0, 4, {NULL, bad_buffer, "abcd", sizes}, "row 0"},
        {"a decimal beyond its precision", "d:3,0", true, 3, 0, 2, {NULL, huge}, "row 0"},
        {"a decimal beyond its precision",
         "d:38,0",
         true,
         3,
         0,
         2,
         {NULL, (__int128[]){0, 0, (__int128)3 << 125}},
         "row 2"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowSchema schema;
        struct ArrowArray batch;
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        check_why("%s (%s)", cases[i].why, cases[i].format);
        one_column(&schema, cases[i].format, cases[i].nullable);
        int_batch(&batch, "l", (int64_t[]){1, 2, 3}, 3);
        /* A batch of the right shape whose column is exchanged; its own stays to be released. */
        struct ArrowArray bad = *batch.children[0], *column = &bad, broken = batch;
        const void *buffers[4];
        memcpy(buffers, cases[i].buffers, sizeof buffers);
        bad.length = cases[i].length;
        bad.null_count = cases[i].null_count;
        bad.n_buffers = cases[i].n_buffers;
        bad.buffers = buffers;
        broken.children = &column;
        nl_parquet_writer *w;
        CHECK_OK(nl_parquet_writer_new(&sink.base, &schema, NULL, &w, &err), err);
        CHECK_FAILS(nl_parquet_write(w, &broken, &err), NL_INVALID, err, cases[i].words);
        /* W1: the failure is the end. */
        char message[sizeof err.message];
        memcpy(message, err.message, sizeof message);
        CHECK_FAILS(nl_parquet_write(w, &batch, &err), NL_INVALID, err, message);
        CHECK_FAILS(nl_parquet_finish(w, &err), NL_INVALID, err, message);
        CHECK_INT(sink.bytes.len, 4); /* no footer */
        nl_parquet_writer_free(w);
        nl_buf_free(&sink.bytes);
        arrow_schema_release(&schema);
        arrow_array_release(&batch);
    }
}

static void what_cannot_be_written_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int code;
        const char *words;
    } cases[] = {
        {"+r", NL_UNSUPPORTED, "run-end"},  {"+ud:0", NL_UNSUPPORTED, "union"}, {"+l", NL_INVALID, "column x"},
        {"+s", NL_UNSUPPORTED, "members"},  {"d:5,7", NL_UNSUPPORTED, "scale"}, {"d:5,-1", NL_UNSUPPORTED, "scale"},
        {"w:0", NL_UNSUPPORTED, "0 bytes"}, {"d:77,0,256", NL_INVALID, "77"},   {"nonsense", NL_INVALID, "column x"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowSchema schema;
        struct test_sink sink = TEST_SINK;
        nl_parquet_writer *w;
        nl_error err = {0};
        check_why("%s", cases[i].format);
        one_column(&schema, cases[i].format, true);
        CHECK_FAILS(nl_parquet_writer_new(&sink.base, &schema, NULL, &w, &err), cases[i].code, err, cases[i].words);
        CHECK(w == NULL);
        CHECK_INT(sink.bytes.len, 0);
        arrow_schema_release(&schema);
    }
}

static void options_are_checked(void **state)
{
    (void)state;
    static const nl_parquet_write_options cases[] = {
        {.codec = (nl_parquet_codec)9},
        {.codec_level = 23},
        {.codec_level = -1},
        {.row_group_rows = -1},
        {.page_bytes = 2u << 30},
        {.dictionary_bytes = 2u << 30},
        {.n_key_values = 1},
    };
    struct ArrowSchema schema;
    one_column(&schema, "i", true);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct test_sink sink = TEST_SINK;
        nl_parquet_writer *w;
        nl_error err = {0};
        check_why("case %zu", i);
        CHECK_FAILS(nl_parquet_writer_new(&sink.base, &schema, &cases[i], &w, &err), NL_INVALID, err, NULL);
        CHECK(w == NULL);
    }
    arrow_schema_release(&schema);
}

static void a_finished_writer_takes_nothing(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct test_sink sink = TEST_SINK;
    nl_parquet_writer *w;
    nl_error err = {0};
    one_column(&schema, "i", true);
    int_batch(&batch, "i", (int64_t[]){1}, 1);
    CHECK_OK(nl_parquet_writer_new(&sink.base, &schema, NULL, &w, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    size_t len = sink.bytes.len;
    CHECK_FAILS(nl_parquet_write(w, &batch, &err), NL_INVALID, err, "finished");
    CHECK_FAILS(nl_parquet_finish(w, &err), NL_INVALID, err, "finished");
    CHECK_INT(sink.bytes.len, len);
    nl_parquet_writer_free(w);
    nl_parquet_writer_free(NULL);
    nl_buf_free(&sink.bytes);
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
}

/* ── faults ── */

/* Two row groups with a dictionary, nulls, pages, statistics, key and value: everything that allocates. */
struct scene {
    struct ArrowSchema schema;
    struct ArrowArray batch;
    nl_parquet_write_options options;
};

static void make_scene(struct scene *s)
{
    enum { N = 600 };
    static char text[N][24];
    static const char *words[N];
    static const char *const pairs[] = {"k", "v"};
    for (int i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "value %d", i < 200 ? i % 7 : i);
        words[i] = i % 5 ? text[i] : NULL;
    }
    one_column(&s->schema, "u", true);
    text_batch(&s->batch, words, N);
    s->options = (nl_parquet_write_options){.codec = NL_PARQUET_ZSTD,
                                            .row_group_rows = 400,
                                            .page_bytes = 1000,
                                            .dictionary_bytes = 1500,
                                            .key_values = pairs,
                                            .n_key_values = 1};
}

static void free_scene(struct scene *s)
{
    arrow_schema_release(&s->schema);
    arrow_array_release(&s->batch);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    struct scene s;
    make_scene(&s);
    size_t whole = 0;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        int rc = write_file(&sink, &s.schema, &s.batch, 1, &s.options, &err);
        bool failed = fault_off(&f);
        check_why("allocation %ld", f.nth);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        CHECK_INT(err.code, rc);
        if (failed) /* nothing that looks like a file */
            CHECK(sink.bytes.len < 12 || memcmp(sink.bytes.data + sink.bytes.len - 4, "PAR1", 4) != 0);
        whole = failed ? 0 : sink.bytes.len;
        nl_buf_free(&sink.bytes);
    }
    CHECK(whole > 100);
    free_scene(&s);
}

static void every_write_of_the_sink_fails_once(void **state)
{
    (void)state;
    struct scene s;
    make_scene(&s);
    long n = 1;
    for (int rc = NL_IO; rc; n++) {
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        sink.fail_at = n;
        rc = write_file(&sink, &s.schema, &s.batch, 1, &s.options, &err);
        check_why("write %ld", n);
        if (rc) {
            CHECK_FAILS(rc, NL_IO, err, "the disk is full");
            CHECK_INT(sink.writes, n); /* it stops everything: no further write */
        } else {
            CHECK_INT(sink.writes, n - 1);
        }
        nl_buf_free(&sink.bytes);
    }
    CHECK(n > 5);
    free_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_these_bytes),
        cmocka_unit_test(large_decimals_are_big_endian),
        cmocka_unit_test(a_dictionary_has_these_bytes),
        cmocka_unit_test(the_footer_says_what_was_written),
        cmocka_unit_test(a_file_without_rows_is_a_file),
        cmocka_unit_test(a_dictionary_must_pay),
        cmocka_unit_test(a_dictionary_stays_where_it_will_pay),
        cmocka_unit_test(the_level_of_zstd_is_measured),
        cmocka_unit_test(damaged_batches_are_refused_by_column_and_row),
        cmocka_unit_test(what_cannot_be_written_is_named),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_finished_writer_takes_nothing),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_write_of_the_sink_fails_once),
    };
    return cmocka_run_group_tests_name("parquet_write", tests, NULL, NULL);
}
