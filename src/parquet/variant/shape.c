/* shape.c: a variant's schema to its shape: which child is what, by name; what the shredded types are.
 * Spec: parquet-format, VariantShredding.md, "Shredded Value Types". */
#include "parquet/variant/shape.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/variant/value.h"

static int group_shape(const struct ArrowSchema *s, int depth, nl_arena *arena, struct pq_shape *out, nl_error *err);

int pq_shape_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_members(const void *a, const void *b)
{
    const struct pq_member *x = a, *y = b;
    return pq_shape_compare(x->name, x->name_len, y->name, y->name_len);
}

bool pq_shape_has(const struct pq_shape *s, const char *name, size_t len)
{
    struct pq_member key = {.name = name, .name_len = len};
    return s->n_members && bsearch(&key, s->members, s->n_members, sizeof key, compare_members);
}

/* May a scalar be shredded as this type? */
static bool is_scalar(const struct arrow_type *t)
{
    switch (t->kind) {
    case ARROW_INT:
        return t->is_signed;
    case ARROW_FLOAT:
        return t->width >= 32;
    case ARROW_TIME:
        return t->unit == ARROW_MICRO;
    case ARROW_TIMESTAMP:
        return t->unit == ARROW_MICRO || t->unit == ARROW_NANO;
    case ARROW_BOOL:
    case ARROW_DECIMAL:
    case ARROW_DATE:
    case ARROW_STRING:
    case ARROW_BINARY:
        return true;
    default:
        return false;
    }
}

/* The name, and the key that is made of it once for all rows. */
static int set_name(struct pq_member *m, const char *name, nl_arena *arena, nl_error *err)
{
    nl_buf b = {0};
    m->name = name;
    m->name_len = strlen(name);
    int rc = text_json_string(name, m->name_len, &b, err);
    if (rc == NL_OK)
        rc = nl_buf_putc(&b, ':', err);
    if (rc == NL_OK && !(m->key = nl_arena_strndup(arena, b.data, b.len)))
        rc = nl_fail_memory(err);
    m->key_len = b.len;
    nl_buf_free(&b);
    return rc;
}

/* NOLINTBEGIN(misc-no-recursion): PQ_VARIANT_DEPTH ends it */

/* The members of a struct: each a group of its own. */
static int object_shape(const struct ArrowSchema *s, int depth, nl_arena *arena, struct pq_shape *out, nl_error *err)
{
    out->kind = PQ_SHAPE_OBJECT;
    out->n_members = (size_t)s->n_children;
    out->members = nl_arena_array(arena, out->n_members, sizeof *out->members);
    if (!out->members)
        return nl_fail_memory(err);
    for (size_t i = 0; i < out->n_members; i++) {
        struct pq_member *m = &out->members[i];
        m->child = (int64_t)i;
        int rc = set_name(m, s->children[i]->name ? s->children[i]->name : "", arena, err);
        if (rc == NL_OK)
            rc = group_shape(s->children[i], depth + 1, arena, &m->shape, err);
        if (rc)
            return rc;
    }
    qsort(out->members, out->n_members, sizeof *out->members, compare_members);
    for (size_t i = 1; i < out->n_members; i++)
        if (compare_members(&out->members[i - 1], &out->members[i]) == 0)
            return nl_fail(err, NL_UNSUPPORTED, "a variant that is shredded twice by the name '%s'",
                           out->members[i].name);
    return NL_OK;
}

/* What typed_value is. */
static int typed_shape(const struct ArrowSchema *s, int depth, nl_arena *arena, struct pq_shape *out, nl_error *err)
{
    struct arrow_type t;
    int rc = arrow_type_parse(s->format, &t, err);
    if (rc)
        return rc;
    if (t.kind == ARROW_STRUCT)
        return object_shape(s, depth, arena, out, err);
    if (t.kind == ARROW_LIST && s->n_children == 1) {
        out->kind = PQ_SHAPE_LIST;
        out->wide_offsets = t.layout == ARROW_OFFSETS64;
        out->element = nl_arena_alloc(arena, sizeof *out->element);
        return out->element ? group_shape(s->children[0], depth + 1, arena, out->element, err) : nl_fail_memory(err);
    }
    out->kind = t.kind == ARROW_NULL                                 ? PQ_SHAPE_NOTHING
                : t.kind == ARROW_FIXED_BINARY && t.byte_width == 16 ? PQ_SHAPE_UUID
                                                                     : PQ_SHAPE_SCALAR;
    out->column = (struct text_column){.name = "typed_value", .type = t};
    if (s->dictionary || (out->kind == PQ_SHAPE_SCALAR && !is_scalar(&t)))
        return nl_fail(err, NL_UNSUPPORTED, "a variant that is shredded as the Arrow type '%s'", s->format);
    return NL_OK;
}

static int group_shape(const struct ArrowSchema *s, int depth, nl_arena *arena, struct pq_shape *out, nl_error *err)
{
    *out = (struct pq_shape){.metadata = -1, .value = -1, .typed = -1};
    if (depth > PQ_VARIANT_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "a variant that is shredded deeper than %d levels", PQ_VARIANT_DEPTH);
    if (strcmp(s->format, "+s") != 0)
        return nl_fail(err, NL_UNSUPPORTED, "a variant's '%s' is no group of value and typed_value",
                       s->name ? s->name : "");
    int rc = NL_OK;
    for (int64_t i = 0; rc == NL_OK && i < s->n_children; i++) {
        const struct ArrowSchema *child = s->children[i];
        const char *name = child->name ? child->name : "";
        bool value = !strcmp(name, "value"), metadata = depth == 0 && !strcmp(name, "metadata");
        struct arrow_type *type = value ? &out->value_type : &out->metadata_type;
        if (!strcmp(name, "typed_value")) {
            out->typed = i;
            rc = typed_shape(child, depth, arena, out, err);
        } else if (value || metadata) {
            *(value ? &out->value : &out->metadata) = i;
            rc = arrow_type_parse(child->format, type, err);
            if (rc == NL_OK && (type->kind != ARROW_BINARY || child->dictionary))
                rc = nl_fail(err, NL_UNSUPPORTED, "a variant whose %s is not binary", name);
        }
    }
    if (rc == NL_OK && ((out->value < 0 && out->typed < 0) || (depth == 0 && out->metadata < 0)))
        rc = nl_fail(err, NL_UNSUPPORTED, "a variant whose '%s' has neither value nor typed_value, or no metadata",
                     s->name ? s->name : "");
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

int pq_shape_of(const struct ArrowSchema *schema, nl_arena *arena, struct pq_shape *out, nl_error *err)
{
    return group_shape(schema, 0, arena, out, err);
}
