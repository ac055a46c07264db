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

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the file's schema, which is bounded */
static void let_be_null(struct ArrowSchema *s)
{
    s->flags |= ARROW_FLAG_NULLABLE;
    for (int64_t i = 0; i < s->n_children; i++)
        let_be_null(s->children[i]);
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
        if (!is_partition(s->columns[i].name, partitions, n_partitions)) {
            rc = pq_schema_field(s, i, true, *to, err);
            if (!rc)
                let_be_null(*to++);
        }
    for (size_t i = 0; i < n_partitions && !rc; i++)
        rc = arrow_schema_field(*to++, view_format(partitions[i].format), partitions[i].name, true, err);
    if (rc)
        arrow_schema_release(out);
    return rc;
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

int scan_plan_widening(const nl_parquet_file *file, const struct ArrowSchema *field, int32_t entry, nl_arena *arena,
                       const struct pq_adapt **out, nl_error *err)
{
    struct ArrowSchema here;
    int rc = pq_schema_field(&file->schema, scan_file_column(entry), true, &here, err);
    if (rc)
        return rc;
    rc = pq_adapt_plan_column(&here, field, false, field->name, arena, out, err);
    arrow_schema_release(&here);
    return rc;
}

/* Do bounds of a flat column mean the same in the table's type? They do where values keep their kind and their scale. */
static bool same_bounds(const struct pq_column *c, const struct ArrowSchema *field)
{
    struct arrow_type here, there;
    if (c->is_nested || arrow_type_parse(c->leaf->type.format, &here, NULL) ||
        arrow_type_parse(field->format, &there, NULL) || here.kind != there.kind)
        return false;
    if (here.kind == ARROW_INT)
        return here.is_signed == there.is_signed;
    return here.kind == ARROW_FLOAT || (here.kind == ARROW_DECIMAL && here.scale == there.scale);
}

/* Column `at` of the file as an entry for the table's field. */
static int make_entry(const nl_parquet_file *file, const struct ArrowSchema *field, int32_t at, int32_t *out,
                      nl_error *err)
{
    const struct pq_column *c = &file->schema.columns[at];
    const struct pq_adapt *plan;
    nl_arena arena = {0};
    nl_error why;
    *out = at;
    if (!c->is_nested && strcmp(view_format(c->leaf->type.format), field->format) == 0)
        return NL_OK;
    int rc = scan_plan_widening(file, field, at, &arena, &plan, &why);
    if (rc == NL_NO_MEMORY)
        *err = why;
    else if (rc)
        *out = SCAN_OTHER_TYPE;
    else if (!pq_adapt_is_identity(plan))
        *out = SCAN_OTHER_TYPE - 1 - 2 * at - same_bounds(c, field);
    nl_arena_free(&arena);
    return rc == NL_NO_MEMORY ? rc : NL_OK;
}

int scan_map_columns(const nl_parquet_file *file, const struct ArrowSchema *table, size_t n, int32_t *map,
                     nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        map[i] = find_column(&file->schema, table->children[i]->name, i);
        if (map[i] >= 0)
            rc = make_entry(file, table->children[i], map[i], &map[i], err);
    }
    return rc;
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
