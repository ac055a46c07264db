/* tests/parquet/format/thrift.c: hostile bytes, unexpected wire types, and everything there and back. */
#include "parquet/format/thrift.h"

#include "base/str.h"
#include "support/check.h"

/* A struct whose field 1 is an i32 and whose field 2 is a binary; everything else is skipped. */
static const struct thrift_case {
    const char *why;
    size_t len;
    uint8_t in[16];
    int want;
    int32_t number;
    const char *text;
} cases[] = {
    {"both fields", 6, {0x15, 0x54, 0x18, 1, 'x', 0}, NL_OK, 42, "x"},
    {"long form of the id", 5, {0x05, 0x02, 0x54, 0, 0}, NL_OK, 42, NULL},
    {"an i16 where an i32 is expected is read", 3, {0x14, 0x54, 0}, NL_OK, 42, NULL},
    {"a binary where an i32 is expected is skipped", 7, {0x18, 1, 'y', 0x18, 1, 'x', 0}, NL_OK, -1, "x"},
    {"a list of structs is skipped", 6, {0x39, 0x2C, 0x00, 0x11, 0x00, 0x00}, NL_OK, -1, NULL},
    {"a map is skipped", 6, {0x3B, 0x01, 0x58, 0x02, 0x00, 0}, NL_OK, -1, NULL},
    {"an empty map has no types", 3, {0x3B, 0x00, 0}, NL_OK, -1, NULL},
    {"a list of bools takes a byte each", 5, {0x39, 0x21, 0x01, 0x02, 0}, NL_OK, -1, NULL},
    {"a double is skipped", 10, {0x37, 1, 2, 3, 4, 5, 6, 7, 8, 0}, NL_OK, -1, NULL},
    {"no bytes", 0, {0}, NL_CORRUPT, -1, NULL},
    {"no end", 2, {0x15, 0x54}, NL_CORRUPT, 42, NULL},
    {"a number is cut", 2, {0x15, 0xD4}, NL_CORRUPT, -1, NULL},
    {"a number above 32 bits", 7, {0x16, 0x80, 0x80, 0x80, 0x80, 0x20, 0}, NL_CORRUPT, -1, NULL},
    {"a number above 64 bits",
     13,
     {0x16, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0},
     NL_CORRUPT,
     -1,
     NULL},
    {"a binary longer than the rest", 4, {0x28, 3, 'x', 0}, NL_CORRUPT, -1, NULL},
    {"a list longer than the rest", 3, {0x39, 0x5C, 0}, NL_CORRUPT, -1, NULL},
    {"a map longer than the rest", 5, {0x3B, 0x02, 0x33, 0, 0}, NL_CORRUPT, -1, NULL},
    {"2^32 elements", 8, {0x39, 0xF3, 0x80, 0x80, 0x80, 0x80, 0x10, 0}, NL_CORRUPT, -1, NULL},
    {"wire type 14", 2, {0x1E, 0}, NL_CORRUPT, -1, NULL},
    {"an id above 16 bits", 5, {0x05, 0x80, 0x80, 0x08, 0}, NL_CORRUPT, -1, NULL},
};

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct thrift_case *c = &cases[i];
        struct pq_thrift r;
        struct pq_field f = {0};
        struct pq_slice text = {0};
        int32_t number = -1;
        nl_error err = {0};
        pq_thrift_init(&r, c->in, c->len);
        while (pq_thrift_next(&r, &f))
            if (f.id == 1)
                pq_thrift_i32(&r, &f, &number);
            else if (f.id == 2)
                pq_thrift_binary(&r, &f, &text);
            else
                pq_thrift_skip(&r, &f);
        check_why("%s", c->why);
        CHECK_INT(pq_thrift_result(&r, &err), c->want);
        CHECK_INT(number, c->number);
        CHECK_INT(text.len, c->text ? strlen(c->text) : 0);
        if (c->text)
            CHECK_MEM(text.data, c->text, text.len);
        if (c->want == NL_OK)
            CHECK(r.in == r.end ||
                  (i == 1 && r.in == r.end - 1)); /* nothing was left, but the long form's spare byte */
    }
}

