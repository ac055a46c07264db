/* cmd_parquet_check.c: does a Parquet file keep what it promises? One line a finding; parquet/check does the work.
 *
 *     parts.parquet: error: row group 0, column p_name, page at byte 4: the page's checksum is …
 *     ─────file────  ─kind─ ───────────────────where───────────────────  ───────────what─────────
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/progress.h"
#include "parquet/check/check.h"
#include "parquet/read/inspect.h"

/* The check of all files of a call. */
struct checking {
    const char *uri; /* of the file at hand */
    nl_parquet_file *file;
    json_t *files;    /* one an operand; NULL: text */
    json_t *findings; /* of the file at hand; borrowed from files */
    struct cli_progress progress;
    uint64_t errors, warnings, chunks;
    bool quiet; /* no warnings */
};

/* A text as JSON, null where it is absent or not UTF-8. */
static json_t *json_text(const char *s)
{
    json_t *j = s ? json_string(s) : NULL;
    return j ? j : json_null();
}

static json_t *number_or_null(int64_t n)
{
    return n < 0 ? json_null() : json_integer(n);
}

static int found_json(struct checking *c, const struct pq_finding *f, const char *column, nl_error *err)
{
    json_t *one = json_pack("{s:s, s:o, s:o, s:o, s:o}", "severity", f->warning ? "warning" : "error", "row_group",
                            number_or_null(f->row_group), "column", json_text(column), "offset",
                            number_or_null(f->offset), "message", json_text(f->what));
    return one && json_array_append_new(c->findings, one) == 0 ? NL_OK : nl_fail_memory(err);
}

static int found_text(struct checking *c, const struct pq_finding *f, const char *column, nl_error *err)
{
    cli_progress_end(&c->progress); /* the line below takes its place */
    printf("%s: %s: ", c->uri, f->warning ? "warning" : "error");
    if (f->row_group >= 0)
        printf("row group %" PRId64 "%s", f->row_group, column ? ", " : ": ");
    if (column)
        printf("column %s%s", column, f->offset >= 0 ? ", " : ": ");
    if (f->offset >= 0)
        printf("byte %" PRId64 ": ", f->offset);
    printf("%s\n", f->what);
    return ferror(stdout) ? cli_flush(err) : NL_OK;
}

static int found(void *ctx, const struct pq_finding *f, nl_error *err)
{
    struct checking *c = ctx;
    nl_buf path = {0};
    char column[256];
    if (f->warning && c->quiet)
        return NL_OK;
    int rc = f->leaf >= 0 ? pq_inspect_path(c->file, (size_t)f->leaf, &path, err) : NL_OK;
    if (rc == NL_OK && f->leaf >= 0)
        nl_printable(path.data ? path.data : "", path.len, column, sizeof column);
    if (rc == NL_OK)
        rc = (c->files ? found_json : found_text)(c, f, f->leaf >= 0 ? column : NULL, err);
    nl_buf_free(&path);
    return rc;
}

static int progress(void *ctx, uint64_t done, uint64_t total, nl_error *err)
{
    struct checking *c = ctx;
    return cli_progress_step(&c->progress, done, total, err);
}

/* A file that cannot be opened for what it is: a finding like the others. */
static int found_unopened(struct checking *c, const nl_error *why, struct pq_check_result *r, nl_error *err)
{
    const char *what = why->message;
    if (nl_starts_with(what, c->uri) && nl_starts_with(what + strlen(c->uri), ": "))
        what += strlen(c->uri) + 2;
    *r = (struct pq_check_result){.errors = 1};
    return found(c, &(struct pq_finding){false, -1, -1, -1, what}, err);
}

static int summarize(struct checking *c, const struct pq_check_result *r, int64_t started_ns, nl_error *err)
{
    char bytes[32], time[32];
    c->errors += r->errors;
    c->warnings += r->warnings;
    if (c->files) {
        json_t *entry = json_array_get(c->files, json_array_size(c->files) - 1);
        json_t *sums =
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "errors", (json_int_t)r->errors, "warnings",
                      (json_int_t)r->warnings, "chunks", (json_int_t)r->chunks, "pages", (json_int_t)r->pages, "values",
                      (json_int_t)r->values, "checksums", (json_int_t)r->checksums, "page_indexes",
                      (json_int_t)r->page_indexes, "bloom_filters", (json_int_t)r->bloom_filters);
        int rc = sums && json_object_update(entry, sums) == 0 ? NL_OK : nl_fail_memory(err);
        json_decref(sums);
        return rc;
    }
    printf("%s: %" PRIu64 " error%s, %" PRIu64 " warning%s; %" PRIu64 " pages, %" PRIu64 " values, %s in %s; %" PRIu64
           " checksum%s, %" PRIu64 " page index%s, %" PRIu64 " bloom filter%s\n",
           c->uri, r->errors, r->errors == 1 ? "" : "s", r->warnings, r->warnings == 1 ? "" : "s", r->pages, r->values,
           nl_format_size(r->bytes, bytes), nl_format_duration(nl_monotonic_ns() - started_ns, time), r->checksums,
           r->checksums == 1 ? "" : "s", r->page_indexes, r->page_indexes == 1 ? "" : "es", r->bloom_filters,
           r->bloom_filters == 1 ? "" : "s");
    return NL_OK;
}

