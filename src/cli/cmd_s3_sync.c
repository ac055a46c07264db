/* cmd_s3_sync.c: make one place like another, and move. Words and meanings are aws-cli's. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/place.h"
#include "cli/s3_say.h"
#include "store/web/url.h"

static int check_places(const struct cli_args *a, nl_error *err)
{
    if (store_web_is(a->argv[0]))
        return nl_fail(err, NL_UNSUPPORTED,
                       "addresses of the web are read only, and not listed: copy one by one with s3 cp");
    const char *from = a->argv[0], *to = a->argv[1];
    int rc = s3_headers_check(a, err);
    if (!rc && !cli_is_s3(from) && !cli_is_s3(to))
        return nl_fail(err, NL_INVALID, "neither '%s' nor '%s' is s3://BUCKET", from, to);
    if (!rc && cli_is_s3(from))
        rc = cli_check_s3(from, true, err);
    return rc == NL_OK && cli_is_s3(to) ? cli_check_s3(to, true, err) : rc;
}

/* What makes an entry on both sides differ, as aws-cli has it: a download is due where the file is newer than the object,
 * for a file that was fetched has its object's time. */
static bool differs(const struct cli_args *a, const struct s3_item *from, const struct s3_item *to)
{
    if (from->info.size != to->info.size)
        return true;
    if (cli_flag(a, "size-only"))
        return false;
    bool download = cli_is_s3(from->uri) && !cli_is_s3(to->uri);
    if (download && cli_flag(a, "exact-timestamps"))
        return from->info.modified != to->info.modified;
    return download ? to->info.modified > from->info.modified : from->info.modified > to->info.modified;
}

/* Both lists are in the order of their names: one walk over both. */
static int compare(const struct cli_args *a, const struct s3_items *from, const struct s3_items *to, struct s3_run *r,
                   nl_error *err)
{
    nl_buf target = {0};
    int rc = NL_OK;
    for (size_t i = 0, j = 0; !rc && (i < from->n || j < to->n);) {
        const struct s3_item *f = i < from->n ? &from->all[i] : NULL, *t = j < to->n ? &to->all[j] : NULL;
        int order = !t ? -1 : !f ? 1 : strcmp(f->rel, t->rel);
        bool wanted = s3_filter_takes(a, order <= 0 ? f->rel : t->rel);
        if (wanted && order > 0 && cli_flag(a, "delete"))
            rc = s3_run_add(r, t->uri, NULL, &t->info, err);
        if (wanted && (order < 0 || (order == 0 && differs(a, f, t)))) {
            rc = cli_below(a->argv[1], f->rel, &target, err);
            if (!rc)
                rc = s3_run_add(r, f->uri, target.data, &f->info, err);
        }
        i += order <= 0;
        j += order >= 0;
    }
    nl_buf_free(&target);
    return rc;
}

static int run_sync(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    struct s3_run r = {.x = x};
    struct s3_items from = {0}, to = {0};
    s3_say_options(a, &r);
    int rc = s3_headers_read(a, &r.headers, err);
    if (!rc)
        rc = cli_store(x, a, &r.store, err);
    if (!rc)
        rc = s3_items_gather(x, r.store, a->argv[0], true, false, &from, err);
    if (!rc)
        rc = s3_items_gather(x, r.store, a->argv[1], true, true, &to, err);
    if (!rc)
        rc = compare(a, &from, &to, &r, err);
    if (!rc)
        rc = s3_run_all(&r, err);
    s3_items_free(&from);
    s3_items_free(&to);
    s3_run_free(&r);
    return rc;
}

const struct cli_command cli_s3_sync = {
    .path = "s3 sync",
    .operands = "SOURCE TARGET",
    .min_operands = 2,
    .max_operands = 2,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Copy what is new or changed below one place to another",
    .description =
        "At least one of the two is s3://BUCKET[/PREFIX]. Copied is what is missing, has another size, or is newer "
        "than "
        "its copy; a file that is fetched gets its object's time. Each object or file appears whole, or not at "
        "all: after an interruption the same command goes on where it stopped.",
    .options =
        (const struct cli_option[]){
            {.name = "delete", .help = "remove from the target what the source does not have"},
            {.name = "size-only", .help = "compare sizes alone"},
            {.name = "exact-timestamps", .help = "fetch also what has the same size and another time"},
            S3_OPTIONS_CHOSEN,
            S3_OPTIONS_SHOWN,
            S3_OPTIONS_HEADERS,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Bring a bucket up to date", "neuralake s3 sync ./data s3://neuralake-bucket/data --delete"},
            {"Only Parquet files",
             "neuralake s3 sync --exclude '*' --include '*.parquet' ./data s3://neuralake-bucket/data"},
            {0},
        },
    .check = check_places,
    .run = run_sync,
};

static int check_mv(const struct cli_args *a, nl_error *err)
{
    int rc = check_places(a, err);
    if (rc == NL_OK && cli_is_s3(a->argv[0]))
        rc = cli_check_s3(a->argv[0], cli_flag(a, "recursive"), err);
    if (rc == NL_OK && !strcmp(a->argv[0], a->argv[1]))
        rc = nl_fail(err, NL_INVALID, "'%s' cannot be moved onto itself", a->argv[0]);
    return rc;
}

static int plan_all(struct cli_context *x, const struct cli_args *a, struct s3_run *r, nl_error *err)
{
    struct s3_items from = {0}, nothing = {0};
    int rc = s3_items_gather(x, r->store, a->argv[0], true, false, &from, err);
    if (!rc)
        rc = compare(a, &from, &nothing, r, err);
    s3_items_free(&from);
    return rc;
}

static int run_mv(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    struct s3_run r = {.x = x, .move = true};
    s3_say_options(a, &r);
    int rc = s3_headers_read(a, &r.headers, err);
    if (!rc)
        rc = cli_store(x, a, &r.store, err);
    if (!rc)
        rc = cli_flag(a, "recursive") ? plan_all(x, a, &r, err) : s3_run_plan_one(&r, a->argv[0], a->argv[1], err);
    if (!rc)
        rc = s3_run_all(&r, err);
    s3_run_free(&r);
    return rc;
}

const struct cli_command cli_s3_mv = {
    .path = "s3 mv",
    .operands = "SOURCE TARGET",
    .min_operands = 2,
    .max_operands = 2,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Move between local files and S3, or inside S3",
    .description = "Each object or file is copied, and then its source is removed.",
    .options =
        (const struct cli_option[]){
            {.name = "recursive", .letter = 'r', .help = "move everything below the source"},
            S3_OPTIONS_CHOSEN,
            S3_OPTIONS_SHOWN,
            S3_OPTIONS_HEADERS,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .check = check_mv,
    .run = run_mv,
};
