/* cmd_parquet_rows.c: the rows of a Parquet file, by our reader alone: no catalog, no SQL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <neuralake/parquet.h>

#include "arrow/arrow.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/parquet_words.h"
#include "cli/progress.h"
#include "cli/rows.h"

enum { HEAD_ROWS = 10 };

/* A file, its reader and how many rows are still wanted: what the stream below holds. */
struct file_rows {
    nl_source *source;
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    int64_t total, left;
    bool draws;
    struct cli_progress progress;
};

static void done(void *ctx)
{
    struct file_rows *f = ctx;
    if (f->draws)
        cli_progress_end(&f->progress);
    nl_parquet_reader_free(f->reader);
    nl_parquet_close(f->file);
    nl_source_close(f->source);
    free(f);
}

/* How far the rows have come, told in the file's bytes. */
static void draw(struct file_rows *f)
{
    uint64_t bytes = nl_source_size(f->source);
    double part = f->total ? (double)(f->total - f->left) / (double)f->total : 1;
    if (f->draws)
        cli_progress_step(&f->progress, (uint64_t)((double)bytes * part), bytes, NULL);
}

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct file_rows *f = ctx;
    *out = (struct ArrowArray){0};
    if (f->left == 0)
        return NL_OK;
    int rc = nl_parquet_next(f->reader, out, err);
    if (rc || !out->release)
        return rc;
    /* A struct array may be shorter than its children. */
    if (out->length > f->left)
        out->length = f->left;
    f->left -= out->length;
    draw(f);
    return NL_OK;
}

