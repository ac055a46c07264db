/* tests/parquet/read/schema.c: trees of elements as Arrow fields: every leaf type, the rules of lists and maps, and trees
 * that are none. */
#include "parquet/read/schema.h"

#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"

#define NAMED(s) .name = {(const uint8_t *)(s), sizeof(s) - 1}
#define GROUP(rep, s, n, ...)                                                                                          \
    {                                                                                                                  \
        NAMED(s), .repetition = rep, .n_children = n, .converted = PQ_CONVERTED_NONE, __VA_ARGS__                      \
    }
#define LEAF(rep, s, t, ...)                                                                                           \
    {                                                                                                                  \
        NAMED(s), .repetition = rep, .has_type = true, .type = t, .converted = PQ_CONVERTED_NONE, __VA_ARGS__          \
    }
#define LIST .logical = {.kind = PQ_LOGICAL_LIST}
#define MAP  .logical = {.kind = PQ_LOGICAL_MAP}
#define R    PQ_REQUIRED
#define O    PQ_OPTIONAL
#define M    PQ_REPEATED

/* Leaf types: what the annotations say, and the format and widths that come of it. */
static const struct leaf_case {
    struct pq_schema_element e;
    const char *format;
    uint32_t stored, value;
    bool readable;
} leaves[] = {
    {LEAF(R, "boolean", PQ_BOOLEAN, ), "b", 0, 0, true},
    {LEAF(R, "int32", PQ_INT32, ), "i", 4, 4, true},
    {LEAF(R, "int96", PQ_INT96, ), "tsn:", 12, 8, true},
    {LEAF(R, "bytes", PQ_BYTE_ARRAY, ), "z", 0, 16, true},
    {LEAF(R, "fixed", PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 7), "w:7", 7, 7, true},
    {LEAF(R, "fixed of no length", PQ_FIXED_LEN_BYTE_ARRAY, ), "n", 0, 0, false},
    {LEAF(R, "a type from the future", (enum pq_type)8, ), "n", 0, 0, false},
    {LEAF(R, "utf8", PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_STRING}), "u", 0, 16, true},
    {{NAMED("legacy utf8"), .has_type = true, .type = PQ_BYTE_ARRAY, .converted = PQ_CONVERTED_UTF8}, "u", 0, 16, true},
    {{NAMED("legacy enum"), .has_type = true, .type = PQ_BYTE_ARRAY, .converted = PQ_CONVERTED_ENUM}, "u", 0, 16, true},
    {{NAMED("legacy bson"), .has_type = true, .type = PQ_BYTE_ARRAY, .converted = PQ_CONVERTED_BSON}, "z", 0, 16, true},
    {{NAMED("legacy uint8"), .has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_UINT_8}, "C", 4, 1, true},
    {{NAMED("legacy int16"), .has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_INT_16}, "s", 4, 2, true},
    {{NAMED("legacy uint64"), .has_type = true, .type = PQ_INT64, .converted = PQ_CONVERTED_UINT_64}, "L", 8, 8, true},
    {{NAMED("legacy date"), .has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_DATE}, "tdD", 4, 4, true},
    {{NAMED("legacy time"), .has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_TIME_MILLIS},
     "ttm",
     4,
     4,
     true},
    {{NAMED("legacy timestamp is UTC"), .has_type = true, .type = PQ_INT64, .converted = PQ_CONVERTED_TIMESTAMP_MICROS},
     "tsu:UTC",
     8,
     8,
     true},
    {{NAMED("legacy decimal"), .has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_DECIMAL, .precision = 9,
      .scale = 2},
     "d:9,2",
     4,
     16,
     true},
    {LEAF(R, "local ns", PQ_INT64, .logical = {.kind = PQ_LOGICAL_TIMESTAMP, .unit = PQ_NANOS}), "tsn:", 8, 8, true},
    {LEAF(R, "time in the wrong width", PQ_INT64, .logical = {.kind = PQ_LOGICAL_TIME, .unit = PQ_MILLIS}), "l", 8, 8,
     true},
    {LEAF(R, "a unit from the future", PQ_INT64, .logical = {.kind = PQ_LOGICAL_TIMESTAMP}), "l", 8, 8, true},
    {LEAF(R, "a logical type from the future", PQ_INT64, .logical = {.kind = 99}), "l", 8, 8, true},
    {LEAF(R, "half", PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 2, .logical = {.kind = PQ_LOGICAL_FLOAT16}), "e", 2, 2,
     true},
    {LEAF(R, "null", PQ_INT32, .logical = {.kind = PQ_LOGICAL_UNKNOWN}), "n", 4, 0, true},
    {LEAF(R, "decimal of bytes", PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 38, .scale = 38}),
     "d:38,38", 0, 16, true},
    {LEAF(R, "39 digits", PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 39}), "d:39,0,256", 0, 32,
     true},
    {LEAF(R, "76 digits", PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 32,
          .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 76, .scale = 3}),
     "d:76,3,256", 32, 32, true},
    {LEAF(R, "77 digits are storage", PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 33,
          .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 77}),
     "w:33", 33, 33, true},
    {LEAF(R, "39 digits in an integer are storage", PQ_INT64, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 39}),
     "l", 8, 8, true},
    {{NAMED("interval"), .has_type = true, .type = PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 12,
      .converted = PQ_CONVERTED_INTERVAL},
     "tin",
     12,
     16,
     true},
    {{NAMED("interval, as parquet-java writes it"), .has_type = true, .type = PQ_FIXED_LEN_BYTE_ARRAY,
      .type_length = 12, .converted = PQ_CONVERTED_INTERVAL, .logical = {.kind = PQ_LOGICAL_UNKNOWN}},
     "tin",
     12,
     16,
     true},
    {{NAMED("an interval of another length is storage"), .has_type = true, .type = PQ_FIXED_LEN_BYTE_ARRAY,
      .type_length = 16, .converted = PQ_CONVERTED_INTERVAL},
     "w:16",
     16,
     16,
     true},
    {LEAF(R, "scale above precision", PQ_INT32, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 2, .scale = 3}),
     "i", 4, 4, false},
    {LEAF(R, "decimal of double", PQ_DOUBLE, .logical = {.kind = PQ_LOGICAL_DECIMAL, .precision = 2}), "g", 8, 8, true},
};

