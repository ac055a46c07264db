/* catalog_yaml.c: a catalog from YAML.
 *
 *     neuralake: 1
 *     databases:
 *       - name: demo_db
 *         tables:
 *           - name: part
 *             kind: parquet
 *             uri: s3://neuralake-bucket/parts.parquet
 *             partitioning: none                  # or {scheme: hive, columns: [{name: year, type: INTEGER}]}
 *           - name: supplier
 *             kind: values                        # rows that stand here; a function is C
 *             columns: [{name: s_suppkey, type: BIGINT}, {name: s_name, type: VARCHAR}]
 *             rows: [[1, Supplier#1], [2, Supplier#2]]
 *
 * A section is read by its table of keys into a draft, then checked and added to the model. There is no key for
 * credentials, and none for commands. Depth of calls is that of the sections, whatever the file says.
 */
#include "catalog/catalog_yaml.h"

#include <string.h>

#include "base/str.h"
#include "catalog/load.h"
#include "catalog/model.h"
#include "catalog/parquet.h"
#include "catalog/type.h"
#include "catalog/values.h"

struct file_draft {
    const char *version;
    struct fy_node *databases;
};
struct database_draft {
    const char *name, *description;
    struct fy_node *tables;
};
struct table_draft {
    const char *name, *kind, *description, *uri;
    const char *data_input, *latency_info, *example_notebook, *owner, *deprecated;
    struct yaml_texts filters, tags;
    struct fy_node *partitioning, *columns, *rows;
};
struct partitioning_draft {
    const char *scheme;
    struct fy_node *columns;
};
struct column_draft {
    const char *name, *type, *description;
};

static int read_version(struct yaml *y, struct fy_node *value, const char *name, void *into, nl_error *err)
{
    (void)name;
    (void)into;
    size_t len = 0;
    const char *s = fy_node_is_scalar(value) ? fy_node_get_scalar(value, &len) : NULL;
    if (s && len == 1 && s[0] == '1' && !fy_node_is_alias(value))
        return NL_OK;
    nl_fail(err, NL_UNSUPPORTED, "this Neuralake reads version 1 of the catalog format (neuralake: 1)");
    return yaml_note(y, value, err);
}

static const struct yaml_key file_keys[] = {
    {"neuralake", read_version, offsetof(struct file_draft, version)},
    {"databases", yaml_read_node, offsetof(struct file_draft, databases)},
};
static const struct yaml_key database_keys[] = {
    {"name", yaml_read_text, offsetof(struct database_draft, name)},
    {"description", yaml_read_text, offsetof(struct database_draft, description)},
    {"tables", yaml_read_node, offsetof(struct database_draft, tables)},
};
static const struct yaml_key table_keys[] = {
    {"name", yaml_read_text, offsetof(struct table_draft, name)},
    {"kind", yaml_read_text, offsetof(struct table_draft, kind)},
    {"uri", yaml_read_text, offsetof(struct table_draft, uri)},
    {"partitioning", yaml_read_node, offsetof(struct table_draft, partitioning)},
    {"description", yaml_read_text, offsetof(struct table_draft, description)},
    {"columns", yaml_read_node, offsetof(struct table_draft, columns)},
    {"filters", yaml_read_texts, offsetof(struct table_draft, filters)},
    {"rows", yaml_read_node, offsetof(struct table_draft, rows)},
    {"data_input", yaml_read_text, offsetof(struct table_draft, data_input)},
    {"latency_info", yaml_read_text, offsetof(struct table_draft, latency_info)},
    {"example_notebook", yaml_read_text, offsetof(struct table_draft, example_notebook)},
    {"owner", yaml_read_text, offsetof(struct table_draft, owner)},
    {"tags", yaml_read_texts, offsetof(struct table_draft, tags)},
    {"deprecated", yaml_read_text, offsetof(struct table_draft, deprecated)},
};
static const struct yaml_key partitioning_keys[] = {
    {"scheme", yaml_read_text, offsetof(struct partitioning_draft, scheme)},
    {"columns", yaml_read_node, offsetof(struct partitioning_draft, columns)},
};
static const struct yaml_key partition_column_keys[] = {
    {"name", yaml_read_text, offsetof(struct column_draft, name)},
    {"type", yaml_read_text, offsetof(struct column_draft, type)},
};
static const struct yaml_key column_keys[] = {
    {"name", yaml_read_text, offsetof(struct column_draft, name)},
    {"type", yaml_read_text, offsetof(struct column_draft, type)},
    {"description", yaml_read_text, offsetof(struct column_draft, description)},
};

