/* tests/parquet/index/page_index.c: bytes of pyarrow, there and back, and what I1 and I2 keep out. */
#include "parquet/index/page_index.h"

#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

/* ── what others write ── */

/* pyarrow 26: strings a00 to a29, ten a page. */
static const uint8_t arrow_columns[] = {0x19, 0x31, 0x02, 0x02, 0x02, 0x19, 0x38, 0x03, 'a',  '0',  '0',  0x03, 'a',
                                        '1',  '0',  0x03, 'a',  '2',  '0',  0x19, 0x38, 0x03, 'a',  '0',  '9',  0x03,
                                        'a',  '1',  '9',  0x03, 'a',  '2',  '9',  0x15, 0x02, 0x19, 0x36, 0x00, 0x00,
                                        0x00, 0x29, 0x66, 0x00, 0x14, 0x00, 0x14, 0x00, 0x14, 0x00};
static const uint8_t arrow_offsets[] = {0x19, 0x3C, 0x16, 0xB4, 0x03, 0x15, 0xC0, 0x01, 0x16, 0x00, 0x00, 0x16,
                                        0xF4, 0x04, 0x15, 0xC0, 0x01, 0x16, 0x14, 0x00, 0x16, 0xB4, 0x06, 0x15,
                                        0xC0, 0x01, 0x16, 0x28, 0x00, 0x19, 0x36, 0x3C, 0x3C, 0x3C, 0x00};

static void indexes_of_arrow(void **state)
{
    (void)state;
    nl_arena arena = {0};
    nl_error err = {0};
    struct pq_column_index c;
    struct pq_offset_index o;
    CHECK_OK(pq_column_index_decode(arrow_columns, sizeof arrow_columns, &arena, &c, &err), err);
    CHECK_INT(c.n, 3);
    CHECK_INT(c.order, PQ_ASCENDING);
    for (size_t i = 0; i < 3; i++) {
        char min[] = {'a', (char)('0' + i), '0'}, max[] = {'a', (char)('0' + i), '9'};
        CHECK(!c.null_pages[i] && c.null_counts[i] == 0);
        CHECK_INT(c.min[i].len, 3);
        CHECK_MEM(c.min[i].data, min, 3);
        CHECK_MEM(c.max[i].data, max, 3);
        CHECK_INT(c.definition_histograms[2 * i + 1], 10);
    }
    CHECK_INT(c.n_definition, 6);
    CHECK(!c.repetition_histograms && !c.nan_counts);

    CHECK_OK(pq_offset_index_decode(arrow_offsets, sizeof arrow_offsets, &arena, &o, &err), err);
    CHECK_INT(o.n, 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(o.pages[i].offset, 218 + 96 * i);
        CHECK_INT(o.pages[i].compressed_size, 96);
        CHECK_INT(o.pages[i].first_row, 10 * i);
        CHECK_INT(o.unencoded_bytes[i], 30);
    }
    nl_arena_free(&arena);
}

/* ── there and back ── */

static void both_come_back_as_they_were_written(void **state)
{
    (void)state;
    enum { PAGES = 40000 }; /* more than 16 bits of them */
    nl_arena arena = {0};
    nl_error err = {0};
    nl_buf bytes = {0};
    struct pq_offset_index o = {.n = PAGES}, o2;
    struct pq_column_index c = {.n = PAGES, .order = PQ_DESCENDING, .n_definition = 2 * PAGES}, c2;
    o.pages = nl_arena_array(&arena, PAGES, sizeof *o.pages);
    o.unencoded_bytes = nl_arena_array(&arena, PAGES, sizeof *o.unencoded_bytes);
    c.null_pages = nl_arena_array(&arena, PAGES, sizeof *c.null_pages);
    c.min = nl_arena_array(&arena, PAGES, sizeof *c.min);
    c.max = nl_arena_array(&arena, PAGES, sizeof *c.max);
    c.null_counts = nl_arena_array(&arena, PAGES, sizeof *c.null_counts);
    c.nan_counts = nl_arena_array(&arena, PAGES, sizeof *c.nan_counts);
    c.definition_histograms = nl_arena_array(&arena, 2 * PAGES, sizeof *c.definition_histograms);
    for (size_t i = 0; i < PAGES; i++) {
        o.pages[i] = (struct pq_page_location){4 + (int64_t)i * 3000000000, 1 + (int32_t)i, (int64_t)i / 2 * 70};
        o.unencoded_bytes[i] = (int64_t)i;
        c.null_pages[i] = i % 3 == 0;
        if (!c.null_pages[i])
            c.min[i] = c.max[i] = (struct pq_slice){(const uint8_t *)&o.pages[i], i % 17};
        c.null_counts[i] = (int64_t)i * 1000;
        c.nan_counts[i] = 1;
        c.definition_histograms[2 * i] = c.definition_histograms[2 * i + 1] = (int64_t)i;
    }
    CHECK_OK(pq_offset_index_encode(&o, &bytes, &err), err);
    CHECK_OK(pq_offset_index_decode(bytes.data, bytes.len, &arena, &o2, &err), err);
    CHECK_INT(o2.n, PAGES);
    CHECK_MEM(o2.unencoded_bytes, o.unencoded_bytes, PAGES * sizeof *o.unencoded_bytes);
    for (size_t i = 0; i < PAGES; i++)
        CHECK(o2.pages[i].offset == o.pages[i].offset && o2.pages[i].compressed_size == o.pages[i].compressed_size &&
              o2.pages[i].first_row == o.pages[i].first_row);
    nl_buf_clear(&bytes);

    CHECK_OK(pq_column_index_encode(&c, &bytes, &err), err);
    CHECK_OK(pq_column_index_decode(bytes.data, bytes.len, &arena, &c2, &err), err);
    CHECK(c2.n == PAGES && c2.order == PQ_DESCENDING && c2.n_definition == 2 * PAGES && !c2.n_repetition);
    CHECK_MEM(c2.null_pages, c.null_pages, PAGES);
    CHECK_MEM(c2.null_counts, c.null_counts, PAGES * sizeof *c.null_counts);
    CHECK_MEM(c2.nan_counts, c.nan_counts, PAGES * sizeof *c.nan_counts);
    CHECK_MEM(c2.definition_histograms, c.definition_histograms, 2 * PAGES * sizeof *c.definition_histograms);
    for (size_t i = 0; i < PAGES; i++) {
        CHECK_INT(c2.min[i].len, c.min[i].len);
        CHECK_MEM(c2.max[i].data, c.max[i].data, c.max[i].len);
    }
    nl_buf_free(&bytes);
    nl_arena_free(&arena);
}

