/* rows.c: append values to builders, cut them into batches, keep the first error. */
#include "catalog/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "catalog/type.h"

#define BATCH_ROWS    65536
#define BATCH_BYTES   (16u << 20)
#define PENDING_BYTES (1024u << 20) /* what one call of a function may leave waiting */

/* A finished batch that waits for the stream's next call. */
struct waiting {
    struct ArrowArray batch;
    struct waiting *next;
};

struct rows {
    nl_rows public; /* first: what functions see */
    struct rows_source source;
    struct arrow_builder **builders;
    size_t n_columns; /* of builders */
    size_t column;    /* the next one of this row */
    bool in_row, done;
    int64_t count, batch_rows;
    uint64_t batch_bytes, pending_bytes;
    struct waiting *first, **last;
    void *state;
    size_t state_size;
    nl_error error;
};

static struct rows *rows_of(nl_rows *r)
{
    return (struct rows *)r;
}

/* Keep the first error, with the row and the column where it was. */
static void keep(struct rows *r, const nl_error *e)
{
    if (r->error.code)
        return;
    r->error = *e;
    if (r->in_row && r->column < r->n_columns)
        nl_note(&r->error, "row %" PRId64 ", column %s", r->count + 1, r->source.table->columns[r->column].name);
    else if (r->in_row)
        nl_note(&r->error, "row %" PRId64, r->count + 1);
}

/* ── values ── */

/* May a value of this kind be appended now? what is for the message. The column's format, or NULL. */
static const char *next_column(struct rows *r, const char *what, const char *kinds)
{
    nl_error e;
    if (r->error.code)
        return NULL;
    if (!r->in_row) {
        nl_fail(&e, NL_INVALID, "a value outside of a row: call nl_rows_begin() first");
    } else if (r->column == r->n_columns) {
        nl_fail(&e, NL_INVALID, "a value too many: the table has %zu columns", r->n_columns);
    } else {
        const char *format = r->source.table->columns[r->column].format;
        if (strchr(kinds, format[0]))
            return format;
        nl_fail(&e, NL_INVALID, "the column is %s, and got %s", catalog_format_name(format), what);
    }
    keep(r, &e);
    return NULL;
}

/* A builder took a value, or failed. */
static void appended(struct rows *r, int rc, const nl_error *e, size_t bytes)
{
    if (rc) {
        keep(r, e);
        return;
    }
    r->column++;
    r->batch_bytes += bytes;
}

static void put_int(nl_rows *pub, int64_t v)
{
    struct rows *r = rows_of(pub);
    const char *format = next_column(r, "a whole number", "bilgt");
    if (!format)
        return;
    nl_error e = {0};
    struct arrow_builder *b = r->builders[r->column];
    const int64_t exact = INT64_C(1) << 53;
    bool fits = format[0] == 'b'                       ? v == 0 || v == 1
                : format[0] == 'g'                     ? v >= -exact && v <= exact
                : format[0] == 'i' || format[1] == 'd' ? v >= INT32_MIN && v <= INT32_MAX
                                                       : true;
    int rc;
    if (!fits)
        rc = nl_fail(&e, NL_INVALID, "%" PRId64 " does not fit a %s", v, catalog_format_name(format));
    else
        rc = format[0] == 'g' ? arrow_builder_double(b, (double)v, &e) : arrow_builder_int(b, v, &e);
    appended(r, rc, &e, 8);
}

static void put_double(nl_rows *pub, double v)
{
    struct rows *r = rows_of(pub);
    if (!next_column(r, "a floating-point number", "g"))
        return;
    nl_error e = {0};
    appended(r, arrow_builder_double(r->builders[r->column], v, &e), &e, 8);
}

static void put_null(nl_rows *pub)
{
    struct rows *r = rows_of(pub);
    if (!next_column(r, "NULL", "bilgut"))
        return;
    nl_error e = {0};
    appended(r, arrow_builder_null(r->builders[r->column], &e), &e, 8);
}

static void put_text(nl_rows *pub, const char *text, size_t len)
{
    if (!text) {
        put_null(pub);
        return;
    }
    struct rows *r = rows_of(pub);
    if (!next_column(r, "a text", "u"))
        return;
    nl_error e = {0};
    int rc;
    if (!nl_utf8_valid((const uint8_t *)text, len))
        rc = nl_fail(&e, NL_INVALID, "the text is not UTF-8");
    else
        rc = arrow_builder_bytes(r->builders[r->column], text, len, &e);
    appended(r, rc, &e, len + 8);
}

void rows_put(nl_rows *rows, const nl_value *value)
{
    switch (value->kind) {
    case NL_VALUE_BOOL:
        put_int(rows, value->b);
        break;
    case NL_VALUE_INT:
        put_int(rows, value->i);
        break;
    case NL_VALUE_DOUBLE:
        put_double(rows, value->d);
        break;
    case NL_VALUE_BYTES:
        put_text(rows, (const char *)value->bytes.data, value->bytes.len);
        break;
    default:
        put_null(rows);
    }
}

