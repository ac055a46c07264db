/* tests/fault/arrow.c: each allocation of the Arrow room fails in turn: the right code, nothing leaks, nothing half made. */
#include <errno.h>

#include "arrow/arrow.h"
#include "arrow/ipc_schema.h"
#include "arrow/metadata.h"
#include "arrow/text/text.h"
#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

static void schemas(void **state)
{
    (void)state;
    struct ArrowSchema whole;
    nl_error err = {0};
    static const char metadata[] = {0, 0, 0, 0};
    CHECK_OK(arrow_schema_struct(&whole, 2, &err), err);
    for (int i = 0; i < 2; i++)
        CHECK_OK(arrow_schema_field(whole.children[i], "u", "name", true, &err), err);
    whole.metadata = metadata;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct ArrowSchema copy;
        int rc = arrow_schema_copy(&whole, &copy, NULL);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        CHECK_INT(copy.release == NULL, fired);
        arrow_schema_release(&copy);
    }
    arrow_schema_release(&whole);
}

/* A list of structs, a map, a dictionary, metadata. On failure *out is released. */
static int nested_schema(struct ArrowSchema *out)
{
    struct ArrowSchema words = {0};
    int rc = arrow_schema_struct(out, 3, NULL);
    if (rc)
        return rc;
    struct ArrowSchema **c = out->children;
    if (rc == NL_OK)
        rc = arrow_schema_nested(c[0], "+l", "list", true, 1, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_nested(c[0]->children[0], "+s", "item", true, 1, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_field(c[0]->children[0]->children[0], "tsu:Europe/Berlin", "t", true, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_field(c[1], "c", "word", true, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_field(&words, "u", "", true, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_set_dictionary(c[1], &words, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_field(c[2], "d:76,2,256", "big", true, NULL);
    if (rc == NL_OK)
        rc = arrow_metadata_set(c[2], "key", "value", 5, NULL);
    if (rc == NL_OK)
        rc = arrow_metadata_set(c[2], "key", "other", 5, NULL);
    if (rc == NL_OK)
        rc = arrow_schema_set_format(c[2], "d:76,3,256", NULL);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

static void nested_schemas(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct ArrowSchema s;
        nl_buf sql = {0};
        int rc = nested_schema(&s);
        bool made = rc == NL_OK;
        if (made)
            rc = arrow_schema_sql(&s, &sql, NULL);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        if (made)
            CHECK_STR(s.children[2]->format, "d:76,3,256");
        nl_buf_free(&sql);
        if (made)
            arrow_schema_release(&s);
    }
}

/* A schema to its message, back, and put on a field. */
static void ipc_schemas(void **state)
{
    (void)state;
    struct ArrowSchema s;
    CHECK_INT(nested_schema(&s), NL_OK);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct ArrowSchema back = {0}, read = {0};
        nl_buf text = {0};
        int rc = arrow_ipc_schema_encode(&s, &text, NULL);
        CHECK(rc == NL_OK || text.len == 0);
        if (rc == NL_OK)
            rc = arrow_ipc_schema_decode(text.data, text.len, &back, NULL);
        CHECK((rc == NL_OK) == (back.release != NULL));
        if (rc == NL_OK)
            rc = arrow_schema_copy(&s, &read, NULL);
        if (rc == NL_OK)
            rc = arrow_schema_set_format(read.children[0]->children[0]->children[0], "tsu:UTC", NULL);
        if (rc == NL_OK)
            rc = arrow_metadata_set(read.children[2], "key", NULL, 0, NULL);
        if (rc == NL_OK)
            rc = arrow_ipc_schema_restore(&back, &read, NULL);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        CHECK(fired || read.children);
        if (!fired)
            CHECK_STR(read.children[0]->children[0]->children[0]->format, "tsu:Europe/Berlin");
        arrow_schema_release(&back);
        arrow_schema_release(&read);
        nl_buf_free(&text);
    }
    arrow_schema_release(&s);
}

/* Rows of every kind of value of the format, up to the first failure; *built is how many there are. */
static int fill(struct arrow_builder *b, const struct arrow_type *t, int64_t *built)
{
    int rc = NL_OK;
    for (*built = 0; *built < 300 && rc == NL_OK; ++*built) {
        bool null = *built % 5 == 4;
        rc = null                     ? arrow_builder_null(b, NULL)
             : t->kind == ARROW_FLOAT ? arrow_builder_double(b, 1, NULL)
             : t->kind == ARROW_INT || t->kind == ARROW_BOOL
                 ? arrow_builder_int(b, 1, NULL)
                 : arrow_builder_bytes(b, "longer than a view holds", 24, NULL);
    }
    *built -= rc != NL_OK;
    return rc;
}

static void builders(void **state)
{
    (void)state;
    static const char *const formats[] = {"b", "l", "g", "u", "U", "vu", "w:24"};
    for (size_t k = 0; k < NL_LEN(formats); k++)
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            struct arrow_builder *b = NULL;
            struct arrow_type t;
            struct ArrowArray a = {0};
            int64_t built = 0;
            check_why("%s, allocation %ld", formats[k], f.nth);
            int rc = arrow_type_parse(formats[k], &t, NULL);
            if (rc == NL_OK)
                rc = arrow_builder_new(formats[k], &b, NULL);
            if (rc == NL_OK)
                rc = fill(b, &t, &built);
            if (b)
                CHECK_INT(arrow_builder_length(b), built); /* a failed append changed nothing */
            if (rc == NL_OK)
                rc = arrow_builder_finish(b, &a, NULL);
            bool fired = fault_off(&f);
            CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
            if (b && rc && arrow_builder_length(b)) { /* and it goes on */
                CHECK_INT(arrow_builder_null(b, NULL), NL_OK);
                CHECK_INT(arrow_builder_finish(b, &a, NULL), NL_OK);
                CHECK_INT(arrow_array_check(&a, &t, NULL), NL_OK);
                CHECK(!arrow_is_valid(&a, built));
                CHECK(arrow_is_valid(&a, 0));
            }
            arrow_array_release(&a);
            arrow_builder_free(b);
        }
}

static void views(void **state)
{
    (void)state;
    struct arrow_builder *b;
    struct arrow_type t;
    struct ArrowArray a;
    int64_t built;
    CHECK_INT(arrow_type_parse("vu", &t, NULL), NL_OK);
    CHECK_INT(arrow_builder_new("vu", &b, NULL), NL_OK);
    CHECK_INT(fill(b, &t, &built), NL_OK);
    CHECK_INT(arrow_builder_finish(b, &a, NULL), NL_OK);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct ArrowArray out;
        int rc = arrow_views_to_offsets(&a, &out, NULL);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        arrow_array_release(&out);
    }
    arrow_array_release(&a);
    arrow_builder_free(b);
}

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    if (--*(int *)ctx < 0)
        return NL_OK;
    struct ArrowArray column = {0};
    struct arrow_builder *b;
    int rc = arrow_builder_new("l", &b, err);
    if (rc == NL_OK)
        rc = arrow_builder_int(b, 7, err);
    if (rc == NL_OK)
        rc = arrow_builder_finish(b, &column, err);
    if (rc == NL_OK)
        rc = arrow_batch_make(&column, 1, 1, out, err);
    arrow_builder_free(b);
    return rc;
}

static int done_calls;
static void done(void *ctx)
{
    (void)ctx;
    done_calls++;
}

static void streams(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        int left = 2;
        done_calls = 0;
        struct ArrowSchema schema, copy = {0};
        struct ArrowArrayStream s = {0};
        struct ArrowArray a = {0};
        int rc = arrow_schema_struct(&schema, 0, NULL);
        bool made = rc == NL_OK;
        if (made)
            rc = arrow_stream_make(&schema, next, done, &left, &s, NULL);
        if (rc == NL_OK)
            rc = arrow_stream_schema(&s, &copy, NULL);
        while (rc == NL_OK && (rc = arrow_stream_next(&s, &a, NULL)) == NL_OK && a.release)
            arrow_array_release(&a);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        arrow_schema_release(&copy);
        arrow_stream_release(&s);
        CHECK_INT(done_calls, made);
    }
}

static void texts(void **state)
{
    (void)state;
    static const char *const formats[] = {"b", "l", "g", "u", "z"};
    for (size_t k = 0; k < NL_LEN(formats); k++) {
        struct arrow_builder *b;
        struct arrow_type t;
        struct ArrowArray a;
        int64_t built;
        CHECK_INT(arrow_type_parse(formats[k], &t, NULL), NL_OK);
        CHECK_INT(arrow_builder_new(formats[k], &b, NULL), NL_OK);
        CHECK_INT(fill(b, &t, &built), NL_OK);
        CHECK_INT(arrow_builder_finish(b, &a, NULL), NL_OK);
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            nl_buf out = {0};
            int rc = arrow_format_value(&a, &t, 0, &out, NULL);
            bool fired = fault_off(&f);
            CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
            CHECK(!fired || out.len == 0);
            nl_buf_free(&out);
        }
        arrow_array_release(&a);
        arrow_builder_free(b);
    }
}

