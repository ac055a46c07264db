/* tests/parquet/index/dictionary.c: when a dictionary is all that a chunk holds, its values, pages that cannot be. */
#include "parquet/index/dictionary.h"

#include "base/str.h"
#include "parquet/codec/codec.h"
#include "support/check.h"
#include "support/fault.h"

/* ── is it all? ── */

static const struct range_case {
    const char *why;
    int64_t dictionary, data;
    struct pq_encoding_stats stats[3];
    size_t n;
    uint64_t length; /* 0: not known to be all */
} range_cases[] = {
    {"all pages are indices", 4, 100, {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}, {PQ_DICTIONARY_PAGE, PQ_PLAIN, 1}}, 2, 96},
    {"as older writers name it", 4, 100, {{PQ_DATA_PAGE_V2, PQ_PLAIN_DICTIONARY, 2}}, 1, 96},
    {"a fallback that did not come",
     4,
     100,
     {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}, {PQ_DATA_PAGE, PQ_PLAIN, 0}},
     2,
     96},
    {"one page fell back", 4, 100, {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}, {PQ_DATA_PAGE, PQ_PLAIN, 1}}, 2, 0},
    {"nothing is said of data pages", 4, 100, {{PQ_DICTIONARY_PAGE, PQ_PLAIN, 1}}, 1, 0},
    {"nothing is said at all", 4, 100, {{0}}, 0, 0},
    {"no dictionary", -1, 100, {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}}, 1, 0},
    {"offset zero is none", 0, 100, {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}}, 1, 0},
    {"behind the data", 200, 100, {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}}, 1, 0},
    {"beyond the file", 4, 2000, {{PQ_DATA_PAGE, PQ_RLE_DICTIONARY, 2}}, 1, 0},
};

static void only_where_it_is_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(range_cases); i++) {
        const struct range_case *c = &range_cases[i];
        nl_parquet_file file = {.size = 1100, .data_end = 1000};
        struct pq_column_chunk chunk;
        struct pq_encoding_stats stats[3];
        memcpy(stats, c->stats, sizeof stats);
        pq_column_chunk_init(&chunk);
        chunk.meta.dictionary_page_offset = c->dictionary;
        chunk.meta.data_page_offset = c->data;
        chunk.meta.encoding_stats = stats;
        chunk.meta.n_encoding_stats = c->n;
        check_why("%s", c->why);
        CHECK_INT(pq_dictionary_range(&file, &chunk).length, c->length);
    }
}

/* ── values ── */

static const struct page_case {
    const char *why, *part; /* part NULL: the values are want */
    enum pq_type type;
    int32_t length;
    int codec;
    struct pq_page_header header; /* sizes of 0 become the body's */
    const char *body;
    size_t body_len;
    size_t n;
    const char *want[3];
} page_cases[] = {
    {"byte arrays",
     NULL,
     PQ_BYTE_ARRAY,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 3},
     "\2\0\0\0ab\0\0\0\0\1\0\0\0c",
     15,
     3,
     {"ab", "", "c"}},
    {"fixed length",
     NULL,
     PQ_FIXED_LEN_BYTE_ARRAY,
     2,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 2},
     "abcd",
     4,
     2,
     {"ab", "cd"}},
    {"compressed",
     NULL,
     PQ_INT32,
     0,
     PQ_CODEC_SNAPPY,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 2},
     "abcdefgh",
     8,
     2,
     {"abcd", "efgh"}},
    {"none", NULL, PQ_INT64, 0, PQ_CODEC_UNCOMPRESSED, {.type = PQ_DICTIONARY_PAGE}, "", 0, 0, {0}},
    {"a data page",
     "no page of it",
     PQ_INT32,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DATA_PAGE, .num_values = 1},
     "abcd",
     4,
     0,
     {0}},
    {"more values than bytes",
     "3 values in 8 bytes",
     PQ_INT32,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 3},
     "abcdefgh",
     8,
     0,
     {0}},
    {"fewer than no values",
     "no page of it",
     PQ_INT32,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = -1},
     "abcdefgh",
     8,
     0,
     {0}},
    {"a value beyond the end",
     "value 0 of 1 is cut",
     PQ_BYTE_ARRAY,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 1},
     "\5\0\0\0abcd",
     8,
     0,
     {0}},
    {"a body that is not there",
     "no page of it",
     PQ_INT32,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 1, .compressed_size = 100},
     "abcd",
     4,
     0,
     {0}},
    {"another size than it decompresses to",
     NULL,
     PQ_INT32,
     0,
     PQ_CODEC_SNAPPY,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 1, .uncompressed_size = 12},
     "abcd",
     4,
     SIZE_MAX,
     {0}},
    {"another encoding",
     "DELTA_BINARY_PACKED",
     PQ_INT32,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 1, .encoding = PQ_DELTA_BINARY_PACKED},
     "abcd",
     4,
     0,
     {0}},
    {"of bits",
     "of type BOOLEAN",
     PQ_BOOLEAN,
     0,
     PQ_CODEC_UNCOMPRESSED,
     {.type = PQ_DICTIONARY_PAGE, .num_values = 1},
     "a",
     1,
     0,
     {0}},
};

