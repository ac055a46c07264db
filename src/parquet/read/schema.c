/* schema.c: from the footer's list of elements to leaves and top-level columns. The list is a tree, depth first: each
 * element says how many children follow. A stack of open groups walks it, no recursion.
 *
 *     a definition level counts every element on the way that is not required, a repetition level every repeated one
 */
#include "parquet/read/schema.h"

/* A group whose children are still to come. */
struct group {
    int32_t left;
    uint8_t definition, repetition;
};

struct walk {
    struct group stack[PQ_MAX_DEPTH];
    int depth;
    size_t columns, leaves;
};

static bool is_leaf(const struct pq_schema_element *e)
{
    return e->has_type && e->n_children <= 0;
}

/* A top-level column begins: a child of the root. */
static int begin_column(struct pq_schema *s, struct walk *w, size_t i, nl_arena *arena, nl_error *err)
{
    const struct pq_schema_element *e = &s->elements[i];
    struct pq_column *c = &s->columns[w->columns++];
    c->name = nl_arena_strndup(arena, (const char *)e->name.data, e->name.len);
    if (!c->name)
        return nl_fail_memory(err);
    c->element = (uint32_t)i;
    c->first_leaf = (uint32_t)w->leaves;
    c->is_nested = !is_leaf(e) || e->repetition == PQ_REPEATED;
    c->is_nullable = e->repetition == PQ_OPTIONAL;
    c->physical = e->type;
    if (c->is_nested)
        c->type.why = "nested columns are not supported yet";
    else
        pq_leaf_type_of(e, &c->type);
    return NL_OK;
}

static int visit(struct pq_schema *s, struct walk *w, size_t i, nl_arena *arena, nl_error *err)
{
    const struct pq_schema_element *e = &s->elements[i];
    if ((unsigned)e->repetition > PQ_REPEATED)
        return nl_fail(err, NL_CORRUPT, "footer: schema element %zu has repetition %d", i, (int)e->repetition);
    int rc = w->depth == 1 ? begin_column(s, w, i, arena, err) : NL_OK;
    if (rc)
        return rc;
    struct group *parent = &w->stack[w->depth - 1];
    uint8_t definition = (uint8_t)(parent->definition + (e->repetition != PQ_REQUIRED));
    uint8_t repetition = (uint8_t)(parent->repetition + (e->repetition == PQ_REPEATED));
    parent->left--;
    if (is_leaf(e)) {
        struct pq_column *c = &s->columns[w->columns - 1];
        c->n_leaves++;
        s->leaves[w->leaves++] = (struct pq_leaf){e, definition, repetition, (uint32_t)(w->columns - 1)};
        return NL_OK;
    }
    if (w->depth == PQ_MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "the schema is nested deeper than %d levels", PQ_MAX_DEPTH);
    w->stack[w->depth++] = (struct group){e->n_children, definition, repetition};
    return NL_OK;
}

/* How many leaves and columns there are: at most as many as elements. */
static int allocate(const struct pq_file_meta *meta, nl_arena *arena, struct pq_schema *s, nl_error *err)
{
    if (!meta->n_schema)
        return nl_fail(err, NL_CORRUPT, "footer: no schema");
    if (meta->schema[0].n_children < 0 || (size_t)meta->schema[0].n_children >= meta->n_schema + 1)
        return nl_fail(err, NL_CORRUPT, "footer: the schema has %zu elements, its root names %d children",
                       meta->n_schema, meta->schema[0].n_children);
    *s = (struct pq_schema){.elements = meta->schema, .n_elements = meta->n_schema};
    s->columns = nl_arena_array(arena, (size_t)meta->schema[0].n_children, sizeof *s->columns);
    for (size_t i = 1; i < s->n_elements; i++)
        s->n_leaves += is_leaf(&s->elements[i]);
    s->leaves = nl_arena_array(arena, s->n_leaves, sizeof *s->leaves);
    return s->columns && s->leaves ? NL_OK : nl_fail_memory(err);
}

int pq_schema_build(const struct pq_file_meta *meta, nl_arena *arena, struct pq_schema *out, nl_error *err)
{
    struct walk w = {.depth = 1};
    int rc = allocate(meta, arena, out, err);
    if (rc)
        return rc;
    w.stack[0] = (struct group){.left = out->elements[0].n_children};
    for (size_t i = 1; i < out->n_elements; i++) {
        while (w.depth && w.stack[w.depth - 1].left <= 0)
            w.depth--;
        if (!w.depth)
            return nl_fail(err, NL_CORRUPT, "footer: schema element %zu of %zu belongs to no group", i,
                           out->n_elements);
        rc = visit(out, &w, i, arena, err);
        if (rc)
            return rc;
    }
    for (; w.depth; w.depth--)
        if (w.stack[w.depth - 1].left > 0)
            return nl_fail(err, NL_CORRUPT, "footer: the schema ends inside a group");
    out->n_columns = w.columns;
    return NL_OK;
}
