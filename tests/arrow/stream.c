/* tests/arrow/stream.c: our streams through their public face, and foreign streams through ours. */
#include <errno.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"

/* Yields `left` batches of two rows, then ends, or fails with `code`. */
struct source {
    int left, code, calls, done;
};

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct source *s = ctx;
    s->calls++;
    if (s->left-- > 0)
        return arrow_batch_make(NULL, 0, 2, out, err);
    if (!s->code)
        return NL_OK;
    nl_fail(err, s->code, "the fact");
    nl_hint(err, "the hint");
    return s->code;
}

static void done(void *ctx)
{
    ((struct source *)ctx)->done++;
}

static struct ArrowArrayStream make(struct source *s)
{
    struct ArrowSchema schema;
    struct ArrowArrayStream out;
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&schema, 0, &err), err);
    CHECK_OK(arrow_stream_make(&schema, next, done, s, &out, &err), err);
    CHECK(!schema.release);
    return out;
}

static void batches_then_the_end_for_ever(void **state)
{
    (void)state;
    struct source s = {.left = 2};
    struct ArrowArrayStream stream = make(&s);
    struct ArrowArray a;
    struct ArrowSchema schema;
    nl_error err = {0};
    CHECK_OK(arrow_stream_schema(&stream, &schema, &err), err);
    CHECK_STR(schema.format, "+s");
    arrow_schema_release(&schema);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(arrow_stream_next(&stream, &a, &err), err);
        CHECK_INT(a.length, 2);
        arrow_array_release(&a);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_OK(arrow_stream_next(&stream, &a, &err), err);
        CHECK(!a.release);
    }
    CHECK_INT(s.calls, 3);
    CHECK(stream.get_last_error(&stream) == NULL);
    CHECK_INT(s.done, 0);
    arrow_stream_release(&stream);
    CHECK_INT(s.done, 1);
    CHECK(!stream.release);
    arrow_stream_release(&stream);
    arrow_stream_release(NULL);
}

static const struct {
    int status, errnum;
} codes[] = {
    {NL_INVALID, EINVAL},      {NL_NOT_FOUND, ENOENT},         {NL_DENIED, EACCES}, {NL_CORRUPT, EBADMSG},
    {NL_UNSUPPORTED, ENOTSUP}, {NL_CONFLICT, EEXIST},          {NL_IO, EIO},        {NL_NO_MEMORY, ENOMEM},
    {NL_CANCELLED, ECANCELED}, {NL_INTERNAL, ENOTRECOVERABLE},
};

/* The same stream behind another library's functions: only errno and text come through. */
static struct ArrowArrayStream *inner;
static int foreign_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    (void)s;
    return inner->get_schema(inner, out);
}
static int foreign_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    (void)s;
    return inner->get_next(inner, out);
}
static const char *foreign_error(struct ArrowArrayStream *s)
{
    (void)s;
    return inner->get_last_error(inner);
}
static const char *no_error(struct ArrowArrayStream *s)
{
    (void)s;
    return NULL;
}
static void foreign_release(struct ArrowArrayStream *s)
{
    s->release = NULL;
}

static void a_failure_is_repeated_and_keeps_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(codes); i++) {
        struct source s = {.left = 1, .code = codes[i].status};
        struct ArrowArrayStream stream = make(&s);
        struct ArrowArray a;
        nl_error err = {0};
        check_why("status %d", codes[i].status);
        CHECK_OK(arrow_stream_next(&stream, &a, &err), err);
        arrow_array_release(&a);
        for (int again = 0; again < 2; again++) {
            CHECK_FAILS(arrow_stream_next(&stream, &a, &err), codes[i].status, err, "the fact");
            CHECK_STR(err.hint, "the hint"); /* our own stream: the whole error */
            CHECK(!a.release);
        }
        CHECK_INT(s.calls, 2);
        CHECK_INT(stream.get_next(&stream, &a), codes[i].errnum);
        CHECK_STR(stream.get_last_error(&stream), "the fact");
        inner = &stream;
        struct ArrowArrayStream foreign = {foreign_schema, foreign_next, foreign_error, foreign_release, NULL};
        CHECK_FAILS(arrow_stream_next(&foreign, &a, &err), codes[i].status, err, "the fact");
        foreign.get_last_error = no_error;
        CHECK_FAILS(arrow_stream_next(&foreign, &a, &err), codes[i].status, err, strerror(codes[i].errnum));
        arrow_stream_release(&stream);
        CHECK_INT(s.done, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_then_the_end_for_ever),
        cmocka_unit_test(a_failure_is_repeated_and_keeps_its_code),
    };
    return cmocka_run_group_tests_name("arrow_stream", tests, NULL, NULL);
}
