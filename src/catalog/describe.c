/* describe.c: the contract of the running binary beside the schema of the data. */
#include "catalog/describe.h"

#include <string.h>

#include "arrow/arrow.h"
#include "catalog/rows.h"

bool catalog_is_error(enum catalog_disagreement_kind kind)
{
    return kind != CATALOG_COLUMN_UNDOCUMENTED;
}

/* ── compare ── */

struct comparison {
    const struct catalog_table *table;
    const struct ArrowSchema *schema;
    nl_arena *arena;
    struct catalog_disagreement *items;
    size_t n;
};

/* text comes from the arena; NULL: no memory. */
static int disagree(struct comparison *c, enum catalog_disagreement_kind kind, const char *column, const char *text,
                    nl_error *err)
{
    if (!text)
        return nl_fail_memory(err);
    c->items[c->n++] = (struct catalog_disagreement){kind, column, text};
    return NL_OK;
}

/* The SQL name of a column's type; a format that we do not know is shown as it is. */
static const char *type_name(const char *format, char out[static 64])
{
    struct arrow_type type;
    return arrow_type_parse(format, &type, NULL) == NL_OK ? arrow_type_sql(&type, out) : format;
}

static int compare_column(struct comparison *c, const struct catalog_column_doc *doc, nl_error *err)
{
    int64_t i = arrow_schema_find(c->schema, doc->name);
    if (i < 0)
        return disagree(c, CATALOG_COLUMN_MISSING, doc->name,
                        nl_arena_printf(c->arena, "column %s is documented, and the data has none of that name",
                                        doc->name),
                        err);
    if (!doc->format)
        return NL_OK;
    char declared[64], found[64];
    const char *want = type_name(doc->format, declared), *got = type_name(c->schema->children[i]->format, found);
    if (strcmp(want, got) == 0)
        return NL_OK;
    return disagree(c, CATALOG_TYPE_DIFFERS, doc->name,
                    nl_arena_printf(c->arena, "column %s is documented as %s, and is %s in the data", doc->name, want,
                                    got),
                    err);
}

/* A table that documents no column promises none: then nothing is undocumented. */
static bool is_undocumented(const struct catalog_table *t, const struct ArrowSchema *documented, const char *name)
{
    return t->n_columns && arrow_schema_find(documented, name) < 0;
}