static const struct yaml_section file_section = {"catalog", file_keys, NL_LEN(file_keys)};
static const struct yaml_section database_section = {"database", database_keys, NL_LEN(database_keys)};
static const struct yaml_section table_section = {"table", table_keys, NL_LEN(table_keys)};
static const struct yaml_section partitioning_section = {"partitioning", partitioning_keys, NL_LEN(partitioning_keys)};
static const struct yaml_section partition_column_section = {"partition_column", partition_column_keys,
                                                             NL_LEN(partition_column_keys)};
static const struct yaml_section column_section = {"column", column_keys, NL_LEN(column_keys)};

const struct yaml_section *const catalog_yaml_sections[] = {
    &file_section, &database_section, &table_section, &partitioning_section, &partition_column_section, &column_section,
};
const size_t catalog_yaml_n_sections = NL_LEN(catalog_yaml_sections);

/* ── columns ── */

/* One column, documented or of the partitioning. *format stays NULL where no type is given. */
static int read_column(struct yaml *y, struct fy_node *node, const struct yaml_section *section,
                       struct column_draft *draft, const char **format, nl_error *err)
{
    int rc = yaml_section(y, node, section, draft, err);
    if (rc)
        return rc;
    if (!draft->name)
        return yaml_fail(y, node, err, "this %s has no name",
                         section == &column_section ? "column" : "partition column");
    if (draft->type && (rc = catalog_type_parse(draft->type, format, err))) {
        nl_note(err, "column %s", draft->name);
        yaml_note(y, fy_node_mapping_lookup_by_string(node, "type", strlen("type")), err);
    }
    return rc;
}

static int read_columns(struct yaml *y, struct fy_node *node, struct catalog_table *t, nl_error *err)
{
    size_t count;
    int rc = yaml_list(y, node, "columns", &count, err);
    if (rc)
        return rc;
    struct catalog_column_doc *columns = nl_arena_array(y->arena, count, sizeof *columns);
    if (!columns)
        return nl_fail_memory(err);
    void *prev = NULL;
    for (struct fy_node *item; (item = fy_node_sequence_iterate(node, &prev)) && !rc; t->n_columns++) {
        struct column_draft draft = {0};
        struct catalog_column_doc *c = &columns[t->n_columns];
        rc = read_column(y, item, &column_section, &draft, &c->format, err);
        c->name = draft.name;
        c->description = draft.description;
    }
    t->columns = columns;
    return rc;
}

/* ── partitioning ── */

static int read_partition_columns(struct yaml *y, struct fy_node *node, struct catalog_partitioning *p, nl_error *err)
{
    size_t count;
    int rc = yaml_list(y, node, "columns", &count, err);
    if (rc)
        return rc;
    struct scan_partition_column *columns = nl_arena_array(y->arena, count, sizeof *columns);
    if (!columns)
        return nl_fail_memory(err);
    void *prev = NULL;
    for (struct fy_node *item; (item = fy_node_sequence_iterate(node, &prev)) && !rc; p->n_columns++) {
        struct column_draft draft = {0};
        rc = read_column(y, item, &partition_column_section, &draft, &columns[p->n_columns].format, err);
        columns[p->n_columns].name = draft.name;
        if (!rc && !draft.type)
            rc = yaml_fail(y, item, err, "partition column %s has no type", draft.name);
    }
    p->columns = columns;
    return rc;
}

/* "none", or {scheme: hive | directory, columns: […]} */
static int read_partitioning(struct yaml *y, struct fy_node *node, struct catalog_partitioning *p, nl_error *err)
{
    if (yaml_kind_of(node) == YAML_TEXT) {
        const char *word;
        int rc = yaml_text(y, node, "partitioning", &word, err);
        p->scheme = NL_SCHEME_NONE;
        if (rc || strcmp(word, "none") == 0)
            return rc;
        return yaml_fail(y, node, err,
                         "partitioning is none, or {scheme: hive or directory, columns: [...]}, and not '%s'", word);
    }
    struct partitioning_draft draft = {0};
    int rc = yaml_section(y, node, &partitioning_section, &draft, err);
    if (rc)
        return rc;
    if (!draft.scheme || !draft.columns)
        return yaml_fail(y, node, err, "the partitioning has no %s",
                         draft.scheme ? "columns" : "scheme (hive or directory)");
    if (strcmp(draft.scheme, "hive") == 0)
        p->scheme = NL_SCHEME_HIVE;
    else if (strcmp(draft.scheme, "directory") == 0)
        p->scheme = NL_SCHEME_DIRECTORY;
    else
        return yaml_fail(y, node, err, "the scheme of a partitioning is hive or directory, and not '%s'", draft.scheme);
    return read_partition_columns(y, draft.columns, p, err);
}

