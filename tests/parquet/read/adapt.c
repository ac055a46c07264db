/* tests/parquet/read/adapt.c: every safe widening and every refusal as a table; nested columns; slices; faults. */
#include "parquet/read/adapt.h"

#include <neuralake/parquet.h>

#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "arrow/metadata.h"
#include "arrow/text/text.h"
#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

/* ── columns from text, and back ── */

static void put(struct arrow_builder *b, const struct arrow_type *t, const char *text, nl_error *err)
{
    if (strcmp(text, "null") == 0)
        CHECK_OK(arrow_builder_null(b, err), *err);
    else if (t->kind == ARROW_FLOAT)
        CHECK_OK(arrow_builder_double(b, strtod(text, NULL), err), *err);
    else if (t->kind == ARROW_DECIMAL)
        CHECK_OK(arrow_builder_decimal(b, strtoll(text, NULL, 10), err), *err);
    else if (t->kind == ARROW_STRING || t->kind == ARROW_BINARY || t->kind == ARROW_FIXED_BINARY)
        CHECK_OK(arrow_builder_bytes(b, text, strlen(text), err), *err);
    else if (t->is_signed || t->kind == ARROW_BOOL)
        CHECK_OK(arrow_builder_int(b, strtoll(text, NULL, 10), err), *err);
    else
        CHECK_OK(arrow_builder_uint(b, strtoull(text, NULL, 10), err), *err);
}

/* A column of format from values that ";" parts. */
static struct ArrowArray make_column(const char *format, const char *values)
{
    struct arrow_builder *b;
    struct ArrowArray out;
    struct arrow_type t;
    nl_error err = {0};
    char *copy = strdup(values), *rest = copy, *value;
    CHECK_OK(arrow_type_parse(format, &t, &err), err);
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    while (*values && (value = strsep(&rest, ";")))
        put(b, &t, value, &err);
    CHECK_OK(arrow_builder_finish(b, &out, &err), err);
    arrow_builder_free(b);
    free(copy);
    return out;
}

/* All rows of a column as JSON, joined by ";". Yours. */
static char *as_text(const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
    nl_arena arena = {0};
    struct text_column *columns;
    nl_error err = {0};
    nl_buf out = {0};
    CHECK_OK(text_columns(schema, &arena, &columns, &err), err);
    nl_buf_puts(&out, "", NULL);
    for (int64_t row = 0; row < batch->length; row++)
        for (int64_t i = 0; i < batch->n_children; i++) {
            if (out.len)
                nl_buf_putc(&out, i ? ',' : ';', NULL);
            CHECK_OK(text_json_value(batch->children[i], &columns[i], batch->offset + row, &out, &err), err);
        }
    nl_arena_free(&arena);
    return nl_buf_steal(&out);
}

/* A struct schema of one nullable column "c". */
static struct ArrowSchema one_column(const char *format)
{
    struct ArrowSchema s;
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&s, 1, &err), err);
    CHECK_OK(arrow_schema_field(s.children[0], format, "c", true, &err), err);
    return s;
}

/* ── flat ── */

