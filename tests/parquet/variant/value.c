/* tests/parquet/variant/value.c: each type of the variant's encoding as JSON, objects and arrays in all their layouts, and bytes that
 * lie about themselves. (Files of other writers: tests/interop/parquet_variant.py.) */
#include "parquet/variant/value.h"

#include <stdlib.h>

#include "base/str.h"
#include "parquet/variant/variant.h"
#include "support/check.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

/* "a", "b", "long name", in this order. */
static const uint8_t names[] = {0x01, 3, 0, 1, 2, 11, 'a', 'b', 'l', 'o', 'n', 'g', ' ', 'n', 'a', 'm', 'e'};

static const struct value_case {
    const char *why;
    const uint8_t *value;
    size_t len;
    const char *want; /* or what the error says */
    int rc;
} cases[] = {
    {"null", BYTES(0x00), "null", NL_OK},
    {"true", BYTES(0x04), "true", NL_OK},
    {"false", BYTES(0x08), "false", NL_OK},
    {"int8", BYTES(0x0C, 0xD6), "-42", NL_OK},
    {"int16", BYTES(0x10, 0xD2, 0x04), "1234", NL_OK},
    {"int32", BYTES(0x14, 0, 0, 0, 0x80), "-2147483648", NL_OK},
    {"int64", BYTES(0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F), "9223372036854775807", NL_OK},
    {"the least int64", BYTES(0x18, 0, 0, 0, 0, 0, 0, 0, 0x80), "-9223372036854775808", NL_OK},
    {"double", BYTES(0x1C, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F), "1.5", NL_OK},
    {"infinity", BYTES(0x1C, 0, 0, 0, 0, 0, 0, 0xF0, 0xFF), "\"-Infinity\"", NL_OK},
    {"decimal4", BYTES(0x20, 2, 0xD2, 0x04, 0, 0), "\"12.34\"", NL_OK},
    {"decimal8", BYTES(0x24, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), "\"-0.001\"", NL_OK},
    {"decimal16", BYTES(0x28, 38, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
     "\"0.00000000000000000000000000000000000001\"", NL_OK},
    {"a decimal's scale", BYTES(0x20, 39, 0, 0, 0, 0), "a decimal of scale 39", NL_CORRUPT},
    {"date", BYTES(0x2C, 0xFF, 0xFF, 0xFF, 0xFF), "\"1969-12-31\"", NL_OK},
    {"timestamp", BYTES(0x30, 1, 0, 0, 0, 0, 0, 0, 0), "\"1970-01-01T00:00:00.000001Z\"", NL_OK},
    {"timestamp without a zone", BYTES(0x34, 0, 0, 0, 0, 0, 0, 0, 0), "\"1970-01-01T00:00:00\"", NL_OK},
    {"float", BYTES(0x38, 0xCD, 0xCC, 0xCC, 0x3D), "0.1", NL_OK},
    {"NaN", BYTES(0x38, 0, 0, 0xC0, 0x7F), "\"NaN\"", NL_OK},
    {"binary", BYTES(0x3C, 3, 0, 0, 0, 'f', 'o', 0xFF), "\"Zm//\"", NL_OK},
    {"string", BYTES(0x40, 3, 0, 0, 0, 'a', '"', '\n'), "\"a\\\"\\n\"", NL_OK},
    {"a string that is no UTF-8", BYTES(0x05, 0xFF), "\"\xEF\xBF\xBD\"", NL_OK},
    {"time", BYTES(0x44, 1, 0, 0, 0, 0, 0, 0, 0), "\"00:00:00.000001\"", NL_OK},
    {"timestamp in ns", BYTES(0x48, 1, 0, 0, 0, 0, 0, 0, 0), "\"1970-01-01T00:00:00.000000001Z\"", NL_OK},
    {"the same without a zone", BYTES(0x4C, 1, 0, 0, 0, 0, 0, 0, 0), "\"1970-01-01T00:00:00.000000001\"", NL_OK},
    {"uuid", BYTES(0x50, 0xF2, 0x4F, 0x9B, 0x64, 0x81, 0xFA, 0x49, 0xD1, 0xB7, 0x4E, 0x8C, 9, 0xA6, 0xE3, 0x1C, 0x56),
     "\"f24f9b64-81fa-49d1-b74e-8c09a6e31c56\"", NL_OK},
    {"short string, empty", BYTES(0x01), "\"\"", NL_OK},
    {"short string of the specification", BYTES(0x0D, 'n', '/', 'a'), "\"n/a\"", NL_OK},
    {"a type of the future", BYTES(0x54, 0), "the primitive type 21", NL_UNSUPPORTED},
    {"an empty object", BYTES(0x02, 0, 0), "{}", NL_OK},
    {"an empty array", BYTES(0x03, 0, 0), "[]", NL_OK},
    {"an array", BYTES(0x03, 2, 0, 1, 3, 0x00, 0x0C, 7), "[null,7]", NL_OK},
    {"an array with 4 bytes of a count, 2 of an offset", BYTES(0x17, 1, 0, 0, 0, 0, 0, 1, 0, 0x04), "[true]", NL_OK},
    {"reserved bits of an array", BYTES(0xE3, 1, 0, 1, 0x04), "[true]", NL_OK},
    {"an object, its values the other way round", BYTES(0x02, 2, 0, 1, 1, 0, 2, 0x04, 0x08), "{\"a\":false,\"b\":true}",
     NL_OK},
    {"a large object with wide ids and offsets", BYTES(0x6E, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0x0C, 1),
     "{\"long name\":1}", NL_OK},
    {"nested", BYTES(0x02, 1, 0, 0, 7, 0x03, 1, 0, 3, 0x02, 0, 0), "{\"a\":[{}]}", NL_OK},
    {"nested, one byte less", BYTES(0x02, 1, 0, 0, 6, 0x03, 1, 0, 3, 0x02, 0, 0), "leave its bytes", NL_CORRUPT},
    {"bytes behind it", BYTES(0x04, 1, 2, 3), "true", NL_OK},
    {"nothing", (const uint8_t *)"", 0, "without a value", NL_CORRUPT},
    {"an array cut before its count", BYTES(0x03), "leave its bytes", NL_CORRUPT},
    {"an array of four billion", BYTES(0x13, 0xFF, 0xFF, 0xFF, 0xFF, 0), "leave its bytes", NL_CORRUPT},
    {"an object of four billion", BYTES(0x7E, 0xFF, 0xFF, 0xFF, 0xFF, 0), "leave its bytes", NL_CORRUPT},
    {"values that end behind the bytes", BYTES(0x03, 1, 0, 2, 0x00), "leave its bytes", NL_CORRUPT},
    {"a value that begins behind them", BYTES(0x03, 1, 1, 1, 0x00), "leave its bytes", NL_CORRUPT},
    {"a value that reaches behind them", BYTES(0x03, 1, 0, 1, 0x0C, 0), "leave its bytes", NL_CORRUPT},
    {"values on each other: 4 bytes of 2", BYTES(0x03, 2, 0, 0, 2, 0x0C, 7), "lie on each other", NL_CORRUPT},
    {"an id without a name", BYTES(0x02, 1, 3, 0, 1, 0x00), "field 3 of 3 names", NL_CORRUPT},
    {"a name twice", BYTES(0x02, 2, 0, 0, 0, 1, 2, 0x00, 0x00), "two fields of one name", NL_CORRUPT},
    {"a string that is cut", BYTES(0x40, 4, 0, 0, 0, 'a', 'b', 'c'), "leave its bytes", NL_CORRUPT},
    {"a string without all of its length", BYTES(0x40, 4, 0, 0), "leave its bytes", NL_CORRUPT},
    {"a short string that is cut", BYTES(0x0D, 'n'), "leave its bytes", NL_CORRUPT},
    {"an int that is cut", BYTES(0x18, 1, 2, 3), "leave its bytes", NL_CORRUPT},
};

static void check_value(const struct value_case *c)
{
    nl_buf out = {0};
    nl_error err = {0};
    check_why("%s", c->why);
    CHECK_OK(nl_buf_puts(&out, "=", &err), err);
    uint8_t *copy = malloc(c->len ? c->len : 1); /* so that ASan sees its end */
    CHECK(copy != NULL);
    memcpy(copy, c->value, c->len);
    int rc = pq_variant_to_json(names, sizeof names, copy, c->len, &out, &err);
    if (c->rc == NL_OK) {
        CHECK_OK(rc, err);
        CHECK_STR(out.data + 1, c->want);
    } else {
        CHECK_FAILS(rc, c->rc, err, c->want);
        CHECK_STR(out.data, "=");
    }
    free(copy);
    nl_buf_free(&out);
}

static void every_type_and_every_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++)
        check_value(&cases[i]);
}

