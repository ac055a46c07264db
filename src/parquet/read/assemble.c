/* assemble.c: from leaves upwards. A node's shape (how many slots, which are null, where lists begin) comes from the levels of
 * its first leaf; the other leaves must give the same.
 */
#include "parquet/read/assemble.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/variant/variant.h"

struct work {
    const struct pq_projection *p;
    const struct pq_column_reader *leaves;
    struct ArrowArray *arrays;
};

/* What levels say of a node. */
struct shape {
    size_t slots, valid, elements;
    nl_block *validity; /* a bit a slot; NULL: it cannot be null */
    nl_block *offsets;  /* of lists and maps: slots + 1 */
};

static void free_shape(struct shape *s)
{
    nl_block_unref(s->validity);
    nl_block_unref(s->offsets);
    *s = (struct shape){0};
}

static int shape_offsets(const struct pq_nested *n, const struct pq_node *node, const uint64_t *slots, uint64_t *bits,
                         struct shape *out, nl_error *err)
{
    int rc = nl_block_new((out->slots + 1) * sizeof(int32_t), &out->offsets, err);
    if (rc)
        return rc;
    int32_t *offsets = (int32_t *)(void *)nl_block_data(out->offsets);
    pq_nested_elements(n, node, bits);
    pq_offsets(slots, bits, n->taken, offsets);
    out->elements = (size_t)offsets[out->slots];
    return NL_OK;
}

/* On failure *out is empty. */
static int shape_of(const struct pq_nested *n, const struct pq_node *node, struct shape *out, nl_error *err)
{
    size_t words = pq_words(n->taken);
    *out = (struct shape){0};
    uint64_t *slots = malloc(2 * words * sizeof *slots + 16);
    if (!slots)
        return nl_fail_memory(err);
    uint64_t *bits = slots + words;
    out->slots = out->valid = pq_nested_slots(n, node, slots);
    int rc = NL_OK;
    if (node->is_nullable) {
        rc = nl_block_new(words * sizeof *bits, &out->validity, err);
        if (rc == NL_OK) {
            pq_levels_at_least(n->def, n->taken, node->definition, bits);
            out->valid = pq_bits_compress(bits, slots, n->taken, (uint64_t *)(void *)nl_block_data(out->validity));
        }
    }
    if (rc == NL_OK && node->kind != PQ_NODE_STRUCT)
        rc = shape_offsets(n, node, slots, bits, out, err);
    free(slots);
    if (rc)
        free_shape(out);
    return rc;
}

/* Whole bytes, then the bits of the last one. */
static bool same_bits(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (memcmp(a, b, n / 8))
        return false;
    return !(n % 8) || !((a[n / 8] ^ b[n / 8]) & ((1U << n % 8) - 1));
}

static bool same_shape(const struct shape *a, const struct shape *b)
{
    if (a->slots != b->slots || a->valid != b->valid || a->elements != b->elements)
        return false;
    if (a->validity && a->valid < a->slots &&
        !same_bits(nl_block_data(a->validity), nl_block_data(b->validity), a->slots))
        return false;
    return !a->offsets ||
           !memcmp(nl_block_data(a->offsets), nl_block_data(b->offsets), (a->slots + 1) * sizeof(int32_t));
}

