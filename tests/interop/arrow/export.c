/* export.c: our side of the bridge that arrow.py walks over: plain functions for ctypes, built into a small shared object
 * by arrow.c. Each returns 0, or a status whose message interop_error() gives.
 */
#include "interop/arrow/export.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/ipc_schema.h"
#include "arrow/text/text.h"
#include "gen/parts.h"

static nl_error error;

const char *interop_error(void)
{
    return error.message;
}

/* Row i of a column of this type; every fifth is null. Python knows the same rule. */
static int append(struct arrow_builder *b, const struct arrow_type *t, int64_t i)
{
    static const char text[] = "a text that grows and grows";
    if (i % 5 == 4)
        return arrow_builder_null(b, &error);
    switch (t->kind) {
    case ARROW_BOOL:
        return arrow_builder_int(b, i % 3 == 0, &error);
    case ARROW_FLOAT:
        return arrow_builder_double(b, (double)i / 4, &error);
    case ARROW_DECIMAL: {
        __int128 v = 1;
        for (int k = 0; k < 3; k++)
            v *= 1000 + i;
        return arrow_builder_decimal(b, i % 2 ? -v : v, &error);
    }
    case ARROW_STRING:
    case ARROW_BINARY:
        return arrow_builder_bytes(b, text, (size_t)i % sizeof(text), &error);
    case ARROW_FIXED_BINARY:
        return arrow_builder_bytes(b, text, (size_t)t->byte_width, &error);
    default:
        return arrow_builder_int(b, t->is_signed && i % 2 ? -i : i, &error);
    }
}

int interop_column(const char *format, int64_t rows, struct ArrowSchema *schema, struct ArrowArray *out)
{
    struct arrow_builder *b;
    struct arrow_type t;
    int rc = arrow_type_parse(format, &t, &error);
    if (rc == NL_OK)
        rc = arrow_builder_new(format, &b, &error);
    if (rc)
        return rc;
    for (int64_t i = 0; i < rows && rc == NL_OK; i++)
        rc = append(b, &t, i);
    if (rc == NL_OK)
        rc = arrow_builder_finish(b, out, &error);
    if (rc == NL_OK)
        rc = arrow_schema_field(schema, format, "column", true, &error);
    arrow_builder_free(b);
    return rc;
}

int interop_copy_schema(const struct ArrowSchema *from, struct ArrowSchema *to)
{
    return arrow_schema_copy(from, to, &error);
}

/* Both are given to us: they are released here. */
int interop_text(struct ArrowSchema *schema, struct ArrowArray *a, char **out)
{
    struct arrow_type t;
    nl_buf text = {0};
    int rc = arrow_type_parse(schema->format, &t, &error);
    if (rc == NL_OK)
        rc = arrow_array_check(a, &t, &error);
    for (int64_t i = 0; i < a->length && rc == NL_OK; i++) {
        rc = nl_buf_puts(&text, arrow_is_valid(a, i) ? "" : "null", &error);
        if (rc == NL_OK)
            rc = arrow_format_value(a, &t, i, &text, &error);
        if (rc == NL_OK)
            rc = nl_buf_putc(&text, '\n', &error);
    }
    *out = rc ? NULL : nl_buf_steal(&text);
    nl_buf_free(&text);
    arrow_schema_release(schema);
    arrow_array_release(a);
    return rc;
}

/* A batch as NDJSON. Both are given to us. */
int interop_ndjson(struct ArrowSchema *schema, struct ArrowArray *a, char **out)
{
    struct arrow_text *text = NULL;
    nl_sink *sink = NULL;
    nl_buf b = {0};
    int rc = arrow_array_check_all(a, schema, &error);
    if (rc == NL_OK)
        rc = nl_sink_create_memory(&b, &sink, &error);
    if (rc == NL_OK)
        rc = arrow_text_new(ARROW_TEXT_NDJSON, schema, sink, &text, &error);
    if (rc == NL_OK)
        rc = arrow_text_batch(text, a, &error);
    if (rc == NL_OK)
        rc = arrow_text_finish(text, &error);
    arrow_text_free(text);
    if (sink && rc == NL_OK)
        rc = nl_sink_commit(sink, &error);
    else if (sink)
        nl_sink_abort(sink);
    *out = rc ? NULL : nl_buf_steal(&b);
    nl_buf_free(&b);
    arrow_schema_release(schema);
    arrow_array_release(a);
    return rc;
}

/* The schema is given to us. */
int interop_sql(struct ArrowSchema *schema, char **out)
{
    nl_buf b = {0};
    int rc = arrow_schema_sql(schema, &b, &error);
    *out = rc ? NULL : nl_buf_steal(&b);
    nl_buf_free(&b);
    arrow_schema_release(schema);
    return rc;
}

/* The schema is given to us. */
int interop_ipc_encode(struct ArrowSchema *schema, char **out)
{
    nl_buf b = {0};
    int rc = arrow_ipc_schema_encode(schema, &b, &error);
    *out = rc ? NULL : nl_buf_steal(&b);
    nl_buf_free(&b);
    arrow_schema_release(schema);
    return rc;
}

int interop_ipc_decode(const char *base64, struct ArrowSchema *out)
{
    return arrow_ipc_schema_decode(base64, strlen(base64), out, &error);
}

void interop_free(char *text)
{
    free(text);
}

int interop_views_to_offsets(struct ArrowArray *views, struct ArrowArray *out)
{
    int rc = arrow_views_to_offsets(views, out, &error);
    arrow_array_release(views);
    return rc;
}

int interop_parts(int64_t rows, int64_t batch_rows, struct ArrowArrayStream *out)
{
    return gen_parts_stream(rows, batch_rows, out, &error);
}

/* A stream that fails at its second batch. */
static int fail_second(void *ctx, struct ArrowArray *out, nl_error *err)
{
    if (++*(int *)ctx > 1)
        return nl_fail(err, NL_CORRUPT, "page at byte 12 is broken");
    return arrow_batch_make(NULL, 0, 3, out, err);
}

int interop_failing(struct ArrowArrayStream *out)
{
    struct ArrowSchema schema;
    int *calls = calloc(1, sizeof(*calls));
    int rc = calls ? arrow_schema_struct(&schema, 0, &error) : nl_fail_memory(&error);
    if (rc) {
        free(calls);
        return rc;
    }
    return arrow_stream_make(&schema, fail_second, free, calls, out, &error);
}

/* Rows of a stream of theirs; theirs is released. */
int64_t interop_count(struct ArrowArrayStream *theirs)
{
    int64_t rows = 0;
    struct ArrowArray a;
    int rc;
    while ((rc = arrow_stream_next(theirs, &a, &error)) == NL_OK && a.release) {
        rows += a.length;
        arrow_array_release(&a);
    }
    arrow_stream_release(theirs);
    return rc ? -rc : rows;
}
