/* columns.c: match a file's columns with the table's. */
#include "scan/plan/columns.h"

#include <string.h>

#include "arrow/arrow.h"

static bool is_partition(const char *name, const struct scan_partition_column *partitions, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(partitions[i].name, name) == 0)
            return true;
    return false;
}

/* A partition column's format as batches have it: strings are views. */
static const char *view_format(const char *format)
{
    if (strcmp(format, "u") == 0 || strcmp(format, "U") == 0)
        return "vu";
    return strcmp(format, "z") == 0 || strcmp(format, "Z") == 0 ? "vz" : format;
}

int scan_table_columns(const nl_parquet_file *first, const struct scan_partition_column *partitions,
                       size_t n_partitions, struct ArrowSchema *out, size_t *n_file_columns, nl_error *err)
{
    const struct pq_schema *s = &first->schema;
    size_t kept = 0;
    for (size_t i = 0; i < s->n_columns; i++)
        kept += !is_partition(s->columns[i].name, partitions, n_partitions);
    *n_file_columns = kept;
    int rc = arrow_schema_struct(out, kept + n_partitions, err);
    if (rc)
        return rc;
    struct ArrowSchema **to = out->children;
    for (size_t i = 0; i < s->n_columns && !rc; i++)
        if (!is_partition(s->columns[i].name, partitions, n_partitions))
            rc = pq_schema_field(s, i, true, *to++, err);
    for (size_t i = 0; i < n_partitions && !rc; i++)
        rc = arrow_schema_field(*to++, view_format(partitions[i].format), partitions[i].name, true, err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

/* Are two fields of one type, with all below them? Members of structs have equal names too. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the file's schema, which is bounded */
static bool same_field(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
    if (strcmp(a->format, b->format) || a->n_children != b->n_children)
        return false;
    bool is_struct = strcmp(a->format, "+s") == 0;
    for (int64_t i = 0; i < a->n_children; i++)
        if ((is_struct && strcmp(a->children[i]->name, b->children[i]->name)) ||
            !same_field(a->children[i], b->children[i]))
            return false;
    return true;
}

/* Is the file's column of the table's type? */
static bool same_type(const struct pq_schema *s, size_t column, const struct ArrowSchema *table)
{
    const struct pq_column *c = &s->columns[column];
    struct ArrowSchema field;
    if (!c->is_nested)
        return strcmp(view_format(c->leaf->type.format), table->format) == 0;
    if (pq_schema_field(s, column, true, &field, NULL))
        return false;
    bool same = same_field(&field, table);
    arrow_schema_release(&field);
    return same;
}

static int32_t find_column(const struct pq_schema *s, const char *name, size_t guess)
{
    if (guess < s->n_columns && strcmp(s->columns[guess].name, name) == 0)
        return (int32_t)guess;
    for (size_t i = 0; i < s->n_columns; i++)
        if (strcmp(s->columns[i].name, name) == 0)
            return (int32_t)i;
    return SCAN_ABSENT;
}

void scan_map_columns(const nl_parquet_file *file, const struct ArrowSchema *table, size_t n, int32_t *map)
{
    for (size_t i = 0; i < n; i++) {
        const struct ArrowSchema *field = table->children[i];
        map[i] = find_column(&file->schema, field->name, i);
        if (map[i] >= 0 && !same_type(&file->schema, (size_t)map[i], field))
            map[i] = SCAN_OTHER_TYPE;
    }
}

int scan_type_differs(const nl_parquet_file *file, const struct ArrowSchema *table, size_t i, nl_error *err)
{
    const struct ArrowSchema *field = table->children[i];
    int32_t at = find_column(&file->schema, field->name, i);
    struct ArrowSchema here;
    nl_buf here_text = {0}, there_text = {0};
    int rc = pq_schema_field(&file->schema, (size_t)at, true, &here, err);
    if (rc)
        return rc;
    rc = arrow_schema_sql(&here, &here_text, err);
    if (!rc)
        rc = arrow_schema_sql(field, &there_text, err);
    if (!rc) {
        rc = nl_fail(err, NL_INVALID, "column %s is %s here, and %s in the table's first file", field->name,
                     here_text.data, there_text.data);
        nl_hint(err, "all files of a table have one schema: write this one again with that type");
    }
    nl_buf_free(&here_text);
    nl_buf_free(&there_text);
    arrow_schema_release(&here);
    return rc;
}