/* ── rows and batches ── */

static void begin(nl_rows *pub)
{
    struct rows *r = rows_of(pub);
    if (r->error.code)
        return;
    nl_error e;
    if (r->in_row || !r->builders) {
        nl_fail(&e, NL_INVALID,
                r->builders ? "nl_rows_begin() inside a row: nl_rows_end() is missing"
                            : "a function that makes a stream cannot append rows");
        keep(r, &e);
        return;
    }
    r->in_row = true;
    r->column = 0;
}

/* The builders' rows into a batch at the end of the queue. */
static int cut_batch(struct rows *r, nl_error *err)
{
    if (!r->batch_rows)
        return NL_OK;
    struct waiting *w = calloc(1, sizeof *w);
    struct ArrowArray *columns = calloc(r->n_columns, sizeof *columns);
    int rc = w && columns ? NL_OK : nl_fail_memory(err);
    size_t made = 0;
    for (; !rc && made < r->n_columns; made++)
        rc = arrow_builder_finish(r->builders[made], &columns[made], err);
    if (!rc) {
        rc = arrow_batch_make(columns, r->n_columns, r->batch_rows, &w->batch, err);
    } else {
        for (size_t i = 0; i + 1 < made; i++)
            arrow_array_release(&columns[i]);
    }
    free(columns);
    if (rc) {
        free(w);
        return rc;
    }
    *r->last = w;
    r->last = &w->next;
    r->pending_bytes += r->batch_bytes;
    r->batch_rows = 0;
    r->batch_bytes = 0;
    return NL_OK;
}

static void end(nl_rows *pub)
{
    struct rows *r = rows_of(pub);
    if (r->error.code)
        return;
    nl_error e;
    if (!r->in_row) {
        nl_fail(&e, NL_INVALID, "nl_rows_end() without nl_rows_begin()");
        keep(r, &e);
        return;
    }
    if (r->column != r->n_columns) {
        nl_fail(&e, NL_INVALID, "the row ends before this column got a value");
        keep(r, &e);
        return;
    }
    r->in_row = false;
    r->count++;
    r->batch_rows++;
    if ((r->batch_rows == BATCH_ROWS || r->batch_bytes >= BATCH_BYTES) && cut_batch(r, &e))
        keep(r, &e);
    if (r->pending_bytes > PENDING_BYTES) {
        nl_fail(&e, NL_NO_MEMORY,
                "the function appended more than 1 GiB in one call: return NL_ROWS_MORE when "
                "nl_rows_full() says so");
        keep(r, &e);
    }
}

static int64_t count(const nl_rows *pub)
{
    return ((const struct rows *)pub)->count;
}

static bool full(const nl_rows *pub)
{
    const struct rows *r = (const struct rows *)pub;
    return r->error.code || r->first;
}

/* ── state, arguments, failure ── */

static void *state(nl_rows *pub, size_t size)
{
    struct rows *r = rows_of(pub);
    nl_error e;
    if (!r->state) {
        r->state = calloc(1, size ? size : 1);
        r->state_size = size;
        if (!r->state) {
            nl_fail_memory(&e);
            keep(r, &e);
        }
    }
    if (r->state && size != r->state_size) {
        nl_fail(&e, NL_INVALID, "nl_rows_state() was asked for %zu bytes, and for %zu before", size, r->state_size);
        keep(r, &e);
        return NULL;
    }
    return r->state;
}

/* The argument of that name; NULL: no such parameter, or (with kinds) of another type: kept. */
static const nl_value *argument(struct rows *r, const char *name, const char *kinds)
{
    const struct catalog_table *t = r->source.table;
    nl_error e;
    for (size_t i = 0; i < t->n_parameters; i++) {
        if (strcmp(t->parameters[i].name, name) != 0)
            continue;
        if (!kinds || strchr(kinds, t->parameters[i].format[0]))
            return &r->source.args[i];
        nl_fail(&e, NL_INVALID, "parameter %s is %s, and is read as another type", name,
                catalog_format_name(t->parameters[i].format));
        keep(r, &e);
        return NULL;
    }
    nl_fail(&e, NL_INVALID, "the table has no parameter %s", name);
    keep(r, &e);
    return NULL;
}

static bool has_argument(nl_rows *pub, const char *name)
{
    const nl_value *v = argument(rows_of(pub), name, NULL);
    return v && v->kind != NL_VALUE_NULL;
}

static int64_t int_argument(nl_rows *pub, const char *name)
{
    const nl_value *v = argument(rows_of(pub), name, "bilt");
    if (!v || v->kind == NL_VALUE_NULL)
        return 0;
    return v->kind == NL_VALUE_BOOL ? v->b : v->i;
}

static double double_argument(nl_rows *pub, const char *name)
{
    const nl_value *v = argument(rows_of(pub), name, "g");
    return v && v->kind == NL_VALUE_DOUBLE ? v->d : 0;
}