/* In JSON, a file is an object: {"file", "findings": […], and the sums of summarize()}. */
static int begin_json(struct checking *c, nl_error *err)
{
    json_t *findings = json_array(), *entry = json_pack("{s:o, s:o}", "file", json_text(c->uri), "findings", findings);
    c->findings = findings;
    return entry && json_array_append_new(c->files, entry) == 0 ? NL_OK : nl_fail_memory(err);
}

static int check_one(struct cli_context *x, struct checking *c, nl_store *store, nl_error *err)
{
    nl_source *source = NULL;
    nl_error why = {0};
    struct pq_check_result r = {0};
    int64_t started = nl_monotonic_ns();
    int rc = c->files ? begin_json(c, err) : NL_OK;
    if (rc == NL_OK)
        rc = nl_store_open(store, c->uri, NULL, &source, err);
    if (rc)
        return rc;
    int opened = nl_parquet_open(source, &c->file, &why);
    if (opened == NL_CORRUPT || opened == NL_UNSUPPORTED) {
        rc = found_unopened(c, &why, &r, err);
    } else if (opened) {
        *err = why;
        rc = opened;
    } else {
        struct pq_check_options o = {.cancel = &x->cancel, .found = found, .progress = progress, .ctx = c};
        cli_progress_begin(&c->progress, c->uri);
        rc = pq_check(c->file, &o, &r, err);
        cli_progress_end(&c->progress);
    }
    if (rc == NL_OK)
        rc = summarize(c, &r, started, err);
    nl_parquet_close(c->file);
    c->file = NULL;
    nl_source_close(source);
    return rc;
}

/* Findings are the answer, not a failure of the command; but scripts ask for the exit code. */
static int result_of(const struct checking *c, int n, nl_error *err)
{
    if (!c->errors)
        return NL_OK;
    return nl_fail(err, NL_CORRUPT, "%" PRIu64 " error%s in %d file%s", c->errors, c->errors == 1 ? "" : "s", n,
                   n == 1 ? "" : "s");
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    const char *format = cli_value(a, "format");
    struct checking c = {.quiet = cli_flag(a, "quiet")};
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK && format && strcmp(format, "json") == 0 && !(c.files = json_array()))
        rc = nl_fail_memory(err);
    for (int i = 0; rc == NL_OK && i < a->argc; i++) {
        c.uri = a->argv[i];
        rc = check_one(x, &c, store, err);
    }
    if (rc == NL_OK && c.files && (json_dumpf(c.files, stdout, JSON_INDENT(2)) || putchar('\n') == EOF))
        rc = nl_fail_errno(err, errno ? errno : EIO, "write to standard output");
    json_decref(c.files);
    int flushed = rc == NL_OK ? cli_flush(err) : NL_OK;
    rc = rc ? rc : flushed;
    return rc ? rc : result_of(&c, a->argc, err);
}

static const char *const formats[] = {"text", "json", NULL};

const struct cli_command cli_parquet_check = {
    .path = "parquet check",
    .operands = "FILE|URI…",
    .min_operands = 1,
    .max_operands = -1,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Hold a Parquet file's promises against its data",
    .description =
        "Every page is read: checksums, sizes, levels and values, row counts, statistics, page indexes, bloom filters, "
        "the order that sorting columns promise, UTF-8.\n\nAn error can give a reader wrong rows, or none; then the "
        "command ends with 1. A warning does not: bounds looser than they must be, sizes that nobody relies on, "
        "strings that are not UTF-8.",
    .options =
        (const struct cli_option[]){
            {.name = "format",
             .letter = 'f',
             .argument = "FORMAT",
             .choices = formats,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "how findings are printed (default: text, a line each)"},
            {.name = "quiet", .letter = 'q', .help = "print errors only, no warnings"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            CLI_OPTIONS_CACHE,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Files of another program, before they go into the lake", "neuralake parquet check parts.parquet"},
            {0},
        },
    .run = run,
};
