/* s3_transfer.h: many objects and files at once: what is there, what is to be done, and doing it side by side.
 *
 *     gather ─▶ items (in the order of their names) ─▶ actions ─▶ run: up to 64 at a time, large ones fewer
 */
#ifndef NL_CLI_S3_TRANSFER_H
#define NL_CLI_S3_TRANSFER_H

#include "base/arena.h"
#include "base/io/source.h"
#include "cli/context.h"
#include "cli/s3_headers.h"

/* One object or file; the strings live in the list's arena. */
struct s3_item {
    const char *uri, *rel; /* rel: below the place that was listed */
    nl_object_info info;
};
struct s3_items {
    bool folders; /* take keys that end in "/", too */
    struct s3_item *all;
    size_t n, cap;
    nl_arena arena;
};

/* --include, --exclude, --dryrun: for a command's table. */
#define S3_OPTIONS_CHOSEN                                                                                              \
    {.name = "include",                                                                                                \
     .argument = "PATTERN",                                                                                            \
     .repeats = true,                                                                                                  \
     .help = "take what matches, also where an --exclude before it does (* ? [a-z], below the source)"},               \
        {.name = "exclude",                                                                                            \
         .argument = "PATTERN",                                                                                        \
         .repeats = true,                                                                                              \
         .help = "leave out what matches; of several the last that matches decides"},                                  \
    {                                                                                                                  \
        .name = "dryrun", .help = "show what would be done, and do nothing"                                            \
    }
/* Do --include and --exclude, in their order, take this name? Everything is taken first; the last that matches decides. */
bool s3_filter_takes(const struct cli_args *a, const char *rel);
/* What lies below a place; keys that end in "/" with folders alone (they are no files). as_folder: "s3://lake/a" means "s3://lake/a/". A local folder that
 * is not there holds nothing where missing_ok. */
int s3_items_gather(struct cli_context *x, nl_store *store, const char *place, bool as_folder, bool missing_ok,
                    struct s3_items *out, nl_error *err);
void s3_items_free(struct s3_items *items);

struct s3_action {
    const char *from, *to; /* to NULL: from is removed */
    bool known;            /* info is that of from, by a listing; otherwise it is learned on the way */
    nl_object_info info;
};

/* How a list of actions is done. */
struct s3_run {
    struct cli_context *x;
    nl_store *store;
    bool quiet, no_progress, dry, json; /* s3_say_options() */
    bool move;                          /* the source is removed behind its copy */
    struct s3_headers headers;          /* of what is written; zeroed: none */
    struct s3_action *actions;
    size_t n, cap;
    nl_arena arena;
};

/* Add one; the strings are copied. info NULL: not known. */
int s3_run_add(struct s3_run *r, const char *from, const char *to, const nl_object_info *info, nl_error *err);
/* One object or file: with its own name where `to` is a folder. Nothing is asked of the store, unless it is a dry run. */
int s3_run_plan_one(struct s3_run *r, const char *from, const char *to, nl_error *err);
/* Do all: copies side by side, removals by the thousand. What fails does not stop the others; the first failure is the
 * error, which counts them. */
int s3_run_all(struct s3_run *r, nl_error *err);
/* Releases the headers too. */
void s3_run_free(struct s3_run *r);

#endif
