/* tests/parquet/read/nested.c: nested columns made by hand, level by level: what is legal and rare, and what is damaged.
 *
 * Every case is a whole file: its pages' bodies stand here, headers and footer are written by the encoders of format/.
 */
#include <stdlib.h>

#include "arrow/text/text.h"
#include "base/str.h"
#include "parquet/read/file.h"
#include "support/check.h"
#include "support/fault.h"

#define NAMED(s) .name = {(const uint8_t *)(s), sizeof(s) - 1}
#define GROUP(rep, s, n, ...)                                                                                          \
    {                                                                                                                  \
        NAMED(s), .repetition = rep, .n_children = n, .converted = PQ_CONVERTED_NONE, __VA_ARGS__                      \
    }
#define LEAF(rep, s, t, ...)                                                                                           \
    {                                                                                                                  \
        NAMED(s), .repetition = rep, .has_type = true, .type = t, .converted = PQ_CONVERTED_NONE, __VA_ARGS__          \
    }
#define LIST   .logical = {.kind = PQ_LOGICAL_LIST}
#define MAP    .logical = {.kind = PQ_LOGICAL_MAP}
#define STRING .logical = {.kind = PQ_LOGICAL_STRING}
#define R      PQ_REQUIRED
#define O      PQ_OPTIONAL
#define M      PQ_REPEATED

#define V1(values, levels, s)                                                                                          \
    {                                                                                                                  \
        .h = {.type = PQ_DATA_PAGE,                                                                                    \
              .num_values = values,                                                                                    \
              .encoding = PQ_PLAIN,                                                                                    \
              .definition_encoding = levels,                                                                           \
              .repetition_encoding = levels},                                                                          \
        .body = (s), .len = sizeof(s) - 1                                                                              \
    }
#define V2(values, rows, rep, def, s)                                                                                  \
    {                                                                                                                  \
        .h = {.type = PQ_DATA_PAGE_V2,                                                                                 \
              .num_values = values,                                                                                    \
              .num_rows = rows,                                                                                        \
              .encoding = PQ_PLAIN,                                                                                    \
              .repetition_bytes = rep,                                                                                 \
              .definition_bytes = def},                                                                                \
        .body = (s), .len = sizeof(s) - 1                                                                              \
    }

struct page {
    struct pq_page_header h;
    const char *body;
    size_t len;
};

struct leaf {
    enum pq_type type;
    int64_t values;
    struct page pages[4];
};

/* A list of INT32 that may be null, of elements that may be: maximum definition 3, repetition 1. */
#define LIST_OF_INT GROUP(O, "l", 1, LIST), GROUP(M, "list", 1, ), LEAF(O, "element", PQ_INT32, )
/* A list of structs of a and b, nothing optional: maximum definition 1, repetition 1. */
#define LIST_OF_PAIRS                                                                                                  \
    GROUP(R, "l", 1, LIST), GROUP(M, "list", 1, ), GROUP(R, "element", 2, ), LEAF(R, "a", PQ_INT32, ),                 \
        LEAF(R, "b", PQ_INT32, )
#define ONE   "\1\0\0\0"
#define TWO   "\2\0\0\0"
#define THREE "\3\0\0\0"
#define FOUR  "\4\0\0\0"