static const char *text_argument(nl_rows *pub, const char *name)
{
    const nl_value *v = argument(rows_of(pub), name, "u");
    return v && v->kind == NL_VALUE_BYTES ? (const char *)v->bytes.data : NULL;
}

static int __attribute__((format(printf, 2, 0))) fail(nl_rows *pub, const char *fmt, va_list args)
{
    struct rows *r = rows_of(pub);
    char text[1000];
    vsnprintf(text, sizeof text, fmt, args);
    nl_error e;
    nl_fail(&e, NL_INVALID, "%s", text);
    r->in_row = false; /* the function's own words say where */
    keep(r, &e);
    return NL_ROWS_FAILED;
}

static const struct nl_rows_calls calls = {
    .begin = begin,
    .put_int = put_int,
    .put_double = put_double,
    .put_text = put_text,
    .put_null = put_null,
    .end = end,
    .count = count,
    .full = full,
    .state = state,
    .has_argument = has_argument,
    .int_argument = int_argument,
    .double_argument = double_argument,
    .text_argument = text_argument,
    .fail = fail,
};

/* ── handle and stream ── */

int rows_handle_new(const struct rows_source *source, nl_rows **out, nl_error *err)
{
    *out = NULL;
    struct rows *r = calloc(1, sizeof *r);
    if (!r)
        return nl_fail_memory(err);
    r->public.calls = &calls;
    r->source = *source;
    r->last = &r->first;
    *out = &r->public;
    return NL_OK;
}

int rows_handle_error(const nl_rows *rows, nl_error *err)
{
    const struct rows *r = (const struct rows *)rows;
    if (r->error.code && err)
        *err = r->error;
    return r->error.code;
}

void rows_handle_free(nl_rows *rows)
{
    if (!rows)
        return;
    struct rows *r = rows_of(rows);
    while (r->first) {
        struct waiting *w = r->first;
        r->first = w->next;
        arrow_array_release(&w->batch);
        free(w);
    }
    for (size_t i = 0; i < r->n_columns; i++)
        arrow_builder_free(r->builders[i]);
    free(r->builders);
    free(r->state);
    free(r);
}

/* Call the function once. */
static int produce(struct rows *r, nl_error *err)
{
    int result = r->source.produce(&r->public, r->source.ctx);
    nl_error e;
    if (!r->error.code && r->in_row) {
        nl_fail(&e, NL_INVALID, "the function returned inside a row: nl_rows_end() is missing");
        keep(r, &e);
    }
    if (!r->error.code && result != NL_ROWS_DONE && result != NL_ROWS_MORE) {
        nl_fail(&e, NL_INVALID, "the function returned %d, and did not say why by nl_rows_fail()", result);
        keep(r, &e);
    }
    int rc = rows_handle_error(&r->public, err);
    if (rc)
        return rc;
    r->done = result == NL_ROWS_DONE;
    return cut_batch(r, err);
}

static int stream_next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct rows *r = ctx;
    out->release = NULL;
    while (!r->first && !r->done) {
        int rc = nl_cancel_check(r->source.cancel, err);
        if (!rc)
            rc = produce(r, err);
        if (rc) {
            nl_note(err, "table %s", r->source.table->name);
            return rc;
        }
    }
    struct waiting *w = r->first;
    if (!w)
        return NL_OK;
    r->first = w->next;
    if (!r->first) {
        r->last = &r->first;
        r->pending_bytes = 0;
    }
    arrow_array_move(&w->batch, out);
    free(w);
    return NL_OK;
}

static void stream_done(void *ctx)
{
    rows_handle_free(ctx);
}

int rows_schema(const struct catalog_table *t, struct ArrowSchema *out, nl_error *err)
{
    int rc = arrow_schema_struct(out, t->n_columns, err);
    for (size_t i = 0; i < t->n_columns && !rc; i++)
        rc = arrow_schema_field(out->children[i], t->columns[i].format, t->columns[i].name, true, err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

int rows_stream(const struct rows_source *source, struct ArrowArrayStream *out, nl_error *err)
{
    const struct catalog_table *t = source->table;
    nl_rows *handle;
    out->release = NULL;
    int rc = rows_handle_new(source, &handle, err);
    if (rc)
        return rc;
    struct rows *r = rows_of(handle);
    r->builders = calloc(t->n_columns, sizeof(struct arrow_builder *));
    if (!r->builders) {
        rows_handle_free(handle);
        return nl_fail_memory(err);
    }
    for (; !rc && r->n_columns < t->n_columns; r->n_columns += !rc)
        rc = arrow_builder_new(t->columns[r->n_columns].format, &r->builders[r->n_columns], err);
    struct ArrowSchema schema;
    if (!rc)
        rc = rows_schema(t, &schema, err);
    if (rc) {
        rows_handle_free(handle);
        return rc;
    }
    return arrow_stream_make(&schema, stream_next, stream_done, handle, out, err);
}