static const struct flat_case {
    const char *from, *values, *to, *want; /* want as JSON; NULL: the plan is refused; "!": a value is */
} flat_cases[] = {
    {"c", "1;-128;null;127", "s", "1;-128;null;127"},
    {"c", "1;-128;null;127", "i", "1;-128;null;127"},
    {"c", "1;-128;null;127", "l", "1;-128;null;127"},
    {"s", "1;-32768;null", "i", "1;-32768;null"},
    {"s", "1;-32768;null", "l", "1;-32768;null"},
    {"i", "1;-2147483648;null;2147483647", "l", "1;-2147483648;null;2147483647"},
    {"C", "1;255;null", "S", "1;255;null"},
    {"C", "1;255;null", "s", "1;255;null"},
    {"C", "1;255;null", "I", "1;255;null"},
    {"C", "1;255;null", "L", "1;255;null"},
    {"C", "1;255;null", "l", "1;255;null"},
    {"S", "1;65535;null", "i", "1;65535;null"},
    {"S", "1;65535;null", "l", "1;65535;null"},
    {"I", "1;4294967295;null", "l", "1;4294967295;null"},
    {"I", "1;4294967295;null", "L", "1;4294967295;null"},
    {"i", "1;2", "s", NULL},
    {"l", "1;2", "i", NULL},
    {"i", "1;2", "L", NULL},
    {"C", "1;2", "c", NULL},
    {"I", "1;2", "i", NULL},
    {"L", "1;2", "l", NULL},
    {"c", "1;-128;null", "g", "1.0;-128.0;null"},
    {"s", "1;-128;null", "g", "1.0;-128.0;null"},
    {"i", "1;-2147483648;null", "g", "1.0;-2147483648.0;null"},
    {"C", "1;255", "g", "1.0;255.0"},
    {"S", "1;65535", "g", "1.0;65535.0"},
    {"I", "1;4294967295", "g", "1.0;4294967295.0"},
    {"l", "1;2", "g", NULL},
    {"i", "1;2", "f", NULL},
    {"f", "1.5;null;-0.25;nan;inf", "g", "1.5;null;-0.25;\"NaN\";\"Infinity\""},
    {"g", "1.5", "f", NULL},
    {"b", "1;0", "i", NULL},
    {"d:5,2", "123;null;-99999", "d:9,2", "\"1.23\";null;\"-999.99\""},
    {"d:5,2", "123;null;-99999", "d:7,4", "\"1.2300\";null;\"-999.9900\""},
    {"d:10,0", "9999999999;-1", "d:38,28",
     "\"9999999999.0000000000000000000000000000\";\"-1.0000000000000000000000000000\""},
    {"d:5,2", "123", "d:6,4", NULL},
    {"d:5,2", "123", "d:5,1", NULL},
    {"d:5,2", "123", "d:4,2", NULL},
    {"tdD", "1;null;-1", "tss:", "\"1970-01-02T00:00:00\";null;\"1969-12-31T00:00:00\""},
    {"tdD", "1;null;-1", "tsm:", "\"1970-01-02T00:00:00\";null;\"1969-12-31T00:00:00\""},
    {"tdD", "1;null;-1", "tsu:UTC", "\"1970-01-02T00:00:00Z\";null;\"1969-12-31T00:00:00Z\""},
    {"tdD", "1;106751", "tsn:", "\"1970-01-02T00:00:00\";\"2262-04-11T00:00:00\""},
    {"tdD", "1;106752", "tsn:", "!"},
    {"tdD", "1;-106752", "tsn:", "!"},
    {"tdD", "1", "tdm", "\"1970-01-02\""},
    {"tdm", "86400000;null", "tsm:", "\"1970-01-02T00:00:00\";null"},
    {"tdm", "86400000", "tss:", NULL},
    {"tsu:", "1;2", "tdD", NULL},
    {"tss:", "1;null;-1", "tsm:", "\"1970-01-01T00:00:01\";null;\"1969-12-31T23:59:59\""},
    {"tss:", "1;null;-1", "tsn:", "\"1970-01-01T00:00:01\";null;\"1969-12-31T23:59:59\""},
    {"tsm:UTC", "1", "tsu:Europe/Berlin", "\"1970-01-01T00:00:00.001000Z\""},
    {"tsu:UTC", "1", "tsu:+01:00", "\"1970-01-01T00:00:00.000001Z\""},
    {"tsu:", "1;9223372036854776", "tsn:", "!"},
    {"tsu:", "1;-9223372036854776", "tsn:", "!"},
    {"tsu:", "1;9223372036854775", "tsn:", "\"1970-01-01T00:00:00.000001000\";\"2262-04-11T23:47:16.854775000\""},
    {"tsu:", "1;2", "tsm:", NULL},
    {"tsu:", "1;2", "tsu:UTC", NULL},
    {"tsu:UTC", "1;2", "tsu:", NULL},
    {"tts", "61;null", "ttm", "\"00:01:01\";null"},
    {"tts", "61;null", "ttu", "\"00:01:01\";null"},
    {"ttm", "61001;null", "ttn", "\"00:01:01.001000000\";null"},
    {"ttu", "61000001", "ttn", "\"00:01:01.000001000\""},
    {"ttn", "1", "ttu", NULL},
    {"u", "a;null;a text of more than twelve;", "vu", "\"a\";null;\"a text of more than twelve\";\"\""},
    {"u", "a;null;a text of more than twelve;", "U", "\"a\";null;\"a text of more than twelve\";\"\""},
    {"U", "a;null;a text of more than twelve;", "vu", "\"a\";null;\"a text of more than twelve\";\"\""},
    {"U", "a;null;a text of more than twelve;", "u", "\"a\";null;\"a text of more than twelve\";\"\""},
    {"vu", "a;null;a text of more than twelve;", "u", "\"a\";null;\"a text of more than twelve\";\"\""},
    {"vu", "a;null;a text of more than twelve;", "U", "\"a\";null;\"a text of more than twelve\";\"\""},
    {"z", "ab;null;a text of more than twelve", "vz", "\"YWI=\";null;\"YSB0ZXh0IG9mIG1vcmUgdGhhbiB0d2VsdmU=\""},
    {"vz", "ab;null;a text of more than twelve", "Z", "\"YWI=\";null;\"YSB0ZXh0IG9mIG1vcmUgdGhhbiB0d2VsdmU=\""},
    {"w:2", "ab;null;cd", "z", "\"YWI=\";null;\"Y2Q=\""},
    {"w:2", "ab;null;cd", "Z", "\"YWI=\";null;\"Y2Q=\""},
    {"w:2", "ab;null;cd", "vz", "\"YWI=\";null;\"Y2Q=\""},
    {"w:14", "abcdefghijklmn;null", "vz", "\"YWJjZGVmZ2hpamtsbW4=\";null"},
    {"w:2", "ab", "w:3", NULL},
    {"u", "a", "z", NULL},
    {"z", "a", "u", NULL},
    {"i", "1", "u", NULL},
    {"u", "1", "i", NULL},
    {"i", "1", "d:9,0", NULL},
    {"i", "", "l", ""},
    {"u", "", "vu", ""},
    {"vu", "", "u", ""},
    {"tdD", "null;null", "tsn:", "null;null"},
};

