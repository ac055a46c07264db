/* tests/parquet/write/options.c: what each option makes of a file's bytes, several threads that write the same ones, and
 * every allocation and every write failing once with all of it switched on. */
#include <neuralake/parquet.h>

#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "parquet/codec/codec.h"
#include "parquet/format/metadata.h"
#include "parquet/index/bloom.h"
#include "parquet/index/page_index.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/memory_sink.h"

/* ── a batch: a number, a list of strings, a dictionary, a truth, a float ── */

enum { ROWS = 600 };

struct scene {
    int64_t ids[ROWS];
    double floats[ROWS];
    uint8_t truths[ROWS / 8 + 1], codes[ROWS];
    int32_t list_offsets[ROWS + 1], text_offsets[2 * ROWS + 1], word_offsets[4];
    char text[2 * ROWS * 8];
    const void *buffers[8][3];
    struct ArrowArray arrays[8], *children[5], *item;
    struct ArrowSchema fields[8], *field_children[5], *field_item;
};

static void release_schema(struct ArrowSchema *s)
{
    (void)s;
}

static void release_array(struct ArrowArray *a)
{
    (void)a;
}

/* Array i of the scene: its buffers behind an absent validity. */
static struct ArrowArray *array(struct scene *s, size_t i, int64_t length, const void *one, const void *two)
{
    s->buffers[i][1] = one;
    s->buffers[i][2] = two;
    s->arrays[i] = (struct ArrowArray){.length = length,
                                       .n_buffers = 1 + !!one + !!two,
                                       .buffers = s->buffers[i],
                                       .release = release_array};
    return &s->arrays[i];
}

static struct ArrowSchema *field(struct scene *s, size_t i, const char *format, const char *name, bool nullable)
{
    s->fields[i] = (struct ArrowSchema){.format = format,
                                        .name = name,
                                        .flags = nullable ? ARROW_FLAG_NULLABLE : 0,
                                        .release = release_schema};
    return &s->fields[i];
}

static void fill_values(struct scene *s)
{
    size_t at = 0, items = 0;
    for (size_t i = 0; i < ROWS; i++) {
        s->ids[i] = (int64_t)i * 3;
        s->floats[i] = (double)i / 7;
        s->truths[i / 8] |= (uint8_t)((i % 3 == 0) << i % 8);
        s->codes[i] = (uint8_t)(i % 3);
        s->list_offsets[i] = (int32_t)items;
        for (size_t k = 0; k < i % 3; k++) {
            s->text_offsets[items++] = (int32_t)at;
            at += (size_t)snprintf(s->text + at, 8, "t%zu", i < 300 ? i % 5 : i);
        }
    }
    s->list_offsets[ROWS] = (int32_t)items;
    s->text_offsets[items] = (int32_t)at;
    for (int32_t i = 0; i < 4; i++)
        s->word_offsets[i] = i;
}

static void make_scene(struct scene *s)
{
    memset(s, 0, sizeof *s);
    fill_values(s);
    s->children[0] = array(s, 1, ROWS, s->ids, NULL);
    s->children[1] = array(s, 2, ROWS, s->list_offsets, NULL);
    s->item = array(s, 3, s->list_offsets[ROWS], s->text_offsets, s->text);
    s->children[1]->n_children = 1;
    s->children[1]->children = &s->item;
    s->children[2] = array(s, 4, ROWS, s->codes, NULL);
    s->children[2]->dictionary = array(s, 5, 3, s->word_offsets, "abc");
    s->children[3] = array(s, 6, ROWS, s->truths, NULL);
    s->children[4] = array(s, 7, ROWS, s->floats, NULL);
    array(s, 0, ROWS, NULL, NULL)->n_children = 5;
    s->arrays[0].children = s->children;

    s->field_children[0] = field(s, 1, "l", "id", false);
    s->field_children[1] = field(s, 2, "+l", "tags", true);
    s->field_item = field(s, 3, "u", "item", true);
    s->field_children[1]->n_children = 1;
    s->field_children[1]->children = &s->field_item;
    s->field_children[2] = field(s, 4, "C", "word", true);
    s->field_children[2]->dictionary = field(s, 5, "u", "", true);
    s->field_children[3] = field(s, 6, "b", "truth", true);
    s->field_children[4] = field(s, 7, "g", "x", true);
    field(s, 0, "+s", "", false)->n_children = 5;
    s->fields[0].children = s->field_children;
}