static void metadata_of_all_kinds(void **state)
{
    (void)state;
    static const uint8_t value[] = {0x02, 1, 1, 0, 1, 0x00}, null[] = {0x00};
    const struct {
        const char *why;
        const uint8_t *metadata;
        size_t len;
        const char *want;
        int rc;
    } metadata[] = {
        {"sorted, with a reserved bit", BYTES(0x31, 2, 0, 1, 2, 'x', 'y'), "{\"y\":null}", NL_OK},
        {"offsets of 4 bytes", BYTES(0xC1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 'x', 'y'), "{\"y\":null}",
         NL_OK},
        {"an empty name", BYTES(0x01, 2, 0, 1, 1, 'x'), "{\"\":null}", NL_OK},
        {"another version", BYTES(0x02, 0, 0), "version 2", NL_UNSUPPORTED},
        {"none", BYTES(0x01), "leave its bytes", NL_CORRUPT},
        {"fewer names than it says", BYTES(0x01, 9, 0, 1), "leave its bytes", NL_CORRUPT},
        {"four billion names", BYTES(0xC1, 0xFF, 0xFF, 0xFF, 0xFF, 0), "leave its bytes", NL_CORRUPT},
        {"a name that ends before it begins", BYTES(0x01, 2, 0, 2, 1, 'x', 'y'), "leave its bytes", NL_CORRUPT},
        {"a name behind the end", BYTES(0x01, 2, 0, 1, 3, 'x', 'y'), "leave its bytes", NL_CORRUPT},
        {"too few", BYTES(0x01, 1, 0, 1, 'x'), "field 1 of 1", NL_CORRUPT},
    };
    nl_buf out = {0};
    nl_error err = {0};
    for (size_t i = 0; i < NL_LEN(metadata); i++) {
        check_why("%s", metadata[i].why);
        nl_buf_clear(&out);
        err = (nl_error){0};
        int rc = pq_variant_to_json(metadata[i].metadata, metadata[i].len, value, sizeof value, &out, &err);
        if (metadata[i].rc)
            CHECK_FAILS(rc, metadata[i].rc, err, metadata[i].want);
        else
            CHECK_OK(rc, err);
        if (!metadata[i].rc)
            CHECK_STR(out.data, metadata[i].want);
    }
    nl_buf_clear(&out);
    CHECK_OK(pq_variant_to_json("", 0, null, 1, &out, &err), err); /* as Spark wrote it */
    CHECK_STR(out.data, "null");
    nl_buf_free(&out);
}

