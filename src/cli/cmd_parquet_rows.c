/* cmd_parquet_rows.c: the rows of a Parquet file, by our reader alone: no catalog, no SQL. */
#include <stdlib.h>
#include <string.h>

#include <neuralake/parquet.h>

#include "arrow/arrow.h"
#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/rows.h"

enum { HEAD_ROWS = 10 };

/* A file, its reader and how many rows are still wanted: what the stream below holds. */
struct file_rows {
    nl_source *source;
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    int64_t left; /* -1: all */
};

static void done(void *ctx)
{
    struct file_rows *f = ctx;
    nl_parquet_reader_free(f->reader);
    nl_parquet_close(f->file);
    nl_source_close(f->source);
    free(f);
}

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct file_rows *f = ctx;
    *out = (struct ArrowArray){0};
    if (f->left == 0)
        return NL_OK;
    int rc = nl_parquet_next(f->reader, out, err);
    if (rc || !out->release || f->left < 0)
        return rc;
    /* A struct array may be shorter than its children. */
    if (out->length > f->left)
        out->length = f->left;
    f->left -= out->length;
    return NL_OK;
}

/* One name of --columns as an index; the nearest one is named where there is none. */
static int find_column(const struct ArrowSchema *schema, const char *name, size_t *out, nl_error *err)
{
    int64_t i = arrow_schema_find(schema, name);
    if (i >= 0) {
        *out = (size_t)i;
        return NL_OK;
    }
    const char **names = calloc((size_t)schema->n_children + 1, sizeof *names);
    if (!names)
        return nl_fail_memory(err);
    for (int64_t c = 0; c < schema->n_children; c++)
        names[c] = schema->children[c]->name;
    const char *near = nl_nearest(name, names, (size_t)schema->n_children);
    int rc = near ? nl_fail(err, NL_NOT_FOUND, "there is no column '%s', did you mean '%s'?", name, near)
                  : nl_fail(err, NL_NOT_FOUND, "there is no column '%s'", name);
    free(names);
    return rc;
}

/* --columns a,b as indices; *out is the caller's, NULL for all. */
static int parse_columns(const nl_parquet_file *file, const char *text, size_t **out, size_t *n, nl_error *err)
{
    *out = NULL;
    *n = 0;
    if (!text)
        return NL_OK;
    struct ArrowSchema schema = {0};
    char *names = strdup(text), *rest = names;
    size_t *list = calloc(strlen(text) + 1, sizeof *list);
    int rc = names && list ? nl_parquet_schema(file, &schema, err) : nl_fail_memory(err);
    for (char *name; rc == NL_OK && (name = strsep(&rest, ","));)
        rc = find_column(&schema, name, &list[(*n)++], err);
    arrow_schema_release(&schema);
    free(names);
    if (rc)
        free(list);
    else
        *out = list;
    return rc;
}

static int open_rows(struct file_rows *f, nl_store *store, const char *uri, const char *columns, nl_error *err)
{
    int rc = nl_store_open(store, uri, NULL, &f->source, err);
    if (rc == NL_OK)
        rc = nl_parquet_open(f->source, &f->file, err);
    nl_parquet_read_options o = {.string_views = true};
    size_t *list = NULL;
    if (rc == NL_OK) {
        rc = parse_columns(f->file, columns, &list, &o.n_columns, err);
        if (rc)
            nl_note(err, "%s", uri);
    }
    o.columns = list;
    if (f->left > 0 && f->left < 65536)
        o.batch_rows = f->left;
    if (rc == NL_OK)
        rc = nl_parquet_reader_new(f->file, &o, &f->reader, err);
    free(list);
    return rc;
}

static int print_file(struct cli_context *x, const struct cli_args *a, int64_t rows, const char *format, nl_error *err)
{
    nl_store *store;
    struct ArrowSchema schema = {0};
    struct ArrowArrayStream stream = {0};
    struct file_rows *f = calloc(1, sizeof *f);
    if (!f)
        return nl_fail_memory(err);
    f->left = rows;
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = open_rows(f, store, a->argv[0], cli_value(a, "columns"), err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_schema(f->reader, &schema, err);
    if (rc) {
        done(f);
        return rc;
    }
    rc = arrow_stream_make(&schema, next, done, f, &stream, err); /* takes f, also when it fails */
    if (rc == NL_OK)
        rc = cli_print_rows(x, &stream, &(struct cli_rows_options){.format = format, .table_rows = -1}, err);
    return rc;
}

static int run_head(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    return print_file(x, a, cli_number(a, "rows", HEAD_ROWS), cli_value(a, "format"), err);
}

static int run_cat(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    const char *format = cli_value(a, "format");
    return print_file(x, a, -1, format ? format : "csv", err);
}

#define OPTION_COLUMNS                                                                                                 \
    {                                                                                                                  \
        .name = "columns", .argument = "A,B", .help = "these columns, in this order (default: all)"                    \
    }

const struct cli_command cli_parquet_head = {
    .path = "parquet head",
    .operands = "FILE|URI",
    .min_operands = 1,
    .max_operands = 1,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Print the first rows of a Parquet file",
    .options =
        (const struct cli_option[]){
            {.name = "rows", .letter = 'n', .argument = "N", .number = true, .help = "how many (default: 10)"},
            OPTION_COLUMNS,
            CLI_OPTION_FORMAT,
            CLI_OPTION_ENDPOINT,
            CLI_OPTION_PROFILE,
            {0},
        },
    .run = run_head,
};

const struct cli_command cli_parquet_cat = {
    .path = "parquet cat",
    .operands = "FILE|URI",
    .min_operands = 1,
    .max_operands = 1,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Print all rows of a Parquet file",
    .description = "The default format is csv, which streams.",
    .options =
        (const struct cli_option[]){OPTION_COLUMNS, CLI_OPTION_FORMAT, CLI_OPTION_ENDPOINT, CLI_OPTION_PROFILE, {0}},
    .run = run_cat,
};