static const nl_parquet_column_options columns[] = {
    {.path = "id", .encoding = NL_PARQUET_DELTA_BINARY_PACKED, .bloom_filter = true},
    {.path = "tags", .bloom_filter = true, .has_codec = true, .codec = NL_PARQUET_ZSTD},
    {.path = "truth", .encoding = NL_PARQUET_RLE},
};
static const nl_parquet_sorting sorting[] = {{.path = "id"}, {.path = "tags", .descending = true, .nulls_first = true}};

/* Everything that can be switched on. */
static const nl_parquet_write_options everything = {.row_group_rows = 250,
                                                    .page_rows = 40,
                                                    .dictionary_bytes = 700,
                                                    .auto_encoding = true,
                                                    .data_page_v2 = true,
                                                    .checksums = true,
                                                    .columns = columns,
                                                    .n_columns = NL_LEN(columns),
                                                    .sorting = sorting,
                                                    .n_sorting = NL_LEN(sorting)};

static int write_scene(struct test_sink *sink, struct scene *s, const nl_parquet_write_options *o, nl_error *err)
{
    nl_parquet_writer *w = NULL;
    int rc = nl_parquet_writer_new(&sink->base, &s->fields[0], o, &w, err);
    if (!rc)
        rc = nl_parquet_write(w, &s->arrays[0], err);
    if (!rc)
        rc = nl_parquet_finish(w, err);
    nl_parquet_writer_free(w);
    return rc;
}

/* ── what a file says ── */

static struct pq_file_meta footer_of(const nl_buf *file, nl_arena *arena)
{
    struct pq_file_meta meta;
    nl_error err = {0};
    uint32_t len;
    memcpy(&len, file->data + file->len - 8, 4);
    CHECK_OK(pq_file_meta_decode(file->data + file->len - 8 - len, len, arena, &meta, &err), err);
    return meta;
}

static struct pq_column_chunk chunk_of(const struct pq_file_meta *meta, size_t group, size_t column, nl_arena *arena)
{
    struct pq_column_chunk c;
    nl_error err = {0};
    CHECK_OK(pq_row_group_chunk(&meta->row_groups[group], column, arena, &c, &err), err);
    return c;
}

/* Pages of a chunk, held against both of its indexes. */
static void check_indexes(const nl_buf *file, const struct pq_column_chunk *c, int64_t rows, nl_arena *arena)
{
    struct pq_offset_index offsets;
    struct pq_column_index bounds;
    nl_error err = {0};
    CHECK_OK(pq_offset_index_decode(file->data + c->offset_index_offset, (size_t)c->offset_index_length, arena,
                                    &offsets, &err),
             err);
    CHECK_OK(pq_column_index_decode(file->data + c->column_index_offset, (size_t)c->column_index_length, arena, &bounds,
                                    &err),
             err);
    CHECK_INT(bounds.n, offsets.n);
    int64_t at = c->meta.data_page_offset, first = 0, nulls = 0;
    for (size_t i = 0; i < offsets.n; i++) {
        struct pq_page_header h;
        size_t used;
        CHECK_INT(offsets.pages[i].offset, at);
        CHECK_INT(offsets.pages[i].first_row, first);
        CHECK_OK(pq_page_header_decode(file->data + at, file->len - (size_t)at, &h, &used, &err), err);
        CHECK_INT(h.type, PQ_DATA_PAGE_V2);
        CHECK_MAX(h.num_rows, everything.page_rows);
        CHECK_INT(h.num_nulls, bounds.null_counts[i]);
        CHECK(h.has_crc);
        CHECK_INT(h.crc, pq_crc32(0, file->data + at + used, (size_t)h.compressed_size));
        CHECK_INT(offsets.pages[i].compressed_size, used + (size_t)h.compressed_size);
        at += offsets.pages[i].compressed_size;
        first += h.num_rows;
        nulls += h.num_nulls;
    }
    CHECK_INT(first, rows);
    CHECK_INT(nulls, c->meta.statistics.null_count);
}

static void check_bloom(const nl_buf *file, const struct pq_column_chunk *c, const void *in, size_t len, bool there)
{
    struct pq_bloom bloom;
    size_t need;
    nl_error err = {0};
    CHECK(c->meta.bloom_filter_offset > 0);
    CHECK_OK(pq_bloom_decode(file->data + c->meta.bloom_filter_offset, (size_t)c->meta.bloom_filter_length, &bloom,
                             &need, &err),
             err);
    CHECK_INT(need, c->meta.bloom_filter_length);
    CHECK(pq_bloom_may_hold(&bloom, pq_bloom_hash(in, len)) == there);
}

