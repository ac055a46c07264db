/* tests/parquet/format/metadata.c: every field there and back; hostile lists cost nothing. */
#include "parquet/format/metadata.h"

#include "base/str.h"
#include "support/check.h"

#define TEXT(s)                                                                                                        \
    (struct pq_slice)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)(s), sizeof(s) - 1                                                                            \
    }

static void check_slice(struct pq_slice got, const char *want)
{
    CHECK(got.data != NULL);
    CHECK_INT(got.len, strlen(want));
    CHECK_MEM(got.data, want, got.len);
}

/* A chunk in which every field says something. */
static void fill_chunk(struct pq_column_chunk *c)
{
    static struct pq_slice path[] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"list", 4}};
    static struct pq_encoding_stats stats[] = {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 3}};
    static int64_t histogram[] = {1, 2, 3};
    pq_column_chunk_init(c);
    c->has_meta = true;
    c->meta.type = PQ_BYTE_ARRAY;
    c->meta.encodings = 1U << PQ_PLAIN | 1U << PQ_RLE_DICTIONARY;
    c->meta.path = path;
    c->meta.n_path = 2;
    c->meta.codec = 6;
    c->meta.num_values = 7;
    c->meta.total_uncompressed_size = 8;
    c->meta.total_compressed_size = 9;
    c->meta.data_page_offset = 10;
    c->meta.dictionary_page_offset = 4;
    c->meta.has_statistics = true;
    c->meta.statistics = (struct pq_statistics){.max_value = TEXT("z"),
                                                .min_value = TEXT(""),
                                                .has_null_count = true,
                                                .has_max_exact = true,
                                                .has_nan_count = true,
                                                .nan_count = 2};
    c->meta.encoding_stats = stats;
    c->meta.n_encoding_stats = 1;
    c->meta.bloom_filter_offset = 11;
    c->meta.bloom_filter_length = 12;
    c->meta.has_size_statistics = true;
    c->meta.size_statistics =
        (struct pq_size_statistics){.unencoded_bytes = 13, .definition_histogram = histogram, .n_definition = 3};
    c->offset_index_offset = 14;
    c->offset_index_length = 15;
    c->column_index_offset = 16;
    c->column_index_length = 17;
}

static void check_chunk(const struct pq_column_chunk *c, bool lists)
{
    const struct pq_column_meta *m = &c->meta;
    CHECK(c->has_meta && !c->is_encrypted && !c->file_path.data);
    CHECK_INT(m->type, PQ_BYTE_ARRAY);
    CHECK_INT(m->encodings, 1U << PQ_PLAIN | 1U << PQ_RLE_DICTIONARY);
    CHECK_INT(m->codec, 6);
    CHECK_INT(m->num_values, 7);
    CHECK_INT(m->total_compressed_size, 9);
    CHECK_INT(m->data_page_offset, 10);
    CHECK_INT(m->dictionary_page_offset, 4);
    CHECK_INT(m->index_page_offset, -1);
    check_slice(m->statistics.max_value, "z");
    check_slice(m->statistics.min_value, "");
    CHECK(!m->statistics.min.data && m->statistics.has_null_count && m->statistics.null_count == 0);
    CHECK(m->statistics.has_max_exact && !m->statistics.max_exact && !m->statistics.has_min_exact);
    CHECK(m->statistics.has_nan_count && m->statistics.nan_count == 2);
    CHECK_INT(m->bloom_filter_offset, 11);
    CHECK_INT(m->bloom_filter_length, 12);
    CHECK_INT(c->offset_index_offset, 14);
    CHECK_INT(c->column_index_length, 17);
    CHECK_INT(m->n_path, lists ? 2 : 0);
    CHECK_INT(m->n_encoding_stats, lists ? 1 : 0);
    CHECK_INT(m->has_size_statistics, lists);
    if (lists) {
        check_slice(m->path[1], "list");
        CHECK_INT(m->encoding_stats[0].encoding, PQ_RLE_DICTIONARY);
        CHECK_INT(m->size_statistics.definition_histogram[2], 3);
    }
}

