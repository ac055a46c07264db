/* s3_transfer.h: many objects and files at once: what is there, what is to be done, and doing it side by side.
 *
 *     gather ─▶ items (in the order of their names) ─▶ actions ─▶ run: up to 64 at a time, large ones fewer
 */
#ifndef NL_CLI_S3_TRANSFER_H
#define NL_CLI_S3_TRANSFER_H

#include "base/arena.h"
#include "cli/context.h"

extern const char *const s3_formats[];
#define S3_OPTION_FORMAT                                                                                               \
    {                                                                                                                  \
        .name = "format", .letter = 'f', .argument = "FORMAT", .choices = s3_formats,                                  \
        .complete = CLI_COMPLETE_CHOICES, .help = "text, or json: one object a line"                                   \
    }
/* Is json asked for by that option? */
bool s3_is_json(const struct cli_args *a);

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

/* Do --include and --exclude, in their order, take this name? Everything is taken first; the last that matches decides. */
bool s3_filter_takes(const struct cli_args *a, const char *rel);
/* What lies below a place; keys that end in "/" with folders alone (they are no files). as_folder: "s3://lake/a" means "s3://lake/a/". A local folder that
 * is not there holds nothing where missing_ok. */
int s3_items_gather(struct cli_context *x, nl_store *store, const char *place, bool as_folder, bool missing_ok,
                    struct s3_items *out, nl_error *err);
void s3_items_free(struct s3_items *items);

struct s3_action {
    const char *from, *to; /* to NULL: from is removed */
    nl_object_info info;   /* of from */
};

/* How a list of actions is done. */
struct s3_run {
    struct cli_context *x;
    nl_store *store;
    bool quiet, dry, json;
    bool move;            /* the source is removed behind its copy */
    bool copied, removed; /* say "copied A to B", "removed A", as cp and rm do */
    struct s3_action *actions;
    size_t n, cap;
    nl_arena arena;
};

/* Add one; the strings are copied. */
int s3_run_add(struct s3_run *r, const char *from, const char *to, const nl_object_info *info, nl_error *err);
/* Do all: copies side by side, removals by the thousand. What fails does not stop the others; the first failure is the
 * error, which counts them. */
int s3_run_all(struct s3_run *r, nl_error *err);
void s3_run_free(struct s3_run *r);

#endif
