/* parquet.c: the table kind "parquet": find the files, read their folders, hand them to the scan.
 *
 *     uri ends in .parquet, not partitioned    one file: no listing, so that its footer is the first request (a folder of
 *                                              such a name is written with "/" at its end)
 *     uri has a *                              listing below the last folder before it, names that match the pattern
 *     else                                     listing below uri/
 *
 * Files are in the order of their keys' bytes; names and folders that begin with "_" or "." are not data.
 */
#include "catalog/parquet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arrow/arrow.h"
#include "catalog/model.h"
#include "catalog/type.h"

struct open_parquet {
    struct catalog_open_base base;
    struct scan_table *table;
};

/* The files found so far; everything is in the arena but the growing array. */
struct file_list {
    const struct catalog_parquet *declared;
    const char *root;    /* listed; ends in "/" */
    const char *pattern; /* for the path below it; NULL: every data file */
    nl_cancel *cancel;
    nl_arena arena;
    struct scan_file *files;
    size_t n, cap;
};

/* ── which files ── */

/* The path below the root: stores may join with more or fewer slashes than we wrote. */
static const char *below_root(const struct file_list *l, const char *uri)
{
    size_t len = strlen(l->root) - 1;
    if (strncmp(uri, l->root, len) != 0)
        return strcmp(l->root, "./") == 0 ? uri : NULL;
    const char *path = uri + len;
    while (*path == '/')
        path++;
    return path;
}

static int append_file(struct file_list *l, const char *uri, const nl_object_info *info, const nl_value *values,
                       nl_error *err)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct scan_file *files = reallocarray(l->files, cap, sizeof *files);
        if (!files)
            return nl_fail_memory(err);
        l->files = files;
        l->cap = cap;
    }
    char *copy = nl_arena_strdup(&l->arena, uri);
    if (!copy)
        return nl_fail_memory(err);
    l->files[l->n] = (struct scan_file){.uri = copy, .partition_values = values};
    if (info)
        l->files[l->n].info = *info;
    l->n++;
    return NL_OK;
}

static int take_entry(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct file_list *l = ctx;
    int rc = nl_cancel_check(l->cancel, err);
    if (rc || is_prefix)
        return rc;
    const char *path = below_root(l, uri);
    if (!path)
        return nl_fail(err, NL_INTERNAL, "the listing of %s gave %s", l->root, uri);
    if (!catalog_is_data_path(path) || (l->pattern && !catalog_glob(l->pattern, path)))
        return NL_OK;
    const struct catalog_parquet *d = l->declared;

    nl_value *values = NULL;
    if (d->partitioning.n_columns) {
        values = nl_arena_array(&l->arena, d->partitioning.n_columns, sizeof *values);
        if (!values)
            return nl_fail_memory(err);
        rc = catalog_partition_values(&d->partitioning, path, &l->arena, values, err);
        if (rc) {
            nl_note(err, "%s", uri);
            return rc;
        }
    }
    return append_file(l, uri, info, values, err);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct scan_file *)a)->uri, ((const struct scan_file *)b)->uri);
}

/* The folder to list: uri with one slash at its end, or what is before the first * up to its slash. */
static char *list_root(struct file_list *l)
{
    const char *uri = l->declared->uri;
    const char *star = strchr(uri, '*');
    size_t len = star ? (size_t)(star - uri) : strlen(uri);
    if (star) {
        while (len && uri[len - 1] != '/')
            len--;
        l->pattern = uri + len;
        return len ? nl_arena_strndup(&l->arena, uri, len) : nl_arena_strdup(&l->arena, "./");
    }
    while (len > 1 && uri[len - 1] == '/')
        len--;
    return nl_arena_printf(&l->arena, "%.*s%s", (int)len, uri, len == 1 && uri[0] == '/' ? "" : "/");
}

static bool is_one_file(const struct catalog_parquet *d)
{
    size_t len = strlen(d->uri);
    bool named_so = len > 8 && strcasecmp(d->uri + len - 8, ".parquet") == 0 && !strchr(d->uri, '*');
    return d->is_file || (d->partitioning.scheme == NL_SCHEME_NONE && named_so);
}

static int find_files(struct file_list *l, nl_store *store, nl_error *err)
{
    if (is_one_file(l->declared))
        return append_file(l, l->declared->uri, NULL, NULL, err);
    l->root = list_root(l);
    if (!l->root)
        return nl_fail_memory(err);
    int rc = nl_store_list(store, l->root, true, take_entry, l, err);
    if (rc)
        return rc;
    if (l->n == 0) {
        nl_fail(err, NL_NOT_FOUND, "%s: there are no Parquet files", l->declared->uri);
        nl_hint(err, "files end in .parquet; names and folders that begin with _ or . are not looked at");
        return NL_NOT_FOUND;
    }
    qsort(l->files, l->n, sizeof *l->files, by_key);
    return NL_OK;
}

/* ── the kind ── */

static void close_parquet(struct catalog_open_base *base)
{
    struct open_parquet *o = (struct open_parquet *)base;
    arrow_schema_release(&base->schema);
    scan_table_free(o->table);
    free(o);
}

