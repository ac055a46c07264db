/* tests/parquet/variant/shredded.c: the tables of VariantShredding.md, row by row, and what contradicts them. */
#include "arrow/arrow.h"
#include "base/str.h"
#include "parquet/variant/variant.h"
#include "support/check.h"
#include "support/fault.h"

/* A value, or nothing. */
struct blob {
    const char *data;
    size_t len;
};
#define BLOB(s)                                                                                                        \
    {                                                                                                                  \
        (s), sizeof(s) - 1                                                                                             \
    }
#define NONE                                                                                                           \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

/* Arrays are made from the leaves up; a fixture holds a schema and an array of the same shape. */
struct fixture {
    struct ArrowSchema schema;
    struct ArrowArray array;
};

static struct fixture leaf(const char *format, const char *name, const struct blob *values, size_t n)
{
    struct fixture f;
    struct arrow_builder *b;
    nl_error err = {0};
    CHECK_OK(arrow_schema_field(&f.schema, format, name, true, &err), err);
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(values[i].data ? arrow_builder_bytes(b, values[i].data, values[i].len, &err)
                                : arrow_builder_null(b, &err),
                 err);
    CHECK_OK(arrow_builder_finish(b, &f.array, &err), err);
    arrow_builder_free(b);
    return f;
}

/* INT64_MIN: null. */
static struct fixture numbers(const char *format, const char *name, const int64_t *values, size_t n)
{
    struct fixture f;
    struct arrow_builder *b;
    nl_error err = {0};
    CHECK_OK(arrow_schema_field(&f.schema, format, name, true, &err), err);
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(values[i] == INT64_MIN ? arrow_builder_null(b, &err) : arrow_builder_int(b, values[i], &err), err);
    CHECK_OK(arrow_builder_finish(b, &f.array, &err), err);
    arrow_builder_free(b);
    return f;
}

/* Children under a struct or a list; valid: a character a row, 'x' there, '.' null; offsets of a list, or NULL. */
static struct fixture nest(const char *format, const char *name, const char *valid, const int32_t *offsets,
                           struct fixture *children, size_t n)
{
    struct fixture f;
    struct ArrowArray arrays[4];
    nl_error err = {0};
    nl_block *bits;
    size_t rows = strlen(valid);
    int64_t nulls = 0;
    CHECK_OK(arrow_schema_nested(&f.schema, format, name, true, n, &err), err);
    for (size_t i = 0; i < n; i++) {
        arrow_schema_move(&children[i].schema, f.schema.children[i]);
        arrow_array_move(&children[i].array, &arrays[i]);
    }
    CHECK_OK(nl_block_new(16, &bits, &err), err);
    memset(nl_block_data(bits), 0, 16);
    for (size_t i = 0; i < rows; i++) {
        nl_block_data(bits)[i / 8] |= (uint8_t)((valid[i] == 'x') << i % 8);
        nulls += valid[i] != 'x';
    }
    nl_bytes buffers[2] = {nl_bytes_of(bits, 0, 16), {(const uint8_t *)offsets, offsets ? 4 * (rows + 1) : 0, NULL}};
    nl_block_unref(bits);
    struct arrow_parts parts = {.length = (int64_t)rows,
                                .null_count = nulls,
                                .buffers = buffers,
                                .n_buffers = offsets ? 2 : 1,
                                .children = arrays,
                                .n_children = n};
    CHECK_OK(arrow_array_make(&parts, &f.array, &err), err);
    return f;
}

/* The same metadata in each row: click, email, error_msg, event_ts, event_type. */
#define NAMES                                                                                                          \
    "\x11\x05\x00\x05\x0A\x13\x1B\x25"                                                                                 \
    "clickemailerror_msgevent_tsevent_type"

