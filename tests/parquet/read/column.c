/* tests/parquet/read/column.c: chunks made by hand, page by page: what is legal and rare, and what is damaged. */
#include "parquet/read/column.h"

#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "parquet/format/metadata.h"
#include "support/check.h"

#define V1(values, enc)                                                                                                \
    .h = {.type = PQ_DATA_PAGE,                                                                                        \
          .num_values = values,                                                                                        \
          .encoding = enc,                                                                                             \
          .definition_encoding = PQ_RLE,                                                                               \
          .repetition_encoding = PQ_RLE}
#define V2(values, enc, levels, squeezed)                                                                              \
    .h = {.type = PQ_DATA_PAGE_V2,                                                                                     \
          .num_values = values,                                                                                        \
          .num_rows = values,                                                                                          \
          .encoding = enc,                                                                                             \
          .definition_bytes = levels,                                                                                  \
          .is_compressed = squeezed}
#define DICT(values) .h = {.type = PQ_DICTIONARY_PAGE, .num_values = values, .encoding = PQ_PLAIN}
#define BODY(s)      .body = (s), .len = sizeof(s) - 1

struct page {
    struct pq_page_header h;
    const char *body;
    size_t len;
    int32_t expands; /* uncompressed_size, where it is not len */
};

/* Columns of INT32, BYTE_ARRAY or BOOLEAN; the rows that should come, as text. */
static const struct chunk_case {
    const char *why;
    enum pq_type type;
    bool nullable;
    int32_t codec;
    int64_t rows;
    struct page pages[4];
    int want;
    const char *text; /* the rows, or a part of the message */
} cases[] = {
    {"plain", PQ_INT32, false, 0, 2, {{V1(2, PQ_PLAIN), BODY("\1\0\0\0\2\0\0\0")}}, NL_OK, "1;2;"},
    {"an empty page in front, one behind",
     PQ_INT32,
     false,
     0,
     1,
     {{V1(0, PQ_PLAIN), BODY("")}, {V1(1, PQ_PLAIN), BODY("\1\0\0\0")}, {V1(0, PQ_PLAIN), BODY("")}},
     NL_OK,
     "1;"},
    {"nulls", PQ_INT32, true, 0, 3, {{V1(3, PQ_PLAIN), BODY("\2\0\0\0\3\5\1\0\0\0\2\0\0\0")}}, NL_OK, "1;;2;"},
    {"v2, levels in front, Snappy not used",
     PQ_INT32,
     true,
     1,
     3,
     {{V2(3, PQ_PLAIN, 2, false), BODY("\3\5\1\0\0\0\2\0\0\0")}},
     NL_OK,
     "1;;2;"},
    {"v2 of nulls alone: nothing to decompress",
     PQ_INT32,
     true,
     1,
     3,
     {{V2(3, PQ_PLAIN, 2, true), BODY("\6\0")}},
     NL_OK,
     ";;;"},
    {"v2 of nulls alone, with a frame that is empty",
     PQ_INT32,
     true,
     1,
     3,
     {{V2(3, PQ_PLAIN, 2, true), BODY("\6\0\0"), .expands = 2}},
     NL_OK,
     ";;;"},
    {"a dictionary, indices in a run and packed",
     PQ_INT32,
     false,
     0,
     5,
     {{DICT(2), BODY("\7\0\0\0\x9\0\0\0")}, {V1(5, PQ_RLE_DICTIONARY), BODY("\1\6\1\3\2")}},
     NL_OK,
     "9;9;9;7;9;"},
    {"indices of width 0",
     PQ_INT32,
     false,
     0,
     3,
     {{DICT(1), BODY("\7\0\0\0")}, {V1(3, PQ_RLE_DICTIONARY), BODY("\0")}},
     NL_OK,
     "7;7;7;"},
    {"nulls alone in a dictionary column without a dictionary",
     PQ_INT32,
     true,
     0,
     2,
     {{V1(2, PQ_RLE_DICTIONARY), BODY("\2\0\0\0\4\0")}},
     NL_OK,
     ";;"},
    {"a dictionary of strings, then plain ones",
     PQ_BYTE_ARRAY,
     false,
     0,
     3,
     {{DICT(1), BODY("\x11\0\0\0seventeen letters")},
      {V1(1, PQ_PLAIN_DICTIONARY), BODY("\0")},
      {V1(2, PQ_PLAIN), BODY("\x11\0\0\0SEVENTEEN LETTERS\1\0\0\0x")}},
     NL_OK,
     "seventeen letters;SEVENTEEN LETTERS;x;"},
    {"booleans, plain",
     PQ_BOOLEAN,
     false,
     0,
     9,
     {{V1(9, PQ_PLAIN), BODY("\xA5\1")}},
     NL_OK,
     "true;false;true;false;false;true;false;true;true;"},
    {"booleans in runs, with nulls",
     PQ_BOOLEAN,
     true,
     0,
     4,
     {{V1(4, PQ_RLE), BODY("\2\0\0\0\3\xD\2\0\0\0\6\1")}},
     NL_OK,
     "true;;true;true;"},
    {"an index page in between",
     PQ_INT32,
     false,
     0,
     1,
     {{.h = {.type = PQ_INDEX_PAGE}, BODY("junk")}, {V1(1, PQ_PLAIN), BODY("\1\0\0\0")}},
     NL_OK,
     "1;"},

    {"values are missing",
     PQ_INT32,
     false,
     0,
     3,
     {{V1(2, PQ_PLAIN), BODY("\1\0\0\0\2\0\0\0")}},
     NL_CORRUPT,
     "1 values are missing"},
    {"too many values", PQ_INT32, false, 0, 1, {{V1(2, PQ_PLAIN), BODY("\1\0\0\0\2\0\0\0")}}, NL_CORRUPT, "1 left"},
    {"a page shorter than its values",
     PQ_INT32,
     false,
     0,
     2,
     {{V1(2, PQ_PLAIN), BODY("\1\0\0\0\2\0\0")}},
     NL_CORRUPT,
     "values of 4 bytes, "},
    {"an index beyond the dictionary",
     PQ_INT32,
     false,
     0,
     1,
     {{DICT(1), BODY("\7\0\0\0")}, {V1(1, PQ_RLE_DICTIONARY), BODY("\1\2\1")}},
     NL_CORRUPT,
     "index 1, the dictionary has 1 values"},
    {"no dictionary",
     PQ_INT32,
     false,
     0,
     1,
     {{V1(1, PQ_RLE_DICTIONARY), BODY("\0")}},
     NL_CORRUPT,
     "the dictionary has 0 values"},
    {"a dictionary larger than its page",
     PQ_INT32,
     false,
     0,
     1,
     {{DICT(2), BODY("\7\0\0\0")}},
     NL_CORRUPT,
     "a dictionary of 2 values in 4 bytes"},
    {"a dictionary behind the data",
     PQ_BYTE_ARRAY,
     false,
     0,
     2,
     {{V1(1, PQ_PLAIN), BODY("\0\0\0\0")}, {DICT(1), BODY("\0\0\0\0")}},
     NL_CORRUPT,
     "behind data pages"},
    {"two dictionaries",
     PQ_INT32,
     false,
     0,
     2,
     {{DICT(1), BODY("\7\0\0\0")}, {DICT(1), BODY("\7\0\0\0")}},
     NL_CORRUPT,
     "a second dictionary"},
    {"a dictionary of booleans", PQ_BOOLEAN, false, 0, 2, {{DICT(1), BODY("\1")}}, NL_UNSUPPORTED, "booleans"},
    {"levels beyond the page",
     PQ_INT32,
     true,
     0,
     2,
     {{V1(2, PQ_PLAIN), BODY("\x9\0\0\0\3")}},
     NL_CORRUPT,
     "9 bytes of definition levels, 1 are left"},
    {"levels of 2", PQ_INT32, true, 0, 2, {{V1(2, PQ_PLAIN), BODY("\2\0\0\0\4\2")}}, NL_CORRUPT, "definition levels"},
    {"levels of v2 beyond the page",
     PQ_INT32,
     true,
     0,
     2,
     {{V2(2, PQ_PLAIN, 9, false), BODY("\4\1")}},
     NL_CORRUPT,
     "bytes of levels"},
    {"a size beyond Snappy's reach",
     PQ_INT32,
     false,
     1,
     2,
     {{V1(2, PQ_PLAIN), BODY("abc"), .expands = 1 << 30}},
     NL_CORRUPT,
     "1073741824 bytes cannot be what 3 bytes of SNAPPY decompress to"},
    {"a size that is not the stored one",
     PQ_INT32,
     false,
     0,
     1,
     {{V1(1, PQ_PLAIN), BODY("\1\0\0\0"), .expands = 5}},
     NL_CORRUPT,
     "without compression"},
    {"an encoding that does not fit",
     PQ_BYTE_ARRAY,
     false,
     0,
     1,
     {{V1(1, PQ_DELTA_BINARY_PACKED), BODY("\0")}},
     NL_UNSUPPORTED,
     "values of BYTE_ARRAY in DELTA_BINARY_PACKED"},
    {"an encoding from the future",
     PQ_INT32,
     false,
     0,
     1,
     {{V1(1, 77), BODY("\0")}},
     NL_UNSUPPORTED,
     "INT32 in unknown"},
    {"prefixes longer than the value before",
     PQ_BYTE_ARRAY,
     false,
     0,
     1,
     {{V1(1, PQ_DELTA_BYTE_ARRAY), BODY("\x80\1\4\1\2\x80\1\4\1\2x")}},
     NL_CORRUPT,
     "a prefix of 1 bytes"},
    {"lengths below zero",
     PQ_BYTE_ARRAY,
     false,
     0,
     1,
     {{V1(1, PQ_DELTA_LENGTH_BYTE_ARRAY), BODY("\x80\1\4\1\1x")}},
     NL_CORRUPT,
     "a value of -1 bytes"},
};