/* ── hostile bytes ── */

static const struct offsets_case {
    const char *why, *part; /* part NULL: fine */
    size_t n;
    struct pq_page_location pages[3];
    size_t n_bytes; /* of unencoded sizes; 0: absent */
} offsets_cases[] = {
    {"no pages", NULL, 0, {{0}}, 0},
    {"a page without rows", NULL, 3, {{4, 10, 0}, {14, 10, 5}, {24, 10, 5}}, 0},
    {"a gap between pages", NULL, 2, {{4, 10, 0}, {100, 10, 5}}, 0},
    {"the first row is not 0", "begins at row 1", 1, {{4, 10, 1}}, 0},
    {"rows go back", "page 2 of 3 begins at row 4", 3, {{4, 10, 0}, {14, 10, 5}, {24, 10, 4}}, 0},
    {"a negative row", "begins at row -1", 1, {{4, 10, -1}}, 0},
    {"pages overlap", "page 1 of 2 lies", 2, {{4, 10, 0}, {13, 10, 5}}, 0},
    {"offsets go back", "page 1 of 2 lies", 2, {{100, 10, 0}, {4, 10, 5}}, 0},
    {"a negative offset", "page 0 of 1 lies", 1, {{-4, 10, 0}}, 0},
    {"a page of no bytes", "page 0 of 1 lies", 1, {{4, 0, 0}}, 0},
    {"a page of fewer", "page 0 of 1 lies", 1, {{4, -1, 0}}, 0},
    {"an end beyond 63 bits", "page 0 of 1 lies", 1, {{INT64_MAX, 10, 0}}, 0},
    {"two pages, sizes of three", "2 pages, and sizes of 3", 2, {{4, 10, 0}, {14, 10, 5}}, 3},
};

static void pages_that_cannot_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(offsets_cases); i++) {
        const struct offsets_case *c = &offsets_cases[i];
        struct pq_thrift_writer w;
        nl_arena arena = {0};
        nl_buf bytes = {0};
        nl_error err = {0};
        struct pq_offset_index out;
        check_why("%s", c->why);
        pq_thrift_writer_init(&w, &bytes); /* by hand: the encoder writes equal counts */
        pq_write_element(&w);
        pq_write_list(&w, 1, PQ_T_STRUCT, c->n);
        for (size_t k = 0; k < c->n; k++) {
            pq_write_element(&w);
            pq_write_i64(&w, 1, c->pages[k].offset);
            pq_write_i32(&w, 2, c->pages[k].compressed_size);
            pq_write_i64(&w, 3, c->pages[k].first_row);
            pq_write_end(&w);
        }
        pq_write_list(&w, 2, PQ_T_I64, c->n_bytes);
        for (size_t k = 0; k < c->n_bytes; k++)
            pq_write_varint(&w, 1);
        pq_write_end(&w);
        CHECK_OK(pq_thrift_finish(&w, &err), err);
        int rc = pq_offset_index_decode(bytes.data, bytes.len, &arena, &out, &err);
        if (c->part)
            CHECK_FAILS(rc, NL_CORRUPT, err, c->part);
        else
            CHECK_OK(rc, err);
        CHECK_INT(out.n, c->part ? 0 : c->n);
        nl_buf_free(&bytes);
        nl_arena_free(&arena);
    }
}