/* The file's columns, and what the words select of them. */
static int choose(struct file_rows *f, const char *columns, nl_parquet_read_options *o, nl_error *err)
{
    struct ArrowSchema schema = {0};
    struct cli_paths paths = {0};
    int rc = columns ? nl_parquet_schema(f->file, &schema, err) : NL_OK;
    if (rc == NL_OK && columns)
        rc = cli_paths_of(&schema, &paths, err);
    if (rc == NL_OK)
        rc = cli_select_columns(&paths, columns, o, err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_new(f->file, o, &f->reader, err);
    cli_paths_free(&paths);
    arrow_schema_release(&schema);
    return rc;
}

/* Rows from..to of the file, as far as it has them. */
static void choose_rows(struct file_rows *f, int64_t from, int64_t to, nl_parquet_range *range,
                        nl_parquet_read_options *o)
{
    int64_t all = nl_parquet_rows(f->file);
    to = to < all ? to : all;
    f->total = from < to ? to - from : 0;
    f->left = f->total;
    if (f->total == all || !f->total)
        return;
    *range = (nl_parquet_range){from, f->total};
    o->ranges = range;
    o->n_ranges = 1;
    if (f->total < 65536)
        o->batch_rows = f->total;
}

/* What a call asks for. */
struct wanted {
    const char *columns, *format;
    int64_t from, to, threads;
};

static int open_rows(struct file_rows *f, nl_store *store, const char *uri, const struct wanted *w, nl_error *err)
{
    nl_parquet_range range;
    nl_parquet_read_options o = {.string_views = true, .threads = (size_t)w->threads};
    int rc = nl_store_open(store, uri, NULL, &f->source, err);
    if (rc == NL_OK)
        rc = nl_parquet_open(f->source, &f->file, err);
    if (rc)
        return rc;
    choose_rows(f, w->from, w->to, &range, &o);
    rc = choose(f, w->columns, &o, err);
    /* The reader's own errors name the file. */
    if (rc == NL_NOT_FOUND)
        nl_note(err, "%s", uri);
    return rc;
}

/* Everything decoded, and nothing printed: how fast can it be read? */
static int drain(struct cli_context *x, struct ArrowArrayStream *stream, nl_error *err)
{
    int64_t rows = 0;
    int rc = NL_OK;
    while (rc == NL_OK) {
        struct ArrowArray batch = {0};
        rc = cli_next_batch(x, stream, &batch, err);
        if (rc || !batch.release)
            break;
        rows += batch.length;
        arrow_array_release(&batch);
    }
    char time[32];
    if (rc == NL_OK && x->verbose)
        fprintf(stderr, "%lld row%s in %s\n", (long long)rows, rows == 1 ? "" : "s",
                nl_format_duration(nl_monotonic_ns() - x->started_ns, time));
    arrow_stream_release(stream);
    return rc;
}

static int print_file(struct cli_context *x, const struct cli_args *a, const struct wanted *w, nl_error *err)
{
    nl_store *store;
    struct ArrowSchema schema = {0};
    struct ArrowArrayStream stream = {0};
    bool is_null = w->format && strcmp(w->format, "null") == 0;
    struct file_rows *f = calloc(1, sizeof *f);
    if (!f)
        return nl_fail_memory(err);
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = open_rows(f, store, a->argv[0], w, err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_schema(f->reader, &schema, err);
    if (rc) {
        done(f);
        return rc;
    }
    /* On the terminal, the rows themselves are what moves. */
    f->draws = is_null || !isatty(STDOUT_FILENO);
    if (f->draws)
        cli_progress_begin(&f->progress, a->argv[0]);
    rc = arrow_stream_make(&schema, next, done, f, &stream, err); /* takes f, also when it fails */
    if (rc == NL_OK)
        rc = is_null
                 ? drain(x, &stream, err)
                 : cli_print_rows(x, &stream, &(struct cli_rows_options){.format = w->format, .table_rows = -1}, err);
    return rc;
}

static int run_head(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    struct wanted w = {.columns = cli_value(a, "columns"),
                       .format = cli_value(a, "format"),
                       .to = cli_number(a, "rows", HEAD_ROWS),
                       .threads = 1};
    return print_file(x, a, &w, err);
}

static int check_cat(const struct cli_args *a, nl_error *err)
{
    int64_t from, to;
    const char *rows = cli_value(a, "rows");
    return rows ? cli_parse_rows(rows, &from, &to, err) : NL_OK;
}

static int run_cat(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    const char *format = cli_value(a, "format"), *rows = cli_value(a, "rows");
    struct wanted w = {.columns = cli_value(a, "columns"),
                       .format = format ? format : "csv",
                       .to = INT64_MAX,
                       .threads = cli_number(a, "threads", 1)};
    int rc = rows ? cli_parse_rows(rows, &w.from, &w.to, err) : NL_OK;
    return rc ? rc : print_file(x, a, &w, err);
}

#define OPTION_COLUMNS                                                                                                 \
    {                                                                                                                  \
        .name = "columns", .argument = "A,B.C",                                                                        \
        .help = "these columns, in this order; with dots, what is inside of one (default: all)"                        \
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
            CLI_OPTIONS_WHO,
            CLI_OPTIONS_CACHE,
            {0},
        },
    .run = run_head,
};

static const char *const cat_formats[] = {"table", "csv", "json", "ndjson", "markdown", "null", NULL};

const struct cli_command cli_parquet_cat = {
    .path = "parquet cat",
    .operands = "FILE|URI",
    .min_operands = 1,
    .max_operands = 1,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Print all rows of a Parquet file",
    .description =
        "Rows stream, but for the format table, which has to see all of them first. The format null decodes everything "
        "and prints nothing; -v then tells rows and time.",
    .options =
        (const struct cli_option[]){
            {.name = "rows",
             .argument = "FROM:TO",
             .help = "only these, counted from 0, without row TO; either may be left out. Pages that hold none of them "
                     "are not read"},
            OPTION_COLUMNS,
            CLI_OPTION_THREADS,
            {.name = "format",
             .letter = 'f',
             .argument = "FORMAT",
             .choices = cat_formats,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "how rows are printed (default: csv)"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            CLI_OPTIONS_CACHE,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"A thousand rows out of the middle, of two columns",
             "neuralake parquet cat --rows 50000:51000 --columns p_partkey,p_name parts.parquet"},
            {"How long does it take to decode a file?", "neuralake parquet cat -v --format null parts.parquet"},
            {0},
        },
    .check = check_cat,
    .run = run_cat,
};
