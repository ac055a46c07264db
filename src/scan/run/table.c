/* run/table.c: open a file set: copy it, read the first footer, work out the schema. */
#include "scan/run/table.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "scan/plan/columns.h"

static int copy_values(nl_arena *a, const nl_value *from, size_t n, const nl_value **out)
{
    nl_value *to = nl_arena_array(a, n, sizeof *to);
    for (size_t i = 0; i < n && to; i++) {
        to[i] = from[i];
        if (from[i].kind == NL_VALUE_BYTES &&
            !(to[i].bytes.data = (uint8_t *)nl_arena_strndup(a, (const char *)from[i].bytes.data, from[i].bytes.len)))
            return NL_NO_MEMORY;
    }
    *out = to;
    return to ? NL_OK : NL_NO_MEMORY;
}

/* Everything of set into t's arena. NL_NO_MEMORY. */
static int copy_set(struct scan_table *t, const struct scan_file_set *set)
{
    nl_arena *a = &t->arena;
    t->files = nl_arena_array(a, set->n_files, sizeof *t->files);
    t->partitions = nl_arena_array(a, set->n_partitions, sizeof *t->partitions);
    if (!t->files || !t->partitions)
        return NL_NO_MEMORY;
    for (; t->n_files < set->n_files; t->n_files++) {
        const struct scan_file *from = &set->files[t->n_files];
        struct scan_file *to = &t->files[t->n_files];
        *to = *from;
        to->uri = nl_arena_strdup(a, from->uri);
        if (!to->uri || copy_values(a, from->partition_values, set->n_partitions, &to->partition_values))
            return NL_NO_MEMORY;
    }
    for (; t->n_partitions < set->n_partitions; t->n_partitions++) {
        const struct scan_partition_column *from = &set->partitions[t->n_partitions];
        struct scan_partition_column *to = &t->partitions[t->n_partitions];
        to->name = nl_arena_strdup(a, from->name);
        to->format = nl_arena_strdup(a, from->format);
        if (!to->name || !to->format)
            return NL_NO_MEMORY;
    }
    return NL_OK;
}

/* Ask for the footer of the first file, and wait for it. */
static int open_first(struct scan_table *t, nl_cancel *cancel, nl_error *err)
{
    const struct scan_file *what = &t->files[0];
    bool known = what->info.size || what->info.etag[0];
    nl_source *source;
    nl_fetch *tail;
    int rc = nl_store_open(t->store, what->uri, known ? &what->info : NULL, &source, err);
    if (rc)
        return rc;
    rc = nl_source_submit_tail(source, PQ_TAIL_GUESS, &tail, err);
    if (rc) {
        nl_source_close(source);
        return rc;
    }
    rc = scan_open_file_new(what, source, tail, cancel, &t->first, err);
    if (!rc)
        rc = scan_table_columns(t->first->file, t->partitions, t->n_partitions, &t->schema, &t->n_file_columns, err);
    return rc ? rc : scan_open_file_map(t->first, &t->schema, t->n_file_columns, err);
}

int scan_table_open(nl_store *store, const struct scan_file_set *set, nl_cancel *cancel, struct scan_table **out,
                    nl_error *err)
{
    *out = NULL;
    if (set->n_files == 0)
        return nl_fail(err, NL_NOT_FOUND, "the table has no files");
    struct scan_table *t = calloc(1, sizeof *t);
    if (!t)
        return nl_fail_memory(err);
    t->store = store;
    int rc = copy_set(t, set);
    if (rc)
        nl_fail_memory(err);
    else
        rc = open_first(t, cancel, err);
    if (rc)
        scan_table_free(t);
    else
        *out = t;
    return rc;
}

const struct ArrowSchema *scan_table_schema(const struct scan_table *t)
{
    return &t->schema;
}

int64_t scan_table_rows_estimate(const struct scan_table *t)
{
    int64_t rows = nl_parquet_rows(t->first->file), all;
    return __builtin_mul_overflow(rows, (int64_t)t->n_files, &all) ? INT64_MAX : all;
}

bool scan_table_prunable(const struct scan_table *t)
{
    /* One row group whose bytes came with the footer costs nothing more to read. */
    return t->n_files > 1 || t->n_partitions > 0 || nl_parquet_row_groups(t->first->file) > 1 ||
           nl_source_size(t->first->source) > PQ_TAIL_GUESS;
}

void scan_table_free(struct scan_table *t)
{
    if (!t)
        return;
    arrow_schema_release(&t->schema);
    scan_open_file_unref(t->first);
    nl_arena_free(&t->arena);
    free(t);
}