static struct fixture variant(struct fixture *children, size_t n, const char *valid)
{
    static const struct blob names[] = {BLOB(NAMES), BLOB(NAMES), BLOB(NAMES), BLOB(NAMES), BLOB(NAMES), BLOB(NAMES),
                                        BLOB(NAMES), BLOB(NAMES), BLOB(NAMES), BLOB(NAMES), BLOB(NAMES), BLOB(NAMES)};
    struct fixture all[3] = {leaf("z", "metadata", names, strlen(valid))};
    for (size_t i = 0; i < n; i++)
        all[1 + i] = children[i];
    return nest("+s", "event", valid, NULL, all, n + 1);
}

/* The rows as JSON, or, where want is NULL, an error with this text; f is released. */
static void check_rows(struct fixture *f, const char *const *want, const char *error, int code)
{
    static const struct arrow_type strings = {.kind = ARROW_STRING, .layout = ARROW_OFFSETS32};
    struct ArrowArray got;
    nl_error err = {0};
    CHECK_OK(arrow_array_check_all(&f->array, &f->schema, &err), err);
    int rc = pq_variant_array(&f->schema, &f->array, &got, &err);
    if (!want) {
        CHECK_FAILS(rc, code, err, error);
        CHECK(got.release == NULL);
    } else {
        CHECK_OK(rc, err);
        CHECK_INT(got.length, f->array.length);
        for (int64_t i = 0; i < got.length; i++) {
            nl_buf text = {0};
            CHECK_OK(nl_buf_puts(&text, arrow_is_valid(&got, i) ? "" : "(null)", &err), err);
            CHECK_OK(arrow_format_value(&got, &strings, i, &text, &err), err);
            CHECK_STR(text.data, want[i]); /* NOLINT(clang-analyzer-core.CallAndMessage): one a row, see above */
            nl_buf_free(&text);
        }
        arrow_array_release(&got);
    }
    arrow_array_release(&f->array);
    arrow_schema_release(&f->schema);
}

/* "Value Shredding": 34, null, "n/a", 100, and a row that is null itself. */
static void scalars(void **state)
{
    (void)state;
    static const struct blob values[] = {NONE, BLOB("\0"), BLOB("\x0Dn/a"), NONE, NONE, NONE};
    static const int64_t typed[] = {34, INT64_MIN, INT64_MIN, 100, INT64_MIN, INT64_MIN};
    static const char *const want[] = {"34", "null", "\"n/a\"", "100", "(null)", "null"};
    struct fixture f[] = {leaf("vz", "value", values, 6), numbers("l", "typed_value", typed, 6)};
    struct fixture v = variant(f, 2, "xxxx.x");
    check_rows(&v, want, NULL, 0);
}

/* "Arrays": the last element of the second is the variant null, the fourth array is no array. */
static void arrays(void **state)
{
    (void)state;
    static const struct blob element_values[] = {NONE, NONE, NONE, BLOB("\0"), NONE, NONE, NONE, NONE};
    static const struct blob typed[] = {BLOB("comedy"), BLOB("drama"), BLOB("horror"),  NONE,
                                        BLOB("comedy"), BLOB("drama"), BLOB("romance"), NONE};
    static const int32_t offsets[] = {0, 2, 4, 7, 7, 8};
    static const struct blob values[] = {NONE, NONE, NONE, BLOB("\0"), NONE};
    static const char *const want[] = {"[\"comedy\",\"drama\"]", "[\"horror\",null]",
                                       "[\"comedy\",\"drama\",\"romance\"]", "null", "[null]"};
    struct fixture parts[] = {leaf("z", "value", element_values, 8), leaf("u", "typed_value", typed, 8)};
    struct fixture element = nest("+s", "element", "xxxxxxxx", NULL, parts, 2);
    struct fixture f[] = {leaf("z", "value", values, 5), nest("+l", "typed_value", "xxx.x", offsets, &element, 1)};
    struct fixture v = variant(f, 2, "xxxxx");
    check_rows(&v, want, NULL, 0);
}

struct event {
    struct blob value;
    bool typed;
    struct blob type_value, type, ts_value;
    int64_t ts;
    const char *want;
};

