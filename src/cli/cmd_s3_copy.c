/* cmd_s3_copy.c: copy between folders and S3, and print objects. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/pump.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/place.h"
#include "cli/s3_say.h"
#include "store/web/url.h"

enum { PIECE = 1024 * 1024 };

/* Standard input into an object of unknown length. */
static int copy_from_input(struct cli_context *x, nl_sink *sink, nl_error *err)
{
    char *piece = malloc(PIECE);
    int rc = piece ? NL_OK : nl_fail_memory(err);
    while (rc == NL_OK) {
        size_t n;
        rc = cli_read_input(x, piece, PIECE, &n, err);
        if (rc || n == 0)
            break;
        rc = nl_sink_write(sink, piece, n, err);
    }
    free(piece);
    return rc;
}

/* One end is "-", standard input or output; the other an object. */
static int copy_stream(struct cli_context *x, nl_store *store, const char *from, const char *to, nl_put_options *o,
                       nl_error *err)
{
    bool input = strcmp(from, "-") == 0;
    nl_source *source = NULL;
    nl_sink *sink = NULL;
    int rc = input ? NL_OK : nl_store_open(store, from, NULL, &source, err);
    if (rc == NL_OK)
        rc = input ? nl_store_create(store, to, o, &sink, err) : nl_sink_create_fd(STDOUT_FILENO, &sink, err);
    if (rc == NL_OK)
        rc = input ? copy_from_input(x, sink, err) : nl_pump(source, sink, &x->cancel, NULL, NULL, err);
    nl_source_close(source);
    if (rc == NL_OK)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

static int check_cp(const struct cli_args *a, nl_error *err)
{
    const char *from = a->argv[0], *to = a->argv[1];
    int rc = s3_headers_check(a, err);
    bool web = store_web_is(from);
    if (!rc && web && cli_flag(a, "recursive"))
        return nl_fail(err, NL_UNSUPPORTED, "the web has no listings: leave --recursive out");
    if (!rc && !cli_is_s3(from) && !cli_is_s3(to) && !web)
        return nl_fail(err, NL_INVALID, "neither '%s' nor '%s' is s3://BUCKET/KEY", from, to);
    if (!rc && cli_flag(a, "recursive") && (!strcmp(from, "-") || !strcmp(to, "-")))
        return nl_fail(err, NL_INVALID, "'-' holds one object: leave --recursive out");
    if (!rc && cli_is_s3(from))
        rc = cli_check_s3(from, cli_flag(a, "recursive"), err);
    return !rc && cli_is_s3(to) ? cli_check_s3(to, true, err) : rc;
}

/* Everything below the source. */
static int plan_below(const struct cli_args *a, struct s3_run *r, nl_error *err)
{
    struct s3_items items = {0};
    nl_buf to = {0};
    int rc = s3_items_gather(r->x, r->store, a->argv[0], false, false, &items, err);
    if (!rc && !items.n)
        rc = nl_fail(err, NL_NOT_FOUND, "nothing lies below '%s'", a->argv[0]);
    for (size_t i = 0; !rc && i < items.n; i++) {
        if (!s3_filter_takes(a, items.all[i].rel))
            continue;
        rc = cli_below(a->argv[1], items.all[i].rel, &to, err);
        if (!rc)
            rc = s3_run_add(r, items.all[i].uri, to.data, &items.all[i].info, err);
    }
    nl_buf_free(&to);
    s3_items_free(&items);
    return rc;
}

/* From standard input, or to standard output, where nothing else is said then. */
static int run_stream(const struct cli_args *a, struct s3_run *r, nl_error *err)
{
    nl_buf target = {0};
    nl_put_options o = {.size_hint = (uint64_t)cli_number(a, "expected-size", 0)};
    const char *from = a->argv[0];
    s3_headers_put(&r->headers, from, a->argv[1], &o);
    int rc = cli_target_of(from, a->argv[1], &target, err);
    bool output = !rc && !strcmp(target.data, "-");
    if (!rc && !r->dry)
        rc = copy_stream(r->x, r->store, from, target.data, &o, err);
    if (!rc && !output)
        s3_say(r, &(struct s3_action){.from = from, .to = target.data}, NL_SIZE_UNKNOWN);
    nl_buf_free(&target);
    return rc;
}

static int run_cp(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    const char *from = a->argv[0], *to = a->argv[1];
    struct s3_run r = {.x = x};
    s3_say_options(a, &r);
    int rc = s3_headers_read(a, &r.headers, err);
    if (!rc)
        rc = cli_store(x, a, &r.store, err);
    bool stream = !strcmp(from, "-") || !strcmp(to, "-");
    if (!rc && stream)
        rc = run_stream(a, &r, err);
    else if (!rc)
        rc = cli_flag(a, "recursive") ? plan_below(a, &r, err) : s3_run_plan_one(&r, from, to, err);
    if (!rc && !stream)
        rc = s3_run_all(&r, err);
    s3_run_free(&r);
    return rc;
}

const struct cli_command cli_s3_cp = {
    .path = "s3 cp",
    .operands = "SOURCE TARGET",
    .min_operands = 2,
    .max_operands = 2,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Copy between local files and S3, or inside S3",
    .description =
        "One of the two is s3://BUCKET/KEY, or the source https://…; \"-\" is standard input or output. A target that "
        "is a folder, a "
        "bucket or ends in \"/\" keeps the source's name. Each object or file appears whole, or not at all; a "
        "file that is fetched gets its object's time.",
    .options =
        (const struct cli_option[]){
            {.name = "recursive", .letter = 'r', .help = "copy everything below the source"},
            S3_OPTIONS_CHOSEN,
            S3_OPTIONS_SHOWN,
            {.name = "expected-size",
             .argument = "BYTES",
             .number = true,
             .help = "of standard input: above 6 TiB, or where larger parts are wanted"},
            S3_OPTIONS_HEADERS,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Upload a file under its own name", "neuralake s3 cp parts.parquet s3://neuralake-bucket/"},
            {"Download a folder", "neuralake s3 cp --recursive s3://neuralake-bucket/2024 ./2024"},
            {"What a program prints", "pg_dump shop | neuralake s3 cp - s3://neuralake-bucket/shop.sql"},
            {0},
        },
    .check = check_cp,
    .run = run_cp,
};

static int check_cat(const struct cli_args *a, nl_error *err)
{
    return cli_check_s3(a->argv[0], false, err);
}

static int run_cat(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    int rc = cli_store(x, a, &store, err);
    return rc ? rc : copy_stream(x, store, a->argv[0], "-", NULL, err);
}

const struct cli_command cli_s3_cat = {
    .path = "s3 cat",
    .operands = "s3://BUCKET/KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Print an object's bytes",
    .options = (const struct cli_option[]){CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}},
    .check = check_cat,
    .run = run_cat,
};