/* V3: 64 arrays in each other, not 65. */
static void depth_is_bounded(void **state)
{
    (void)state;
    for (int levels = 64; levels <= 65; levels++) {
        uint8_t *value = malloc(6 * 65 + 1);
        size_t at = 6 * 65;
        nl_buf out = {0};
        nl_error err = {0};
        CHECK(value != NULL);
        value[at] = 0x00;
        for (int i = 0; i < levels; i++) {
            size_t len = 6 * 65 + 1 - at;
            at -= 6;
            memcpy(value + at, ((const uint8_t[]){0x07, 1, 0, 0, (uint8_t)len, (uint8_t)(len >> 8)}), 6);
        }
        check_why("%d levels", levels);
        int rc = pq_variant_to_json("\x01\0\0", 3, value + at, 6 * 65 + 1 - at, &out, &err);
        if (levels == 64)
            CHECK_OK(rc, err);
        else
            CHECK_FAILS(rc, NL_UNSUPPORTED, err, "more than 64 levels");
        nl_buf_free(&out);
        free(value);
    }
}

/* V2: 40 levels of which each holds the one below twice would be 2^40 values. */
static void values_on_each_other_are_refused(void **state)
{
    (void)state;
    uint8_t value[40 * 5 + 1];
    size_t at = sizeof value - 1;
    nl_buf out = {0};
    nl_error err = {0};
    value[at] = 0x00;
    for (int i = 0; i < 40; i++) {
        uint8_t len = (uint8_t)(sizeof value - at);
        at -= 5;
        memcpy(value + at, ((const uint8_t[]){0x03, 2, 0, 0, len}), 5);
    }
    CHECK_FAILS(pq_variant_to_json("\x01\0\0", 3, value, sizeof value, &out, &err), NL_CORRUPT, err,
                "values lie on each other");
    CHECK_MAX(out.cap, 64 * 1024);
    nl_buf_free(&out);
}

