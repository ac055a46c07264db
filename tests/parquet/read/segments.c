/* tests/parquet/read/segments.c: which bytes of a chunk hold the rows that are wanted, and offset indexes that lie. */
#include "parquet/read/segments.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"

/* A chunk of 100 rows: a dictionary at 4, pages of 40 bytes at 24, 64, 104, 144, of 25 rows each. */
static const struct pq_page_location pages[] = {{24, 40, 0}, {64, 40, 25}, {104, 40, 50}, {144, 40, 75}};

static const struct segments_case {
    const char *why;
    nl_parquet_range rows[3];
    size_t n;
    bool has_index;
    const char *want; /* "offset+length@first row" */
} cases[] = {
    {"all rows", {{0, 100}}, 1, true, "4+180@0 "},
    {"no index: all of the chunk", {{30, 1}}, 1, false, "4+248@0 "},
    {"no rows", {{0, 0}}, 0, true, ""},
    {"the first page, with the dictionary", {{0, 1}}, 1, true, "4+60@0 "},
    {"one page in the middle", {{30, 1}}, 1, true, "4+20@0 64+40@25 "},
    {"the last row", {{99, 1}}, 1, true, "4+20@0 144+40@75 "},
    {"neighbours are merged", {{49, 2}}, 1, true, "4+20@0 64+80@25 "},
    {"ranges in one page", {{26, 1}, {28, 1}, {30, 2}}, 3, true, "4+20@0 64+40@25 "},
    {"a gap between", {{0, 1}, {60, 1}}, 2, true, "4+60@0 104+40@50 "},
    {"a range over a page's end and one behind", {{20, 10}, {99, 1}}, 2, true, "4+100@0 144+40@75 "},
};

struct file {
    struct pq_schema_element elements[2];
    nl_parquet_file f;
    nl_buf chunk;
};

/* An open file of one column, without bytes. */
static void make(struct file *x)
{
    struct pq_column_chunk c;
    struct pq_column_meta *m = &c.meta;
    nl_error err = {0};
    *x = (struct file){
        .elements = {
            {.n_children = 1, .converted = PQ_CONVERTED_NONE},
            {.name = {(const uint8_t *)"c", 1}, .has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_NONE}}};
    pq_column_chunk_init(&c);
    c.has_meta = true;
    c.offset_index_offset = 900;
    c.offset_index_length = 50;
    m->type = PQ_INT32;
    m->num_values = 100;
    m->dictionary_page_offset = 4;
    m->data_page_offset = 24;
    m->total_compressed_size = 120;
    struct pq_row_group written = {.n_columns = 1, .columns = &c, .num_rows = 100};
    struct pq_file_meta meta = {.schema = x->elements, .n_schema = 2, .row_groups = &written, .n_row_groups = 1};
    CHECK_OK(pq_file_meta_encode(&meta, &x->chunk, &err), err);
    CHECK_OK(pq_file_meta_decode(x->chunk.data, x->chunk.len, &x->f.arena, &x->f.meta, &err), err);
    CHECK_OK(pq_schema_build(&x->f.meta, &x->f.arena, &x->f.schema, &err), err);
    x->f.data_end = 800;
    x->f.size = 1000;
}

static void drop(struct file *x)
{
    nl_arena_free(&x->f.arena);
    nl_buf_free(&x->chunk);
}

static void the_table(void **state)
{
    (void)state;
    struct file x;
    make(&x);
    struct pq_offset_index index = {.pages = (struct pq_page_location *)(uintptr_t)pages, .n = NL_LEN(pages)};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct pq_segment_range *out;
        size_t n;
        nl_buf text = {0};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        CHECK_OK(pq_chunk_segments(&x.f, 0, 0, cases[i].has_index ? &index : NULL, cases[i].rows, cases[i].n, &out, &n,
                                   &err),
                 err);
        for (size_t k = 0; k < n; k++)
            nl_buf_printf(&text, NULL, "%llu+%llu@%lld ", (unsigned long long)out[k].range.offset,
                          (unsigned long long)out[k].range.length, (long long)out[k].first_row);
        CHECK_STR(text.data ? text.data : "", cases[i].want);
        nl_buf_free(&text);
        free(out);
    }
    drop(&x);
}

static void indexes_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct pq_page_location page;
    } bad[] = {
        {"before the chunk", {0, 40, 0}},       {"behind it", {300, 40, 0}},
        {"too long", {24, 100000, 0}},          {"of negative size", {24, -1, 0}},
        {"at a negative offset", {-24, 10, 0}},
    };
    struct file x;
    make(&x);
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        struct pq_page_location page = bad[i].page;
        struct pq_offset_index index = {.pages = &page, .n = 1};
        struct pq_segment_range *out;
        size_t n;
        nl_error err = {0};
        check_why("%s", bad[i].why);
        CHECK_FAILS(pq_chunk_segments(&x.f, 0, 0, &index, &(nl_parquet_range){1, 2}, 1, &out, &n, &err), NL_CORRUPT,
                    err, "row group 0, column c: offset index: page 0");
        CHECK(!out && !n);
    }
    check_why("an index that is not of this row group is not used");
    struct pq_page_location late = {24, 40, 100};
    struct pq_offset_index index = {.pages = &late, .n = 1};
    struct pq_segment_range *out;
    size_t n;
    nl_error err = {0};
    CHECK_OK(pq_chunk_segments(&x.f, 0, 0, &index, &(nl_parquet_range){1, 2}, 1, &out, &n, &err), err);
    CHECK_INT(n, 1);
    CHECK_INT(out[0].range.offset, 4);
    free(out);
    drop(&x);
}

static void where_the_index_lies(void **state)
{
    (void)state;
    struct file x;
    nl_range r;
    nl_error err = {0};
    make(&x);
    CHECK_OK(pq_offset_index_range(&x.f, 0, 0, &r, &err), err);
    CHECK_INT(r.offset, 900);
    CHECK_INT(r.length, 50);
    x.f.size = 940;
    CHECK_FAILS(pq_offset_index_range(&x.f, 0, 0, &r, &err), NL_CORRUPT, err,
                "an offset index of 50 bytes at byte 900");
    CHECK_INT(r.length, 0);
    drop(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table), cmocka_unit_test(indexes_that_lie),
                                       cmocka_unit_test(where_the_index_lies)};
    return cmocka_run_group_tests_name("parquet/read/segments", tests, NULL, NULL);
}
