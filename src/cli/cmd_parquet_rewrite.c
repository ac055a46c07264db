/* cmd_parquet_rewrite.c: a Parquet file once more, in another shape: codec, encodings, sizes, order, indexes.
 *
 *     IN ── reader ──▶ batches ──▶ (sorted) ──▶ writer ── OUT, which appears when all is written
 *
 * Field ids, types and key-values are kept; so OUT may be IN.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/metadata.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/rewrite.h"
#include "parquet/read/inspect.h"

/* What is open during a call. */
struct rewriting {
    nl_source *source;
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    nl_parquet_writer *writer;
    nl_sink *sink;
    struct ArrowSchema schema; /* of what is read */
    struct cli_paths columns;  /* of the schema; the options point into them */
    struct rewrite_options o;
    struct cli_progress progress;
    int64_t rows;
};

/* Open the file, choose its columns, and start reading. */
static int open_input(struct rewriting *r, const struct cli_args *a, nl_store *store, nl_error *err)
{
    struct ArrowSchema schema = {0};
    struct cli_paths paths = {0};
    nl_parquet_read_options o = {.threads = (size_t)cli_number(a, "threads", 1), .verify_checksums = true};
    int rc = nl_store_open(store, a->argv[0], NULL, &r->source, err);
    if (rc == NL_OK)
        rc = nl_parquet_open(r->source, &r->file, err);
    if (rc == NL_OK)
        rc = nl_parquet_schema(r->file, &schema, err);
    if (rc == NL_OK)
        rc = cli_paths_of(&schema, &paths, err);
    if (rc == NL_OK)
        rc = cli_select_columns(&paths, cli_value(a, "columns"), &o, err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_new(r->file, &o, &r->reader, err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_schema(r->reader, &r->schema, err);
    cli_paths_free(&paths);
    arrow_schema_release(&schema);
    return rc;
}

/* pyarrow and pandas look for key-values in the Arrow schema first, which the writer makes of this one. */
static int name_key_values(struct rewriting *r, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < r->o.write.n_key_values; i++) {
        const char *value = r->o.write.key_values[2 * i + 1];
        rc = arrow_metadata_set(&r->schema, r->o.write.key_values[2 * i], value, strlen(value), err);
    }
    return rc;
}

static int open_output(struct rewriting *r, const struct cli_args *a, nl_store *store, nl_error *err)
{
    nl_put_options put = {.size_hint = pq_inspect_size(r->file)};
    int rc = cli_paths_of(&r->schema, &r->columns, err);
    if (rc == NL_OK)
        rc = rewrite_options_of(a, r->file, &r->columns, &r->o, err);
    if (rc == NL_OK)
        rc = name_key_values(r, err);
    if (rc)
        nl_note(err, "%s", a->argv[0]);
    if (rc == NL_OK)
        rc = nl_store_create(store, a->argv[1], &put, &r->sink, err);
    if (rc == NL_OK) {
        rc = nl_parquet_writer_new(r->sink, &r->schema, &r->o.write, &r->writer, err);
        if (rc)
            nl_note(err, "%s", a->argv[1]);
    }
    return rc;
}

static int copy_rows(struct cli_context *x, struct rewriting *r, nl_error *err)
{
    uint64_t bytes = pq_inspect_size(r->file);
    int64_t total = nl_parquet_rows(r->file);
    int rc = NL_OK;
    while (rc == NL_OK) {
        struct ArrowArray batch = {0};
        rc = nl_cancel_check(&x->cancel, err);
        if (rc == NL_OK)
            rc = nl_parquet_next(r->reader, &batch, err);
        if (rc || !batch.release)
            break;
        rc = nl_parquet_write(r->writer, &batch, err);
        r->rows += batch.length;
        arrow_array_release(&batch);
        double part = total ? (double)r->rows / (double)total : 1;
        if (rc == NL_OK)
            rc = cli_progress_step(&r->progress, (uint64_t)((double)bytes * part), bytes, err);
    }
    return rc;
}

static void close_all(struct rewriting *r)
{
    nl_parquet_writer_free(r->writer);
    nl_sink_abort(r->sink);
    nl_parquet_reader_free(r->reader);
    nl_parquet_close(r->file);
    nl_source_close(r->source);
    rewrite_options_free(&r->o);
    cli_paths_free(&r->columns);
    arrow_schema_release(&r->schema);
}

static void summarize(const struct rewriting *r, const char *to, uint64_t written, int64_t started_ns)
{
    char before[32], after[32], time[32];
    uint64_t size = pq_inspect_size(r->file);
    printf("wrote %lld row%s to %s: %s before, %s after, ratio %.2f, in %s\n", (long long)r->rows,
           r->rows == 1 ? "" : "s", to, nl_format_size(size, before), nl_format_size(written, after),
           written ? (double)size / (double)written : 1.0, nl_format_duration(nl_monotonic_ns() - started_ns, time));
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    struct rewriting r = {0};
    nl_store *store;
    int64_t started = nl_monotonic_ns();
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = open_input(&r, a, store, err);
    if (rc == NL_OK)
        rc = open_output(&r, a, store, err);
    if (rc == NL_OK) {
        cli_progress_begin(&r.progress, a->argv[0]);
        rc = r.o.write.n_sorting ? rewrite_sorted(x, r.reader, &r.schema, &r.o, r.writer, &r.progress, &r.rows, err)
                                 : copy_rows(x, &r, err);
        if (rc == NL_OK)
            rc = nl_parquet_finish(r.writer, err);
        cli_progress_end(&r.progress);
    }
    if (rc == NL_OK)
        rc = nl_cancel_check(&x->cancel, err);
    if (rc == NL_OK) {
        uint64_t written = nl_sink_written(r.sink);
        nl_sink *sink = r.sink;
        r.sink = NULL;
        rc = nl_sink_commit(sink, err);
        if (rc == NL_OK)
            summarize(&r, a->argv[1], written, started);
    }
    close_all(&r);
    return rc;
}

static const char *const data_pages[] = {"1", "2", NULL};

const struct cli_command cli_parquet_rewrite = {
    .path = "parquet rewrite",
    .operands = "IN OUT",
    .min_operands = 2,
    .max_operands = 2,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Write a Parquet file anew: codec, encodings, order, sizes, indexes",
    .description =
        "Rows, types, field ids and key-values are kept; pages get a column and an offset index. IN and OUT are files "
        "or "
        "s3://BUCKET/KEY, and may be the same: OUT appears only when it is complete. Checksums that IN has are "
        "verified.\n\nSorting holds all rows in memory, up to --memory.",
    .options =
        (const struct cli_option[]){
            {.name = "codec",
             .argument = "CODEC[:LEVEL]",
             .help = "how pages are compressed: " CLI_CODEC_HELP " (default: as in IN)"},
            {.name = "encoding",
             .argument = "COLUMN=ENCODING",
             .repeats = true,
             .help = "how a column is written: plain, dictionary, delta-binary-packed, delta-length-byte-array, "
                     "delta-byte-array, byte-stream-split, rle (default: a dictionary where it pays)"},
            {.name = "auto-encoding", .help = "let a sample of the rows choose the encodings of the other columns"},
            {.name = "sort", .argument = "A,B:desc", .help = "sort the rows, nulls last, and say so in the file"},
            {.name = "bloom", .argument = "A,B.C", .help = "bloom filters for these columns"},
            {.name = "columns", .argument = "A,B.C", .help = "these columns only, in this order (default: all)"},
            {.name = "row-group-rows",
             .argument = "N",
             .number = true,
             .least = 1,
             .help = "rows of a row group, at most (default: 1,048,576)"},
            {.name = "page-rows",
             .argument = "N",
             .number = true,
             .least = 1,
             .help = "rows of a page, at most (default: 1,048,576)"},
            {.name = "page-bytes", .argument = "SIZE", .help = "a page before compression, about (default: 1MiB)"},
            {.name = "data-page",
             .argument = "VERSION",
             .choices = data_pages,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "version of the data pages (default: 1)"},
            {.name = "checksums", .help = "a CRC-32 in every page"},
            {.name = "memory", .argument = "SIZE", .help = "what sorting may hold in memory (default: 2GiB)"},
            CLI_OPTION_THREADS,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Smaller, and quick to search by key",
             "neuralake parquet rewrite --codec zstd:9 --sort p_partkey --bloom p_name parts.parquet small.parquet"},
            {0},
        },
    .check = rewrite_check,
    .run = run,
};