static void check_refusal(const struct flat_case *c, int rc, const nl_error *err)
{
    struct arrow_type from, to;
    char text[64];
    nl_error ignored;
    CHECK_FAILS(rc, NL_INVALID, *err, "column c is ");
    arrow_type_parse(c->from, &from, &ignored);
    arrow_type_parse(c->to, &to, &ignored);
    CHECK_HAS(err->message, arrow_type_sql(&from, text));
    CHECK_HAS(err->message, arrow_type_sql(&to, text));
}

/* Run a case from its row `skip` on. */
static void check_flat(const struct flat_case *c, int64_t skip)
{
    struct ArrowSchema from = one_column(c->from), to = one_column(c->to);
    struct ArrowArray column, batch, out = {0};
    const struct pq_adapt *plan;
    nl_arena arena = {0};
    nl_error err = {0};
    check_why("%s to %s: %s, from row %d", c->from, c->to, c->values, (int)skip);
    int rc = pq_adapt_plan(&from, &to, false, &arena, &plan, &err);
    if (!c->want) {
        check_refusal(c, rc, &err);
    } else {
        CHECK_OK(rc, err);
        column = make_column(c->from, c->values);
        column.offset += skip;
        column.length -= skip;
        if (skip)
            column.null_count = -1;
        CHECK_OK(arrow_batch_make(&column, 1, column.length, &batch, &err), err);
        rc = pq_adapt_batch(plan, &batch, &out, &err);
        CHECK(!batch.release);
        if (c->want[0] == '!') {
            CHECK_FAILS(rc, NL_INVALID, err, "column c: a value is out of the range of ");
            CHECK(!out.release);
        } else {
            CHECK_OK(rc, err);
            char *got = as_text(&to, &out);
            const char *want = skip ? strchr(c->want, ';') : c->want;
            CHECK_STR(got, skip ? want + 1 : want);
            free(got);
            arrow_array_release(&out);
        }
    }
    nl_arena_free(&arena);
    arrow_schema_release(&from);
    arrow_schema_release(&to);
}

static void flat_columns_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(flat_cases); i++) {
        check_flat(&flat_cases[i], 0);
        if (flat_cases[i].want && strchr(flat_cases[i].want, ';'))
            check_flat(&flat_cases[i], 1);
    }
}

