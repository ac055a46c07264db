/* projection.c: from indices or paths to marks on nodes, from marks to the subset.
 *
 *     marks   a byte a node of the schema: 0 not wanted, 1 on the way to something, 2 all that is in it
 *
 * Going down a path costs one pass over the children of each group on the way. Recursion is as deep as the tree of nodes.
 */
#include "parquet/read/projection.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"

enum mark { MARK_NONE, MARK_PARTLY, MARK_WHOLE };

struct work {
    const nl_parquet_file *f;
    const struct pq_schema *s;
    struct pq_projection *out;
    bool by_path;
    uint8_t *marks;   /* of every node, by_path only */
    uint32_t *wanted; /* columns of the schema, in order */
    size_t n_wanted;
    size_t nodes, leaves; /* room in out */
};

/* ── marking ── */

static struct pq_slice name_of(const struct pq_schema *s, uint32_t node)
{
    return s->elements[s->nodes[node].element].name;
}

/* The node whose members a path names, or the node itself where it has none: lists have no name of their own below. */
static uint32_t through_lists(const struct pq_schema *s, uint32_t node)
{
    while (s->nodes[node].kind == PQ_NODE_LIST || s->nodes[node].kind == PQ_NODE_MAP)
        node++;
    return node;
}

/* How a child answers to a path: 1 that is its whole name, 2 the path goes on below it, 0 neither. */
static int match(struct pq_slice name, const char *path, size_t len)
{
    if (name.len > len || (name.len && memcmp(name.data, path, name.len)))
        return 0;
    return name.len == len ? 1 : path[name.len] == '.' ? 2 : 0;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the tree */

static bool mark_below(struct work *w, uint32_t parent, const char *path, size_t len);

/* The path is node's, or goes on below it. Exact matches first: a name may have dots itself. */
static bool mark_children(struct work *w, uint32_t first, uint32_t end, bool map, const char *path, size_t len)
{
    static const char *const of_maps[] = {"key", "value"};
    for (int wanted = 1; wanted <= 2; wanted++) {
        size_t i = 0;
        for (uint32_t at = first; at < end; at = w->s->nodes[at].end, i++) {
            struct pq_slice name = name_of(w->s, at);
            if (map)
                name = (struct pq_slice){(const uint8_t *)of_maps[i & 1], strlen(of_maps[i & 1])};
            if (match(name, path, len) != wanted)
                continue;
            if (wanted == 1) {
                w->marks[at] = MARK_WHOLE;
                return true;
            }
            if (!mark_below(w, at, path + name.len + 1, len - name.len - 1))
                continue;
            if (w->marks[at] == MARK_NONE)
                w->marks[at] = MARK_PARTLY;
            return true;
        }
    }
    return false;
}

/* The rest of a path below a node that it has named. */
static bool mark_below(struct work *w, uint32_t parent, const char *path, size_t len)
{
    uint32_t inner = through_lists(w->s, parent);
    const struct pq_node *n = &w->s->nodes[inner];
    if (n->kind != PQ_NODE_STRUCT)
        return false;
    bool map = inner > parent && w->s->nodes[inner - 1].kind == PQ_NODE_MAP;
    if (!mark_children(w, inner + 1, n->end, map, path, len))
        return false;
    for (uint32_t at = parent + 1; at <= inner; at++)
        if (w->marks[at] == MARK_NONE)
            w->marks[at] = MARK_PARTLY;
    if (map)
        w->marks[inner + 1] = MARK_WHOLE; /* J2 */
    return true;
}

/* NOLINTEND(misc-no-recursion) */

/* One path from the top: columns in the order of their first mention. *hint: where to look first. */
static int mark_path(struct work *w, const char *path, size_t *hint, nl_error *err)
{
    const struct pq_schema *s = w->s;
    size_t len = strlen(path);
    for (int wanted = 1; wanted <= 2; wanted++)
        for (size_t k = 0; k < s->n_columns; k++) {
            size_t column = (*hint + k) % s->n_columns;
            uint32_t at = s->columns[column].node;
            struct pq_slice name = name_of(s, at);
            if (match(name, path, len) != wanted)
                continue;
            bool is_new = w->marks[at] == MARK_NONE;
            if (wanted == 2 && !mark_below(w, at, path + name.len + 1, len - name.len - 1))
                continue;
            if (wanted == 1)
                w->marks[at] = MARK_WHOLE;
            else if (is_new)
                w->marks[at] = MARK_PARTLY;
            if (is_new)
                w->wanted[w->n_wanted++] = (uint32_t)column;
            *hint = column;
            return NL_OK;
        }
    return nl_fail(err, NL_INVALID, "%s: the file has no such column", path);
}

/* ── the subset ── */

static void count(struct work *w, uint32_t column)
{
    const struct pq_node *n = &w->s->nodes[w->s->columns[column].node];
    w->nodes += n->end - w->s->columns[column].node;
    w->leaves += n->n_leaves;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the tree */

/* Take a node that is wanted, with what is wanted below. whole: all of it. */
static void take(struct work *w, uint32_t node, bool whole)
{
    const struct pq_node *n = &w->s->nodes[node];
    struct pq_projection *out = w->out;
    struct pq_projected *p = &out->nodes[out->n_nodes++];
    whole = whole || w->marks[node] == MARK_WHOLE;
    *p = (struct pq_projected){.node = node, .first_leaf = (uint32_t)out->n_leaves};
    if (n->kind == PQ_NODE_LEAF)
        out->leaves[out->n_leaves++] = n->first_leaf;
    for (uint32_t at = node + 1; at < n->end; at = w->s->nodes[at].end)
        if (whole || w->marks[at]) {
            take(w, at, whole);
            p->n_children++;
        }
    p->end = (uint32_t)out->n_nodes;
    p->n_leaves = (uint32_t)out->n_leaves - p->first_leaf;
}

/* NOLINTEND(misc-no-recursion) */

/* J3, and E5 of the schema. */
static int check(const struct work *w, nl_error *err)
{
    const struct pq_projection *p = w->out;
    for (size_t i = 0; i < p->n_leaves; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): take() has filled all that are counted */
        int rc = pq_leaf_check(w->f, p->leaves[i], err);
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < p->n_nodes; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript): likewise */
        const struct pq_node *n = &w->s->nodes[p->nodes[i].node];
        const struct pq_slice *name = &w->s->elements[n->element].name;
        bool is_plain_struct = n->kind == PQ_NODE_STRUCT && !n->is_nullable;
        if (!is_plain_struct && !p->nodes[i].n_leaves)
            return nl_fail(err, NL_UNSUPPORTED,
                           "column %.*s: nothing is stored of what is wanted of it, only groups "
                           "without members",
                           (int)(name->len & 0xFFF), (const char *)name->data);
    }
    return NL_OK;
}