/* The documented names as a schema, so that both sides are looked up by the same rule. */
static int documented_schema(const struct catalog_table *t, struct ArrowSchema *out, nl_error *err)
{
    int rc = arrow_schema_struct(out, t->n_columns, err);
    for (size_t i = 0; i < t->n_columns && !rc; i++)
        rc = arrow_schema_field(out->children[i], "n", t->columns[i].name, true, err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

static int compare_all(struct comparison *c, const struct ArrowSchema *documented, nl_error *err)
{
    const struct catalog_table *t = c->table;
    int rc = NL_OK;
    for (size_t i = 0; i < t->n_columns && !rc; i++)
        rc = compare_column(c, &t->columns[i], err);
    for (size_t i = 0; i < t->n_filters && !rc; i++)
        if (arrow_schema_find(c->schema, t->filters[i]) < 0)
            rc = disagree(c, CATALOG_FILTER_MISSING, t->filters[i],
                          nl_arena_printf(c->arena, "filter %s is no column of the data", t->filters[i]), err);
    for (int64_t i = 0; i < c->schema->n_children && !rc; i++) {
        const char *name = c->schema->children[i]->name;
        if (is_undocumented(t, documented, name ? name : ""))
            rc = disagree(c, CATALOG_COLUMN_UNDOCUMENTED, name,
                          nl_arena_printf(c->arena, "column %s is in the data, and not documented", name), err);
    }
    return rc;
}

int catalog_compare(const struct catalog_table *t, const struct ArrowSchema *schema, nl_arena *a,
                    struct catalog_disagreement **items, size_t *n, nl_error *err)
{
    struct comparison c = {.table = t, .schema = schema, .arena = a};
    struct ArrowSchema documented;
    *n = 0;
    *items = c.items = nl_arena_array(a, t->n_columns + t->n_filters + (size_t)schema->n_children, sizeof *c.items);
    if (!c.items)
        return nl_fail_memory(err);
    int rc = documented_schema(t, &documented, err);
    if (rc)
        return rc;
    rc = compare_all(&c, &documented, err);
    arrow_schema_release(&documented);
    *n = c.n;
    return rc;
}

/* ── lines ── */

/* A growing list in the arena: lines are few, so a bigger copy now and then is fine. */
static int add_line(void *ctx, const char *key, const char *value, nl_error *err)
{
    struct catalog_description *d = ctx;
    if (!value)
        return NL_OK;
    if ((d->n_lines & (d->n_lines - 1)) == 0) { /* 0, 1, 2, 4, 8…: the array is full */
        struct catalog_line *bigger = nl_arena_array(&d->arena, d->n_lines ? d->n_lines * 2 : 1, sizeof *bigger);
        if (!bigger)
            return nl_fail_memory(err);
        if (d->n_lines)
            memcpy(bigger, d->lines, d->n_lines * sizeof *bigger);
        d->lines = bigger;
    }
    struct catalog_line line = {nl_arena_strdup(&d->arena, key), nl_arena_strdup(&d->arena, value)};
    if (!line.key || !line.value)
        return nl_fail_memory(err);
    d->lines[d->n_lines++] = line;
    return NL_OK;
}

/* "a, b, c" */
static int add_list(struct catalog_description *d, const char *key, const char *const *items, size_t n, nl_error *err)
{
    if (!n)
        return NL_OK;
    nl_buf text = {0};
    int rc = NL_OK;
    for (size_t i = 0; i < n && !rc; i++)
        rc = nl_buf_printf(&text, err, "%s%s", i ? ", " : "", items[i]);
    if (!rc)
        rc = add_line(d, key, text.data, err);
    nl_buf_free(&text);
    return rc;
}

static int add_parameters(struct catalog_description *d, nl_error *err)
{
    for (size_t i = 0; i < d->table->n_parameters; i++) {
        const struct catalog_parameter *p = &d->table->parameters[i];
        char type[64];
        const char *text =
            nl_arena_printf(&d->arena, "%s %s%s%s%s%s", p->name, type_name(p->format, type),
                            p->default_value ? " = " : ", required", p->default_value ? p->default_value : "",
                            p->description ? ": " : "", p->description ? p->description : "");
        int rc = text ? add_line(d, "parameter", text, err) : nl_fail_memory(err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

static int add_lines(struct catalog_description *d, nl_error *err)
{
    const struct catalog_table *t = d->table;
    const struct catalog_metadata *m = &t->metadata;
    const struct catalog_line first[] = {{"description", t->description},
                                         {"deprecated", m->deprecated},
                                         {"kind", t->kind->name}};
    const struct catalog_line last[] = {
        {"data input", m->data_input}, {"latency", m->latency_info},    {"example", m->example_notebook},
        {"owner", m->owner},           {"declared at", t->declared_at},
    };
    int rc = NL_OK;
    for (size_t i = 0; i < sizeof first / sizeof first[0] && !rc; i++)
        rc = add_line(d, first[i].key, first[i].value, err);
    if (!rc && t->kind->describe)
        rc = t->kind->describe(t, d, add_line, err);
    if (!rc)
        rc = add_parameters(d, err);
    if (!rc)
        rc = add_list(d, "filter on", t->filters, t->n_filters, err);
    if (!rc)
        rc = add_list(d, "tags", m->tags, m->n_tags, err);
    for (size_t i = 0; i < sizeof last / sizeof last[0] && !rc; i++)
        rc = add_line(d, last[i].key, last[i].value, err);
    return rc;
}

/* ── the data ── */

static bool needs_arguments(const struct catalog_table *t)
{
    for (size_t i = 0; i < t->n_parameters; i++)
        if (!t->parameters[i].default_value)
            return true;
    return false;
}

/* All declared columns have a type, so that they are a schema. */
static bool declares_schema(const struct catalog_table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!t->columns[i].format)
            return false;
    return t->n_columns > 0;
}

/* Open the table, and take its schema. Failing is a finding. */
static int look_into(struct catalog_description *d, nl_store *store, nl_cancel *cancel, nl_error *err)
{
    if (needs_arguments(d->table)) {
        d->needs_arguments = true;
        return declares_schema(d->table) ? rows_schema(d->table, &d->schema, err) : NL_OK;
    }
    struct catalog_open_base *o;
    /* Not through catalog_table_open(): who prints this has said which table it is about. */
    d->open_status = d->table->kind->open(d->table, store, NULL, cancel, &o, &d->open_error);
    if (d->open_status == NL_CANCELLED || d->open_status == NL_NO_MEMORY) {
        if (err)
            *err = d->open_error;
        return d->open_status;
    }
    if (d->open_status)
        return NL_OK;
    d->rows = d->table->kind->rows ? d->table->kind->rows(o) : -1;
    int rc = arrow_schema_copy(&o->schema, &d->schema, err);
    d->table->kind->close(o);
    if (rc)
        return rc;
    return catalog_compare(d->table, &d->schema, &d->arena, &d->disagreements, &d->n_disagreements, err);
}

int catalog_describe(const struct catalog_table *t, nl_store *store, nl_cancel *cancel, struct catalog_description *out,
                     nl_error *err)
{
    *out = (struct catalog_description){.table = t, .rows = -1};
    int rc = add_lines(out, err);
    if (!rc)
        rc = look_into(out, store, cancel, err);
    if (rc)
        catalog_description_free(out);
    return rc;
}

void catalog_description_free(struct catalog_description *d)
{
    arrow_schema_release(&d->schema);
    nl_arena_free(&d->arena);
    *d = (struct catalog_description){0};
}
