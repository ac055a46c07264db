/* cmd_s3_list.c: make and list buckets, list and remove objects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/place.h"
#include "cli/s3_transfer.h"

enum { MAX_BUCKET = 256 };

static int check_mb(const struct cli_args *a, nl_error *err)
{
    const char *uri = a->argv[0];
    int rc = cli_check_s3(uri, true, err);
    if (rc == NL_OK && *cli_s3_key(uri))
        rc = nl_fail(err, NL_INVALID, "'%s' names an object; a bucket is s3://BUCKET", uri);
    if (rc == NL_OK && strlen(uri) - strlen("s3://") >= MAX_BUCKET)
        rc = nl_fail(err, NL_INVALID, "'%s' is longer than a bucket's name can be", uri);
    return rc;
}

static int run_mb(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    const char *uri = a->argv[0];
    int rc = cli_store(x, a, &store, err);
    if (rc)
        return rc;
    char bucket[MAX_BUCKET];
    const char *name = uri + strlen("s3://");
    snprintf(bucket, sizeof bucket, "%.*s", (int)strcspn(name, "/"), name);
    rc = nl_store_make_bucket(store, bucket, err);
    if (rc == NL_CONFLICT) {
        nl_error_clear(err);
        printf("s3://%s exists already\n", bucket);
        return NL_OK;
    }
    if (rc == NL_OK)
        printf("made s3://%s\n", bucket);
    return rc;
}

static const struct cli_option place_options[] = {CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}};

const struct cli_command cli_s3_mb = {
    .path = "s3 mb",
    .operands = "s3://BUCKET",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Make a bucket",
    .description = "A bucket that exists already and is yours is fine.",
    .options = place_options,
    .check = check_mb,
    .run = run_mb,
};

/* A time as listings show it, in UTC. */
static const char *format_time(int64_t seconds, char out[static 32])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm))
        snprintf(out, 32, "%19s", "");
    return out;
}

struct list_context {
    struct cli_context *x;
    const char *skip; /* printed names begin behind this */
    uint64_t objects, bytes;
    bool recursive;
};

static int print_bucket(void *ctx, const char *name, int64_t created, nl_error *err)
{
    (void)ctx;
    (void)err;
    char time[32];
    printf("%s s3://%s\n", format_time(created, time), name);
    return NL_OK;
}

static int print_entry(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct list_context *l = ctx;
    char time[32];
    const char *name = nl_starts_with(uri, l->skip) ? uri + strlen(l->skip) : uri;
    if (is_prefix)
        printf("%30s %s\n", "PRE", name);
    else
        printf("%s %10llu %s\n", format_time(info->modified, time), (unsigned long long)info->size, name);
    l->objects += !is_prefix;
    l->bytes += info ? info->size : 0;
    return nl_cancel_check(&l->x->cancel, err);
}

/* What is cut off in front of the names: up to the last "/" of a prefix; with --recursive the bucket alone. */
static int name_prefix(const char *uri, bool recursive, char **out, nl_error *err)
{
    const char *key = cli_is_s3(uri) ? cli_s3_key(uri) : uri;
    const char *slash = recursive ? NULL : strrchr(key, '/');
    *out = strndup(uri, (size_t)((slash ? slash + 1 : key) - uri));
    return *out ? NL_OK : nl_fail_memory(err);
}

static int check_ls(const struct cli_args *a, nl_error *err)
{
    return a->argc ? cli_check_s3(a->argv[0], true, err) : NL_OK;
}

static int run_ls(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK && a->argc == 0)
        return nl_store_list_buckets(store, print_bucket, NULL, err);
    if (rc)
        return rc;
    const char *uri = a->argv[0];
    char *skip;
    struct list_context l = {.x = x, .recursive = cli_flag(a, "recursive")};
    /* A bucket is listed from its first key: "s3://lake" means "s3://lake/". */
    char *from = strchr(uri + strlen("s3://"), '/') ? strdup(uri) : NULL;
    if (!from && asprintf(&from, "%s/", uri) < 0)
        from = NULL;
    if (!from)
        return nl_fail_memory(err);
    rc = name_prefix(from, l.recursive, &skip, err);
    l.skip = skip;
    if (rc == NL_OK)
        rc = nl_store_list(store, from, l.recursive, print_entry, &l, err);
    if (rc == NL_OK && cli_flag(a, "summarize"))
        printf("\n%llu objects, %llu bytes\n", (unsigned long long)l.objects, (unsigned long long)l.bytes);
    free(skip);
    free(from);
    return rc;
}

const struct cli_command cli_s3_ls = {
    .path = "s3 ls",
    .operands = "[s3://BUCKET[/PREFIX]]",
    .max_operands = 1,
    .summary = "List buckets, or the objects of one",
    .description = "Times are UTC, sizes are bytes. PRE marks what more keys share up to the next \"/\".",
    .options =
        (const struct cli_option[]){
            {.name = "recursive", .letter = 'r', .help = "list every key, not only up to the next \"/\""},
            {.name = "summarize", .help = "end with the number of objects and their bytes"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .check = check_ls,
    .run = run_ls,
};

static int check_rm(const struct cli_args *a, nl_error *err)
{
    return cli_check_s3(a->argv[0], cli_flag(a, "recursive"), err);
}

static int run_rm(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    struct s3_run r = {.x = x, .dry = cli_flag(a, "dryrun"), .removed = true};
    struct s3_items items = {.folders = true};
    int rc = cli_store(x, a, &r.store, err);
    if (!rc && !cli_flag(a, "recursive"))
        rc = s3_run_add(&r, a->argv[0], NULL, &(nl_object_info){0}, err);
    else if (!rc)
        rc = s3_items_gather(x, r.store, a->argv[0], false, false, &items, err);
    for (size_t i = 0; !rc && i < items.n; i++)
        if (s3_filter_takes(a, items.all[i].rel))
            rc = s3_run_add(&r, items.all[i].uri, NULL, &items.all[i].info, err);
    if (!rc)
        rc = s3_run_all(&r, err);
    s3_items_free(&items);
    s3_run_free(&r);
    return rc;
}

const struct cli_command cli_s3_rm = {
    .path = "s3 rm",
    .operands = "s3://BUCKET/KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Remove objects",
    .description = "An object that is not there counts as removed, as S3 has it.",
    .options =
        (const struct cli_option[]){
            {.name = "recursive", .letter = 'r', .help = "remove every object whose key begins so"},
            {.name = "include",
             .argument = "PATTERN",
             .repeats = true,
             .help = "remove what matches, also where an --exclude before it does"},
            {.name = "exclude",
             .argument = "PATTERN",
             .repeats = true,
             .help = "leave what matches; the last that matches decides"},
            {.name = "dryrun", .help = "show what would be removed, and do nothing"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .check = check_rm,
    .run = run_rm,
};