/* Garbage under a null is nobody's value. */
static void what_lies_under_a_null_does_not_count(void **state)
{
    (void)state;
    struct ArrowSchema from = one_column("tdD"), to = one_column("tsn:");
    struct ArrowArray column = make_column("tdD", "1;null;2"), batch, out;
    const struct pq_adapt *plan;
    nl_arena arena = {0};
    nl_error err = {0};
    ((int32_t *)(uintptr_t)column.buffers[1])[1] = INT32_MAX;
    CHECK_OK(arrow_batch_make(&column, 1, 3, &batch, &err), err);
    CHECK_OK(pq_adapt_plan(&from, &to, false, &arena, &plan, &err), err);
    CHECK_OK(pq_adapt_batch(plan, &batch, &out, &err), err);
    char *got = as_text(&to, &out);
    CHECK_STR(got, "\"1970-01-02T00:00:00\";null;\"1970-01-03T00:00:00\"");
    free(got);
    arrow_array_release(&out);
    nl_arena_free(&arena);
    arrow_schema_release(&from);
    arrow_schema_release(&to);
}

/* A decimal beyond its precision is noticed before it wraps. */
static void decimals_do_not_wrap(void **state)
{
    (void)state;
    struct ArrowSchema from = one_column("d:10,0"), to = one_column("d:38,28");
    struct ArrowArray column = make_column("d:10,0", "1;2"), batch, out;
    const struct pq_adapt *plan;
    nl_arena arena = {0};
    nl_error err = {0};
    ((int64_t *)(uintptr_t)column.buffers[1])[3] = INT64_MIN;
    CHECK_OK(arrow_batch_make(&column, 1, 2, &batch, &err), err);
    CHECK_OK(pq_adapt_plan(&from, &to, false, &arena, &plan, &err), err);
    CHECK_FAILS(pq_adapt_batch(plan, &batch, &out, &err), NL_INVALID, err, "out of the range of DECIMAL(38,28)");
    CHECK(!out.release);
    nl_arena_free(&arena);
    arrow_schema_release(&from);
    arrow_schema_release(&to);
}

/* ── nested ── */

/* A schema from text: "s{a:i,b:u}" struct, "l(i)" list, "m(u,i)" map, else a format; "!" behind a name: not null; "#7": field
 * id 7. *at moves behind it. */
static void parse_field(const char **at, struct ArrowSchema *out);

static size_t count_members(const char *at)
{
    size_t n = *at && *at != '}';
    for (int depth = 0; depth >= 0; at++) {
        depth += *at == '{' || *at == '(';
        depth -= *at == '}' || *at == ')';
        n += depth == 0 && *at == ',';
    }
    return n;
}

static void parse_type(const char **at, const char *name, bool nullable, struct ArrowSchema *out)
{
    nl_error err = {0};
    bool is_struct = nl_starts_with(*at, "s{"), is_list = nl_starts_with(*at, "l("), is_map = nl_starts_with(*at, "m(");
    if (is_struct) {
        *at += 2;
        size_t n = count_members(*at);
        CHECK_OK(arrow_schema_nested(out, "+s", name, nullable, n, &err), err);
        for (size_t i = 0; i < n; i++, *at += **at == ',')
            parse_field(at, out->children[i]);
        ++*at;
    } else if (is_list) {
        *at += 2;
        CHECK_OK(arrow_schema_nested(out, "+l", name, nullable, 1, &err), err);
        parse_type(at, "element", true, out->children[0]);
        ++*at;
    } else if (is_map) {
        *at += 2;
        CHECK_OK(arrow_schema_nested(out, "+m", name, nullable, 1, &err), err);
        CHECK_OK(arrow_schema_nested(out->children[0], "+s", "entries", false, 2, &err), err);
        parse_type(at, "key", false, out->children[0]->children[0]);
        ++*at;
        parse_type(at, "value", true, out->children[0]->children[1]);
        ++*at;
    } else {
        size_t len = strcspn(*at, ",})");
        char *format = strndup(*at, len);
        CHECK_OK(arrow_schema_field(out, format, name, nullable, &err), err);
        free(format);
        *at += len;
    }
}

static void parse_field(const char **at, struct ArrowSchema *out)
{
    size_t len = strcspn(*at, ":!#");
    char *name = strndup(*at, len);
    const char *id = NULL;
    size_t id_len = 0;
    nl_error err = {0};
    *at += len;
    bool nullable = **at != '!';
    *at += !nullable;
    if (**at == '#') {
        id = *at + 1;
        id_len = strspn(id, "0123456789");
        *at = id + id_len;
    }
    ++*at;
    parse_type(at, name, nullable, out);
    if (id)
        CHECK_OK(arrow_metadata_set(out, "PARQUET:field_id", id, id_len, &err), err);
    free(name);
}

static struct ArrowSchema parse_schema(const char *text)
{
    struct ArrowSchema out;
    parse_type(&text, "", false, &out);
    return out;
}

