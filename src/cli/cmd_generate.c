/* cmd_generate.c: sample data, straight into a Parquet file or object. */
#include <stdio.h>
#include <string.h>

#include <neuralake/parquet.h>

#include "arrow/arrow.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/parquet_words.h"
#include "cli/rows.h"
#include "gen/gen.h"

/* All batches of the stream into the file. */
static int write_stream(struct cli_context *x, struct ArrowArrayStream *stream, nl_sink *sink,
                        const nl_parquet_write_options *o, nl_error *err)
{
    struct ArrowSchema schema = {0};
    nl_parquet_writer *writer = NULL;
    int rc = arrow_stream_schema(stream, &schema, err);
    if (rc == NL_OK)
        rc = nl_parquet_writer_new(sink, &schema, o, &writer, err);
    while (rc == NL_OK) {
        struct ArrowArray batch = {0};
        rc = cli_next_batch(x, stream, &batch, err);
        if (rc || !batch.release)
            break;
        rc = nl_parquet_write(writer, &batch, err);
        arrow_array_release(&batch);
    }
    if (rc == NL_OK)
        rc = nl_parquet_finish(writer, err);
    nl_parquet_writer_free(writer);
    arrow_schema_release(&schema);
    return rc;
}

static int check(const struct cli_args *a, nl_error *err)
{
    const struct generator *g;
    nl_parquet_write_options o;
    const char *codec = cli_value(a, "codec");
    int rc = gen_find(a->argv[0], &g, err);
    return rc || !codec ? rc : cli_parse_codec(codec, &o.codec, &o.codec_level, err);
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    const char *out = cli_value(a, "out");
    char name[128];
    int64_t rows = 0, started = nl_monotonic_ns();
    nl_store *store;
    nl_sink *sink = NULL;
    struct ArrowArrayStream stream = {0};
    const struct generator *g;
    int rc = gen_find(a->argv[0], &g, err);
    if (rc == NL_OK)
        rows = cli_number(a, "rows", g->default_rows);
    if (rc == NL_OK && !out) {
        snprintf(name, sizeof name, "%s.parquet", g->name);
        out = name;
    }
    if (rc == NL_OK)
        rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = g->stream(rows, 0, &stream, err);
    if (rc == NL_OK)
        rc = nl_store_create(store, out, NULL, &sink, err);
    nl_parquet_write_options o = {0};
    if (rc == NL_OK && cli_value(a, "codec"))
        rc = cli_parse_codec(cli_value(a, "codec"), &o.codec, &o.codec_level, err);
    if (rc == NL_OK)
        rc = write_stream(x, &stream, sink, &o, err);
    arrow_stream_release(&stream);
    if (rc) {
        nl_sink_abort(sink);
        return rc;
    }
    uint64_t bytes = nl_sink_written(sink);
    rc = nl_sink_commit(sink, err);
    char size[32], time[32];
    if (rc == NL_OK)
        printf("wrote %lld row%s, %s, to %s in %s\n", (long long)rows, rows == 1 ? "" : "s",
               nl_format_size(bytes, size), out, nl_format_duration(nl_monotonic_ns() - started, time));
    return rc;
}

const struct cli_command cli_generate = {
    .path = "generate",
    .operands = "NAME",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Generate sample data into a Parquet file or object",
    .description = "NAME is parts: a key, a name, a brand and a price.\n\nThe same number of rows is the same bytes "
                   "every time; the first five rows are always those of the demo.",
    .options =
        (const struct cli_option[]){
            {.name = "rows",
             .letter = 'n',
             .argument = "N",
             .number = true,
             .help = "how many rows (default: the generator's own; parts: 5)"},
            {.name = "out",
             .letter = 'o',
             .argument = "PATH|URI",
             .complete = CLI_COMPLETE_FILE,
             .help = "where they go, a file or s3://BUCKET/KEY (default: NAME.parquet)"},
            {.name = "codec",
             .argument = "CODEC[:LEVEL]",
             .help = "how pages are compressed: " CLI_CODEC_HELP " (default: snappy)"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Ten million rows into the lake",
             "neuralake generate parts --rows 10000000 --out s3://lake/parts.parquet"},
            {0},
        },
    .check = check,
    .run = run,
};