/* The pages of a case as the bytes of a chunk. */
static nl_bytes make_chunk(const struct chunk_case *c)
{
    nl_buf bytes = {0};
    nl_block *block;
    nl_error err = {0};
    for (size_t i = 0; i < NL_LEN(c->pages) && c->pages[i].body; i++) {
        struct pq_page_header h = c->pages[i].h;
        h.compressed_size = (int32_t)c->pages[i].len;
        h.uncompressed_size = c->pages[i].expands ? c->pages[i].expands : h.compressed_size;
        if (h.type == PQ_INDEX_PAGE) /* which is never written: { 1: 1, 2: size, 3: size, 6: {} } */
            nl_buf_append(&bytes, (uint8_t[]){0x15, 2, 0x15, 8, 0x15, 8, 0x3C, 0, 0}, 9, NULL);
        else
            CHECK_OK(pq_page_header_encode(&h, &bytes, &err), err);
        nl_buf_append(&bytes, c->pages[i].body, c->pages[i].len, NULL);
    }
    CHECK_OK(nl_block_new(bytes.len, &block, &err), err);
    if (bytes.len)
        memcpy(nl_block_data(block), bytes.data, bytes.len);
    nl_bytes out = nl_bytes_of(block, 0, bytes.len);
    nl_block_unref(block);
    nl_buf_free(&bytes);
    return out;
}