static void skipping_is_bounded(void **state)
{
    (void)state;
    uint8_t deep[200];
    for (size_t depth = 1; depth < 100; depth++) {
        struct pq_thrift r;
        struct pq_field f = {0};
        memset(deep, 0x1C, depth); /* structs in structs */
        memset(deep + depth, 0, sizeof deep - depth);
        pq_thrift_init(&r, deep, 2 * depth + 1);
        check_why("%zu structs in each other", depth);
        while (pq_thrift_next(&r, &f))
            pq_thrift_skip(&r, &f);
        CHECK_INT(r.code, depth <= PQ_THRIFT_DEPTH ? NL_OK : NL_CORRUPT);
    }
}

static void there_and_back(void **state)
{
    (void)state;
    nl_buf bytes = {0};
    nl_error err = {0};
    struct pq_thrift_writer w;
    pq_thrift_writer_init(&w, &bytes);
    pq_write_element(&w);
    pq_write_bool(&w, 1, true);
    pq_write_bool(&w, 2, false);
    pq_write_i8(&w, 3, -8);
    pq_write_i16(&w, 20, INT16_MIN);
    pq_write_i32(&w, 21, INT32_MIN);
    pq_write_i64(&w, 300, INT64_MIN);
    pq_write_list(&w, 301, PQ_T_I64, 20);
    for (int i = 0; i < 20; i++)
        pq_write_varint(&w, i - 10);
    pq_write_begin(&w, 302);
    pq_write_binary(&w, 1, "", 0);
    pq_write_end(&w);
    pq_write_end(&w);
    CHECK_OK(pq_thrift_finish(&w, &err), err);

    struct pq_thrift r;
    struct pq_field f = {0}, inner = {0};
    struct pq_list list;
    struct pq_slice text = {0};
    bool yes = false, no = true;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    pq_thrift_init(&r, bytes.data, bytes.len);
    CHECK(pq_thrift_next(&r, &f) && f.id == 1 && pq_thrift_bool(&r, &f, &yes) && yes);
    CHECK(pq_thrift_next(&r, &f) && f.id == 2 && pq_thrift_bool(&r, &f, &no) && !no);
    CHECK(pq_thrift_next(&r, &f) && f.id == 3 && pq_thrift_i8(&r, &f, &i8) && i8 == -8);
    CHECK(pq_thrift_next(&r, &f) && f.id == 20 && pq_thrift_i16(&r, &f, &i16) && i16 == INT16_MIN);
    CHECK(pq_thrift_next(&r, &f) && f.id == 21 && pq_thrift_i32(&r, &f, &i32) && i32 == INT32_MIN);
    CHECK(pq_thrift_next(&r, &f) && f.id == 300 && pq_thrift_i64(&r, &f, &i64) && i64 == INT64_MIN);
    CHECK(pq_thrift_next(&r, &f) && f.id == 301 && pq_thrift_list(&r, &f, PQ_T_I64, &list));
    CHECK_INT(list.n, 20);
    struct pq_field element = pq_list_field(&list);
    for (int i = 0; i < 20; i++)
        CHECK(pq_thrift_i64(&r, &element, &i64) && i64 == i - 10);
    CHECK(pq_thrift_next(&r, &f) && f.id == 302 && pq_thrift_struct(&r, &f));
    CHECK(pq_thrift_next(&r, &inner) && pq_thrift_binary(&r, &inner, &text) && text.data && !text.len);
    CHECK(!pq_thrift_next(&r, &inner) && !pq_thrift_next(&r, &f));
    CHECK_OK(pq_thrift_result(&r, &err), err);
    CHECK(r.in == r.end);
    nl_buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(skipping_is_bounded),
        cmocka_unit_test(there_and_back),
    };
    return cmocka_run_group_tests_name("parquet/format/thrift", tests, NULL, NULL);
}