static void everything_there_and_back(void **state)
{
    (void)state;
    static struct pq_schema_element schema[] = {
        {.name = {(const uint8_t *)"schema", 6}, .n_children = 2, .converted = PQ_CONVERTED_NONE},
        {.name = {(const uint8_t *)"t", 1},
         .has_type = true,
         .type = PQ_INT64,
         .repetition = PQ_OPTIONAL,
         .converted = PQ_CONVERTED_NONE,
         .has_field_id = true,
         .field_id = 0,
         .logical = {.kind = PQ_LOGICAL_TIMESTAMP, .unit = PQ_NANOS, .utc = true}},
        {.name = {(const uint8_t *)"d", 1},
         .has_type = true,
         .type = PQ_FIXED_LEN_BYTE_ARRAY,
         .type_length = 5,
         .converted = PQ_CONVERTED_DECIMAL,
         .precision = 9,
         .scale = 2,
         .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 9, .scale = 2}},
    };
    static struct pq_key_value kv[] = {{{(const uint8_t *)"k", 1}, {(const uint8_t *)"v", 1}}};
    static enum pq_column_order orders[] = {PQ_ORDER_TYPE_DEFINED, PQ_ORDER_UNDEFINED};
    static struct pq_sorting_column sorting[] = {{1, true, false}};
    struct pq_column_chunk chunks[2];
    struct pq_row_group group;
    pq_row_group_init(&group);
    fill_chunk(&chunks[0]);
    pq_column_chunk_init(&chunks[1]);
    group.n_columns = 2;
    group.columns = chunks;
    group.num_rows = 7;
    group.sorting = sorting;
    group.n_sorting = 1;
    group.has_ordinal = true;
    struct pq_file_meta m = {.version = 2,
                             .schema = schema,
                             .n_schema = 3,
                             .num_rows = 7,
                             .row_groups = &group,
                             .n_row_groups = 1,
                             .key_values = kv,
                             .n_key_values = 1,
                             .created_by = TEXT("us"),
                             .column_orders = orders,
                             .n_column_orders = 2};
    struct pq_file_meta got;
    struct pq_column_chunk chunk;
    nl_buf bytes = {0};
    nl_arena arena = {0};
    nl_error err = {0};
    CHECK_OK(pq_file_meta_encode(&m, &bytes, &err), err);
    CHECK_OK(pq_file_meta_decode(bytes.data, bytes.len, &arena, &got, &err), err);
    CHECK_INT(got.version, 2);
    CHECK_INT(got.n_schema, 3);
    CHECK(got.schema[1].has_field_id && got.schema[1].field_id == 0 && !got.schema[2].has_field_id);
    CHECK_INT(got.schema[1].logical.unit, PQ_NANOS);
    CHECK(got.schema[1].logical.utc);
    CHECK_INT(got.schema[1].converted, PQ_CONVERTED_NONE);
    CHECK_INT(got.schema[2].type_length, 5);
    CHECK_INT(got.schema[2].logical.precision, 9);
    check_slice(got.created_by, "us");
    check_slice(got.key_values[0].value, "v");
    CHECK_INT(got.column_orders[0], PQ_ORDER_TYPE_DEFINED);
    CHECK_INT(got.column_orders[1], PQ_ORDER_UNDEFINED);
    CHECK(got.row_groups[0].sorting[0].descending && got.row_groups[0].has_ordinal);
    CHECK_OK(pq_row_group_chunk(&got.row_groups[0], 0, &arena, &chunk, &err), err);
    check_chunk(&chunk, true);
    CHECK_OK(pq_row_group_chunk(&got.row_groups[0], 0, NULL, &chunk, &err), err);
    check_chunk(&chunk, false);
    CHECK_OK(pq_row_group_chunk(&got.row_groups[0], 1, NULL, &chunk, &err), err);
    CHECK(!chunk.has_meta);
    CHECK_FAILS(pq_row_group_chunk(&got.row_groups[0], 2, NULL, &chunk, &err), NL_INVALID, err, "column 2 of 2");

    check_why("cut anywhere, it is corrupt and nothing else");
    for (size_t len = 0; len < bytes.len; len++)
        CHECK_FAILS(pq_file_meta_decode(bytes.data, len, &arena, &got, &err), NL_CORRUPT, err, "footer");
    nl_arena_free(&arena);
    nl_buf_free(&bytes);
}

static void hostile_counts_cost_nothing(void **state)
{
    (void)state;
    /* A schema of as many elements as bytes are left, each shorter than any element can be. */
    static uint8_t bytes[1 << 16] = {0x29, 0xFC, 0xF8, 0xFF, 0x03};
    struct pq_file_meta m;
    nl_arena arena = {0};
    nl_error err = {0};
    CHECK_FAILS(pq_file_meta_decode(bytes, sizeof bytes, &arena, &m, &err), NL_CORRUPT, err, "more elements");
    CHECK_MAX(arena.total, 1 << 16);
    nl_arena_free(&arena);
}