/* ── kinds ── */

static int read_parquet(struct yaml *y, nl_catalog *c, struct fy_node *node, const struct table_draft *draft,
                        struct catalog_table *t, nl_error *err)
{
    if (draft->rows)
        return yaml_fail(y, draft->rows, err, "table %s: rows belong to a table of kind values", draft->name);
    if (!draft->partitioning) {
        model_partitioning_forgotten(draft->name, true, err);
        yaml_note(y, node, err);
        return NL_INVALID;
    }
    struct catalog_parquet *parquet = nl_arena_alloc(y->arena, sizeof *parquet);
    if (!parquet)
        return nl_fail_memory(err);
    t->kind = &catalog_parquet_kind;
    t->declaration = parquet;
    int rc = read_partitioning(y, draft->partitioning, &parquet->partitioning, err);
    return rc ? rc : model_resolve_uri(c, draft->uri, &parquet->uri, err);
}

/* Does a scalar of this kind go into a column of this format? */
static bool cell_fits(enum yaml_kind kind, const char *format)
{
    switch (format[0]) {
    case 'b':
        return kind == YAML_BOOL;
    case 'i':
    case 'l':
        return kind == YAML_INT;
    case 'g':
        return kind == YAML_INT || kind == YAML_FLOAT;
    default: /* VARCHAR, DATE, TIMESTAMP */
        return kind == YAML_TEXT;
    }
}

static int read_cell(struct yaml *y, struct fy_node *node, const struct catalog_column_doc *column, nl_value *out,
                     nl_error *err)
{
    if (node && (fy_node_is_alias(node) || fy_node_get_tag_token(node)))
        return yaml_fail(y, node, err, "a catalog has no aliases and no tags");
    enum yaml_kind kind = yaml_kind_of(node);
    *out = (nl_value){.kind = NL_VALUE_NULL};
    if (kind == YAML_NULL)
        return NL_OK;
    if (!cell_fits(kind, column->format))
        return yaml_fail(y, node, err, "column %s is %s, and this is %s%s", column->name,
                         catalog_format_name(column->format), yaml_kind_name(kind),
                         cell_fits(YAML_TEXT, column->format) && kind < YAML_TEXT ? ": put it in quotes" : "");
    size_t len = 0;
    const char *s = fy_node_get_scalar(node, &len);
    const char *copy = nl_arena_strndup(y->arena, s, len);
    if (!copy)
        return nl_fail_memory(err);
    int rc = catalog_value_parse(column->format, copy, len, out, err);
    if (rc) {
        nl_note(err, "column %s", column->name);
        yaml_note(y, node, err);
    }
    return rc;
}

/* Every row a list of as many cells as there are columns: checked before the cells get their memory. */
static int count_cells(struct yaml *y, struct fy_node *rows, size_t n_columns, size_t *n_rows, nl_error *err)
{
    int rc = yaml_list(y, rows, "rows", n_rows, err);
    void *prev = NULL;
    for (struct fy_node *row; !rc && (row = fy_node_sequence_iterate(rows, &prev));) {
        size_t n;
        rc = yaml_list(y, row, "a row", &n, err);
        if (!rc && n != n_columns)
            rc = yaml_fail(y, row, err, "this row has %zu values, and the table has %zu columns", n, n_columns);
    }
    return rc;
}

