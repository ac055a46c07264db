/* open_table.c: open, name the columns, count references. */
#include "sql/open_table.h"

#include <stdlib.h>
#include <strings.h>

static bool name_is_used(const struct ArrowSchema *schema, int64_t before, const char *name)
{
    for (int64_t i = 0; i < before; i++)
        if (strcasecmp(schema->children[i]->name, name) == 0)
            return true;
    return strcasecmp(name, "rows") == 0;
}

/* T2: can all names stay? Wide tables are not compared name by name with themselves. */
static bool names_are_plain(const struct ArrowSchema *schema)
{
    if (schema->n_children > 1000)
        return false;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (!sql_name_is_plain(schema->children[i]->name) || name_is_used(schema, i, schema->children[i]->name))
            return false;
    return true;
}

static int describe_columns(struct sql_open *o, nl_error *err)
{
    const struct ArrowSchema *schema = &o->base->schema;
    size_t n = (size_t)schema->n_children;
    bool plain = names_are_plain(schema);
    const char **names = nl_arena_array(&o->arena, n, sizeof *names);
    struct arrow_type *types = nl_arena_array(&o->arena, n, sizeof *types);
    o->shapes = nl_arena_array(&o->arena, n, sizeof *o->shapes);
    if (!names || !types || !o->shapes)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        int rc = sql_shape_make(&o->arena, schema->children[i], &o->shapes[i], err);
        if (rc) {
            nl_note(err, "column %s", schema->children[i]->name);
            return rc;
        }
        types[i] = o->shapes[i].type;
        if (o->shapes[i].is_uuid)
            types[i].kind = ARROW_OTHER; /* a condition shows it as text: not understood */
        names[i] = plain ? schema->children[i]->name : nl_arena_printf(&o->arena, "c%zu", i + 1);
        if (!names[i])
            return nl_fail_memory(err);
    }
    o->columns = (struct sql_columns){names, types, n};
    return NL_OK;
}

int sql_open_new(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                 struct sql_open **out, nl_error *err)
{
    *out = NULL;
    struct sql_open *o = calloc(1, sizeof *o);
    const char **defaults = calloc(t->n_parameters + 1, sizeof *defaults);
    int rc = o && defaults ? NL_OK : nl_fail_memory(err);
    if (!rc) {
        atomic_init(&o->refs, 1);
        rc = catalog_table_open(t, store, args ? args : defaults, cancel, &o->base, err);
    }
    if (!rc)
        rc = describe_columns(o, err);
    free(defaults);
    if (rc && o && o->base)
        sql_open_unref(o);
    else if (rc)
        free(o);
    else
        *out = o;
    return rc;
}

struct sql_open *sql_open_ref(struct sql_open *o)
{
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
    return o;
}

void sql_open_unref(struct sql_open *o)
{
    if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    o->base->table->kind->close(o->base);
    nl_arena_free(&o->arena);
    free(o);
}

bool sql_open_prunable(const struct sql_open *o)
{
    const struct catalog_table_kind *kind = o->base->table->kind;
    return kind->prunable && kind->prunable(o->base);
}

int sql_put_identifier(nl_buf *b, const char *name, nl_error *err)
{
    int rc = nl_buf_putc(b, '"', err);
    for (; *name && !rc; name++) {
        if (*name == '"')
            rc = nl_buf_putc(b, '"', err);
        if (!rc)
            rc = nl_buf_putc(b, *name, err);
    }
    return rc ? rc : nl_buf_putc(b, '"', err);
}

int sql_put_view_query(nl_buf *b, const struct sql_open *o, const char *function, nl_error *err)
{
    int rc = nl_buf_puts(b, "SELECT ", err);
    for (size_t i = 0; i < o->columns.n && !rc; i++) {
        if (i)
            rc = nl_buf_puts(b, ", ", err);
        if (!rc)
            rc = sql_put_identifier(b, o->columns.names[i], err);
        if (!rc)
            rc = nl_buf_puts(b, " AS ", err);
        if (!rc)
            rc = sql_put_identifier(b, o->base->schema.children[i]->name, err);
    }
    return rc ? rc : nl_buf_printf(b, err, " FROM %s()", function);
}