/* Rows of the specification's `event`. */
static struct fixture events(const struct event *rows, size_t n)
{
    struct blob values[12], type_values[12], types[12], ts_values[12];
    int64_t ts[12];
    char typed[13] = {0}, whole[13] = {0};
    for (size_t i = 0; i < n; i++) {
        values[i] = rows[i].value;
        type_values[i] = rows[i].type_value;
        types[i] = rows[i].type;
        ts_values[i] = rows[i].ts_value;
        ts[i] = rows[i].ts;
        typed[i] = rows[i].typed ? 'x' : '.';
        whole[i] = 'x';
    }
    struct fixture type[] = {leaf("z", "value", type_values, n), leaf("u", "typed_value", types, n)};
    struct fixture stamp[] = {leaf("z", "value", ts_values, n), numbers("tsu:UTC", "typed_value", ts, n)};
    struct fixture members[] = {nest("+s", "event_type", whole, NULL, type, 2),
                                nest("+s", "event_ts", whole, NULL, stamp, 2)};
    struct fixture f[] = {leaf("z", "value", values, n), nest("+s", "typed_value", typed, NULL, members, 2)};
    return variant(f, 2, whole);
}

/* "Objects"; then the rows that the table calls invalid, of which the shredded columns count. */
static void objects(void **state)
{
    (void)state;
    static const int64_t none = INT64_MIN;
    const struct event rows[] = {
        {NONE, true, NONE, BLOB("noop"), NONE, 1729794114937000,
         "{\"event_ts\":\"2024-10-24T18:21:54.937000Z\",\"event_type\":\"noop\"}"},
        {BLOB("\x02\x01\x01\x00\x05\x11"
              "u@ex"),
         true, NONE, BLOB("login"), NONE, 0,
         "{\"email\":\"u@ex\",\"event_ts\":\"1970-01-01T00:00:00Z\",\"event_type\":\"login\"}"},
        {BLOB("\x02\x01\x02\x00\x02\x05!"), true, NONE, NONE, NONE, none, "{\"error_msg\":\"!\"}"},
        {BLOB("\x09no"), false, NONE, NONE, NONE, none, "\"no\""},
        {BLOB("\x02\x01\x00\x00\x02\x05_"), true, NONE, NONE, NONE, 0,
         "{\"click\":\"_\",\"event_ts\":\"1970-01-01T00:00:00Z\"}"},
        {NONE, true, BLOB("\0"), NONE, NONE, 0, "{\"event_ts\":\"1970-01-01T00:00:00Z\",\"event_type\":null}"},
        {NONE, true, NONE, BLOB("noop"),
         BLOB("\x09"
              "24"),
         none, "{\"event_ts\":\"24\",\"event_type\":\"noop\"}"},
        {NONE, true, NONE, NONE, NONE, none, "{}"},
        {BLOB("\0"), false, NONE, NONE, NONE, none, "null"},
        {NONE, false, NONE, NONE, NONE, none, "null"},
        {BLOB("\x02\x02\x01\x04\x00\x01\x02\x04\x08"), true, NONE, BLOB("x"), NONE, none,
         "{\"email\":true,\"event_type\":\"x\"}"},
        {BLOB("\x02\x01\x04\x00\x01\x04"), false, NONE, NONE, NONE, none, "{\"event_type\":true}"},
    };
    const char *want[NL_LEN(rows)];
    for (size_t i = 0; i < NL_LEN(rows); i++)
        want[i] = rows[i].want;
    struct fixture v = events(rows, NL_LEN(rows));
    check_rows(&v, want, NULL, 0);
    static const struct event wrong[] = {{BLOB("\x05"
                                               "a"),
                                          true, NONE, NONE, NONE, INT64_MIN, NULL}};
    v = events(wrong, 1);
    check_rows(&v, NULL, "row 0: a variant with shredded fields beside a value that is no object", NL_CORRUPT);
    static const struct event both[] = {{NONE, true, BLOB("\0"), BLOB("x"), NONE, INT64_MIN, NULL}};
    v = events(both, 1);
    check_rows(&v, NULL, "row 0: a variant with a value beside a shredded one that is no object", NL_CORRUPT);
    static const struct event broken[] = {
        {BLOB("\x02\x02\x01\x02\x00\x00\x01\x04"), true, NONE, NONE, NONE, INT64_MIN, NULL}};
    v = events(broken, 1);
    check_rows(&v, NULL, "row 0: a variant whose values lie on each other", NL_CORRUPT);
}