/* Row i of what is not null: numbers i, texts "a text of row i"; lists have i % 3 elements, and every fourth value is null where it
 * may be. */
static struct ArrowArray make_array(const struct ArrowSchema *s, int64_t rows);

static struct ArrowArray make_parent(const struct ArrowSchema *s, int64_t rows, bool offsets)
{
    struct ArrowArray children[8], out;
    nl_bytes buffers[2] = {{0}};
    nl_block *bits, *at;
    nl_error err = {0};
    CHECK_OK(nl_block_new((size_t)rows / 8 + 1, &bits, &err), err);
    CHECK_OK(nl_block_new((size_t)(rows + 1) * 4, &at, &err), err);
    int32_t *to = (int32_t *)(void *)nl_block_data(at), end = 0;
    memset(nl_block_data(bits), 0, (size_t)rows / 8 + 1);
    to[0] = 0;
    for (int64_t i = 0; i < rows; i++) {
        bool null = s->flags & ARROW_FLAG_NULLABLE && i % 4 == 3;
        nl_block_data(bits)[i / 8] |= (uint8_t)(!null << i % 8);
        to[i + 1] = end += (int32_t)(i % 3); /* null rows too have elements */
    }
    buffers[0] = nl_bytes_of(bits, 0, (size_t)rows / 8 + 1);
    if (offsets)
        buffers[1] = nl_bytes_of(at, 0, (size_t)(rows + 1) * 4);
    for (int64_t i = 0; i < s->n_children; i++)
        children[i] = make_array(s->children[i], offsets ? end : rows);
    struct arrow_parts parts = {.length = rows,
                                .null_count = s->flags & ARROW_FLAG_NULLABLE ? -1 : 0,
                                .buffers = buffers,
                                .n_buffers = offsets ? 2 : 1,
                                .children = children,
                                .n_children = (size_t)s->n_children};
    CHECK_OK(arrow_array_make(&parts, &out, &err), err);
    nl_block_unref(bits);
    nl_block_unref(at);
    return out;
}

static struct ArrowArray make_array(const struct ArrowSchema *s, int64_t rows)
{
    struct ArrowArray nulls;
    nl_error err = {0};
    if (s->format[0] == '+')
        return make_parent(s, rows, s->format[1] != 's');
    if (s->format[0] == 'n') {
        CHECK_OK(pq_adapt_nulls(s, rows, &nulls, &err), err);
        return nulls;
    }
    nl_buf values = {0};
    nl_buf_puts(&values, "", NULL);
    for (int64_t i = 0; i < rows; i++) {
        if (i)
            nl_buf_putc(&values, ';', NULL);
        if (s->flags & ARROW_FLAG_NULLABLE && i % 4 == 3)
            nl_buf_puts(&values, "null", NULL);
        else if (s->format[0] == 'w')
            nl_buf_puts(&values, "abc", NULL);
        else
            nl_buf_printf(&values, NULL, strchr("uUzZv", s->format[0]) ? "a text of row %d" : "%d", (int)i);
    }
    struct ArrowArray out = make_column(s->format, values.data);
    nl_buf_free(&values);
    return out;
}