/* From w->wanted and marks to *out. */
static int make(struct work *w, nl_error *err)
{
    struct pq_projection *out = w->out;
    for (size_t i = 0; i < w->n_wanted; i++)
        count(w, w->wanted[i]);
    /* One block: nodes, columns, leaves. */
    size_t bytes = w->nodes * sizeof *out->nodes + (w->n_wanted + w->leaves) * sizeof(uint32_t);
    if (w->nodes > UINT32_MAX || !(out->nodes = malloc(bytes + 1)))
        return nl_fail_memory(err);
    out->columns = (uint32_t *)(out->nodes + w->nodes);
    out->leaves = out->columns + w->n_wanted;
    for (size_t i = 0; i < w->n_wanted; i++) {
        out->columns[out->n_columns++] = (uint32_t)out->n_nodes;
        uint32_t node = w->s->columns[w->wanted[i]].node;
        take(w, node, !w->by_path);
    }
    return check(w, err);
}

static int finish(struct work *w, int rc, nl_error *err)
{
    if (rc == NL_OK)
        rc = make(w, err);
    if (rc)
        pq_projection_free(w->out);
    free(w->wanted);
    free(w->marks);
    return rc;
}

int pq_projection_columns(const nl_parquet_file *f, const size_t *columns, size_t n, struct pq_projection *out,
                          nl_error *err)
{
    struct work w = {.f = f, .s = &f->schema, .out = out};
    *out = (struct pq_projection){.schema = &f->schema};
    n = columns ? n : f->schema.n_columns;
    int rc = NL_OK;
    w.wanted = calloc(n + 1, sizeof *w.wanted);
    if (!w.wanted)
        rc = nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++) {
        size_t column = columns ? columns[i] : i;
        if (column >= f->schema.n_columns)
            rc = nl_fail(err, NL_INVALID, "column %zu of %zu", column, f->schema.n_columns);
        else
            w.wanted[w.n_wanted++] = (uint32_t)column;
    }
    return finish(&w, rc, err);
}

int pq_projection_paths(const nl_parquet_file *f, const char *const *paths, size_t n, struct pq_projection *out,
                        nl_error *err)
{
    struct work w = {.f = f, .s = &f->schema, .out = out, .by_path = true};
    size_t hint = 0;
    *out = (struct pq_projection){.schema = &f->schema};
    w.wanted = calloc(f->schema.n_columns + 1, sizeof *w.wanted);
    w.marks = calloc(f->schema.n_nodes + 1, 1);
    int rc = w.wanted && w.marks ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++)
        rc = paths[i] ? mark_path(&w, paths[i], &hint, err) : nl_fail(err, NL_INVALID, "path %zu is NULL", i);
    return finish(&w, rc, err);
}

int pq_projection_options(const nl_parquet_file *f, const nl_parquet_read_options *o, struct pq_projection *out,
                          nl_error *err)
{
    if (o->columns || !o->paths)
        return pq_projection_columns(f, o->columns, o->n_columns, out, err);
    return pq_projection_paths(f, o->paths, o->n_paths, out, err);
}

void pq_projection_free(struct pq_projection *p)
{
    free(p->nodes);
    *p = (struct pq_projection){0};
}
