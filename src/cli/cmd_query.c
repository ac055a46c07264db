/* cmd_query.c: SQL over the catalog, over objects and files. */
#include <stdio.h>
#include <string.h>

#include <neuralake/query.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/rows.h"

enum { MAX_SQL = 64 * 1024 * 1024 };

/* All of standard input. */
static int read_standard_input(struct cli_context *x, nl_buf *out, nl_error *err)
{
    char piece[65536];
    for (;;) {
        size_t n;
        int rc = cli_read_input(x, piece, sizeof piece, &n, err);
        if (rc || n == 0)
            return rc;
        if (out->len + n > MAX_SQL)
            return nl_fail(err, NL_INVALID, "SQL from standard input is longer than %d MiB", MAX_SQL >> 20);
        rc = nl_buf_append(out, piece, n, err);
        if (rc)
            return rc;
    }
}

static int check(const struct cli_args *a, nl_error *err)
{
    if (cli_value(a, "file") && a->argc)
        return nl_fail(err, NL_INVALID, "both --file and a statement were given; one of them is enough");
    return NL_OK;
}

/* The statement: the operand, --file, or standard input. */
static int take_sql(struct cli_context *x, const struct cli_args *a, nl_buf *out, nl_error *err)
{
    const char *file = cli_value(a, "file");
    int rc;
    if (a->argc && strcmp(a->argv[0], "-") != 0)
        rc = nl_buf_puts(out, a->argv[0], err);
    else if (file)
        rc = nl_read_file(file, MAX_SQL, out, err);
    else
        rc = read_standard_input(x, out, err);
    if (rc == NL_OK && (out->len == 0 || strspn(out->data, " \t\r\n;") == out->len))
        return nl_fail(err, NL_INVALID, "there is no SQL to run");
    if (rc == NL_OK && memchr(out->data, 0, out->len))
        return nl_fail(err, NL_INVALID, "the SQL holds a NUL byte");
    return rc;
}

static void interrupt_engine(void *engine)
{
    nl_engine_interrupt(engine);
}

/* What the filters saved, for --verbose; nothing where no table of files was read. */
static void print_scans(nl_engine *engine)
{
    nl_engine_stats s;
    nl_engine_get_stats(engine, &s);
    if (!s.files && !s.files_pruned)
        return;
    fflush(stdout); /* below the rows, wherever both go */
    fprintf(stderr, "%llu of %llu files", (unsigned long long)(s.files - s.files_pruned), (unsigned long long)s.files);
    fprintf(stderr, ", %llu of %llu row groups", (unsigned long long)(s.row_groups - s.row_groups_pruned),
            (unsigned long long)s.row_groups);
    if (s.pages)
        fprintf(stderr, ", %llu of %llu pages", (unsigned long long)(s.pages - s.pages_pruned),
                (unsigned long long)s.pages);
    fprintf(stderr, ", %llu rows", (unsigned long long)s.rows);
    if (s.rows_filtered)
        fprintf(stderr, " (%llu left out early)", (unsigned long long)s.rows_filtered);
    fputc('\n', stderr);
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_buf sql = {0};
    nl_store *store;
    nl_catalog *catalog;
    nl_engine *engine = NULL;
    struct ArrowArrayStream rows = {0};
    int64_t threads = cli_number(a, "threads", 0), max_rows = cli_number(a, "max-rows", CLI_TABLE_ROWS);
    int rc = take_sql(x, a, &sql, err);
    if (rc == NL_OK)
        rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = cli_catalog(x, a, true, &catalog, err);
    if (rc == NL_OK)
        rc = nl_engine_open(catalog, store, &(nl_engine_options){.threads = (size_t)threads}, &engine, err);
    if (rc == NL_OK) {
        cli_on_interrupt(x, interrupt_engine, engine);
        rc = nl_cancel_check(&x->cancel, err);
    }
    if (rc == NL_OK)
        rc = nl_engine_query(engine, sql.data, &rows, err);
    if (rc == NL_OK) {
        struct cli_rows_options o = {.format = cli_value(a, "format"),
                                     .table_rows = max_rows ? max_rows : -1,
                                     .footer = true,
                                     .started_ns = x->started_ns};
        rc = cli_print_rows(x, &rows, &o, err);
    }
    cli_on_interrupt(x, NULL, NULL);
    if (engine && x->verbose)
        print_scans(engine);
    nl_engine_close(engine);
    nl_buf_free(&sql);
    return rc;
}

const struct cli_command cli_query = {
    .path = "query",
    .operands = "['SQL']",
    .max_operands = 1,
    .summary = "Run SQL over the catalog's tables, over objects and files",
    .description = "Tables are database.table of the catalog; 's3://bucket/key.parquet', 'https://host/x.parquet' and "
                   "'path.parquet' in quotes are tables without any catalog. The SQL is that of DuckDB. It comes from "
                   "the operand, from --file, or from "
                   "standard input; of several statements the rows of the last one are printed.",
    .options =
        (const struct cli_option[]){
            CLI_OPTION_CATALOG,
            CLI_OPTION_FORMAT,
            {.name = "file", .argument = "FILE", .complete = CLI_COMPLETE_FILE, .help = "read the SQL from this file"},
            {.name = "max-rows",
             .argument = "N",
             .number = true,
             .help = "rows that a table shows at most, 0 for all (default: 1000)"},
            {.name = "threads",
             .argument = "N",
             .number = true,
             .least = 1,
             .help = "threads that work on the query (default: one a core)"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            CLI_OPTIONS_CACHE,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"A table of a catalog in C", "neuralake query -c catalog.c 'SELECT * FROM demo_db.part'"},
            {"An object, as CSV", "neuralake query --format csv \"SELECT count(*) FROM 's3://lake/parts.parquet'\""},
            {0},
        },
    .check = check,
    .run = run,
};