static void leaf_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(leaves); i++) {
        struct pq_leaf_type t;
        check_why("%s", (const char *)leaves[i].e.name.data);
        pq_leaf_type_of(&leaves[i].e, &t);
        CHECK_STR(t.format, leaves[i].format);
        CHECK_INT(t.stored_width, leaves[i].stored);
        CHECK_INT(t.value_width, leaves[i].value);
        CHECK_INT(!t.why, leaves[i].readable);
    }
}

/* A field as text: "name:format" with "?" where nullable, children in brackets. */
static void describe(const struct ArrowSchema *s, nl_buf *out)
{
    nl_buf_printf(out, NULL, "%s:%s%s", s->name, s->format, s->flags & ARROW_FLAG_NULLABLE ? "?" : "");
    for (int64_t i = 0; i < s->n_children; i++) {
        nl_buf_puts(out, i ? " " : "[", NULL);
        describe(s->children[i], out);
    }
    if (s->n_children)
        nl_buf_puts(out, "]", NULL);
}

static const struct nested_case {
    const char *why;
    struct pq_schema_element e[6]; /* one column */
    size_t n;
    const char *want;
    uint8_t definition, repetition; /* of its last leaf */
} nested[] = {
    {"three levels",
     {GROUP(O, "l", 1, LIST), GROUP(M, "list", 1, ), LEAF(O, "element", PQ_INT32, )},
     3,
     "l:+l?[element:i?]",
     3,
     1},
    {"rule 1: a repeated leaf", {GROUP(O, "l", 1, LIST), LEAF(M, "element", PQ_INT32, )}, 2, "l:+l?[element:i]", 2, 1},
    {"rule 2: a group of two",
     {GROUP(O, "l", 1, LIST), GROUP(M, "element", 2, ), LEAF(R, "a", PQ_INT32, ), LEAF(O, "b", PQ_INT64, )},
     4,
     "l:+l?[element:+s[a:i b:l?]]",
     3,
     1},
    {"rule 3: a repeated child",
     {GROUP(O, "l", 1, LIST), GROUP(M, "array", 1, LIST), LEAF(M, "array", PQ_INT32, )},
     3,
     "l:+l?[array:+l[array:i]]",
     3,
     2},
    {"rule 4: named array",
     {GROUP(O, "l", 1, LIST), GROUP(M, "array", 1, ), LEAF(R, "str", PQ_INT32, )},
     3,
     "l:+l?[array:+s[str:i]]",
     2,
     1},
    {"rule 4: named after the list",
     {GROUP(O, "l", 1, LIST), GROUP(M, "l_tuple", 1, ), LEAF(R, "str", PQ_INT32, )},
     3,
     "l:+l?[l_tuple:+s[str:i]]",
     2,
     1},
    {"rule 5: any other name",
     {GROUP(O, "l", 1, LIST), GROUP(M, "element", 1, ), LEAF(O, "str", PQ_INT32, )},
     3,
     "l:+l?[str:i?]",
     3,
     1},
    {"repeated without annotation", {LEAF(M, "n", PQ_INT32, )}, 1, "n:+l[n:i]", 1, 1},
    {"a repeated group without annotation", {GROUP(M, "g", 1, ), LEAF(R, "a", PQ_INT32, )}, 2, "g:+l[g:+s[a:i]]", 1, 1},
    {"a map",
     {GROUP(O, "m", 1, MAP), GROUP(M, "key_value", 2, ), LEAF(R, "key", PQ_INT32, ), LEAF(O, "value", PQ_INT64, )},
     4,
     "m:+m?[key_value:+s[key:i value:l?]]",
     3,
     1},
    {"a map without value is a list of its keys",
     {GROUP(O, "m", 1, MAP), GROUP(M, "map", 1, ), LEAF(O, "key", PQ_INT32, )},
     3,
     "m:+l?[key:i?]",
     3,
     1},
    {"MAP_KEY_VALUE in the place of MAP",
     {{NAMED("m"), .n_children = 1, .converted = PQ_CONVERTED_MAP_KEY_VALUE},
      GROUP(M, "map", 2, ),
      LEAF(R, "key", PQ_INT32, ),
      LEAF(R, "value", PQ_INT64, )},
     4,
     "m:+m[map:+s[key:i value:l]]",
     1,
     1},
    {"a list of what is not repeated is a struct",
     {GROUP(O, "l", 1, LIST), LEAF(O, "a", PQ_INT32, )},
     2,
     "l:+s?[a:i?]",
     2,
     0},
    {"a struct in a struct",
     {GROUP(O, "s", 1, ), GROUP(R, "t", 1, ), LEAF(O, "a", PQ_BOOLEAN, )},
     3,
     "s:+s?[t:+s[a:b?]]",
     2,
     0},
    {"an empty group", {GROUP(O, "s", 0, )}, 1, "s:+s", 0, 0},
};