static int read_values(struct yaml *y, struct fy_node *node, const struct table_draft *draft, struct catalog_table *t,
                       nl_error *err)
{
    if (draft->uri || draft->partitioning)
        return yaml_fail(y, node, err, "table %s: a table of kind values has no uri and no partitioning", draft->name);
    if (!draft->rows)
        return yaml_fail(y, node, err, "table %s has no rows", draft->name);
    struct catalog_values *values = nl_arena_alloc(y->arena, sizeof *values);
    if (!values)
        return nl_fail_memory(err);
    t->kind = &catalog_values_kind;
    t->declaration = values;
    int rc = catalog_values_check(t, err);
    if (rc)
        return yaml_note(y, node, err);
    rc = count_cells(y, draft->rows, t->n_columns, &values->n_rows, err);
    if (rc)
        return rc;
    nl_value *cells = nl_arena_array(y->arena, values->n_rows, t->n_columns * sizeof *cells);
    if (!cells)
        return nl_fail_memory(err);
    values->cells = cells;
    void *prev = NULL;
    for (struct fy_node *row; (row = fy_node_sequence_iterate(draft->rows, &prev));) {
        void *prev_cell = NULL;
        for (size_t i = 0; i < t->n_columns && !rc; i++)
            rc = read_cell(y, fy_node_sequence_iterate(row, &prev_cell), &t->columns[i], cells++, err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

static int read_kind(struct yaml *y, nl_catalog *c, struct fy_node *node, const struct table_draft *draft,
                     struct catalog_table *t, nl_error *err)
{
    if (!draft->kind)
        return yaml_fail(y, node, err, "table %s has no kind (parquet or values)", draft->name);
    if (strcmp(draft->kind, "parquet") == 0)
        return read_parquet(y, c, node, draft, t, err);
    if (strcmp(draft->kind, "values") == 0)
        return read_values(y, node, draft, t, err);
    struct fy_node *kind = fy_node_mapping_lookup_by_string(node, "kind", strlen("kind"));
    yaml_fail(y, kind, err, "table %s: the kind of a table is parquet or values, and not '%s'", draft->name,
              draft->kind);
    if (strcmp(draft->kind, "function") == 0)
        nl_hint(err, "a function is C code: declare it in a C catalog, or give its rows here (kind: values)");
    return NL_INVALID;
}

/* ── table, database, file ── */

static int read_table(struct yaml *y, nl_catalog *c, struct fy_node *node, nl_error *err)
{
    struct table_draft draft = {0};
    int rc = yaml_section(y, node, &table_section, &draft, err);
    if (rc)
        return rc;
    if (!draft.name)
        return yaml_fail(y, node, err, "this table has no name");
    struct catalog_table t = {
        .name = draft.name,
        .description = draft.description,
        .filters = draft.filters.items,
        .n_filters = draft.filters.count,
        .metadata = {draft.data_input, draft.latency_info, draft.example_notebook, draft.owner, draft.deprecated,
                     draft.tags.items, draft.tags.count},
        .declared_at = yaml_place(y, node),
    };
    if (!t.declared_at)
        return nl_fail_memory(err);
    if (draft.columns && (rc = read_columns(y, draft.columns, &t, err)))
        return rc;
    rc = read_kind(y, c, node, &draft, &t, err);
    return rc ? rc : model_add_table(c, &t, err);
}

static int read_database(struct yaml *y, nl_catalog *c, struct fy_node *node, nl_error *err)
{
    struct database_draft draft = {0};
    int rc = yaml_section(y, node, &database_section, &draft, err);
    if (rc)
        return rc;
    if (!draft.name)
        return yaml_fail(y, node, err, "this database has no name");
    const char *place = yaml_place(y, node);
    if (!place)
        return nl_fail_memory(err);
    rc = model_add_database(c, draft.name, draft.description, place, err);
    if (rc || !draft.tables)
        return rc;
    size_t count;
    rc = yaml_list(y, draft.tables, "tables", &count, err);
    void *prev = NULL;
    for (struct fy_node *item; !rc && (item = fy_node_sequence_iterate(draft.tables, &prev));)
        rc = read_table(y, c, item, err);
    return rc;
}

static int read_file(struct yaml *y, nl_catalog *c, nl_error *err)
{
    struct file_draft draft = {0};
    int rc = yaml_section(y, y->root, &file_section, &draft, err);
    if (rc)
        return rc;
    if (!draft.databases)
        return yaml_fail(y, y->root, err, "a catalog has a list of databases");
    size_t count;
    rc = yaml_list(y, draft.databases, "databases", &count, err);
    void *prev = NULL;
    for (struct fy_node *item; !rc && (item = fy_node_sequence_iterate(draft.databases, &prev));)
        rc = read_database(y, c, item, err);
    return rc;
}

int catalog_from_yaml(const char *path, const char *text, size_t len, nl_catalog **out, nl_error *err)
{
    struct yaml y;
    int rc = model_new(path, out, err);
    if (rc)
        return rc;
    rc = yaml_open(&y, path, text, len, &(*out)->arena, err);
    if (!rc)
        rc = read_file(&y, *out, err);
    yaml_close(&y);
    if (rc) {
        nl_catalog_free(*out);
        *out = NULL;
    }
    return rc;
}