/* The shape of node `at`, from its first leaf; the others agree (A1). */
static int agreed_shape(const struct work *w, size_t at, struct shape *out, nl_error *err)
{
    const struct pq_projected *p = &w->p->nodes[at];
    const struct pq_node *node = &w->p->schema->nodes[p->node];
    int rc = shape_of(w->leaves[p->first_leaf].nested, node, out, err);
    for (uint32_t i = 1; rc == NL_OK && i < p->n_leaves; i++) {
        struct shape other;
        rc = shape_of(w->leaves[p->first_leaf + i].nested, node, &other, err);
        if (rc == NL_OK && !same_shape(out, &other)) {
            const struct pq_slice *name = &w->p->schema->elements[node->element].name;
            rc = nl_fail(err, NL_CORRUPT, "leaves of %.*s disagree about its %s", (int)(name->len & 0xFFF),
                         (const char *)name->data, out->offsets ? "lengths" : "nulls");
        }
        free_shape(&other);
        if (rc)
            free_shape(out);
    }
    return rc;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the tree of nodes */

static int assemble(const struct work *w, size_t at, size_t slots, struct ArrowArray *out, nl_error *err);

/* The children of node `at`, moved into an array of that shape. shape's blocks are taken. */
static int with_children(const struct work *w, size_t at, struct shape *shape, size_t child_slots,
                         struct ArrowArray *out, nl_error *err)
{
    const struct pq_projected *p = &w->p->nodes[at];
    struct ArrowArray *children = calloc(p->n_children + 1, sizeof *children);
    int rc = children ? NL_OK : nl_fail_memory(err);
    size_t child = at + 1;
    uint32_t n = 0;
    for (; rc == NL_OK && n < p->n_children; child = w->p->nodes[child].end)
        rc = assemble(w, child, child_slots, &children[n++], err);
    nl_bytes buffers[2] = {{0}};
    if (rc == NL_OK && shape->validity && shape->valid < shape->slots)
        buffers[0] = nl_bytes_of(shape->validity, 0, nl_block_size(shape->validity));
    if (rc == NL_OK && shape->offsets)
        buffers[1] = nl_bytes_of(shape->offsets, 0, nl_block_size(shape->offsets));
    struct arrow_parts parts = {.length = (int64_t)shape->slots,
                                .null_count = (int64_t)(shape->slots - shape->valid),
                                .buffers = buffers,
                                .n_buffers = shape->offsets ? 2 : 1,
                                .children = children,
                                .n_children = p->n_children};
    if (rc == NL_OK)
        rc = arrow_array_make(&parts, out, err);
    else
        for (uint32_t i = 0; children && i < n; i++)
            arrow_array_release(&children[i]);
    free_shape(shape);
    free(children);
    return rc;
}

/* A map's key is never null, whatever its column allows. */
static int check_key(const struct work *w, size_t key, nl_error *err)
{
    const struct pq_projected *p = &w->p->nodes[key];
    struct pq_node node = w->p->schema->nodes[p->node];
    struct shape shape;
    if (!p->n_leaves || node.definition == node.slot_definition)
        return NL_OK;
    node.is_nullable = true;
    node.kind = PQ_NODE_STRUCT; /* its offsets are not asked for */
    int rc = shape_of(w->leaves[p->first_leaf].nested, &node, &shape, err);
    if (rc == NL_OK && shape.valid < shape.slots)
        rc = nl_fail(err, NL_CORRUPT, "a map has a key that is null");
    free_shape(&shape);
    return rc;
}

/* A variant's group, which is wanted whole, becomes the JSON that it stands for. On failure *a is released. */
static int to_json(const struct work *w, size_t at, struct ArrowArray *a, nl_error *err)
{
    const struct pq_projected *p = &w->p->nodes[at];
    const struct pq_node *node = &w->p->schema->nodes[p->node];
    if (!pq_node_is_variant(w->p->schema, node) || p->n_leaves != node->n_leaves || !p->n_leaves)
        return NL_OK;
    struct ArrowSchema schema;
    struct ArrowArray text = {0};
    int rc = pq_projection_storage(w->p, at, w->leaves[p->first_leaf].string_views, &schema, err);
    if (rc == NL_OK) {
        rc = pq_variant_array(&schema, a, &text, err);
        arrow_schema_release(&schema);
    }
    arrow_array_release(a);
    if (rc == NL_OK)
        arrow_array_move(&text, a);
    return rc;
}

/* Node `at`, which has `slots` slots where no leaf says so. On failure *out is released. */
static int assemble(const struct work *w, size_t at, size_t slots, struct ArrowArray *out, nl_error *err)
{
    const struct pq_projected *p = &w->p->nodes[at];
    const struct pq_node *node = &w->p->schema->nodes[p->node];
    struct shape shape = {.slots = slots, .valid = slots};
    int rc = NL_OK;
    *out = (struct ArrowArray){0};
    if (node->kind == PQ_NODE_LEAF) {
        arrow_array_move(&w->arrays[p->first_leaf], out);
    } else {
        if (node->kind == PQ_NODE_MAP)
            rc = check_key(w, at + 2, err);
        /* A struct that cannot be null has its parent's slots: nothing to work out. */
        if (rc == NL_OK && (node->kind != PQ_NODE_STRUCT || node->is_nullable))
            rc = agreed_shape(w, at, &shape, err);
        if (rc == NL_OK)
            rc = with_children(w, at, &shape, node->kind == PQ_NODE_STRUCT ? shape.slots : shape.elements, out, err);
        if (rc == NL_OK)
            rc = to_json(w, at, out, err);
    }
    if (rc == NL_OK && (size_t)out->length != slots) {
        rc = nl_fail(err, NL_CORRUPT, "%lld slots in a place of %zu", (long long)out->length, slots);
        arrow_array_release(out);
    }
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

int pq_assemble(const struct pq_projection *p, size_t at, size_t rows, const struct pq_column_reader *leaves,
                struct ArrowArray *arrays, struct ArrowArray *out, nl_error *err)
{
    const struct work w = {p, leaves, arrays};
    int rc = assemble(&w, at, rows, out, err);
    for (uint32_t i = 0; i < p->nodes[at].n_leaves; i++)
        arrow_array_release(&arrays[p->nodes[at].first_leaf + i]);
    return rc;
}
