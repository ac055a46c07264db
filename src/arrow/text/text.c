/* text.c: the formats, row by row; bytes are gathered and written in large pieces. */
#include "arrow/text/text.h"

#include <stdlib.h>
#include <string.h>

enum { FLUSH_AT = 256 * 1024 };

struct arrow_text {
    enum arrow_text_format format;
    nl_sink *sink;
    struct ArrowSchema schema; /* a copy: the columns point into it */
    nl_arena arena;
    struct text_column *columns;
    size_t n;
    int64_t rows;
    nl_buf buf, cell;
};

static int flush(struct arrow_text *t, nl_error *err)
{
    int rc = nl_sink_write(t->sink, t->buf.data, t->buf.len, err);
    nl_buf_clear(&t->buf);
    return rc;
}

/* A CSV field: quoted where it must be, and where it is an empty string (nothing at all means null). */
static int csv_field(struct arrow_text *t, const char *s, size_t len, bool is_null, nl_error *err)
{
    bool quote = len == 0 && !is_null;
    for (size_t i = 0; i < len && !quote; i++)
        quote = s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r';
    if (!quote)
        return nl_buf_append(&t->buf, s, len, err);
    int rc = nl_buf_putc(&t->buf, '"', err);
    for (size_t i = 0; rc == NL_OK && i < len; i++) {
        rc = nl_buf_putc(&t->buf, s[i], err);
        if (rc == NL_OK && s[i] == '"')
            rc = nl_buf_putc(&t->buf, '"', err);
    }
    return rc ? rc : nl_buf_putc(&t->buf, '"', err);
}

/* A Markdown cell: the pipe is escaped, a line break is a space. */
static int markdown_cell(struct arrow_text *t, const char *s, size_t len, nl_error *err)
{
    int rc = nl_buf_puts(&t->buf, " ", err);
    for (size_t i = 0; rc == NL_OK && i < len; i++) {
        if (s[i] == '|' || s[i] == '\\')
            rc = nl_buf_putc(&t->buf, '\\', err);
        if (rc == NL_OK)
            rc = nl_buf_putc(&t->buf, s[i] == '\n' || s[i] == '\r' ? ' ' : s[i], err);
    }
    return rc ? rc : nl_buf_puts(&t->buf, " |", err);
}

/* The header of CSV and Markdown; JSON's opening bracket comes with the first row. */
static int write_header(struct arrow_text *t, nl_error *err)
{
    int rc = NL_OK;
    if (t->format == ARROW_TEXT_JSON || t->format == ARROW_TEXT_NDJSON)
        return NL_OK;
    bool markdown = t->format == ARROW_TEXT_MARKDOWN;
    if (markdown)
        rc = nl_buf_putc(&t->buf, '|', err);
    for (size_t i = 0; rc == NL_OK && i < t->n; i++) {
        const char *name = t->columns[i].name;
        if (!markdown && i)
            rc = nl_buf_putc(&t->buf, ',', err);
        if (rc == NL_OK)
            rc = markdown ? markdown_cell(t, name, strlen(name), err) : csv_field(t, name, strlen(name), false, err);
    }
    if (rc == NL_OK && markdown)
        rc = nl_buf_puts(&t->buf, "\n|", err);
    for (size_t i = 0; rc == NL_OK && markdown && i < t->n; i++)
        rc = nl_buf_puts(&t->buf, text_is_number(&t->columns[i]) ? " ---: |" : " --- |", err);
    return rc ? rc : nl_buf_putc(&t->buf, '\n', err);
}

static int json_row(struct arrow_text *t, const struct ArrowArray *batch, int64_t row, nl_error *err)
{
    const char *before = t->format == ARROW_TEXT_NDJSON ? "{" : t->rows ? ",\n{" : "[\n{";
    int rc = nl_buf_puts(&t->buf, before, err);
    for (size_t i = 0; rc == NL_OK && i < t->n; i++) {
        if (i)
            rc = nl_buf_putc(&t->buf, ',', err);
        if (rc == NL_OK)
            rc = nl_buf_append(&t->buf, t->columns[i].key, t->columns[i].key_len, err);
        if (rc == NL_OK)
            rc = text_json_value(batch->children[i], &t->columns[i], batch->offset + row, &t->buf, err);
    }
    if (rc)
        return rc;
    return nl_buf_puts(&t->buf, t->format == ARROW_TEXT_NDJSON ? "}\n" : "}", err);
}

static int plain_row(struct arrow_text *t, const struct ArrowArray *batch, int64_t row, nl_error *err)
{
    bool markdown = t->format == ARROW_TEXT_MARKDOWN;
    int rc = markdown ? nl_buf_putc(&t->buf, '|', err) : NL_OK;
    for (size_t i = 0; rc == NL_OK && i < t->n; i++) {
        const struct ArrowArray *column = batch->children[i];
        nl_buf_clear(&t->cell);
        rc = text_plain_value(column, &t->columns[i], batch->offset + row, &t->cell, err);
        if (rc == NL_OK && !markdown && i)
            rc = nl_buf_putc(&t->buf, ',', err);
        if (rc)
            break;
        bool is_null = t->cell.len == 0 && text_is_null(column, &t->columns[i], batch->offset + row);
        const char *cell = t->cell.len ? t->cell.data : "";
        rc = markdown ? markdown_cell(t, cell, t->cell.len, err) : csv_field(t, cell, t->cell.len, is_null, err);
    }
    return rc ? rc : nl_buf_putc(&t->buf, '\n', err);
}

int arrow_text_new(enum arrow_text_format format, const struct ArrowSchema *schema, nl_sink *sink,
                   struct arrow_text **out, nl_error *err)
{
    *out = NULL;
    struct arrow_text *t = calloc(1, sizeof *t);
    if (!t)
        return nl_fail_memory(err);
    t->format = format;
    t->sink = sink;
    t->n = (size_t)schema->n_children;
    int rc = arrow_schema_copy(schema, &t->schema, err);
    if (rc == NL_OK)
        rc = text_columns(&t->schema, &t->arena, &t->columns, err);
    if (rc == NL_OK)
        rc = write_header(t, err);
    if (rc) {
        arrow_text_free(t);
        return rc;
    }
    *out = t;
    return NL_OK;
}

int arrow_text_batch(struct arrow_text *t, const struct ArrowArray *batch, nl_error *err)
{
    bool json = t->format == ARROW_TEXT_JSON || t->format == ARROW_TEXT_NDJSON;
    int rc = NL_OK;
    for (int64_t row = 0; rc == NL_OK && row < batch->length; row++, t->rows++) {
        rc = json ? json_row(t, batch, row, err) : plain_row(t, batch, row, err);
        if (rc == NL_OK && t->buf.len >= FLUSH_AT)
            rc = flush(t, err);
    }
    return rc;
}

int arrow_text_finish(struct arrow_text *t, nl_error *err)
{
    int rc = NL_OK;
    if (t->format == ARROW_TEXT_JSON)
        rc = nl_buf_puts(&t->buf, t->rows ? "\n]\n" : "[]\n", err);
    return rc ? rc : flush(t, err);
}

void arrow_text_free(struct arrow_text *t)
{
    if (!t)
        return;
    nl_buf_free(&t->buf);
    nl_buf_free(&t->cell);
    nl_arena_free(&t->arena);
    arrow_schema_release(&t->schema);
    free(t);
}