static int open_files(struct open_parquet *o, struct file_list *l, nl_store *store, nl_error *err)
{
    int rc = find_files(l, store, err);
    if (rc)
        return rc;
    const struct catalog_partitioning *p = &l->declared->partitioning;
    struct scan_file_set set = {l->files, l->n, p->columns, p->n_columns};
    rc = scan_table_open(store, &set, l->cancel, &o->table, err);
    return rc ? rc : arrow_schema_copy(scan_table_schema(o->table), &o->base.schema, err);
}

static int open_parquet(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                        struct catalog_open_base **out, nl_error *err)
{
    (void)args; /* the kind has no parameters */
    *out = NULL;
    struct open_parquet *o = calloc(1, sizeof *o);
    if (!o)
        return nl_fail_memory(err);
    o->base.table = t;
    struct file_list l = {.declared = t->declaration, .cancel = cancel};
    int rc = open_files(o, &l, store, err);
    free(l.files);
    nl_arena_free(&l.arena);
    if (rc) {
        close_parquet(&o->base);
        return rc;
    }
    *out = &o->base;
    return NL_OK;
}

static int scan_parquet(struct catalog_open_base *base, const struct scan_request *req, struct scan **out,
                        nl_error *err)
{
    return scan_files(((struct open_parquet *)base)->table, req, out, err);
}

static int64_t rows_of_parquet(struct catalog_open_base *base)
{
    return scan_table_rows_estimate(((struct open_parquet *)base)->table);
}

static bool is_prunable(struct catalog_open_base *base)
{
    return scan_table_prunable(((struct open_parquet *)base)->table);
}

/* "hive: year INTEGER, country VARCHAR" */
static int describe_partitioning(const struct catalog_partitioning *p, nl_buf *text, nl_error *err)
{
    if (p->scheme == NL_SCHEME_NONE)
        return nl_buf_puts(text, "none", err);
    int rc = nl_buf_puts(text, p->scheme == NL_SCHEME_HIVE ? "hive:" : "directory:", err);
    for (size_t i = 0; i < p->n_columns && !rc; i++)
        rc = nl_buf_printf(text, err, "%s %s %s", i ? "," : "", p->columns[i].name,
                           catalog_format_name(p->columns[i].format));
    return rc;
}

static int describe_parquet(const struct catalog_table *t, void *ctx,
                            int (*line)(void *ctx, const char *key, const char *value, nl_error *err), nl_error *err)
{
    const struct catalog_parquet *d = t->declaration;
    nl_buf text = {0};
    int rc = line(ctx, "uri", d->uri, err);
    if (!rc)
        rc = describe_partitioning(&d->partitioning, &text, err);
    if (!rc)
        rc = line(ctx, "partitioning", text.data, err);
    nl_buf_free(&text);
    return rc;
}

const struct catalog_table_kind catalog_parquet_kind = {
    .name = "parquet",
    .open = open_parquet,
    .scan = scan_parquet,
    .close = close_parquet,
    .describe = describe_parquet,
    .rows = rows_of_parquet,
    .prunable = is_prunable,
};

/* ── the rules ── */

/* Credentials come from the AWS settings; a catalog is shared and committed. */
static int check_uri(const char *uri, nl_error *err)
{
    if (!uri || !*uri)
        return nl_fail(err, NL_INVALID, "the uri is missing");
    const char *authority = strstr(uri, "://");
    if (!authority)
        return NL_OK;
    authority += 3;
    if (memchr(authority, '@', strcspn(authority, "/")))
        return nl_fail(err, NL_INVALID,
                       "a uri cannot hold credentials: they come from the AWS settings of whoever reads");
    return NL_OK;
}

static int check_partitioning(const struct catalog_partitioning *p, nl_error *err)
{
    bool none = p->scheme == NL_SCHEME_NONE;
    if (!none && p->scheme != NL_SCHEME_HIVE && p->scheme != NL_SCHEME_DIRECTORY)
        return nl_fail(err, NL_INVALID, "partitioning scheme %d is none of ours", (int)p->scheme);
    if (none != (p->n_columns == 0))
        return nl_fail(err, NL_INVALID,
                       none ? "a table that is not partitioned has no partition columns"
                            : "the partitioning names no columns");
    for (size_t i = 0; i < p->n_columns; i++) {
        const struct scan_partition_column *c = &p->columns[i];
        if (!c->name || !*c->name)
            return nl_fail(err, NL_INVALID, "partition column %zu has no name", i + 1);
        if (!c->format)
            return nl_fail(err, NL_INVALID, "partition column %s has no type", c->name);
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(c->name, p->columns[j].name) == 0)
                return nl_fail(err, NL_INVALID, "partition column %s is declared twice (names ignore case)", c->name);
    }
    return NL_OK;
}

int catalog_parquet_check(const struct catalog_table *t, nl_error *err)
{
    const struct catalog_parquet *d = t->declaration;
    int rc = check_uri(d->uri, err);
    if (!rc)
        rc = check_partitioning(&d->partitioning, err);
    if (!rc && d->partitioning.n_columns && strchr(d->uri, '*'))
        rc = nl_fail(err, NL_INVALID, "the uri of a partitioned table is a folder, not a pattern with *");
    if (rc)
        nl_note(err, "table %s", t->name);
    return rc;
}
