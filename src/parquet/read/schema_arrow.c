/* schema_arrow.c: nodes as Arrow fields, all of a column or what a projection has of it. Field ids come along as metadata,
 * under the key by which other Arrow readers know them. A variant's group is a string of JSON, unless only parts of it are asked for.
 *
 * The recursion is as deep as the tree of nodes, which is at most twice PQ_MAX_DEPTH.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/metadata.h"
#include "parquet/read/geo.h"
#include "parquet/read/projection.h"

/* The nodes of a schema, or those of a projection. */
struct tree {
    const struct pq_schema *s;
    const struct pq_projected *projected; /* NULL: all */
    bool views;
    bool storage; /* variants as the groups that they are */
};

static const struct pq_node *node_of(const struct tree *t, size_t at)
{
    return &t->s->nodes[t->projected ? t->projected[at].node : at];
}

/* Is it shown as the JSON that its group stands for? */
static bool is_variant(const struct tree *t, size_t at)
{
    const struct pq_node *n = node_of(t, at);
    return !t->storage && pq_node_is_variant(t->s, n) && n->n_leaves &&
           (!t->projected || t->projected[at].n_leaves == n->n_leaves);
}

static const char *format_of(const struct tree *t, size_t at)
{
    const struct pq_node *n = node_of(t, at);
    if (is_variant(t, at))
        return "u";
    static const char *const formats[] = {[PQ_NODE_STRUCT] = "+s", [PQ_NODE_LIST] = "+l", [PQ_NODE_MAP] = "+m"};
    if (n->kind == PQ_NODE_MAP && t->projected && t->projected[at + 1].n_children < 2)
        return "+l"; /* of structs with the key alone: Arrow has no such map */
    if (n->kind != PQ_NODE_LEAF)
        return formats[n->kind];
    const struct pq_leaf_type *type = &t->s->leaves[n->first_leaf].type;
    if (type->conversion == PQ_TO_VIEW && t->views)
        return type->format[0] == 'u' ? "vu" : "vz";
    return type->format;
}

static int set_field_id(const struct pq_schema_element *e, struct ArrowSchema *out, nl_error *err)
{
    char text[16];
    if (!e->has_field_id)
        return NL_OK;
    int len = snprintf(text, sizeof text, "%" PRId32, e->field_id);
    return arrow_metadata_set(out, "PARQUET:field_id", text, (size_t)len, err);
}

/* WKB, with what is known of the coordinates. */
static int set_geometry(const struct pq_schema_element *e, struct ArrowSchema *out, nl_error *err)
{
    nl_buf text = {0};
    bool known;
    int rc = pq_geo_metadata(&e->logical, &known, &text, err);
    if (rc == NL_OK && known)
        rc = arrow_metadata_set(out, "ARROW:extension:name", "geoarrow.wkb", 12, err);
    if (rc == NL_OK && known)
        rc = arrow_metadata_set(out, "ARROW:extension:metadata", text.data, text.len, err);
    nl_buf_free(&text);
    return rc;
}

/* What a leaf's annotation says beyond its format, by the names that Arrow has for it (Arrow, "Canonical Extension Types"). */
static int set_extension(const struct pq_schema_element *e, struct ArrowSchema *out, nl_error *err)
{
    const char *name = NULL;
    if (e->logical.kind == PQ_LOGICAL_GEOMETRY || e->logical.kind == PQ_LOGICAL_GEOGRAPHY)
        return set_geometry(e, out, err);
    if (e->logical.kind == PQ_LOGICAL_UUID && strcmp(out->format, "w:16") == 0)
        name = "arrow.uuid";
    else if (e->logical.kind == PQ_LOGICAL_JSON || e->logical.kind == PQ_LOGICAL_VARIANT ||
             (!e->logical.kind && e->converted == PQ_CONVERTED_JSON))
        name = "arrow.json";
    if (!name)
        return NL_OK;
    int rc = arrow_metadata_set(out, "ARROW:extension:name", name, strlen(name), err);
    return rc ? rc : arrow_metadata_set(out, "ARROW:extension:metadata", "", 0, err);
}

/* The node alone, with room for its children. */
static int field_of(const struct tree *t, size_t at, struct ArrowSchema *out, nl_error *err)
{
    const struct pq_node *n = node_of(t, at);
    const struct pq_schema_element *e = &t->s->elements[n->element];
    bool variant = is_variant(t, at);
    size_t children = variant ? 0 : t->projected ? t->projected[at].n_children : n->n_children;
    nl_buf name = {0};
    int rc = nl_buf_append(&name, e->name.data, e->name.len, err);
    if (rc == NL_OK)
        rc = nl_buf_putc(&name, '\0', err);
    if (rc == NL_OK)
        rc = arrow_schema_nested(out, format_of(t, at), name.data, n->is_nullable, children, err);
    nl_buf_free(&name);
    if (rc == NL_OK && (n->kind == PQ_NODE_LEAF || variant))
        rc = set_extension(e, out, err);
    return rc ? rc : set_field_id(e, out, err);
}

/* NOLINTNEXTLINE(misc-no-recursion): see above */
static int field(const struct tree *t, size_t at, struct ArrowSchema *out, nl_error *err)
{
    int rc = field_of(t, at, out, err);
    at++;
    for (int64_t i = 0; rc == NL_OK && i < out->n_children; i++) {
        rc = field(t, at, out->children[i], err);
        at = t->projected ? t->projected[at].end : t->s->nodes[at].end;
    }
    if (rc)
        arrow_schema_release(out);
    return rc;
}

int pq_schema_field(const struct pq_schema *s, size_t column, bool string_views, struct ArrowSchema *out, nl_error *err)
{
    struct tree t = {.s = s, .views = string_views};
    *out = (struct ArrowSchema){0};
    return field(&t, s->columns[column].node, out, err);
}

int pq_projection_schema(const struct pq_projection *p, bool string_views, struct ArrowSchema *out, nl_error *err)
{
    struct tree t = {.s = p->schema, .projected = p->nodes, .views = string_views};
    int rc = arrow_schema_struct(out, p->n_columns, err);
    for (size_t i = 0; rc == NL_OK && i < p->n_columns; i++)
        rc = field(&t, p->columns[i], out->children[i], err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

int pq_projection_storage(const struct pq_projection *p, size_t at, bool string_views, struct ArrowSchema *out,
                          nl_error *err)
{
    struct tree t = {.s = p->schema, .projected = p->nodes, .views = string_views, .storage = true};
    *out = (struct ArrowSchema){0};
    return field(&t, at, out, err);
}

bool pq_node_is_variant(const struct pq_schema *s, const struct pq_node *n)
{
    return n->kind == PQ_NODE_STRUCT && s->elements[n->element].logical.kind == PQ_LOGICAL_VARIANT;
}