/* Header and body as they lie in a file. */
static nl_buf page_of(const struct page_case *c)
{
    nl_buf packed = {0}, out = {0};
    nl_error err = {0};
    struct pq_page_header h = c->header;
    if (c->codec == PQ_CODEC_UNCOMPRESSED)
        CHECK_OK(nl_buf_append(&packed, c->body, c->body_len, &err), err);
    else
        CHECK_OK(pq_compress(NULL, c->codec, 0, c->body, c->body_len, &packed, &err), err);
    h.uncompressed_size = h.uncompressed_size ? h.uncompressed_size : (int32_t)c->body_len;
    h.compressed_size = h.compressed_size ? h.compressed_size : (int32_t)packed.len;
    CHECK_OK(pq_page_header_encode(&h, &out, &err), err);
    CHECK_OK(nl_buf_append(&out, packed.data, packed.len, &err), err);
    nl_buf_free(&packed);
    return out;
}

static int values_of(const struct page_case *c, const nl_buf *page, nl_arena *arena, struct pq_slice **v, size_t *n,
                     nl_error *err)
{
    struct pq_schema_element leaf = {.has_type = true, .type = c->type, .type_length = c->length};
    struct pq_column_chunk chunk;
    pq_column_chunk_init(&chunk);
    chunk.meta.codec = c->codec;
    return pq_dictionary_values(&leaf, &chunk, page->data, page->len, arena, v, n, err);
}

static void values_of_a_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(page_cases); i++) {
        const struct page_case *c = &page_cases[i];
        nl_arena arena = {0};
        nl_error err = {0};
        struct pq_slice *v;
        size_t n;
        check_why("%s", c->why);
        nl_buf page = page_of(c);
        int rc = values_of(c, &page, &arena, &v, &n, &err);
        if (c->part) {
            CHECK(rc == NL_CORRUPT || rc == NL_UNSUPPORTED);
            CHECK_HAS(err.message, c->part);
        } else if (c->n == SIZE_MAX) {
            CHECK_INT(rc, NL_CORRUPT);
        } else {
            CHECK_OK(rc, err);
            CHECK_INT(n, c->n);
        }
        for (size_t k = 0; rc == NL_OK && k < n; k++) {
            CHECK_INT(v[k].len, strlen(c->want[k]));
            CHECK_MEM(v[k].data, c->want[k], v[k].len);
        }
        CHECK(rc == NL_OK || (!v && !n));
        nl_buf_free(&page);
        nl_arena_free(&arena);
    }
}

static void no_memory(void **state)
{
    (void)state;
    nl_buf page = page_of(&page_cases[2]);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_arena arena = {0};
        nl_error err = {0};
        struct pq_slice *v;
        size_t n;
        int rc = values_of(&page_cases[2], &page, &arena, &v, &n, &err);
        CHECK_INT(rc, fault_off(&f) ? NL_NO_MEMORY : NL_OK);
        nl_arena_free(&arena);
    }
    nl_buf_free(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_where_it_is_all),
        cmocka_unit_test(values_of_a_page),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("parquet/index/dictionary", tests, NULL, NULL);
}
