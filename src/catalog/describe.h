/* describe.h: what a table promises, what its data has, and where the two disagree. For `describe` and `check`. */
#ifndef NL_CATALOG_DESCRIBE_H
#define NL_CATALOG_DESCRIBE_H

#include "catalog/catalog.h"

enum catalog_disagreement_kind {
    CATALOG_COLUMN_MISSING,      /* documented, and not in the data */
    CATALOG_TYPE_DIFFERS,        /* documented as another type */
    CATALOG_FILTER_MISSING,      /* one should filter on it, and it is not in the data */
    CATALOG_COLUMN_UNDOCUMENTED, /* in the data, and not documented, though others are */
};
struct catalog_disagreement {
    enum catalog_disagreement_kind kind;
    const char *column;
    const char *text; /* one sentence: "column p_color is documented, and the data has none of that name" */
};
/* Does it break who relies on the contract (all but an undocumented column)? */
bool catalog_is_error(enum catalog_disagreement_kind kind);

/* A line of the contract, as `describe` prints it: "uri" and "s3://…". */
struct catalog_line {
    const char *key, *value;
};

/* Everything about one table; yours, release with catalog_description_free(). */
struct catalog_description {
    const struct catalog_table *table;
    nl_arena arena;
    struct catalog_line *lines; /* description, the kind's own lines, metadata; only what is there */
    size_t n_lines;
    struct ArrowSchema schema; /* found in the data; released where the table cannot be opened */
    int64_t rows;              /* -1: not known */
    int open_status;           /* NL_OK, or why it cannot be opened… */
    nl_error open_error;       /* … in words */
    bool needs_arguments;      /* a function with required parameters is not opened: the schema is the declared one */
    struct catalog_disagreement *disagreements;
    size_t n_disagreements;
};

/* Describe a table. A table that cannot be opened is described too (open_status); only memory and cancelling fail. */
int catalog_describe(const struct catalog_table *t, nl_store *store, nl_cancel *cancel, struct catalog_description *out,
                     nl_error *err);
void catalog_description_free(struct catalog_description *d);

/* The columns of a schema against the declared ones, into *items (in the arena). Pure. */
int catalog_compare(const struct catalog_table *t, const struct ArrowSchema *schema, nl_arena *a,
                    struct catalog_disagreement **items, size_t *n, nl_error *err);

#endif
