/* cmd_s3_copy.c: copy between folders and S3, and print objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io/pump.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/s3_transfer.h"

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

/* Where the bytes go: "-" is standard output. */
static int open_target(nl_store *store, const char *target, uint64_t size, nl_sink **out, nl_error *err)
{
    if (strcmp(target, "-") == 0)
        return nl_sink_create_fd(STDOUT_FILENO, out, err);
    /* What is copied down can be copied again: not worth waiting for the disk. */
    nl_put_options o = {.size_hint = size == NL_SIZE_UNKNOWN ? 0 : size, .not_synced = true};
    return nl_store_create(store, target, &o, out, err);
}

/* One object or file, whole or not at all. info: from a listing, or NULL. */
static int copy_one(struct cli_context *x, nl_store *store, const char *from, const nl_object_info *info,
                    const char *to, nl_error *err)
{
    if (cli_is_s3(from) && cli_is_s3(to))
        return nl_store_copy(store, from, to, err);
    bool input = strcmp(from, "-") == 0;
    nl_source *source = NULL;
    nl_sink *sink = NULL;
    int rc = input ? NL_OK : nl_store_open(store, from, info, &source, err);
    if (rc == NL_OK)
        rc = open_target(store, to, input ? NL_SIZE_UNKNOWN : nl_source_size(source), &sink, err);
    struct cli_progress progress;
    cli_progress_begin(&progress, from);
    if (rc == NL_OK)
        rc = input ? copy_from_input(x, sink, err)
                   : nl_pump(source, sink, &x->cancel, cli_progress_step, &progress, err);
    cli_progress_end(&progress);
    nl_source_close(source);
    if (rc == NL_OK)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

static int check_cp(const struct cli_args *a, nl_error *err)
{
    const char *from = a->argv[0], *to = a->argv[1];
    int rc = NL_OK;
    if (!cli_is_s3(from) && !cli_is_s3(to))
        return nl_fail(err, NL_INVALID, "neither '%s' nor '%s' is s3://BUCKET/KEY", from, to);
    if (cli_is_s3(from))
        rc = cli_check_s3(from, cli_flag(a, "recursive"), err);
    return rc == NL_OK && cli_is_s3(to) ? cli_check_s3(to, true, err) : rc;
}

/* Everything below the source. */
static int copy_below(struct cli_context *x, const struct cli_args *a, nl_store *store, nl_error *err)
{
    struct s3_run r = {
        .x = x, .store = store, .quiet = cli_flag(a, "quiet"), .dry = cli_flag(a, "dryrun"), .copied = true};
    struct s3_items items = {0};
    nl_buf to = {0};
    int rc = s3_items_gather(x, store, a->argv[0], false, false, &items, err);
    if (!rc && !items.n)
        rc = nl_fail(err, NL_NOT_FOUND, "nothing lies below '%s'", a->argv[0]);
    for (size_t i = 0; !rc && i < items.n; i++) {
        if (!s3_filter_takes(a, items.all[i].rel))
            continue;
        rc = cli_below(a->argv[1], items.all[i].rel, &to, err);
        if (!rc)
            rc = s3_run_add(&r, items.all[i].uri, to.data, &items.all[i].info, err);
    }
    if (!rc)
        rc = s3_run_all(&r, err);
    nl_buf_free(&to);
    s3_items_free(&items);
    s3_run_free(&r);
    return rc;
}

static int run_cp(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    const char *from = a->argv[0], *to = a->argv[1];
    nl_store *store;
    nl_buf target = {0};
    int rc = cli_store(x, a, &store, err);
    if (rc || cli_flag(a, "recursive"))
        return rc ? rc : copy_below(x, a, store, err);
    rc = cli_target_of(from, to, &target, err);
    bool dry = cli_flag(a, "dryrun");
    if (!rc && !dry)
        rc = copy_one(x, store, from, NULL, target.data, err);
    if (!rc && !cli_flag(a, "quiet") && strcmp(target.data, "-") != 0)
        printf("%scopied %s to %s\n", dry ? "(dryrun) " : "", from, target.data);
    nl_buf_free(&target);
    return rc;
}

const struct cli_command cli_s3_cp = {
    .path = "s3 cp",
    .operands = "SOURCE TARGET",
    .min_operands = 2,
    .max_operands = 2,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Copy between local files and S3, or inside S3",
    .description = "One of the two is s3://BUCKET/KEY; \"-\" is standard input or output. A target that is a folder, a "
                   "bucket or ends "
                   "in \"/\" keeps the source's name. Each object or file appears whole, or not at all.",
    .options =
        (const struct cli_option[]){
            {.name = "recursive", .letter = 'r', .help = "copy everything below the source"},
            {.name = "include",
             .argument = "PATTERN",
             .repeats = true,
             .help = "take what matches, also where an --exclude before it does"},
            {.name = "exclude",
             .argument = "PATTERN",
             .repeats = true,
             .help = "leave out what matches; the last that matches decides"},
            {.name = "dryrun", .help = "show what would be done, and do nothing"},
            {.name = "quiet", .letter = 'q', .help = "print nothing but errors"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Upload a file under its own name", "neuralake s3 cp parts.parquet s3://neuralake-bucket/"},
            {"Download a folder", "neuralake s3 cp --recursive s3://neuralake-bucket/2024 ./2024"},
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
    return rc ? rc : copy_one(x, store, a->argv[0], NULL, "-", err);
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