static const struct nested_case {
    const char *why;
    struct pq_schema_element e[7];
    size_t n;
    int64_t rows;
    struct leaf leaves[2];
    int want;
    const char *text; /* the rows, or a part of the message */
} cases[] = {
    {"nulls and empty lists at both levels",
     {LIST_OF_INT},
     3,
     4,
     {{PQ_INT32, 6, {V1(6, PQ_RLE, "\2\0\0\0\3\x22\3\0\0\0\3\x1F\xE" ONE TWO THREE)}}},
     NL_OK,
     "[1,2];[];;[null,3];"},
    {"the same in version 2",
     {LIST_OF_INT},
     3,
     4,
     {{PQ_INT32, 6, {V2(6, 4, 2, 3, "\3\x22\3\x1F\xE" ONE TWO THREE)}}},
     NL_OK,
     "[1,2];[];;[null,3];"},
    {"the same with bit-packed levels, which were given up long ago",
     {LIST_OF_INT},
     3,
     4,
     {{PQ_INT32, 6, {V1(6, PQ_BIT_PACKED, "\x44\xF4\xB0" ONE TWO THREE)}}},
     NL_OK,
     "[1,2];[];;[null,3];"},
    {"bit-packed levels of a flat column",
     {LEAF(O, "x", PQ_INT32, )},
     1,
     3,
     {{PQ_INT32, 3, {V1(3, PQ_BIT_PACKED, "\xA0" ONE TWO)}}},
     NL_OK,
     "1;;2;"},
    {"a row that goes on in the next page, and the one after",
     {LIST_OF_INT},
     3,
     2,
     {{PQ_INT32,
       5,
       {V1(2, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\4\3" ONE TWO), V1(0, PQ_RLE, "\0\0\0\0\0\0\0\0"),
        V1(1, PQ_RLE, "\2\0\0\0\2\1\2\0\0\0\2\3" THREE), V1(2, PQ_RLE, "\2\0\0\0\3\1\2\0\0\0\4\3" FOUR ONE)}}},
     NL_OK,
     "[1,2,3,4];[1];"},
    {"two levels: a repeated leaf",
     {GROUP(O, "l", 1, LIST), LEAF(M, "element", PQ_INT32, )},
     2,
     3,
     {{PQ_INT32, 4, {V1(4, PQ_RLE, "\2\0\0\0\3\2\3\0\0\0\3\x1A\0" ONE TWO)}}},
     NL_OK,
     "[1,2];[];;"},
    {"repeated without annotation",
     {LEAF(M, "n", PQ_INT32, )},
     1,
     2,
     {{PQ_INT32, 3, {V1(3, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\3\3" ONE TWO)}}},
     NL_OK,
     "[1,2];[];"},
    {"a repeated group without annotation, in a struct",
     {GROUP(O, "s", 1, ), GROUP(M, "g", 1, ), LEAF(R, "a", PQ_INT32, )},
     3,
     3,
     {{PQ_INT32, 4, {V1(4, PQ_RLE, "\2\0\0\0\3\2\3\0\0\0\3\x1A\0" ONE TWO)}}},
     NL_OK,
     "{\"g\":[{\"a\":1},{\"a\":2}]};{\"g\":[]};;"},
    {"rule 4: a group named array is the element",
     {GROUP(R, "l", 1, LIST), GROUP(M, "array", 1, ), LEAF(R, "a", PQ_INT32, )},
     3,
     1,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\4\1" ONE TWO)}}},
     NL_OK,
     "[{\"a\":1},{\"a\":2}];"},
    {"a map without value is a list of its keys",
     {GROUP(R, "m", 1, MAP), GROUP(M, "map", 1, ), LEAF(R, "key", PQ_INT32, )},
     3,
     1,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\4\1" ONE TWO)}}},
     NL_OK,
     "[1,2];"},
    {"a map whose key may be null, and is not",
     {GROUP(R, "m", 1, MAP), GROUP(M, "map", 2, ), LEAF(O, "key", PQ_INT32, ), LEAF(R, "value", PQ_INT32, )},
     4,
     1,
     {{PQ_INT32, 1, {V1(1, PQ_RLE, "\2\0\0\0\2\0\2\0\0\0\2\2" ONE)}},
      {PQ_INT32, 1, {V1(1, PQ_RLE, "\2\0\0\0\2\0\2\0\0\0\2\1" TWO)}}},
     NL_OK,
     "[{\"key\":1,\"value\":2}];"},
    {"a map whose key is null",
     {GROUP(R, "m", 1, MAP), GROUP(M, "map", 2, ), LEAF(O, "key", PQ_INT32, ), LEAF(R, "value", PQ_INT32, )},
     4,
     1,
     {{PQ_INT32, 1, {V1(1, PQ_RLE, "\2\0\0\0\2\0\2\0\0\0\2\1")}},
      {PQ_INT32, 1, {V1(1, PQ_RLE, "\2\0\0\0\2\0\2\0\0\0\2\1" TWO)}}},
     NL_CORRUPT,
     "column m: a map has a key that is null"},
    {"a group without members beside a leaf",
     {GROUP(O, "s", 2, ), GROUP(O, "none", 0, ), LEAF(R, "a", PQ_INT32, )},
     3,
     2,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\1" ONE)}}},
     NL_OK,
     "{\"none\":{},\"a\":1};;"},
    {"a required leaf of a struct that may be null, all there",
     {GROUP(O, "s", 1, ), LEAF(R, "a", PQ_BOOLEAN, )},
     2,
     3,
     {{PQ_BOOLEAN, 3, {V1(3, PQ_RLE, "\2\0\0\0\3\5\2")}}},
     NL_OK,
     "{\"a\":false};;{\"a\":true};"},
    {"pairs",
     {LIST_OF_PAIRS},
     5,
     2,
     {{PQ_INT32, 3, {V1(3, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\6\1" ONE TWO THREE)}},
      {PQ_INT32, 3, {V1(3, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\6\1" FOUR THREE TWO)}}},
     NL_OK,
     "[{\"a\":1,\"b\":4},{\"a\":2,\"b\":3}];[{\"a\":3,\"b\":2}];"},
    {"members that disagree about lengths",
     {LIST_OF_PAIRS},
     5,
     2,
     {{PQ_INT32, 3, {V1(3, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\6\1" ONE TWO THREE)}},
      {PQ_INT32, 3, {V1(3, PQ_RLE, "\2\0\0\0\3\4\2\0\0\0\6\1" FOUR THREE TWO)}}},
     NL_CORRUPT,
     "column l: leaves of l disagree about its lengths"},
    {"members that disagree about nulls",
     {GROUP(O, "s", 2, ), LEAF(R, "a", PQ_INT32, ), LEAF(R, "b", PQ_INT32, )},
     3,
     2,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\1" ONE)}}, {PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\2" ONE)}}},
     NL_CORRUPT,
     "leaves of s disagree about its nulls"},
    {"the first repetition level is not 0",
     {LIST_OF_INT},
     3,
     1,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\3\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "column l.list.element: page at byte 4: a row begins with repetition level 1"},
    {"a definition level above the maximum, in a run",
     {GROUP(O, "s", 1, ), GROUP(O, "t", 1, ), LEAF(R, "a", PQ_INT32, )},
     3,
     2,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "definition levels: a level above 2"},
    {"a definition level above the maximum, packed",
     {GROUP(O, "s", 1, ), GROUP(O, "t", 1, ), LEAF(R, "a", PQ_INT32, )},
     3,
     2,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\3\0\0\0\3\xE\0" ONE TWO)}}},
     NL_CORRUPT,
     "definition levels: a level above 2"},
    {"fewer levels than values",
     {LIST_OF_INT},
     3,
     2,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\2\0\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "repetition levels: runs end"},
    {"levels of several rows in a row group of one",
     {LIST_OF_INT},
     3,
     1,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\4\0\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "more rows than the row group's 1"},
    {"fewer rows than the row group's",
     {LIST_OF_INT},
     3,
     2,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "rows, "},
    {"fewer values than the chunk promises",
     {LIST_OF_INT},
     3,
     1,
     {{PQ_INT32, 3, {V1(2, PQ_RLE, "\2\0\0\0\3\2\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "page at byte "},
    {"fewer values than rows",
     {LIST_OF_INT},
     3,
     3,
     {{PQ_INT32, 2, {V1(2, PQ_RLE, "\2\0\0\0\4\0\2\0\0\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "2 values in 3 rows"},
    {"a page of version 2 that begins inside of a row",
     {LIST_OF_INT},
     3,
     1,
     {{PQ_INT32, 2, {V2(1, 1, 2, 2, "\2\0\2\3" ONE), V2(1, 1, 2, 2, "\2\1\2\3" TWO)}}},
     NL_CORRUPT,
     "begins inside of a row"},
    {"a page of version 2 with fewer rows than it says",
     {LIST_OF_INT},
     3,
     2,
     {{PQ_INT32, 2, {V2(2, 2, 2, 2, "\3\2\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "fewer rows than its header"},
    {"a page of version 2 with more rows than it says",
     {LIST_OF_INT},
     3,
     2,
     {{PQ_INT32, 2, {V2(2, 1, 2, 2, "\4\0\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "more rows than its header"},
    {"a page of version 2 with values and no rows",
     {LIST_OF_INT},
     3,
     1,
     {{PQ_INT32, 2, {V2(2, 0, 2, 2, "\3\2\4\3" ONE TWO)}}},
     NL_CORRUPT,
     "2 values in 0 rows"},
    {"bit-packed levels that are cut",
     {LIST_OF_INT},
     3,
     4,
     {{PQ_INT32, 6, {V1(6, PQ_BIT_PACKED, "\x44\xF4")}}},
     NL_CORRUPT,
     "2 bytes of bit-packed levels, 1 are left"},
    {"levels in an encoding that is none for them",
     {LIST_OF_INT},
     3,
     4,
     {{PQ_INT32, 6, {V1(6, PQ_PLAIN, "\x44\xF4")}}},
     NL_UNSUPPORTED,
     "repetition levels in PLAIN"},
    {"a row of 2^31 - 1 nulls in a few bytes",
     {LIST_OF_INT},
     3,
     1,
     {{PQ_INT32,
       INT32_MAX,
       {V1(INT32_MAX, PQ_RLE, "\x8\0\0\0\2\0\xFE\xFF\xFF\xFF\xF\1\6\0\0\0\xFE\xFF\xFF\xFF\xF\2")}}},
     NL_CORRUPT,
     "list elements in "},
    {"a list of groups without members",
     {GROUP(M, "g", 0, ), LEAF(R, "a", PQ_INT32, )},
     2,
     1,
     {{PQ_INT32, 1, {V1(1, PQ_RLE, ONE)}}},
     NL_UNSUPPORTED,
     "column g: nothing is stored"},
};

/* The case as a file's bytes. short_by: so many bytes are missing from total_compressed_size. */
static void make_file(const struct nested_case *c, int64_t short_by, nl_buf *out)
{
    struct pq_schema_element elements[9] = {GROUP(R, "root", 0, )};
    struct pq_column_chunk chunks[2];
    struct pq_row_group group = {.num_rows = c->rows, .columns = chunks};
    nl_error err = {0};
    memcpy(elements + 1, c->e, c->n * sizeof *elements);
    for (size_t i = 1, left = 0; i <= c->n; i++) { /* the root's children */
        elements[0].n_children += left == 0;
        left += (size_t)elements[i].n_children - (left > 0);
    }
    pq_row_group_init(&group);
    group.num_rows = c->rows;
    group.columns = chunks;
    CHECK_OK(nl_buf_puts(out, "PAR1", &err), err);
    for (size_t i = 0; i < 2 && c->leaves[i].pages[0].body; i++) {
        pq_column_chunk_init(&chunks[i]);
        struct pq_column_meta *m = &chunks[i].meta;
        chunks[i].has_meta = true;
        m->type = c->leaves[i].type;
        m->num_values = c->leaves[i].values;
        m->data_page_offset = (int64_t)out->len;
        for (const struct page *p = c->leaves[i].pages; p < c->leaves[i].pages + 4 && p->body; p++) {
            struct pq_page_header h = p->h;
            h.compressed_size = h.uncompressed_size = (int32_t)p->len;
            CHECK_OK(pq_page_header_encode(&h, out, &err), err);
            CHECK_OK(nl_buf_append(out, p->body, p->len, &err), err);
        }
        m->total_compressed_size = (int64_t)out->len - m->data_page_offset - short_by;
        group.n_columns++;
    }
    struct pq_file_meta meta = {
        .version = 1, .schema = elements, .n_schema = c->n + 1, .row_groups = &group, .n_row_groups = 1};
    size_t at = out->len;
    CHECK_OK(pq_file_meta_encode(&meta, out, &err), err);
    uint32_t len = (uint32_t)(out->len - at);
    CHECK_OK(nl_buf_append(out, &len, sizeof len, &err), err);
    CHECK_OK(nl_buf_puts(out, "PAR1", &err), err);
}

/* All rows as text, nested values as JSON. */
static int read_batches(nl_parquet_reader *r, nl_buf *out, nl_error *err)
{
    struct ArrowSchema schema = {0};
    struct ArrowArray batch;
    struct text_column *columns = NULL;
    nl_arena arena = {0};
    int rc = nl_parquet_reader_schema(r, &schema, err);
    if (rc == NL_OK)
        rc = text_columns(&schema, &arena, &columns, err);
    while (rc == NL_OK && (rc = nl_parquet_next(r, &batch, err)) == NL_OK && batch.release) {
        for (int64_t i = 0; rc == NL_OK && i < batch.length; i++) {
            rc = text_plain_value(batch.children[0], &columns[0], i, out, err);
            if (rc == NL_OK)
                rc = nl_buf_putc(out, ';', err);
        }
        batch.release(&batch);
    }
    nl_arena_free(&arena);
    arrow_schema_release(&schema);
    return rc;
}

static int read_file(const nl_buf *bytes, const nl_parquet_read_options *o, nl_buf *out, nl_error *err)
{
    nl_source *source;
    nl_parquet_file *file = NULL;
    nl_parquet_reader *r = NULL;
    int rc = nl_source_open_memory("made by hand", bytes->data, bytes->len, &source, err);
    if (rc)
        return rc;
    rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_new(file, o, &r, err);
    if (rc == NL_OK)
        rc = read_batches(r, out, err);
    nl_parquet_reader_free(r);
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (int64_t step = 1; step < 8; step += 3)
            for (size_t threads = 0; threads < 3; threads += 2) {
                const struct nested_case *c = &cases[i];
                nl_buf bytes = {0}, text = {0};
                nl_error err = {0};
                nl_parquet_read_options o = {.batch_rows = step, .string_views = step > 1, .threads = threads};
                check_why("%s, %d rows a batch, %zu threads", c->why, (int)step, threads);
                make_file(c, 0, &bytes);
                int rc = read_file(&bytes, &o, &text, &err);
                if (c->want == NL_OK) {
                    CHECK_OK(rc, err);
                    CHECK_STR(text.data, c->text);
                } else {
                    CHECK_FAILS(rc, c->want, err, c->text);
                }
                nl_buf_free(&text);
                nl_buf_free(&bytes);
            }
}

/* Some writers leave a header out of the chunk's size: what comes behind is still read. */
static void chunks_that_count_short(void **state)
{
    (void)state;
    for (int64_t by = 1; by < 20; by += 6) {
        nl_buf bytes = {0}, text = {0};
        nl_error err = {0};
        check_why("%d bytes short", (int)by);
        make_file(&cases[0], by, &bytes);
        CHECK_OK(read_file(&bytes, NULL, &text, &err), err);
        CHECK_STR(text.data, cases[0].text);
        nl_buf_free(&text);
        nl_buf_free(&bytes);
    }
}

/* Any rows, with their neighbours passed over: in pages, across pages, across row ends. */
static void ranges_of_rows(void **state)
{
    (void)state;
    static const struct {
        nl_parquet_range ranges[2];
        size_t n, at; /* of cases */
        const char *text;
    } wanted[] = {
        {{{0, 1}}, 1, 0, "[1,2];"},
        {{{1, 2}}, 1, 0, "[];;"},
        {{{3, 1}}, 1, 0, "[null,3];"},
        {{{3, 1}}, 1, 1, "[null,3];"},
        {{{0, 1}, {3, 1}}, 2, 1, "[1,2];[null,3];"},
        {{{1, 1}}, 1, 4, "[1];"},
        {{{0, 1}}, 1, 4, "[1,2,3,4];"},
        {{{1, 1}, {2, 9}}, 2, 3, ";2;"},
    };
    for (size_t i = 0; i < NL_LEN(wanted); i++)
        for (int64_t step = 1; step < 4; step++) {
            nl_buf bytes = {0}, text = {0};
            nl_error err = {0};
            nl_parquet_read_options o = {.ranges = wanted[i].ranges, .n_ranges = wanted[i].n, .batch_rows = step};
            check_why("%s, rows from %d, %d a batch", cases[wanted[i].at].why, (int)wanted[i].ranges[0].first,
                      (int)step);
            make_file(&cases[wanted[i].at], 0, &bytes);
            CHECK_OK(read_file(&bytes, &o, &text, &err), err);
            CHECK_STR(text.data, wanted[i].text);
            nl_buf_free(&text);
            nl_buf_free(&bytes);
        }
}

static void ranges_that_are_none(void **state)
{
    (void)state;
    static const nl_parquet_range bad[][2] = {{{2, 1}, {1, 1}}, {{0, 2}, {1, 1}}, {{-1, 1}, {1, 1}}, {{0, -1}, {1, 1}}};
    nl_buf bytes = {0}, text = {0};
    make_file(&cases[0], 0, &bytes);
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        nl_error err = {0};
        nl_parquet_read_options o = {.ranges = bad[i], .n_ranges = 2};
        check_why("bad ranges %zu", i);
        CHECK_FAILS(read_file(&bytes, &o, &text, &err), NL_INVALID, err, "ranges ascend");
    }
    nl_buf_free(&text);
    nl_buf_free(&bytes);
}

/* Every byte of every case changed: any outcome but a crash. */
static void every_byte_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf bytes = {0};
        if (strstr(cases[i].why, "2^31"))
            continue;
        make_file(&cases[i], 0, &bytes);
        for (size_t at = 0; at < bytes.len; at++)
            for (int bit = 0; bit < 8; bit++) {
                nl_buf text = {0};
                nl_error err = {0};
                nl_parquet_range some = {1, 1};
                nl_parquet_read_options o = {.string_views = bit & 1, .ranges = &some, .n_ranges = bit == 7};
                check_why("%s, byte %zu, bit %d", cases[i].why, at, bit);
                bytes.data[at] = (char)(bytes.data[at] ^ 1 << bit);
                int rc = read_file(&bytes, &o, &text, &err);
                CHECK(rc == NL_OK || rc == NL_CORRUPT || rc == NL_UNSUPPORTED || rc == NL_INVALID);
                bytes.data[at] = (char)(bytes.data[at] ^ 1 << bit);
                nl_buf_free(&text);
            }
        nl_buf_free(&bytes);
    }
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++)
        for (size_t threads = 0; threads < 3; threads += 2) {
            nl_buf bytes = {0};
            if (cases[i].want)
                continue;
            make_file(&cases[i], 0, &bytes);
            FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
            {
                nl_buf text = {0};
                nl_error err = {0};
                nl_parquet_range rows = {0, 2};
                nl_parquet_read_options o = {
                    .batch_rows = 1, .ranges = &rows, .n_ranges = 1, .threads = threads, .string_views = true};
                int rc = read_file(&bytes, &o, &text, &err);
                bool failed = fault_off(&f);
                check_why("%s, %zu threads, allocation %ld", cases[i].why, threads, f.nth);
                CHECK(failed ? rc == NL_NO_MEMORY || rc == NL_OK : rc == NL_OK);
                nl_buf_free(&text);
            }
            nl_buf_free(&bytes);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),          cmocka_unit_test(chunks_that_count_short),
        cmocka_unit_test(ranges_of_rows),     cmocka_unit_test(ranges_that_are_none),
        cmocka_unit_test(every_byte_changed), cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("parquet/read/nested", tests, NULL, NULL);
}
