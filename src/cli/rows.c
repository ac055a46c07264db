/* rows.c: rows on standard output. Tables are drawn by libsmartcols, the other formats by arrow/text. */
#include "cli/rows.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arrow/text/text.h"
#include "base/clock.h"
#include "base/str.h"

/* Plain glyphs: a table looks the same in a file, a log and a terminal. */
static struct libscols_table *new_table(void)
{
    struct libscols_table *t = scols_new_table();
    struct libscols_symbols *symbols = scols_new_symbols();
    if (!t || !symbols)
        goto fail;
    if (scols_table_set_symbols(t, symbols))
        goto fail;
    scols_unref_symbols(symbols);
    scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
    scols_table_enable_nowrap(t, 1);
    scols_table_set_column_separator(t, "  ");
    return t;
fail:
    scols_unref_symbols(symbols);
    scols_unref_table(t);
    return NULL;
}

/* A title, "name" over "TYPE", needs two lines: the type stands in the first row. */
static int add_column(struct libscols_table *t, const char *title, bool right, nl_error *err)
{
    struct libscols_column *c = scols_table_new_column(t, title, 0, right ? SCOLS_FL_RIGHT : 0);
    return c ? NL_OK : nl_fail_memory(err);
}

size_t cli_terminal_width(void)
{
    struct winsize size;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

size_t cli_text_width(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80; /* continuation bytes take no place */
    return n;
}

/* Print the table, and be sure that nothing was lost. */
static int print_table(struct libscols_table *t, nl_error *err)
{
    char *text = NULL;
    if (scols_print_table_to_string(t, &text) || !text)
        return nl_fail_memory(err);
    int rc = NL_OK;
    /* libsmartcols pads the last column: lines end where their text ends. Behind the last one it puts no line break. */
    for (char *line = text, *next; rc == NL_OK && line; line = next) {
        size_t n = strcspn(line, "\n");
        next = line[n] ? line + n + 1 : NULL;
        while (n && line[n - 1] == ' ')
            n--;
        if (fwrite(line, 1, n, stdout) != n || putchar('\n') == EOF)
            rc = nl_fail_errno(err, errno, "write to standard output");
    }
    free(text);
    return rc ? rc : cli_flush(err);
}

/* Line breaks and other controls inside a cell would tear the table: they are shown as spaces. */
static void one_line(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = ' ';
}

struct table_print {
    struct libscols_table *table;
    struct text_column *columns;
    size_t n;
    nl_arena arena;
    nl_buf cell;
    int64_t rows;
};

enum { TYPE_MOST = 40 }; /* bytes of a type above its column: a struct of many members is cut */

/* The line below the names: each column's type as SQL writes it. */
static int type_line(struct table_print *p, const struct ArrowSchema *schema, nl_error *err)
{
    struct libscols_line *line = scols_table_new_line(p->table, NULL);
    for (size_t i = 0; line && i < p->n; i++) {
        nl_buf_clear(&p->cell);
        int rc = arrow_schema_sql(schema->children[i], &p->cell, err);
        if (rc == NL_OK && p->cell.len > TYPE_MOST) {
            p->cell.len = TYPE_MOST;
            while (p->cell.len && (p->cell.data[p->cell.len] & 0xC0) == 0x80) /* not inside of a character */
                p->cell.len--;
            rc = nl_buf_puts(&p->cell, "…", err);
        }
        if (rc)
            return rc;
        one_line(p->cell.data);
        if (scols_line_set_data(line, i, p->cell.data))
            line = NULL;
    }
    return line ? NL_OK : nl_fail_memory(err);
}

static int table_begin(struct table_print *p, const struct ArrowSchema *schema, nl_error *err)
{
    p->n = (size_t)schema->n_children;
    p->table = new_table();
    if (!p->table)
        return nl_fail_memory(err);
    int rc = text_columns(schema, &p->arena, &p->columns, err);
    for (size_t i = 0; rc == NL_OK && i < p->n; i++) {
        nl_buf_clear(&p->cell);
        rc = nl_buf_puts(&p->cell, p->columns[i].name, err);
        if (rc == NL_OK)
            one_line(p->cell.data);
        if (rc == NL_OK)
            rc = add_column(p->table, p->cell.data, text_is_number(&p->columns[i]), err);
    }
    if (rc || !p->n)
        return rc;
    return type_line(p, schema, err);
}

static int table_row(struct table_print *p, const struct ArrowArray *batch, int64_t row, nl_error *err)
{
    struct libscols_line *line = scols_table_new_line(p->table, NULL);
    if (!line)
        return nl_fail_memory(err);
    for (size_t i = 0; i < p->n; i++) {
        nl_buf_clear(&p->cell);
        const struct ArrowArray *column = batch->children[i];
        int64_t at = batch->offset + row;
        int rc = text_is_null(column, &p->columns[i], at) ? nl_buf_puts(&p->cell, "NULL", err)
                                                          : text_plain_value(column, &p->columns[i], at, &p->cell, err);
        if (rc)
            return rc;
        if (p->cell.len)
            one_line(p->cell.data);
        if (scols_line_set_data(line, i, p->cell.len ? p->cell.data : ""))
            return nl_fail_memory(err);
    }
    p->rows++;
    return NL_OK;
}

/* "5 rows, 83 ms"; more: rows were left out. */
static void print_footer(const struct table_print *p, const struct cli_rows_options *o, bool more)
{
    if (more)
        printf("the first %lld rows are shown; --max-rows 0 shows all of them, --format csv streams them\n",
               (long long)p->rows);
    else if (p->n)
        printf("%lld row%s", (long long)p->rows, p->rows == 1 ? "" : "s");
    else
        printf("done"); /* COPY and its kind have no rows to count */
    char time[32];
    if (!more && o->started_ns)
        printf(", %s", nl_format_duration(nl_monotonic_ns() - o->started_ns, time));
    if (!more)
        putchar('\n');
}

int cli_next_batch(struct cli_context *x, struct ArrowArrayStream *stream, struct ArrowArray *out, nl_error *err)
{
    int rc = nl_cancel_check(&x->cancel, err);
    return rc ? rc : arrow_stream_next(stream, out, err);
}

static int print_as_table(struct cli_context *x, struct ArrowArrayStream *stream, const struct ArrowSchema *schema,
                          const struct cli_rows_options *o, nl_error *err)
{
    struct table_print p = {0};
    int64_t limit = o->table_rows ? o->table_rows : CLI_TABLE_ROWS;
    bool more = false;
    int rc = table_begin(&p, schema, err);
    while (rc == NL_OK && !more) {
        struct ArrowArray batch = {0};
        rc = cli_next_batch(x, stream, &batch, err);
        if (rc || !batch.release)
            break;
        for (int64_t i = 0; rc == NL_OK && i < batch.length && !more; i++) {
            more = limit >= 0 && p.rows >= limit;
            if (!more)
                rc = table_row(&p, &batch, i, err);
        }
        arrow_array_release(&batch);
    }
    if (rc == NL_OK && p.n)
        rc = print_table(p.table, err);
    if (rc == NL_OK && o->footer)
        print_footer(&p, o, more);
    scols_unref_table(p.table);
    nl_buf_free(&p.cell);
    nl_arena_free(&p.arena);
    return rc;
}

static int print_as_text(struct cli_context *x, struct ArrowArrayStream *stream, const struct ArrowSchema *schema,
                         enum arrow_text_format format, nl_error *err)
{
    nl_sink *sink = NULL;
    struct arrow_text *text = NULL;
    int rc = cli_flush(err);
    if (rc == NL_OK)
        rc = nl_sink_create_fd(STDOUT_FILENO, &sink, err);
    if (rc == NL_OK)
        rc = arrow_text_new(format, schema, sink, &text, err);
    while (rc == NL_OK) {
        struct ArrowArray batch = {0};
        rc = cli_next_batch(x, stream, &batch, err);
        if (rc || !batch.release)
            break;
        rc = arrow_text_batch(text, &batch, err);
        arrow_array_release(&batch);
    }
    if (rc == NL_OK)
        rc = arrow_text_finish(text, err);
    arrow_text_free(text);
    if (rc == NL_OK)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

int cli_print_rows(struct cli_context *x, struct ArrowArrayStream *stream, const struct cli_rows_options *o,
                   nl_error *err)
{
    static const char *const names[] = {"csv", "json", "ndjson", "markdown"};
    static const enum arrow_text_format formats[] = {ARROW_TEXT_CSV, ARROW_TEXT_JSON, ARROW_TEXT_NDJSON,
                                                     ARROW_TEXT_MARKDOWN};
    struct ArrowSchema schema = {0};
    int rc = arrow_stream_schema(stream, &schema, err);
    if (rc == NL_OK) {
        size_t i = 0;
        while (i < NL_LEN(names) && (!o->format || strcmp(o->format, names[i]) != 0))
            i++;
        rc = i < NL_LEN(names) ? print_as_text(x, stream, &schema, formats[i], err)
                               : print_as_table(x, stream, &schema, o, err);
    }
    arrow_schema_release(&schema);
    arrow_stream_release(stream);
    return rc;
}

int cli_print_columns(const struct cli_column *columns, size_t n_columns, const char *const *cells, size_t n_rows,
                      nl_error *err)
{
    struct libscols_table *t = new_table();
    int rc = t ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n_columns; i++)
        rc = add_column(t, columns[i].title, columns[i].right, err);
    for (size_t r = 0; rc == NL_OK && r < n_rows; r++) {
        struct libscols_line *line = scols_table_new_line(t, NULL);
        for (size_t i = 0; rc == NL_OK && i < n_columns; i++) {
            const char *cell = cells[r * n_columns + i];
            if (!line || scols_line_set_data(line, i, cell ? cell : ""))
                rc = nl_fail_memory(err);
        }
    }
    if (rc == NL_OK && n_rows)
        rc = print_table(t, err);
    for (size_t i = 0; rc == NL_OK && !n_rows && i < n_columns; i++) /* libsmartcols prints no titles without rows */
        printf("%s%s", columns[i].title, i + 1 < n_columns ? "  " : "\n");
    scols_unref_table(t);
    return rc;
}

int cli_print_table(const char *const *titles, size_t n_columns, const char *const *cells, size_t n_rows, nl_error *err)
{
    struct cli_column *columns = calloc(n_columns + 1, sizeof *columns);
    if (!columns)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n_columns; i++)
        columns[i].title = titles[i];
    int rc = cli_print_columns(columns, n_columns, cells, n_rows, err);
    free(columns);
    return rc;
}
