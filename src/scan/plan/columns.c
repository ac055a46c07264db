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

/* Is the file's column of the table's type? Nested columns are compared when they can be read. */
static bool same_type(const struct pq_column *c, const char *table_format)
{
    return c->is_nested || strcmp(view_format(c->type.format), table_format) == 0;
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
        if (map[i] >= 0 && !same_type(&file->schema.columns[map[i]], field->format))
            map[i] = SCAN_OTHER_TYPE;
    }
}

int scan_type_differs(const nl_parquet_file *file, const struct ArrowSchema *table, size_t i, nl_error *err)
{
    const struct ArrowSchema *field = table->children[i];
    int32_t at = find_column(&file->schema, field->name, i);
    struct arrow_type here, there;
    char here_text[64], there_text[64];
    int rc = arrow_type_parse(file->schema.columns[at].type.format, &here, err);
    if (!rc)
        rc = arrow_type_parse(field->format, &there, err);
    if (rc)
        return rc;
    nl_fail(err, NL_INVALID, "column %s is %s here, and %s in the table's first file", field->name,
            arrow_type_sql(&here, here_text), arrow_type_sql(&there, there_text));
    nl_hint(err, "all files of a table have one schema: write this one again with that type");
    return NL_INVALID;
}
