/* schema_arrow.c: columns as Arrow fields, nested ones too: lists and maps lose the groups that only carry repetition.
 *
 *     optional group tags (LIST)          tags: list<element: utf8>
 *       repeated group list
 *         optional binary element (STRING)
 *
 * The recursion is as deep as the schema, which pq_schema_build() has bounded (PQ_MAX_DEPTH).
 * Spec: parquet-format, LogicalTypes.md, "Lists" (with its five rules for older files) and "Maps".
 */
#include <string.h>

#include "arrow/arrow.h"
#include "base/buf.h"
#include "parquet/read/schema.h"

static int field(const struct pq_schema *s, size_t *at, bool as_element, bool views, struct ArrowSchema *out,
                 nl_error *err);

static int name_of(const struct pq_schema_element *e, nl_buf *out, nl_error *err)
{
    int rc = nl_buf_append(out, e->name.data, e->name.len, err);
    return rc ? rc : nl_buf_putc(out, '\0', err);
}

/* NOLINTBEGIN(misc-no-recursion): PQ_MAX_DEPTH bounds it */

/* A nested field of format with n children, the schema elements from *at on. */
static int group(const struct pq_schema *s, const char *format, const struct pq_schema_element *named, bool nullable,
                 size_t n, size_t *at, struct ArrowSchema *out, nl_error *err)
{
    nl_buf name = {0};
    int rc = name_of(named, &name, err);
    if (rc == NL_OK)
        rc = arrow_schema_nested(out, format, name.data, nullable, n, err);
    nl_buf_free(&name);
    for (size_t i = 0; rc == NL_OK && i < n; i++)
        rc = field(s, at, false, false, out->children[i], err);
    return rc;
}

static bool is_group(const struct pq_schema_element *e)
{
    return !e->has_type || e->n_children > 0;
}

/* Is this the repeated group of a list that is no level of its own: do rules 1 to 4 not hold? */
static bool is_list_level(const struct pq_schema *s, size_t list, size_t repeated)
{
    const struct pq_schema_element *l = &s->elements[list], *r = &s->elements[repeated];
    if (!is_group(r) || r->n_children != 1 || s->elements[repeated + 1].repetition == PQ_REPEATED)
        return false;
    if (r->name.len == 5 && !memcmp(r->name.data, "array", 5))
        return false;
    return !(r->name.len == l->name.len + 6 && !memcmp(r->name.data, l->name.data, l->name.len) &&
             !memcmp(r->name.data + l->name.len, "_tuple", 6));
}

/* A group annotated LIST with one repeated child. *at stands behind the group's element. */
static int list(const struct pq_schema *s, size_t self, bool nullable, size_t *at, struct ArrowSchema *out,
                nl_error *err)
{
    nl_buf name = {0};
    int rc = name_of(&s->elements[self], &name, err);
    if (rc == NL_OK)
        rc = arrow_schema_nested(out, "+l", name.data, nullable, 1, err);
    nl_buf_free(&name);
    if (rc)
        return rc;
    bool level = is_list_level(s, self, *at);
    *at += level;
    return field(s, at, !level, false, out->children[0], err);
}

/* A group annotated MAP with one repeated group of a key and perhaps a value. */
static int map(const struct pq_schema *s, size_t self, bool nullable, size_t *at, struct ArrowSchema *out,
               nl_error *err)
{
    nl_buf name = {0};
    int rc = name_of(&s->elements[self], &name, err);
    if (rc == NL_OK)
        rc = arrow_schema_nested(out, "+m", name.data, nullable, 1, err);
    nl_buf_free(&name);
    if (rc)
        return rc;
    const struct pq_schema_element *entries = &s->elements[(*at)++];
    rc = group(s, "+s", entries, false, (size_t)entries->n_children, at, out->children[0], err);
    if (rc == NL_OK)
        out->children[0]->children[0]->flags &= ~ARROW_FLAG_NULLABLE;
    return rc;
}

/* A leaf, from its own annotations. */
static int leaf(const struct pq_schema_element *e, bool nullable, bool views, struct ArrowSchema *out, nl_error *err)
{
    struct pq_leaf_type t;
    nl_buf name = {0};
    pq_leaf_type_of(e, &t);
    int rc = name_of(e, &name, err);
    const char *format = t.conversion == PQ_TO_VIEW && views ? (t.format[0] == 'u' ? "vu" : "vz") : t.format;
    if (rc == NL_OK)
        rc = arrow_schema_field(out, format, name.data, nullable, err);
    nl_buf_free(&name);
    return rc;
}

/* Does the group at i carry LIST or MAP, in either notation, over one repeated child? */
static bool annotated(const struct pq_schema *s, size_t i, bool map_wanted)
{
    const struct pq_schema_element *e = &s->elements[i];
    if (e->n_children != 1 || s->elements[i + 1].repetition != PQ_REPEATED)
        return false;
    if (!map_wanted)
        return e->logical.kind == PQ_LOGICAL_LIST ||
               (e->logical.kind == PQ_LOGICAL_NONE && e->converted == PQ_CONVERTED_LIST);
    const struct pq_schema_element *entries = &s->elements[i + 1];
    bool is_map = e->logical.kind == PQ_LOGICAL_MAP ||
                  (e->logical.kind == PQ_LOGICAL_NONE &&
                   (e->converted == PQ_CONVERTED_MAP || e->converted == PQ_CONVERTED_MAP_KEY_VALUE));
    return is_map && is_group(entries) && (entries->n_children == 1 || entries->n_children == 2);
}

/* The element at *at with all below it; *at moves behind them. as_element: its repetition is a list's already. */
static int field(const struct pq_schema *s, size_t *at, bool as_element, bool views, struct ArrowSchema *out,
                 nl_error *err)
{
    size_t self = (*at)++;
    const struct pq_schema_element *e = &s->elements[self];
    bool nullable = e->repetition == PQ_OPTIONAL;
    if (e->repetition == PQ_REPEATED && !as_element) {
        nl_buf name = {0};
        int rc = name_of(e, &name, err);
        if (rc == NL_OK)
            rc = arrow_schema_nested(out, "+l", name.data, false, 1, err);
        nl_buf_free(&name);
        *at = self;
        return rc ? rc : field(s, at, true, false, out->children[0], err);
    }
    if (!is_group(e))
        return leaf(e, nullable, views, out, err);
    if (annotated(s, self, false))
        return list(s, self, nullable, at, out, err);
    if (annotated(s, self, true))
        return map(s, self, nullable, at, out, err);
    return group(s, "+s", e, nullable, e->n_children > 0 ? (size_t)e->n_children : 0, at, out, err);
}

/* NOLINTEND(misc-no-recursion) */

int pq_schema_field(const struct pq_schema *s, size_t column, bool string_views, struct ArrowSchema *out, nl_error *err)
{
    size_t at = s->columns[column].element;
    *out = (struct ArrowSchema){0};
    int rc = field(s, &at, false, string_views, out, err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}
