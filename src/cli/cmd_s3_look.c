/* cmd_s3_look.c: what one object is, how much lies below a prefix, a URL to hand on; and buckets that go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/place.h"
#include "cli/s3_say.h"

static int check_object(const struct cli_args *a, nl_error *err)
{
    return cli_check_s3(a->argv[0], false, err);
}

static int run_stat(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    nl_object_info info;
    char when[32];
    const char *uri = a->argv[0];
    int rc = cli_store(x, a, &store, err);
    if (!rc)
        rc = nl_store_head(store, uri, &info, err);
    if (rc)
        return rc;
    s3_time_json(info.modified, when);
    if (s3_is_json(a))
        return s3_print_json(json_pack("{s:s, s:I, s:s, s:s}", "uri", uri, "size", (json_int_t)info.size, "modified",
                                       when, "etag", info.etag),
                             err);
    printf("uri       %s\nsize      %llu\nmodified  %s\netag      %s\n", uri, (unsigned long long)info.size, when,
           info.etag);
    return NL_OK;
}

const struct cli_command cli_s3_stat = {
    .path = "s3 stat",
    .operands = "s3://BUCKET/KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Show an object's size, time and ETag",
    .options = (const struct cli_option[]){S3_OPTION_FORMAT, CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}},
    .check = check_object,
    .run = run_stat,
};

struct sum {
    struct cli_context *x;
    uint64_t objects, bytes;
};

static int add_up(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct sum *s = ctx;
    (void)uri, (void)is_prefix;
    s->objects++;
    s->bytes += info->size;
    return nl_cancel_check(&s->x->cancel, err);
}

static int check_du(const struct cli_args *a, nl_error *err)
{
    return cli_check_s3(a->argv[0], true, err);
}

static int run_du(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    struct sum s = {.x = x};
    const char *uri = a->argv[0];
    int rc = cli_store(x, a, &store, err);
    if (!rc)
        rc = nl_store_list(store, uri, true, add_up, &s, err);
    if (rc)
        return rc;
    if (s3_is_json(a))
        return s3_print_json(json_pack("{s:s, s:I, s:I}", "uri", uri, "objects", (json_int_t)s.objects, "bytes",
                                       (json_int_t)s.bytes),
                             err);
    char size[32];
    printf("%s in %llu object%s  %s\n", nl_format_size(s.bytes, size), (unsigned long long)s.objects,
           s.objects == 1 ? "" : "s", uri);
    return NL_OK;
}

const struct cli_command cli_s3_du = {
    .path = "s3 du",
    .operands = "s3://BUCKET[/PREFIX]",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Add up the objects and bytes below a prefix",
    .options = (const struct cli_option[]){S3_OPTION_FORMAT, CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}},
    .check = check_du,
    .run = run_du,
};

static int run_presign(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    char *url;
    const char *method = cli_value(a, "method") ? cli_value(a, "method") : "GET";
    int64_t seconds = cli_number(a, "expires-in", 3600);
    int rc = cli_store(x, a, &store, err);
    if (!rc)
        rc = nl_store_presign(store, method, a->argv[0], seconds, &url, err);
    if (rc)
        return rc;
    if (s3_is_json(a))
        rc = s3_print_json(json_pack("{s:s, s:s, s:I, s:s}", "uri", a->argv[0], "method", method, "expires_in",
                                     (json_int_t)seconds, "url", url),
                           err);
    else
        puts(url);
    free(url);
    return rc;
}

static const char *const methods[] = {"GET", "PUT", "HEAD", "DELETE", NULL};

const struct cli_command cli_s3_presign = {
    .path = "s3 presign",
    .operands = "s3://BUCKET/KEY",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Print a URL that opens an object for whoever has it",
    .description =
        "The URL carries the rights of your keys for this one object and a time. Nothing is asked of the store.",
    .options =
        (const struct cli_option[]){
            {.name = "expires-in",
             .argument = "SECONDS",
             .number = true,
             .least = 1,
             .help = "how long it holds (default 3600, at most 604800)"},
            {.name = "method",
             .argument = "METHOD",
             .choices = methods,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "what it may be used for (default GET)"},
            S3_OPTION_FORMAT,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .check = check_object,
    .run = run_presign,
};

static int check_rb(const struct cli_args *a, nl_error *err)
{
    int rc = cli_check_s3(a->argv[0], true, err);
    if (rc == NL_OK && *cli_s3_key(a->argv[0]))
        rc = nl_fail(err, NL_INVALID, "'%s' names an object; a bucket is s3://BUCKET", a->argv[0]);
    return rc;
}

/* With --force the bucket is emptied first. */
static int empty(struct cli_context *x, nl_store *store, const struct cli_args *a, nl_error *err)
{
    struct s3_run r = {.x = x, .store = store, .json = s3_is_json(a)};
    struct s3_items items = {.folders = true};
    int rc = s3_items_gather(x, store, a->argv[0], true, false, &items, err);
    for (size_t i = 0; !rc && i < items.n; i++)
        rc = s3_run_add(&r, items.all[i].uri, NULL, &items.all[i].info, err);
    if (!rc)
        rc = s3_run_all(&r, err);
    s3_items_free(&items);
    s3_run_free(&r);
    return rc;
}

static int run_rb(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    char bucket[256];
    const char *name = a->argv[0] + strlen("s3://");
    snprintf(bucket, sizeof bucket, "%.*s", (int)strcspn(name, "/"), name);
    int rc = cli_store(x, a, &store, err);
    if (!rc && cli_flag(a, "force"))
        rc = empty(x, store, a, err);
    if (!rc)
        rc = nl_store_remove_bucket(store, bucket, err);
    if (!rc && s3_is_json(a))
        return s3_print_json(json_pack("{s:s, s:s}", "action", "remove_bucket", "bucket", bucket), err);
    if (!rc)
        printf("remove_bucket: %s\n", bucket);
    return rc;
}

const struct cli_command cli_s3_rb = {
    .path = "s3 rb",
    .operands = "s3://BUCKET",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Remove a bucket",
    .description = "A bucket that holds objects stays, unless --force removes them first.",
    .options =
        (const struct cli_option[]){
            {.name = "force", .help = "remove its objects first"},
            S3_OPTION_FORMAT,
            CLI_OPTION_ENDPOINT,
            CLI_OPTIONS_WHO,
            {0},
        },
    .check = check_rb,
    .run = run_rb,
};