static const struct nested_case {
    const char *from, *to;
    bool by_id;
    int64_t rows;
    const char *want; /* "!…": an error with these words */
} nested_cases[] = {
    {"s{a:i,b:u}", "s{b:u,a:i}", false, 2, "\"a text of row 0\",0;\"a text of row 1\",1"},
    {"s{a:i,b:u}", "s{a:l}", false, 5, "0;1;2;null;4"},
    {"s{a:i}", "s{x:u,y:s{p:i},z:l(i),a:i,m:m(u,l),w:w:3,v:vu}", false, 2,
     "null,null,null,0,null,null,null;null,null,null,1,null,null,null"},
    {"s{s:s{a:i,b:u}}", "s{s:s{b:vu,c:g,a:l}}", false, 5,
     "{\"b\":\"a text of row 0\",\"c\":null,\"a\":0};{\"b\":\"a text of row 1\",\"c\":null,\"a\":1};{\"b\":\"a text of "
     "row 2\",\"c\":null,\"a\":2};null;{\"b\":\"a text of row 4\",\"c\":null,\"a\":4}"},
    {"s{l:l(i)}", "s{l:l(l)}", false, 6, "[];[0];[1,2];null;[null];[4,5]"},
    {"s{l:l(l(s{a:i,b:i}))}", "s{l:l(l(s{b:g}))}", false, 3, "[];[[]];[[{\"b\":0.0}],[{\"b\":1.0},{\"b\":2.0}]]"},
    {"s{m:m(u,i)}", "s{m:m(vu,g)}", false, 3,
     "[];[{\"key\":\"a text of row 0\",\"value\":0.0}];[{\"key\":\"a text of row 1\",\"value\":1.0},{\"key\":\"a text "
     "of "
     "row 2\",\"value\":2.0}]"},
    {"s{m:m(u,i)}", "s{m:m(u,s)}", false, 1, "!column m.entries.value is INTEGER, where SMALLINT is wanted"},
    {"s{s:s{a:i}}", "s{s:i}", false, 1, "!column s is STRUCT(a INTEGER), where INTEGER is wanted"},
    {"s{s:i}", "s{s:l(i)}", false, 1, "!column s is INTEGER, where INTEGER[] is wanted"},
    {"s{s:l(i)}", "s{s:m(u,i)}", false, 1, "!column s is INTEGER[], where MAP(VARCHAR, INTEGER) is wanted"},
    {"s{s:s{a:i}}", "s{s:s{a!:i}}", false, 2, "{\"a\":0};{\"a\":1}"},
    {"s{a:i}", "s{a!:i}", false, 3, "0;1;2"},
    {"s{a:i}", "s{a!:i}", false, 4, "!column a must not be null, and is (row 3 of its batch)"},
    {"s{a:i}", "s{a!:l}", false, 4, "!column a must not be null"},
    {"s{s!:s{a:i}}", "s{s!:s{a!:i}}", false, 4, "!column s.a must not be null"},
    {"s{a:i}", "s{b!:i}", false, 1, "!column b must not be null, and there is none"},
    {"s{a:i}", "s{a:i,a:i}", false, 1, "!column a is wanted twice"},
    {"s{s:s{a:i}}", "s{s:s{a:i,a:i}}", false, 1, "!column s: column a is wanted twice"},
    {"s{a:n}", "s{a:l(u)}", false, 2, "null;null"},
    {"s{f:w:3}", "s{f:vz}", false, 2, "\"YWJj\";\"YWJj\""},
    {"s{old#1:i,b#2:i}", "s{new#1:l,b#3:u}", true, 2, "0,null;1,null"},
    {"s{s#1:s{a#5:i,b#6:i}}", "s{s#1:s{c#6:i}}", true, 1, "{\"c\":0}"},
    {"s{l#1:l(s{a#5:i})}", "s{l#1:l(s{c#5:l})}", true, 2, "[];[{\"c\":0}]"},
    {"s{a:i}", "s{a#1:i}", true, 1, "!no field ids"},
    {"s{a#1:i}", "s{a:i}", true, 1, "!column a has no field id"},
};

static void nested_columns_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(nested_cases); i++) {
        const struct nested_case *c = &nested_cases[i];
        struct ArrowSchema from = parse_schema(c->from), to = parse_schema(c->to);
        struct ArrowArray batch = make_array(&from, c->rows), out = {0};
        const struct pq_adapt *plan;
        nl_arena arena = {0};
        nl_error err = {0};
        check_why("%s to %s", c->from, c->to);
        int rc = pq_adapt_plan(&from, &to, c->by_id, &arena, &plan, &err);
        if (rc)
            arrow_array_release(&batch);
        else
            rc = pq_adapt_batch(plan, &batch, &out, &err);
        CHECK(!batch.release);
        if (c->want[0] == '!') {
            CHECK_FAILS(rc, NL_INVALID, err, c->want + 1);
            CHECK(!out.release);
        } else {
            CHECK_OK(rc, err);
            CHECK_OK(arrow_array_check_all(&out, &to, &err), err);
            char *got = as_text(&to, &out);
            CHECK_STR(got, c->want);
            free(got);
        }
        arrow_array_release(&out);
        nl_arena_free(&arena);
        arrow_schema_release(&from);
        arrow_schema_release(&to);
    }
}

