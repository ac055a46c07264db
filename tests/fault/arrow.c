/* tests/fault/arrow.c: each allocation of the Arrow room fails in turn: the right code, nothing leaks, nothing half made. */
#include <errno.h>

#include "arrow/arrow.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas), cmocka_unit_test(builders), cmocka_unit_test(views),
        cmocka_unit_test(streams), cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests_name("fault_arrow", tests, NULL, NULL);
}