/* V4: a name of 60,000 bytes in each of 1,000 objects. */
static void names_that_outgrow_the_values(void **state)
{
    (void)state;
    enum { NAME = 60000, OBJECTS = 1000, EACH = 6 };
    uint8_t *metadata = calloc(1, 7 + NAME), *value = calloc(1, 5 + 3 * (OBJECTS + 1) + EACH * OBJECTS);
    nl_buf out = {0};
    nl_error err = {0};
    CHECK(metadata && value);
    memcpy(metadata, ((const uint8_t[]){0x41, 1, 0, 0, 0, NAME & 255, NAME >> 8}), 7);
    memset(metadata + 7, 'n', NAME);
    memcpy(value, ((const uint8_t[]){0x1B, OBJECTS & 255, OBJECTS >> 8, 0, 0}), 5);
    for (size_t i = 0; i <= OBJECTS; i++) {
        size_t offset = EACH * i;
        memcpy(value + 5 + 3 * i, ((const uint8_t[]){(uint8_t)offset, (uint8_t)(offset >> 8), 0}), 3);
        if (i < OBJECTS)
            memcpy(value + 5 + 3 * (OBJECTS + 1) + offset, ((const uint8_t[]){0x02, 1, 0, 0, 1, 0x00}), EACH);
    }
    CHECK_FAILS(pq_variant_to_json(metadata, 7 + NAME, value, 5 + 3 * (OBJECTS + 1) + EACH * OBJECTS, &out, &err),
                NL_CORRUPT, err, "names outgrow");
    CHECK_MAX(out.cap, 8 << 20);
    memcpy(metadata + 5, ((const uint8_t[]){100, 0}), 2); /* a name of 100 bytes is nothing special */
    CHECK_OK(pq_variant_to_json(metadata, 7 + NAME, value, 5 + 3 * (OBJECTS + 1) + EACH * OBJECTS, &out, &err), err);
    nl_buf_free(&out);
    free(metadata);
    free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_every_lie),
        cmocka_unit_test(metadata_of_all_kinds),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(values_on_each_other_are_refused),
        cmocka_unit_test(names_that_outgrow_the_values),
    };
    return cmocka_run_group_tests_name("parquet_variant_value", tests, NULL, NULL);
}