static const struct columns_case {
    const char *why;
    int want;
    size_t len;
    uint8_t in[24];
} columns_cases[] = {
    {"no pages", NL_OK, 9, {0x19, 0x01, 0x19, 0x08, 0x19, 0x08, 0x15, 0x00, 0x00}},
    {"nothing but the end", NL_OK, 1, {0}},
    {"flags of zero and one, as some write them",
     NL_OK,
     17,
     {0x19, 0x21, 0, 1, 0x19, 0x28, 1, 'a', 0, 0x19, 0x28, 1, 'b', 0, 0x15, 0x02, 0x00}},
    {"no smallest values", NL_CORRUPT, 8, {0x19, 0x11, 2, 0x29, 0x18, 1, 'b', 0x00}},
    {"one bound for two pages", NL_CORRUPT, 14, {0x19, 0x21, 2, 2, 0x19, 0x18, 1, 'a', 0x19, 0x28, 1, 'b', 0, 0x00}},
    {"null counts below zero",
     NL_CORRUPT,
     14,
     {0x19, 0x11, 2, 0x19, 0x18, 1, 'a', 0x19, 0x18, 1, 'b', 0x29, 0x16, 0x01}},
    {"a list of 2^31 flags", NL_CORRUPT, 7, {0x19, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07}},
    {"a list of 2^31 bounds", NL_CORRUPT, 7, {0x29, 0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 0x07}},
    {"a bound longer than what is left", NL_CORRUPT, 8, {0x19, 0x11, 2, 0x19, 0x18, 0x7F, 'a', 0x00}},
    {"the end is missing", NL_CORRUPT, 2, {0x19, 0x01}},
};

static void columns_that_cannot_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(columns_cases); i++) {
        const struct columns_case *c = &columns_cases[i];
        nl_arena arena = {0};
        nl_error err = {0};
        struct pq_column_index out;
        check_why("%s", c->why);
        int rc = pq_column_index_decode(c->in, c->len, &arena, &out, &err);
        if (c->want)
            CHECK_FAILS(rc, c->want, err, "column index");
        else
            CHECK_OK(rc, err);
        CHECK_MAX(arena.total, 65536); /* I2 */
        nl_arena_free(&arena);
    }
}

/* Every prefix and thousands of damaged copies: an error or an index of which I1 is true, nothing else. */
static void damaged_bytes(void **state)
{
    (void)state;
    struct rng rng = rng_seed("page_index");
    for (size_t round = 0; round < 20000; round++) {
        uint8_t bytes[sizeof arrow_columns];
        bool columns = round % 2;
        size_t len = columns ? sizeof arrow_columns : sizeof arrow_offsets;
        memcpy(bytes, columns ? arrow_columns : arrow_offsets, len);
        if (round < 2 * len)
            len = round / 2;
        else
            for (size_t k = rng_below(&rng, 4) + 1; k; k--)
                bytes[rng_below(&rng, len)] = (uint8_t)rng_next(&rng);
        nl_arena arena = {0};
        struct pq_column_index c;
        struct pq_offset_index o;
        uint8_t *exact = malloc(len ? len : 1); /* so that reading beyond it shows */
        check_why("round %zu", round);
        CHECK(exact != NULL);
        memcpy(exact, bytes, len);
        if (columns && pq_column_index_decode(exact, len, &arena, &c, NULL) == NL_OK)
            for (size_t i = 0; i < c.n; i++)
                CHECK(c.min[i].len <= len && c.max[i].len <= len && (!c.null_counts || c.null_counts[i] >= 0));
        if (!columns && pq_offset_index_decode(exact, len, &arena, &o, NULL) == NL_OK)
            for (size_t i = 1; i < o.n; i++)
                CHECK(o.pages[i].offset > o.pages[i - 1].offset && o.pages[i].first_row >= o.pages[i - 1].first_row);
        free(exact);
        nl_arena_free(&arena);
    }
}

static void no_memory(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_arena arena = {0};
        nl_error err = {0};
        nl_buf bytes = {0};
        struct pq_column_index c;
        struct pq_offset_index o;
        int rc = pq_column_index_decode(arrow_columns, sizeof arrow_columns, &arena, &c, &err);
        if (rc == NL_OK)
            rc = pq_column_index_encode(&c, &bytes, &err);
        if (rc == NL_OK)
            rc = pq_offset_index_decode(arrow_offsets, sizeof arrow_offsets, &arena, &o, &err);
        if (rc == NL_OK)
            rc = pq_offset_index_encode(&o, &bytes, &err);
        CHECK_INT(rc, fault_off(&f) ? NL_NO_MEMORY : NL_OK);
        nl_buf_free(&bytes);
        nl_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indexes_of_arrow),     cmocka_unit_test(both_come_back_as_they_were_written),
        cmocka_unit_test(pages_that_cannot_be), cmocka_unit_test(columns_that_cannot_be),
        cmocka_unit_test(damaged_bytes),        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests_name("parquet/index/page_index", tests, NULL, NULL);
}