static void options_are_in_the_file(void **state)
{
    (void)state;
    struct scene *s = malloc(sizeof *s);
    CHECK(s != NULL);
    make_scene(s);
    struct test_sink sink = TEST_SINK;
    nl_arena arena = {0};
    nl_error err = {0};
    CHECK_OK(write_scene(&sink, s, &everything, &err), err);
    struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
    CHECK_INT(meta.n_row_groups, 3);
    CHECK_INT(meta.n_schema, 8);
    static const unsigned encodings[] = {PQ_DELTA_BINARY_PACKED, PQ_PLAIN, PQ_RLE_DICTIONARY, PQ_RLE, PQ_PLAIN};
    for (size_t g = 0; g < 3; g++) {
        const struct pq_row_group *rg = &meta.row_groups[g];
        CHECK_INT(rg->n_sorting, 2);
        CHECK(rg->sorting[1].column == 1 && rg->sorting[1].descending && rg->sorting[1].nulls_first);
        for (size_t i = 0; i < 5; i++) {
            check_why("row group %zu, column %zu", g, i);
            struct pq_column_chunk c = chunk_of(&meta, g, i, &arena);
            CHECK_INT(c.meta.codec, i == 1 ? PQ_CODEC_ZSTD : PQ_CODEC_SNAPPY);
            if (i != 1 && i != 4) /* the sample's choice */
                CHECK(c.meta.encodings >> encodings[i] & 1);
            check_indexes(&sink.bytes, &c, rg->num_rows, &arena);
        }
    }
    struct pq_column_chunk id = chunk_of(&meta, 0, 0, &arena), tags = chunk_of(&meta, 2, 1, &arena);
    check_bloom(&sink.bytes, &id, &(int64_t){249 * 3}, 8, true);
    check_bloom(&sink.bytes, &id, &(int64_t){100001}, 8, false);
    check_bloom(&sink.bytes, &tags, "t599", 4, true);
    check_bloom(&sink.bytes, &tags, "u599", 4, false);
    CHECK_INT(tags.meta.n_path, 3);
    CHECK_INT(tags.meta.size_statistics.n_repetition, 2);
    CHECK_INT(tags.meta.size_statistics.repetition_histogram[0], 100);
    CHECK_INT(tags.meta.size_statistics.definition_histogram[1], 33); /* empty lists: rows 501, 504 … 597 */
    nl_arena_free(&arena);
    nl_buf_free(&sink.bytes);
    free(s);
}

static void threads_write_the_same_bytes(void **state)
{
    (void)state;
    struct scene *s = malloc(sizeof *s);
    CHECK(s != NULL);
    make_scene(s);
    struct test_sink one = TEST_SINK;
    nl_error err = {0};
    CHECK_OK(write_scene(&one, s, &everything, &err), err);
    for (size_t threads = 2; threads < 8; threads++) {
        struct test_sink many = TEST_SINK;
        nl_parquet_write_options o = everything;
        o.threads = threads;
        check_why("%zu threads", threads);
        CHECK_OK(write_scene(&many, s, &o, &err), err);
        CHECK_INT(many.bytes.len, one.bytes.len);
        CHECK_MEM(many.bytes.data, one.bytes.data, one.bytes.len);
        nl_buf_free(&many.bytes);
    }
    nl_buf_free(&one.bytes);
    free(s);
}