/* All rows, `step` at a time, as text. */
static int read_rows(struct pq_column_reader *r, const struct chunk_case *c, int64_t step, const char *format,
                     nl_buf *out, nl_error *err)
{
    struct arrow_type t;
    int rc = arrow_type_parse(format, &t, err);
    for (int64_t at = 0, n; rc == NL_OK && at < c->rows; at += n) {
        struct ArrowArray a;
        n = c->rows - at < step ? c->rows - at : step;
        rc = pq_column_read(r, &(struct pq_rows){&(nl_parquet_range){at, n}, 1, (size_t)n}, NULL, &a, err);
        if (rc)
            break;
        CHECK_INT(a.length, n);
        for (int64_t i = 0; i < n; i++) {
            CHECK_OK(arrow_format_value(&a, &t, i, out, err), *err);
            CHECK_OK(nl_buf_putc(out, ';', err), *err);
        }
        a.release(&a);
    }
    return rc;
}

static void run_case(const struct chunk_case *c, int64_t step, bool views)
{
    struct pq_codec_ctx codecs = {0};
    struct pq_column_reader *r = calloc(1, sizeof *r);
    struct pq_schema_element e = {.has_type = true,
                                  .type = c->type,
                                  .converted = PQ_CONVERTED_NONE,
                                  .logical = {.kind = c->type == PQ_BYTE_ARRAY ? PQ_LOGICAL_STRING : PQ_LOGICAL_NONE}};
    struct pq_leaf leaf = {.element = &e, .max_definition = c->nullable};
    nl_buf text = {0};
    nl_error err = {0};
    CHECK(r != NULL);
    check_why("%s, %d rows at a time, views %d", c->why, (int)step, views);
    pq_leaf_type_of(&e, &leaf.type);
    struct pq_segment segment = {.offset = 1000, .bytes = make_chunk(c)};
    struct pq_column_setup setup = {.leaf = &leaf,
                                    .codec = c->codec,
                                    .rows = c->rows,
                                    .values = c->rows,
                                    .segments = &segment,
                                    .n_segments = 1,
                                    .whole = true,
                                    .string_views = views};
    CHECK_OK(pq_column_reader_init(r, &setup, &err), err);
    r->codecs = &codecs;
    const char *format = c->type == PQ_BYTE_ARRAY && views ? "vu" : leaf.type.format;
    int rc = read_rows(r, c, step, format, &text, &err);
    if (c->want == NL_OK) {
        CHECK_OK(rc, err);
        CHECK_STR(text.data, c->text);
    } else {
        CHECK_FAILS(rc, c->want, err, c->text);
        CHECK_HAS(err.message, "page at byte 1");
    }
    nl_buf_free(&text);
    pq_column_reader_free(r);
    pq_codec_ctx_free(&codecs);
    free(r);
}

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (int64_t step = 1; step < 8; step += 3)
            for (int views = 0; views < 2; views++)
                run_case(&cases[i], step, views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table)};
    return cmocka_run_group_tests_name("parquet/read/column", tests, NULL, NULL);
}