static void nested_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(nested); i++) {
        const struct nested_case *c = &nested[i];
        struct pq_schema_element e[9] = {GROUP(R, "root", 2, )};
        struct pq_file_meta meta = {.schema = e, .n_schema = c->n + 2};
        struct pq_schema schema;
        struct ArrowSchema field;
        nl_arena arena = {0};
        nl_buf text = {0};
        nl_error err = {0};
        memcpy(e + 1, c->e, c->n * sizeof *e);
        e[c->n + 1] = (struct pq_schema_element)LEAF(R, "flat", PQ_INT32, );
        check_why("%s", c->why);
        CHECK_OK(pq_schema_build(&meta, &arena, &schema, &err), err);
        CHECK_INT(schema.n_columns, 2);
        CHECK(schema.columns[0].is_nested && !schema.columns[0].leaf);
        CHECK(!schema.columns[1].is_nested && !schema.columns[1].leaf->type.why);
        CHECK_INT(schema.columns[1].first_leaf, schema.n_leaves - 1);
        CHECK_OK(pq_schema_field(&schema, 0, true, &field, &err), err);
        describe(&field, &text);
        CHECK_STR(text.data, c->want);
        if (schema.columns[0].n_leaves) {
            CHECK_INT(schema.leaves[schema.n_leaves - 2].max_definition, c->definition);
            CHECK_INT(schema.leaves[schema.n_leaves - 2].max_repetition, c->repetition);
        }
        arrow_schema_release(&field);
        nl_buf_free(&text);
        nl_arena_free(&arena);
    }
}

static void trees_that_are_none(void **state)
{
    (void)state;
    static struct pq_schema_element deep[70];
    static const struct {
        const char *why;
        struct pq_schema_element e[4];
        size_t n;
        const char *part;
    } cases[] = {
        {"no elements", {GROUP(R, "", 0, )}, 0, "no schema"},
        {"the root promises more than there is",
         {GROUP(R, "", 2, ), LEAF(R, "a", PQ_INT32, )},
         2,
         "ends inside a group"},
        {"the root promises 2^31 - 1", {GROUP(R, "", INT32_MAX, ), LEAF(R, "a", PQ_INT32, )}, 2, "names 2147483647"},
        {"a negative count", {GROUP(R, "", -1, ), LEAF(R, "a", PQ_INT32, )}, 2, "names -1"},
        {"an element too many",
         {GROUP(R, "", 1, ), LEAF(R, "a", PQ_INT32, ), LEAF(R, "b", PQ_INT32, )},
         3,
         "belongs to no group"},
        {"a group that ends early",
         {GROUP(R, "", 1, ), GROUP(R, "g", 2, ), LEAF(R, "a", PQ_INT32, )},
         3,
         "ends inside a group"},
        {"a repetition of 3", {GROUP(R, "", 1, ), LEAF(3, "a", PQ_INT32, )}, 2, "repetition 3"},
    };
    struct pq_schema schema;
    nl_error err = {0};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct pq_schema_element e[4];
        nl_arena arena = {0};
        memcpy(e, cases[i].e, sizeof e);
        struct pq_file_meta meta = {.schema = e, .n_schema = cases[i].n};
        check_why("%s", cases[i].why);
        CHECK_FAILS(pq_schema_build(&meta, &arena, &schema, &err), NL_CORRUPT, err, cases[i].part);
        nl_arena_free(&arena);
    }
    for (size_t i = 0; i < NL_LEN(deep); i++)
        deep[i] = (struct pq_schema_element)GROUP(O, "g", i + 1 < NL_LEN(deep), );
    struct pq_file_meta meta = {.schema = deep, .n_schema = NL_LEN(deep)};
    nl_arena arena = {0};
    check_why("70 groups in each other");
    CHECK_FAILS(pq_schema_build(&meta, &arena, &schema, &err), NL_UNSUPPORTED, err, "deeper than 64");
    nl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_types),
        cmocka_unit_test(nested_fields),
        cmocka_unit_test(trees_that_are_none),
    };
    return cmocka_run_group_tests_name("parquet/read/schema", tests, NULL, NULL);
}