static void unknown_logical_types_keep_their_number(void **state)
{
    (void)state;
    /* FileMetaData { 2: [ { 4: "x", 10: { 99: {} } } ] } */
    const uint8_t bytes[] = {0x29, 0x1C, 0x48, 0x01, 'x', 0x6C, 0x0C, 0xC6, 0x01, 0x00, 0x00, 0x00, 0x00};
    struct pq_file_meta m;
    nl_arena arena = {0};
    nl_error err = {0};
    CHECK_OK(pq_file_meta_decode(bytes, sizeof bytes, &arena, &m, &err), err);
    CHECK_INT(m.schema[0].logical.kind, 99);
    nl_arena_free(&arena);
}

static void page_headers_there_and_back(void **state)
{
    (void)state;
    struct pq_page_header pages[] = {
        {.type = PQ_DATA_PAGE,
         .uncompressed_size = 5,
         .compressed_size = 4,
         .has_crc = true,
         .crc = 0xDEADBEEF,
         .num_values = 3,
         .encoding = PQ_RLE_DICTIONARY,
         .definition_encoding = PQ_RLE,
         .repetition_encoding = PQ_RLE},
        {.type = PQ_DICTIONARY_PAGE, .num_values = 3, .encoding = PQ_PLAIN, .is_sorted = true},
        {.type = PQ_DATA_PAGE_V2,
         .num_values = 3,
         .num_nulls = 1,
         .num_rows = 2,
         .definition_bytes = 9,
         .is_compressed = false},
    };
    for (size_t i = 0; i < NL_LEN(pages); i++) {
        nl_buf bytes = {0};
        nl_error err = {0};
        struct pq_page_header h;
        size_t used;
        check_why("page type %d", (int)pages[i].type);
        CHECK_OK(pq_page_header_encode(&pages[i], &bytes, &err), err);
        CHECK_OK(pq_page_header_decode(bytes.data, bytes.len, &h, &used, &err), err);
        CHECK_INT(used, bytes.len);
        CHECK(h.has_body);
        CHECK_INT(h.type, pages[i].type);
        CHECK_INT(h.crc, pages[i].crc);
        CHECK_INT(h.num_values, 3);
        CHECK_INT(h.encoding, pages[i].encoding);
        CHECK_INT(h.definition_bytes, pages[i].definition_bytes);
        CHECK_INT(h.is_sorted, pages[i].is_sorted);
        CHECK_INT(h.is_compressed, h.type != PQ_DATA_PAGE_V2);
        for (size_t len = 0; len < bytes.len; len++)
            CHECK_INT(pq_page_header_decode(bytes.data, len, &h, &used, &err), NL_CORRUPT);
        nl_buf_free(&bytes);
    }
}

/* What is left out says what the specification says: v2 is compressed; fields of other wire types are skipped. */
static void page_headers_that_leave_things_out(void **state)
{
    (void)state;
    static const uint8_t v2[] = {0x15, 6, 0x15, 20, 0x15, 20, 0x5C, 0x15, 6, 0x15, 0,
                                 0x15, 6, 0x15, 0,  0x15, 0,  0x15, 0,    0, 0};
    static const uint8_t odd[] = {0x15, 0, 0x15, 20, 0x15, 20, 0x18, 1, 'x', 0x1C,
                                  0x15, 6, 0x15, 0,  0x15, 6,  0x15, 6, 0,   0};
    struct pq_page_header h;
    size_t used;
    nl_error err;
    check_why("v2 without is_compressed");
    CHECK_OK(pq_page_header_decode(v2, sizeof v2, &h, &used, &err), err);
    CHECK(h.has_body && h.is_compressed && !h.has_crc);
    CHECK_INT(h.num_rows, 3);
    check_why("v1 whose crc is a text");
    CHECK_OK(pq_page_header_decode(odd, sizeof odd, &h, &used, &err), err);
    CHECK(h.has_body && !h.has_crc);
    CHECK_INT(h.num_values, 3);
    CHECK_INT(used, sizeof odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_there_and_back),
        cmocka_unit_test(hostile_counts_cost_nothing),
        cmocka_unit_test(unknown_logical_types_keep_their_number),
        cmocka_unit_test(page_headers_there_and_back),
        cmocka_unit_test(page_headers_that_leave_things_out),
    };
    return cmocka_run_group_tests_name("parquet/format/metadata", tests, NULL, NULL);
}