/* Two columns are damaged: whichever thread is first, the first column's error is told. */
static void threads_tell_the_first_error(void **state)
{
    (void)state;
    struct scene *s = malloc(sizeof *s);
    CHECK(s != NULL);
    make_scene(s);
    s->list_offsets[77] = -5;
    s->codes[5] = 200;
    for (int i = 0; i < 20; i++) {
        struct test_sink sink = TEST_SINK;
        nl_parquet_write_options o = everything;
        nl_error err = {0};
        o.threads = (size_t)(1 + i % 4);
        CHECK_FAILS(write_scene(&sink, s, &o, &err), NL_INVALID, err, "column tags: row 76 of the batch");
        nl_buf_free(&sink.bytes);
    }
    s->list_offsets[77] = s->list_offsets[76];
    struct test_sink sink = TEST_SINK;
    nl_error err = {0};
    CHECK_FAILS(write_scene(&sink, s, &everything, &err), NL_INVALID, err, "column word: row 5 of the batch");
    nl_buf_free(&sink.bytes);
    free(s);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        nl_parquet_column_options column;
        const char *sorted_by;
    } cases[] = {
        {"DELTA_BYTE_ARRAY is not for values of INT64", {.path = "id", .encoding = NL_PARQUET_DELTA_BYTE_ARRAY}, NULL},
        {"RLE is not for values of BYTE_ARRAY", {.path = "tags", .encoding = NL_PARQUET_RLE}, NULL},
        {"a dictionary is not for values of BOOLEAN", {.path = "truth", .encoding = NL_PARQUET_DICTIONARY}, NULL},
        {"nl_parquet_encoding 99", {.path = "id", .encoding = (nl_parquet_encoding)99}, NULL},
        {"nl_parquet_codec 99", {.path = "id", .has_codec = true, .codec = (nl_parquet_codec)99}, NULL},
        {"level of 13", {.path = "id", .has_codec = true, .codec = NL_PARQUET_GZIP, .codec_level = 13}, NULL},
        {"bloom filters of BOOLEAN", {.path = "truth", .bloom_filter = true}, NULL},
        {"false positives", {.path = "id", .bloom_filter = true, .bloom_fpp = 1}, NULL},
        {"none of that name", {.path = "tags.item"}, NULL},
        {"none of that name", {.path = ""}, NULL},
        {"without a path", {.path = NULL}, NULL},
        {"sorted by nobody", {.path = "id"}, "nobody"},
        {"sorted by (no path)", {.path = "id"}, NULL},
    };
    struct scene *s = malloc(sizeof *s);
    CHECK(s != NULL);
    make_scene(s);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        nl_parquet_sorting by = {.path = cases[i].sorted_by};
        nl_parquet_write_options o = {.columns = &cases[i].column,
                                      .n_columns = 1,
                                      .sorting = &by,
                                      .n_sorting = i + 2 >= NL_LEN(cases)};
        check_why("%s", cases[i].words);
        CHECK_FAILS(write_scene(&sink, s, &o, &err), NL_INVALID, err, cases[i].words);
        CHECK_INT(sink.bytes.len, 0);
    }
    free(s);
}

/* Numbers that rise slowly: a dictionary saves a third of them, and Snappy more than that without it. */
static void a_dictionary_must_be_smaller_compressed_too(void **state)
{
    (void)state;
    static const struct {
        nl_parquet_codec codec;
        bool dictionary;
    } cases[] = {{NL_PARQUET_UNCOMPRESSED, true}, {NL_PARQUET_SNAPPY, false}, {NL_PARQUET_ZSTD, false}};
    enum { N = 100000 };
    struct ArrowSchema schema;
    struct ArrowArray column, batch;
    struct arrow_builder *b;
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&schema, 1, &err), err);
    CHECK_OK(arrow_schema_field(schema.children[0], "l", "x", false, &err), err);
    CHECK_OK(arrow_builder_new("l", &b, &err), err);
    for (int64_t i = 0; i < N; i++)
        CHECK_OK(arrow_builder_int(b, i / 4 * 8 + i % 3 / 2, &err), err);
    CHECK_OK(arrow_builder_finish(b, &column, &err), err);
    arrow_builder_free(b);
    CHECK_OK(arrow_batch_make(&column, 1, N, &batch, &err), err);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct test_sink sink = TEST_SINK;
        nl_parquet_writer *w;
        nl_arena arena = {0};
        nl_parquet_write_options o = {.codec = cases[i].codec, .row_group_rows = N / 2};
        check_why("codec %d", (int)cases[i].codec);
        CHECK_OK(nl_parquet_writer_new(&sink.base, &schema, &o, &w, &err), err);
        CHECK_OK(nl_parquet_write(w, &batch, &err), err);
        CHECK_OK(nl_parquet_finish(w, &err), err);
        nl_parquet_writer_free(w);
        struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
        for (size_t g = 0; g < 2; g++) {
            struct pq_column_chunk c = chunk_of(&meta, g, 0, &arena);
            CHECK((c.meta.encodings >> PQ_RLE_DICTIONARY & 1) == cases[i].dictionary);
        }
        nl_arena_free(&arena);
        nl_buf_free(&sink.bytes);
    }
    arrow_schema_release(&schema);
    arrow_array_release(&batch);
}