/* A2: the same schema is no work; what stays keeps its buffers. */
static void what_does_not_change_is_moved(void **state)
{
    (void)state;
    struct ArrowSchema from = parse_schema("s{a:i,s:s{p:l(u),q:i},m:m(u,i)}"),
                       to = parse_schema("s{s:s{q:l,p:l(u)},a:i}");
    struct ArrowArray batch = make_array(&from, 5), out;
    const struct pq_adapt *plan;
    nl_arena arena = {0};
    nl_error err = {0};
    const void *values = batch.children[0]->buffers[1], *text = batch.children[1]->children[0]->children[0]->buffers[2];
    CHECK_OK(pq_adapt_plan(&from, &from, false, &arena, &plan, &err), err);
    CHECK(pq_adapt_is_identity(plan));
    CHECK_OK(pq_adapt_plan(&from, &to, false, &arena, &plan, &err), err);
    CHECK(!pq_adapt_is_identity(plan));
    CHECK_OK(pq_adapt_batch(plan, &batch, &out, &err), err);
    CHECK(out.children[1]->buffers[1] == values);
    CHECK(out.children[0]->children[1]->children[0]->buffers[2] == text);
    arrow_array_release(&out);
    nl_arena_free(&arena);
    arrow_schema_release(&from);
    arrow_schema_release(&to);
}

static void a_map_says_where_columns_are(void **state)
{
    (void)state;
    struct ArrowSchema from = parse_schema("s{a:i,b:u,c:i}"), to = parse_schema("s{c:l,x:i,a:i}");
    int64_t map[3];
    nl_error err = {0};
    CHECK_OK(pq_adapt_map(&from, &to, false, map, &err), err);
    CHECK_INT(map[0], 2);
    CHECK_INT(map[1], PQ_ADAPT_ABSENT);
    CHECK_INT(map[2], 0);
    arrow_schema_release(&from);
    arrow_schema_release(&to);
}

/* Deeper than PQ_MAX_DEPTH: an error, and no recursion without end. */
static void depth_has_a_limit(void **state)
{
    (void)state;
    char text[512] = "s{a:";
    size_t at = strlen(text);
    for (int i = 0; i < 70; i++, at += 2)
        memcpy(text + at, "l(", 2);
    text[at++] = 'i';
    memset(text + at, ')', 70);
    text[at + 70] = '}';
    struct ArrowSchema s = parse_schema(text);
    const struct pq_adapt *plan;
    nl_arena arena = {0};
    nl_error err = {0};
    CHECK_FAILS(pq_adapt_plan(&s, &s, false, &arena, &plan, &err), NL_UNSUPPORTED, err, "deeper than 64 levels");
    nl_arena_free(&arena);
    arrow_schema_release(&s);
}

/* Every allocation fails once: the batch is gone all the same, and nothing is left. */
static void no_memory_is_an_error(void **state)
{
    (void)state;
    struct ArrowSchema from = parse_schema("s{a:i,s:s{p:l(u),q:i},v:vu,f:w:3}"),
                       to = parse_schema("s{s:s{q:l,p:l(vu),n:l(i)},a:g,x:m(u,i),v:u,f:vz}");
    int failures = 0;
    for (long nth = 1; nth < 10000; nth++) {
        struct ArrowArray batch = make_array(&from, 3), out = {0};
        const struct pq_adapt *plan;
        nl_arena arena = {0};
        nl_error err = {0};
        fault_arm(FAULT_ALLOC, nth, ENOMEM);
        int rc = pq_adapt_plan(&from, &to, false, &arena, &plan, &err);
        if (!rc)
            rc = pq_adapt_batch(plan, &batch, &out, &err);
        fault_disarm();
        bool fired = fault_fired();
        check_why("fault %ld: %s", nth, err.message);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        CHECK(!rc == (out.release != NULL));
        failures += fired;
        arrow_array_release(&batch);
        arrow_array_release(&out);
        nl_arena_free(&arena);
        if (!fired)
            break;
    }
    CHECK(failures > 20);
    arrow_schema_release(&from);
    arrow_schema_release(&to);
}

/* ── through the reader ── */