/* A struct of a list and a string, as JSON. */
static void nested_texts(void **state)
{
    (void)state;
    static const int32_t offsets[] = {0, 2, 2}, words[] = {0, 1, 3};
    static const int64_t numbers[] = {1, 2};
    const void *list_buffers[] = {NULL, offsets}, *word_buffers[] = {NULL, words, "a\"b"},
               *number_buffers[] = {NULL, numbers}, *none[] = {NULL};
    struct ArrowSchema schema;
    CHECK_INT(arrow_schema_struct(&schema, 2, NULL), NL_OK);
    CHECK_INT(arrow_schema_nested(schema.children[0], "+l", "list", true, 1, NULL), NL_OK);
    CHECK_INT(arrow_schema_field(schema.children[0]->children[0], "l", "item", true, NULL), NL_OK);
    CHECK_INT(arrow_schema_field(schema.children[1], "u", "word", true, NULL), NL_OK);
    struct ArrowArray number = {.length = 2, .n_buffers = 2, .buffers = number_buffers}, *items[] = {&number},
                      list = {.length = 2, .n_buffers = 2, .buffers = list_buffers, .n_children = 1, .children = items},
                      word = {.length = 2, .n_buffers = 3, .buffers = word_buffers}, *columns[] = {&list, &word},
                      batch = {.length = 2, .n_buffers = 1, .buffers = none, .n_children = 2, .children = columns};
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct arrow_text *text = NULL;
        nl_sink *sink = NULL;
        nl_buf out = {0};
        int rc = nl_sink_create_memory(&out, &sink, NULL);
        if (rc == NL_OK)
            rc = arrow_text_new(ARROW_TEXT_NDJSON, &schema, sink, &text, NULL);
        if (rc == NL_OK)
            rc = arrow_text_batch(text, &batch, NULL);
        if (rc == NL_OK)
            rc = arrow_text_finish(text, NULL);
        arrow_text_free(text);
        if (rc == NL_OK)
            rc = nl_sink_commit(sink, NULL);
        else if (sink)
            nl_sink_abort(sink);
        bool fired = fault_off(&f);
        CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
        if (!fired)
            CHECK_STR(out.data, "{\"list\":[1,2],\"word\":\"a\"}\n{\"list\":[],\"word\":\"\\\"b\"}\n");
        nl_buf_free(&out);
    }
    arrow_schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_schemas), cmocka_unit_test(ipc_schemas), cmocka_unit_test(nested_texts),
        cmocka_unit_test(schemas),        cmocka_unit_test(builders),    cmocka_unit_test(views),
        cmocka_unit_test(streams),        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests_name("fault_arrow", tests, NULL, NULL);
}