/* A page without a value has an encoding all the same. */
static void pages_of_nulls_alone_can_be_written(void **state)
{
    (void)state;
    static const char *const formats[] = {"i", "l", "f", "g", "u", "w:5", "b"};
    size_t written = 0;
    for (size_t i = 0; i < NL_LEN(formats) * 16; i++) {
        const char *format = formats[i / 16];
        nl_parquet_column_options column = {.path = "x", .encoding = (nl_parquet_encoding)(i / 2 % 8)};
        nl_parquet_write_options o = {.data_page_v2 = i % 2, .page_rows = 7, .columns = &column, .n_columns = 1};
        struct ArrowSchema schema;
        struct ArrowArray array, batch;
        struct arrow_builder *b;
        struct test_sink sink = TEST_SINK;
        nl_parquet_writer *w;
        nl_arena arena = {0};
        nl_error err = {0};
        check_why("%s, encoding %d, v%d", format, (int)column.encoding, o.data_page_v2 ? 2 : 1);
        CHECK_OK(arrow_schema_struct(&schema, 1, &err), err);
        CHECK_OK(arrow_schema_field(schema.children[0], format, "x", true, &err), err);
        if (nl_parquet_writer_new(&sink.base, &schema, &o, &w, &err) == NL_OK) {
            CHECK_OK(arrow_builder_new(format, &b, &err), err);
            for (size_t k = 0; k < 20; k++)
                CHECK_OK(arrow_builder_null(b, &err), err);
            CHECK_OK(arrow_builder_finish(b, &array, &err), err);
            arrow_builder_free(b);
            CHECK_OK(arrow_batch_make(&array, 1, 20, &batch, &err), err);
            CHECK_OK(nl_parquet_write(w, &batch, &err), err);
            CHECK_OK(nl_parquet_finish(w, &err), err);
            arrow_array_release(&batch);
            struct pq_file_meta meta = footer_of(&sink.bytes, &arena);
            struct pq_column_chunk c = chunk_of(&meta, 0, 0, &arena);
            CHECK_INT(c.meta.statistics.null_count, 20);
            CHECK_INT(c.meta.dictionary_page_offset, -1);
            CHECK(c.column_index_offset > 0);
            written++;
        }
        nl_parquet_writer_free(w);
        nl_arena_free(&arena);
        nl_buf_free(&sink.bytes);
        arrow_schema_release(&schema);
    }
    CHECK_INT(written, 2 * (5 + 5 + 4 + 4 + 5 + 5 + 3));
}

/* ── faults ── */

static void fail_allocations(struct scene *s, size_t threads, const nl_buf *whole)
{
    nl_parquet_write_options o = everything;
    o.threads = threads;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        int rc = write_scene(&sink, s, &o, &err);
        bool failed = fault_off(&f);
        check_why("%zu threads, allocation %ld", threads, f.nth);
        CHECK(rc == (failed ? NL_NO_MEMORY : NL_OK) || (threads > 1 && rc == NL_OK)); /* a job less is no failure */
        CHECK_INT(err.code, rc);
        if (rc)
            CHECK(sink.bytes.len < 12 || memcmp(sink.bytes.data + sink.bytes.len - 4, "PAR1", 4) != 0);
        else
            CHECK(sink.bytes.len == whole->len && !memcmp(sink.bytes.data, whole->data, whole->len));
        nl_buf_free(&sink.bytes);
    }
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    struct scene *s = malloc(sizeof *s);
    CHECK(s != NULL);
    make_scene(s);
    struct test_sink whole = TEST_SINK;
    nl_error err = {0};
    CHECK_OK(write_scene(&whole, s, &everything, &err), err);
    fail_allocations(s, 1, &whole.bytes);
    fail_allocations(s, 3, &whole.bytes);
    nl_buf_free(&whole.bytes);
    free(s);
}

static void every_write_of_the_sink_fails_once(void **state)
{
    (void)state;
    struct scene *s = malloc(sizeof *s);
    CHECK(s != NULL);
    make_scene(s);
    long n = 1;
    for (int rc = NL_IO; rc; n++) {
        struct test_sink sink = TEST_SINK;
        nl_error err = {0};
        sink.fail_at = n;
        rc = write_scene(&sink, s, &everything, &err);
        check_why("write %ld", n);
        if (rc)
            CHECK_FAILS(rc, NL_IO, err, "the disk is full");
        CHECK_INT(sink.writes, rc ? n : n - 1);
        nl_buf_free(&sink.bytes);
    }
    CHECK(n > 25); /* chunks with their dictionaries, filters, indexes, the footer */
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_in_the_file),
        cmocka_unit_test(threads_write_the_same_bytes),
        cmocka_unit_test(threads_tell_the_first_error),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_dictionary_must_be_smaller_compressed_too),
        cmocka_unit_test(pages_of_nulls_alone_can_be_written),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_write_of_the_sink_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