static void write_file(const char *path, const struct ArrowSchema *schema, int64_t rows)
{
    nl_parquet_write_options options = {.row_group_rows = 5};
    struct ArrowArray batch = make_array(schema, rows);
    nl_parquet_writer *w;
    nl_sink *sink;
    nl_error err;
    CHECK_OK(nl_sink_create_file(path, &sink, &err), err);
    CHECK_OK(nl_parquet_writer_new(sink, schema, &options, &w, &err), err);
    CHECK_OK(nl_parquet_write(w, &batch, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    CHECK_OK(nl_sink_commit(sink, &err), err);
    nl_parquet_writer_free(w);
    arrow_array_release(&batch);
}

/* All rows of a file read as a schema, as text; NULL with *err. Yours. */
static char *read_as(const nl_parquet_file *file, const nl_parquet_read_options *options, nl_error *err)
{
    nl_parquet_reader *r;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    nl_buf out = {0};
    nl_buf_puts(&out, "", NULL);
    int rc = nl_parquet_reader_new(file, options, &r, err);
    if (!rc)
        rc = nl_parquet_reader_schema(r, &schema, err);
    while (!rc && !(rc = nl_parquet_next(r, &batch, err)) && batch.release) {
        char *text = as_text(&schema, &batch);
        nl_buf_printf(&out, NULL, "%s%s", out.len ? ";" : "", text);
        free(text);
        arrow_array_release(&batch);
    }
    nl_parquet_reader_free(r);
    arrow_schema_release(&schema);
    if (rc)
        nl_buf_free(&out);
    return rc ? NULL : nl_buf_steal(&out);
}

static const struct file_case {
    const char *as;
    bool by_id;
    const char *want; /* "!…": an error with these words */
} file_cases[] = {
    {"s{b:vu,a:l,x:s{y:i}}", false,
     "\"a text of row 0\",0,null;\"a text of row 1\",1,null;\"a text of row 2\",2,null;null,null,null;\"a text of row "
     "4\",4,null;\"a text of row 5\",5,null"},
    {"s{s:s{p:g,z:u}}", false,
     "{\"p\":0.0,\"z\":null};{\"p\":1.0,\"z\":null};{\"p\":2.0,\"z\":null};null;{\"p\":4.0,\"z\":null};{\"p\":5.0,"
     "\"z\":null}"},
    {"s{t:l(U)}", false,
     "[];[\"a text of row 0\"];[\"a text of row 1\",\"a text of row 2\"];null;[null];[\"a text of row 4\",\"a text of "
     "row 5\"]"},
    {"s{anything#11:l,other#99:u}", true, "0,null;1,null;2,null;null,null;4,null;5,null"},
    {"s{m#13:s{q#21:l}}", true, "{\"q\":0};{\"q\":1};{\"q\":2};null;{\"q\":4};{\"q\":5}"},
    {"s{x:u}", false, "null;null;null;null;null;null"},
    {"s{}", false, ""},
    {"s{a:s}", false, "!column a is INTEGER, where SMALLINT is wanted"},
    {"s{x!:i}", false, "!column x must not be null"},
    {"s{a:i,a:i}", false, "!column a is wanted twice"},
};

static void the_reader_reads_as_a_schema_says(void **state)
{
    char *path = tmp_path(*state, "a.parquet");
    struct ArrowSchema schema = parse_schema("s{a#11:i,b#12:u,s#13:s{p#21:i,q#22:i},t#14:l(u)}");
    nl_parquet_file *file;
    nl_source *source;
    nl_error err = {0};
    write_file(path, &schema, 6);
    CHECK_OK(nl_source_open_file(path, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &file, &err), err);
    for (size_t i = 0; i < 2 * NL_LEN(file_cases); i++) {
        const struct file_case *c = &file_cases[i / 2];
        struct ArrowSchema as = parse_schema(c->as);
        nl_parquet_read_options o = {.schema = &as,
                                     .by_field_id = c->by_id,
                                     .string_views = i % 2,
                                     .threads = 1 + i % 2};
        char *got = read_as(file, &o, &err);
        check_why("%s: %s", c->as, got ? got : err.message);
        CHECK(!got == (c->want[0] == '!'));
        if (got)
            CHECK_STR(got, c->want);
        else
            CHECK_FAILS(err.code, NL_INVALID, err, c->want + 1);
        free(got);
        arrow_schema_release(&as);
    }
    nl_parquet_close(file);
    nl_source_close(source);
    arrow_schema_release(&schema);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_columns_as_the_table_says),
        cmocka_unit_test(what_lies_under_a_null_does_not_count),
        cmocka_unit_test(decimals_do_not_wrap),
        cmocka_unit_test(nested_columns_as_the_table_says),
        cmocka_unit_test(what_does_not_change_is_moved),
        cmocka_unit_test(a_map_says_where_columns_are),
        cmocka_unit_test_setup_teardown(the_reader_reads_as_a_schema_says, tmp_setup, tmp_teardown),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
