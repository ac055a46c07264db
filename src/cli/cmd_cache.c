/* cmd_cache.c: what the cache on disk holds, and away with it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "store/cache/cache.h"
#include "store/settings.h"

/* The cache of the operand, or of the settings, which must be there already. */
static int open_cache(const struct cli_args *a, nl_arena *arena, struct store_cache_settings *settings,
                      struct store_cache **out, nl_error *err)
{
    nl_store_options o = {.cache_dir = a->argc ? a->argv[0] : NULL};
    *out = NULL;
    int rc = store_cache_settings_read(arena, &o, settings, err);
    if (!rc && !settings->dir) {
        rc = nl_fail(err, NL_INVALID, "there is no cache");
        nl_hint(err, "name its folder here, or in NEURALAKE_CACHE_DIR");
    }
    if (!rc && access(settings->dir, F_OK) != 0)
        rc = nl_fail_errno(err, errno, "cache folder %s", settings->dir);
    return rc ? rc : store_cache_open(settings->dir, settings->bytes, out, err);
}

static int run_info(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    (void)x;
    nl_arena arena = {0};
    struct store_cache_settings settings;
    struct store_cache *cache;
    struct store_cache_use use;
    char bytes[32], bound[32];
    int rc = open_cache(a, &arena, &settings, &cache, err);
    if (!rc)
        rc = store_cache_count(cache, &use, err);
    if (!rc)
        printf("folder   %s\nobjects  %llu\nfiles    %llu\nsize     %s of %s\n", settings.dir,
               (unsigned long long)use.objects, (unsigned long long)use.segments, nl_format_size(use.bytes, bytes),
               nl_format_size(settings.bytes, bound));
    store_cache_free(cache);
    nl_arena_free(&arena);
    return rc ? rc : cli_flush(err);
}

static int run_clear(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    (void)x;
    nl_arena arena = {0};
    struct store_cache_settings settings;
    struct store_cache *cache;
    struct store_cache_use use;
    char bytes[32];
    int rc = open_cache(a, &arena, &settings, &cache, err);
    if (!rc)
        rc = store_cache_count(cache, &use, err);
    if (!rc)
        rc = store_cache_clear(cache, err);
    if (!rc)
        printf("removed %llu file%s, %s\n", (unsigned long long)use.segments, use.segments == 1 ? "" : "s",
               nl_format_size(use.bytes, bytes));
    store_cache_free(cache);
    nl_arena_free(&arena);
    return rc ? rc : cli_flush(err);
}

const struct cli_command cli_cache_info = {
    .path = "cache info",
    .operands = "[FOLDER]",
    .max_operands = 1,
    .summary = "Show what the cache on disk holds",
    .description =
        "What is read of objects and of the web is kept in the folder that NEURALAKE_CACHE_DIR or --cache-dir "
        "names, up to NEURALAKE_CACHE_SIZE, and read from there while the object is the same.",
    .complete = CLI_COMPLETE_FOLDER,
    .options = (const struct cli_option[]){{0}},
    .examples = (const struct cli_example[]){{"The cache of the settings", "neuralake cache info"}, {0}},
    .run = run_info,
};

const struct cli_command cli_cache_clear = {
    .path = "cache clear",
    .operands = "[FOLDER]",
    .max_operands = 1,
    .summary = "Remove everything from the cache on disk",
    .description =
        "Other processes may be using it: what they miss is asked for again. Files that are not the cache's stay.",
    .complete = CLI_COMPLETE_FOLDER,
    .options = (const struct cli_option[]){{0}},
    .examples = (const struct cli_example[]){{"A folder by its name", "neuralake cache clear ~/.cache/lake"}, {0}},
    .run = run_clear,
};