/* A slice of a column begins at its offset, in every child. */
static void slices(void **state)
{
    (void)state;
    static const struct blob values[] = {NONE, BLOB("\x04"), NONE};
    static const int64_t typed[] = {1, INT64_MIN, 3};
    static const char *const want[] = {"true", "3"};
    struct fixture f[] = {leaf("z", "value", values, 3), numbers("i", "typed_value", typed, 3)};
    struct fixture v = variant(f, 2, "xxx");
    v.array.offset = 1;
    v.array.length = 2;
    check_rows(&v, want, NULL, 0);
}

static void types_that_shred_and_that_do_not(void **state)
{
    (void)state;
    static const struct blob uuid[] = {BLOB("0123456789abcdef")}, four[] = {BLOB("abcd")}, null[] = {BLOB("\0")};
    static const int64_t one[] = {1};
    static const char *const want_uuid[] = {"\"30313233-3435-3637-3839-616263646566\""}, *const want_decimal[] = {
                                                                                             "true"};
    struct fixture f = leaf("w:16", "typed_value", uuid, 1);
    struct fixture v = variant(&f, 1, "x");
    check_rows(&v, want_uuid, NULL, 0);
    f = numbers("b", "typed_value", one, 1);
    v = variant(&f, 1, "x");
    check_rows(&v, want_decimal, NULL, 0);
    f = leaf("w:4", "typed_value", four, 1);
    v = variant(&f, 1, "x");
    check_rows(&v, NULL, "shredded as the Arrow type 'w:4'", NL_UNSUPPORTED);
    f = numbers("I", "typed_value", one, 1);
    v = variant(&f, 1, "x");
    check_rows(&v, NULL, "shredded as the Arrow type 'I'", NL_UNSUPPORTED);
    f = leaf("u", "value", null, 1);
    v = variant(&f, 1, "x");
    check_rows(&v, NULL, "whose value is not binary", NL_UNSUPPORTED);
    f = leaf("z", "other", null, 1);
    v = variant(&f, 1, "x");
    check_rows(&v, NULL, "'event' has neither value nor typed_value", NL_UNSUPPORTED);
    f = leaf("z", "value", null, 1);
    v = nest("+s", "event", "x", NULL, &f, 1);
    check_rows(&v, NULL, "or no metadata", NL_UNSUPPORTED);
    f = leaf("z", "member", null, 1);
    f = nest("+s", "typed_value", "x", NULL, &f, 1);
    v = variant(&f, 1, "x");
    check_rows(&v, NULL, "'member' is no group of value and typed_value", NL_UNSUPPORTED);
}

/* Each allocation fails in turn. */
static void memory_that_is_out(void **state)
{
    (void)state;
    const struct event row[] = {{BLOB("\x02\x01\x01\x00\x05\x11"
                                      "u@ex"),
                                 true, NONE, BLOB("login"), NONE, 0, NULL}};
    struct fixture v = events(row, 1);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct ArrowArray got;
        int rc = pq_variant_array(&v.schema, &v.array, &got, NULL);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        CHECK_INT(got.release == NULL, fired);
        arrow_array_release(&got);
    }
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf out = {0};
        int rc = pq_variant_to_json(NAMES, sizeof NAMES - 1, row[0].value.data, row[0].value.len, &out, NULL);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        CHECK_STR(out.data ? out.data : "", fired ? "" : "{\"email\":\"u@ex\"}");
        nl_buf_free(&out);
    }
    arrow_array_release(&v.array);
    arrow_schema_release(&v.schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(arrays),
        cmocka_unit_test(objects),
        cmocka_unit_test(slices),
        cmocka_unit_test(types_that_shred_and_that_do_not),
        cmocka_unit_test(memory_that_is_out),
    };
    return cmocka_run_group_tests_name("parquet_variant_shredded", tests, NULL, NULL);
}
