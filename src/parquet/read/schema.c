/* schema.c: from the footer's list of elements to leaves and top-level columns. The list is a tree, depth first: each
 * element says how many children follow. A stack of open groups walks it, no recursion; nodes.c goes down the proven tree.
 *
 *     a definition level counts every element on the way that is not required, a repetition level every repeated one
 */
#include "parquet/read/schema.h"

#include <string.h>

#include "parquet/read/nodes.h"

/* A group whose children are still to come. */
struct group {
    int32_t left;
    uint8_t definition, repetition;
};

struct walk {
    struct group stack[PQ_MAX_DEPTH];
    int depth;
    size_t columns, leaves;
    char *names; /* of columns: where the next one goes */
};

static bool is_leaf(const struct pq_schema_element *e)
{
    return e->has_type && e->n_children <= 0;
}

/* A top-level column begins: a child of the root. */
static void begin_column(struct pq_schema *s, struct walk *w, size_t i)
{
    const struct pq_schema_element *e = &s->elements[i];
    struct pq_column *c = &s->columns[w->columns++];
    if (e->name.len)
        memcpy(w->names, e->name.data, e->name.len);
    c->name = w->names; /* the arena's zeros end it */
    w->names += e->name.len + 1;
    c->element = (uint32_t)i;
    c->first_leaf = (uint32_t)w->leaves;
    c->is_nested = !is_leaf(e) || e->repetition == PQ_REPEATED;
    c->is_nullable = e->repetition == PQ_OPTIONAL;
    c->leaf = c->is_nested ? NULL : &s->leaves[w->leaves];
}

static int visit(struct pq_schema *s, struct walk *w, size_t i, nl_error *err)
{
    const struct pq_schema_element *e = &s->elements[i];
    if ((unsigned)e->repetition > PQ_REPEATED)
        return nl_fail(err, NL_CORRUPT, "footer: schema element %zu has repetition %d", i, (int)e->repetition);
    if (w->depth == 1)
        begin_column(s, w, i);
    struct group *parent = &w->stack[w->depth - 1];
    uint8_t definition = (uint8_t)(parent->definition + (e->repetition != PQ_REQUIRED));
    uint8_t repetition = (uint8_t)(parent->repetition + (e->repetition == PQ_REPEATED));
    parent->left--;
    if (is_leaf(e)) {
        struct pq_column *c = &s->columns[w->columns - 1];
        c->n_leaves++;
        struct pq_leaf *l = &s->leaves[w->leaves++];
        *l = (struct pq_leaf){.element = e,
                              .max_definition = definition,
                              .max_repetition = repetition,
                              .column = (uint32_t)(w->columns - 1),
                              .is_nested = s->columns[w->columns - 1].is_nested};
        pq_leaf_type_of(e, &l->type);
        return NL_OK;
    }
    if (w->depth == PQ_MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "the schema is nested deeper than %d levels", PQ_MAX_DEPTH);
    w->stack[w->depth++] = (struct group){e->n_children, definition, repetition};
    return NL_OK;
}

/* The bytes of all columns' names, each with its end: those of elements are at least as many, and the footer paid for them. */
static size_t bytes_of_names(const struct pq_schema *s)
{
    size_t n = 0;
    for (size_t i = 1; i < s->n_elements; i++)
        n += s->elements[i].name.len + 1;
    return n;
}

/* How many leaves and columns there are: at most as many as elements. */
static int allocate(const struct pq_file_meta *meta, nl_arena *arena, struct pq_schema *s, struct walk *w,
                    nl_error *err)
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
    w->names = nl_arena_alloc(arena, bytes_of_names(s));
    return s->columns && s->leaves && w->names ? NL_OK : nl_fail_memory(err);
}

/* Walk all elements: leaves and columns come of it. */
static int prove_tree(struct pq_schema *s, struct walk *w, nl_error *err)
{
    w->stack[0] = (struct group){.left = s->elements[0].n_children};
    for (size_t i = 1; i < s->n_elements; i++) {
        while (w->depth && w->stack[w->depth - 1].left <= 0)
            w->depth--;
        if (!w->depth)
            return nl_fail(err, NL_CORRUPT, "footer: schema element %zu of %zu belongs to no group", i, s->n_elements);
        int rc = visit(s, w, i, err);
        if (rc)
            return rc;
    }
    for (; w->depth; w->depth--)
        if (w->stack[w->depth - 1].left > 0)
            return nl_fail(err, NL_CORRUPT, "footer: the schema ends inside a group");
    s->n_columns = w->columns;
    return NL_OK;
}

int pq_schema_build(const struct pq_file_meta *meta, nl_arena *arena, struct pq_schema *out, nl_error *err)
{
    struct walk w = {.depth = 1};
    int rc = allocate(meta, arena, out, &w, err);
    if (rc == NL_OK)
        rc = prove_tree(out, &w, err);
    return rc ? rc : pq_nodes_build(out, arena, err);
}

/* Open groups from the column's element to the leaf's: an element belongs to the last one that still expects children. */
int pq_leaf_path(const struct pq_schema *s, size_t leaf, nl_buf *out, nl_error *err)
{
    const struct pq_schema_element *open[PQ_MAX_DEPTH + 1];
    int32_t left[PQ_MAX_DEPTH + 1];
    size_t depth = 0;
    for (const struct pq_schema_element *e = &s->elements[s->columns[s->leaves[leaf].column].element];; e++) {
        while (depth && !left[depth - 1])
            depth--;
        if (depth)
            left[depth - 1]--;
        open[depth] = e;
        left[depth++] = e->n_children > 0 ? e->n_children : 0;
        if (e == s->leaves[leaf].element)
            break;
    }
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < depth; i++) {
        if (i)
            rc = nl_buf_putc(out, '.', err);
        if (rc == NL_OK)
            rc = nl_buf_append(out, open[i]->name.data, open[i]->name.len, err);
    }
    return rc;
}
