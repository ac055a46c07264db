/* nodes.c: which elements are a level of their own: lists and maps lose the groups that only carry repetition.
 *
 *     optional group tags (LIST)          list tags
 *       repeated group list                                     only says "repeated": rule 5
 *         optional binary element           leaf element
 *
 *     repeated int32 n                    list n                without annotation: a list that is never null…
 *                                           leaf n              …of what is required
 *     group m (MAP)                       map m
 *       repeated group key_value            struct key_value    never null
 *         required binary key                 leaf key          never null, whatever it says
 *         optional int32 value                leaf value
 *
 * A map without value is a list of its keys. A LIST or MAP of another shape is the struct that it is written as.
 * The recursion is as deep as the elements, which pq_schema_build() has bounded (PQ_MAX_DEPTH).
 * Spec: parquet-format, LogicalTypes.md, "Lists" (with its rules for older files) and "Maps".
 */
#include "parquet/read/nodes.h"

#include <string.h>

/* Where the walk stands. */
struct walk {
    struct pq_schema *s;
    size_t at;   /* the next element */
    size_t leaf; /* the next leaf */
};

/* What a node's parent gives it. */
struct place {
    uint8_t definition, repetition, slot_definition;
    bool as_element; /* the element's own repetition is a list's already */
};

static void build(struct walk *w, struct place p);

static bool is_group(const struct pq_schema_element *e)
{
    return !e->has_type || e->n_children > 0;
}

/* Is the repeated child of a list no level of its own: do rules 1 to 4 not hold? */
static bool is_list_level(const struct pq_schema *s, size_t list, size_t repeated)
{
    const struct pq_schema_element *l = &s->elements[list], *r = &s->elements[repeated];
    if (!is_group(r) || r->n_children != 1 || s->elements[repeated + 1].repetition == PQ_REPEATED)
        return false;
    if (r->name.len == 5 && !memcmp(r->name.data, "array", 5))
        return false;
    return !(r->name.len == l->name.len + 6 && (!l->name.len || !memcmp(r->name.data, l->name.data, l->name.len)) &&
             !memcmp(r->name.data + l->name.len, "_tuple", 6));
}

static bool is_list_annotated(const struct pq_schema_element *e)
{
    return e->logical.kind == PQ_LOGICAL_LIST ||
           (e->logical.kind == PQ_LOGICAL_NONE && e->converted == PQ_CONVERTED_LIST);
}

/* What the group at i is: by its annotation, in either notation, where its shape allows that. */
static enum pq_node_kind kind_of(const struct pq_schema *s, size_t i)
{
    const struct pq_schema_element *e = &s->elements[i];
    if (!is_group(e))
        return PQ_NODE_LEAF;
    if (e->n_children != 1 || s->elements[i + 1].repetition != PQ_REPEATED)
        return PQ_NODE_STRUCT;
    if (is_list_annotated(e))
        return PQ_NODE_LIST;
    const struct pq_schema_element *entries = &s->elements[i + 1];
    bool is_map = e->logical.kind == PQ_LOGICAL_MAP ||
                  (e->logical.kind == PQ_LOGICAL_NONE &&
                   (e->converted == PQ_CONVERTED_MAP || e->converted == PQ_CONVERTED_MAP_KEY_VALUE));
    if (!is_map || !is_group(entries) || entries->n_children < 1 || entries->n_children > 2)
        return PQ_NODE_STRUCT;
    return entries->n_children == 2 ? PQ_NODE_MAP : PQ_NODE_LIST;
}

static struct pq_node *begin(struct walk *w, enum pq_node_kind kind, size_t element, const struct place *p,
                             uint8_t definition, bool nullable)
{
    struct pq_node *n = &w->s->nodes[w->s->n_nodes++];
    *n = (struct pq_node){.element = (uint32_t)element,
                          .first_leaf = (uint32_t)w->leaf,
                          .kind = kind,
                          .is_nullable = nullable,
                          .repetition = p->repetition,
                          .slot_definition = p->slot_definition,
                          .definition = definition};
    return n;
}

static void end(struct walk *w, struct pq_node *n)
{
    n->end = (uint32_t)w->s->n_nodes;
    n->n_leaves = (uint32_t)w->leaf - n->first_leaf;
}

/* NOLINTBEGIN(misc-no-recursion): PQ_MAX_DEPTH bounds it */

/* The children of a list or map, one level deeper. */
static void elements_of(struct walk *w, struct pq_node *n, bool as_element)
{
    n->n_children = 1;
    n->element_definition = (uint8_t)(n->definition + 1);
    struct place p = {n->element_definition, (uint8_t)(n->repetition + 1), n->element_definition, as_element};
    if (n->kind == PQ_NODE_LIST) {
        build(w, p);
        return;
    }
    struct pq_node *entries = begin(w, PQ_NODE_STRUCT, w->at++, &p, p.definition, false);
    entries->n_children = 2;
    struct pq_node *key = &w->s->nodes[w->s->n_nodes];
    build(w, p);
    build(w, p);
    key->is_nullable = false;
    end(w, entries);
}

/* The element at w->at with all below it. */
static void build(struct walk *w, struct place p)
{
    const struct pq_schema *s = w->s;
    size_t self = w->at;
    const struct pq_schema_element *e = &s->elements[self];
    if (e->repetition == PQ_REPEATED && !p.as_element) {
        struct pq_node *n = begin(w, PQ_NODE_LIST, self, &p, p.definition, false);
        elements_of(w, n, true);
        end(w, n);
        return;
    }
    w->at++;
    bool nullable = e->repetition == PQ_OPTIONAL;
    enum pq_node_kind kind = kind_of(s, self);
    struct pq_node *n = begin(w, kind, self, &p, (uint8_t)(p.definition + nullable), nullable);
    if (kind == PQ_NODE_LEAF) {
        w->s->leaves[w->leaf++].node = (uint32_t)(n - w->s->nodes);
    } else if (kind == PQ_NODE_STRUCT) {
        n->n_children = e->n_children > 0 ? (uint32_t)e->n_children : 0;
        struct place inner = {n->definition, p.repetition, p.slot_definition, false};
        for (uint32_t i = 0; i < n->n_children; i++)
            build(w, inner);
    } else {
        bool level = kind == PQ_NODE_LIST && (!is_list_annotated(e) || is_list_level(s, self, w->at));
        w->at += level;
        elements_of(w, n, !level);
    }
    end(w, n);
    /* Nothing that is stored says which rows of it are null (E5). */
    if (kind == PQ_NODE_STRUCT && !n->n_leaves)
        n->is_nullable = false;
}

/* NOLINTEND(misc-no-recursion) */

int pq_nodes_build(struct pq_schema *s, nl_arena *arena, nl_error *err)
{
    size_t most = s->n_elements; /* a repeated element without annotation makes two */
    for (size_t i = 1; i < s->n_elements; i++)
        most += s->elements[i].repetition == PQ_REPEATED;
    s->nodes = nl_arena_array(arena, most, sizeof *s->nodes);
    if (!s->nodes)
        return nl_fail_memory(err);
    struct walk w = {.s = s, .at = 1};
    for (size_t i = 0; i < s->n_columns; i++) {
        s->columns[i].node = (uint32_t)s->n_nodes;
        build(&w, (struct place){0});
    }
    return NL_OK;
}
