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
#include "cli/s3_say.h"

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
    bool existed = rc == NL_CONFLICT;
    if (existed) {
        nl_error_clear(err);
        rc = NL_OK;
    }
    if (!rc && s3_is_json(a))
        return s3_print_json(json_pack("{s:s, s:s, s:b}", "action", "make_bucket", "bucket", bucket, "existed",
                                       (int)existed),
                             err);
    if (!rc && existed)
        printf("s3://%s exists already\n", bucket);
    else if (!rc)
        printf("make_bucket: %s\n", bucket);
    return rc;
}

const struct cli_command cli_s3_mb = {
    .path = "s3 mb",
    .operands = "s3://BUCKET",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Make a bucket",
    .description = "A bucket that exists already and is yours is fine.",
    .options = (const struct cli_option[]){S3_OPTION_FORMAT, CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}},
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
    uint64_t objects, prefixes, bytes;
    bool json, human;
};

static int print_bucket(void *ctx, const char *name, int64_t created, nl_error *err)
{
    const struct list_context *l = ctx;
    char time[32];
    if (l->json)
        return s3_print_json(json_pack("{s:s, s:s}", "bucket", name, "created", s3_time_json(created, time)), err);
    printf("%s %s\n", format_time(created, time), name);
    return NL_OK;
}

/* A size as aws-cli shows it to people: "0 Bytes", "1.0 KiB". */
static const char *human_size(uint64_t size, char out[static 32])
{
    static const char units[] = "KMGTPE";
    double n = (double)size / 1024;
    size_t i = 0;
    if (size < 1024)
        snprintf(out, 32, size == 1 ? "1 Byte" : "%u Bytes", (unsigned)size);
    if (size < 1024)
        return out;
    for (; n >= 1023.5 && i + 2 < sizeof units; i++)
        n /= 1024;
    snprintf(out, 32, "%.1f %ciB", n, units[i]);
    return out;
}

static int print_json_entry(const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    char time[32];
    return s3_print_json(is_prefix ? json_pack("{s:s}", "prefix", uri)
                                   : json_pack("{s:s, s:I, s:s, s:s}", "uri", uri, "size", (json_int_t)info->size,
                                               "modified", s3_time_json(info->modified, time), "etag", info->etag),
                         err);
}

static int print_entry(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct list_context *l = ctx;
    char time[32], size[32];
    const char *name = nl_starts_with(uri, l->skip) ? uri + strlen(l->skip) : uri;
    int rc = NL_OK;
    if (l->json)
        rc = print_json_entry(uri, is_prefix, info, err);
    else if (is_prefix)
        printf("%30s %s\n", "PRE", name);
    else if (l->human)
        printf("%s %10s %s\n", format_time(info->modified, time), human_size(info->size, size), name);
    else
        printf("%s %10llu %s\n", format_time(info->modified, time), (unsigned long long)info->size, name);
    l->objects += !is_prefix;
    l->prefixes += is_prefix;
    l->bytes += info ? info->size : 0;
    return rc ? rc : nl_cancel_check(&l->x->cancel, err);
}

static int print_sums(const struct list_context *l, nl_error *err)
{
    char size[32];
    if (l->json)
        return s3_print_json(json_pack("{s:I, s:I}", "objects", (json_int_t)l->objects, "bytes", (json_int_t)l->bytes),
                             err);
    snprintf(size, sizeof size, "%llu", (unsigned long long)l->bytes);
    printf("\nTotal Objects: %llu\n   Total Size: %s\n", (unsigned long long)l->objects,
           l->human ? human_size(l->bytes, size) : size);
    return NL_OK;
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
    struct list_context l = {.x = x, .json = s3_is_json(a), .human = cli_flag(a, "human-readable")};
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK && a->argc == 0)
        return nl_store_list_buckets(store, print_bucket, &l, err);
    if (rc)
        return rc;
    const char *uri = a->argv[0];
    bool recursive = cli_flag(a, "recursive");
    char *skip;
    /* A bucket is listed from its first key: "s3://lake" means "s3://lake/". */
    char *from = strchr(uri + strlen("s3://"), '/') ? strdup(uri) : NULL;
    if (!from && asprintf(&from, "%s/", uri) < 0)
        from = NULL;
    if (!from)
        return nl_fail_memory(err);
    rc = name_prefix(from, recursive, &skip, err);
    l.skip = skip;
    if (rc == NL_OK)
        rc = nl_store_list(store, from, recursive, print_entry, &l, err);
    if (rc == NL_OK && cli_flag(a, "summarize"))
        rc = print_sums(&l, err);
    if (rc == NL_OK && *cli_s3_key(uri) && !l.objects && !l.prefixes)
        rc = nl_fail(err, NL_NOT_FOUND, "no key begins with '%s'", uri);
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
            {.name = "human-readable", .help = "sizes as 1.5 MiB"},
            {.name = "summarize", .help = "end with the number of objects and their bytes"},
            S3_OPTION_FORMAT,
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
    struct s3_run r = {.x = x};
    struct s3_items items = {.folders = true};
    s3_say_options(a, &r);
    int rc = cli_store(x, a, &r.store, err);
    if (!rc && !cli_flag(a, "recursive"))
        rc = s3_run_add(&r, a->argv[0], NULL, NULL, err);
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
            S3_OPTIONS_CHOSEN,
            S3_OPTIONS_SHOWN,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .check = check_rm,
    .run = run_rm,
};
