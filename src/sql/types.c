/* types.c: one table of types, and trees of them. */
#include "sql/types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arrow/metadata.h"

static duckdb_type integer_type(const struct arrow_type *t)
{
    switch (t->width) {
    case 8:
        return t->is_signed ? DUCKDB_TYPE_TINYINT : DUCKDB_TYPE_UTINYINT;
    case 16:
        return t->is_signed ? DUCKDB_TYPE_SMALLINT : DUCKDB_TYPE_USMALLINT;
    case 32:
        return t->is_signed ? DUCKDB_TYPE_INTEGER : DUCKDB_TYPE_UINTEGER;
    default:
        return t->is_signed ? DUCKDB_TYPE_BIGINT : DUCKDB_TYPE_UBIGINT;
    }
}

static duckdb_type timestamp_type(const struct arrow_type *t)
{
    if (*t->timezone)
        return DUCKDB_TYPE_TIMESTAMP_TZ;
    switch (t->unit) {
    case ARROW_SECOND:
        return DUCKDB_TYPE_TIMESTAMP_S;
    case ARROW_MILLI:
        return DUCKDB_TYPE_TIMESTAMP_MS;
    case ARROW_NANO:
        return DUCKDB_TYPE_TIMESTAMP_NS;
    default:
        return DUCKDB_TYPE_TIMESTAMP;
    }
}

/* Of a flat column; 0: none. */
static duckdb_type plain_type(const struct arrow_type *t)
{
    switch (t->kind) {
    case ARROW_NULL:
        return DUCKDB_TYPE_INTEGER;
    case ARROW_BOOL:
        return DUCKDB_TYPE_BOOLEAN;
    case ARROW_INT:
        return integer_type(t);
    case ARROW_FLOAT:
        return t->width == 64 ? DUCKDB_TYPE_DOUBLE : DUCKDB_TYPE_FLOAT;
    case ARROW_STRING:
        return DUCKDB_TYPE_VARCHAR;
    case ARROW_BINARY:
    case ARROW_FIXED_BINARY:
        return DUCKDB_TYPE_BLOB;
    case ARROW_DATE:
        return DUCKDB_TYPE_DATE;
    case ARROW_TIME:
        return t->unit == ARROW_NANO ? DUCKDB_TYPE_TIME_NS : DUCKDB_TYPE_TIME;
    case ARROW_TIMESTAMP:
        return timestamp_type(t);
    case ARROW_INTERVAL:
    case ARROW_DURATION:
        return DUCKDB_TYPE_INTERVAL;
    default:
        return 0;
    }
}

/* ── shapes ── */

static bool decimal_fits(const struct arrow_type *t)
{
    return t->width == 128 && t->precision >= 1 && t->precision <= 38 && t->scale >= 0 && t->scale <= t->precision;
}

static bool says_uuid(const struct ArrowSchema *field, const struct arrow_type *t)
{
    size_t len;
    const char *name = arrow_metadata_get(field, "ARROW:extension:name", &len);
    return t->kind == ARROW_FIXED_BINARY && t->byte_width == 16 && name && len == 10 && !memcmp(name, "arrow.uuid", 10);
}

static bool name_is_used(const struct sql_shape *siblings, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(siblings[i].name, name) == 0)
            return true;
    return false;
}

/* V2: the name of member n of a STRUCT. NULL: no memory. */
static const char *member_name(nl_arena *a, const struct sql_shape *siblings, size_t n, const char *name)
{
    const char *free_name = name ? name : "";
    for (size_t i = 1; free_name && name_is_used(siblings, n, free_name); i++)
        free_name = nl_arena_printf(a, "%s_%zu", name ? name : "", i);
    return free_name ? nl_arena_strdup(a, free_name) : NULL;
}

/* Is the type itself, whatever is below it, one that SQL has? */
static bool is_readable(const struct ArrowSchema *field, const struct sql_shape *s)
{
    switch (s->type.kind) {
    case ARROW_DECIMAL:
        return decimal_fits(&s->type);
    case ARROW_STRUCT:
        return s->n_children > 0;
    case ARROW_LIST:
    case ARROW_FIXED_LIST:
    case ARROW_MAP:
        return s->n_children == 1;
    default:
        return !field->dictionary && s->n_children == 0 && plain_type(&s->type) != 0;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): SQL_MAX_DEPTH ends it (V1) */
static int make_shape(nl_arena *a, const struct ArrowSchema *field, int depth, struct sql_shape *out, nl_error *err)
{
    int rc = arrow_type_parse(field->format, &out->type, err);
    if (rc || depth == SQL_MAX_DEPTH)
        return rc; /* too deep: not readable */
    size_t n = field->n_children > 0 && field->children ? (size_t)field->n_children : 0;
    out->children = nl_arena_array(a, n, sizeof *out->children);
    if (!out->children)
        return nl_fail_memory(err);
    out->is_uuid = says_uuid(field, &out->type);
    bool below = true;
    for (; out->n_children < n && !rc; out->n_children++) {
        const struct ArrowSchema *child = field->children[out->n_children];
        struct sql_shape *to = &out->children[out->n_children];
        to->name = member_name(a, out->children, out->n_children, child->name);
        rc = to->name ? make_shape(a, child, depth + 1, to, err) : nl_fail_memory(err);
        below = below && to->readable;
    }
    out->readable = below && is_readable(field, out);
    return rc;
}

int sql_shape_make(nl_arena *a, const struct ArrowSchema *field, struct sql_shape *out, nl_error *err)
{
    *out = (struct sql_shape){.name = nl_arena_strdup(a, field->name ? field->name : "")};
    return out->name ? make_shape(a, field, 0, out, err) : nl_fail_memory(err);
}

/* ── DuckDB's types ── */

static duckdb_logical_type make_type(const struct sql_duckdb *duck, const struct sql_shape *s);

/* NOLINTBEGIN(misc-no-recursion): V1 */

static duckdb_logical_type struct_type(const struct sql_duckdb *duck, const struct sql_shape *s)
{
    duckdb_logical_type *members = calloc(s->n_children, sizeof *members), out = NULL;
    const char **names = calloc(s->n_children, sizeof *names);
    size_t n = 0;
    for (; members && names && n < s->n_children; n++) {
        names[n] = s->children[n].name;
        members[n] = make_type(duck, &s->children[n]);
        if (!members[n])
            break;
    }
    if (members && names && n == s->n_children)
        out = duck->create_struct_type(members, names, n);
    for (size_t i = 0; i < n; i++)
        duck->destroy_logical_type(&members[i]);
    free(members);
    free(names);
    return out;
}

static duckdb_logical_type list_type(const struct sql_duckdb *duck, const struct sql_shape *element)
{
    duckdb_logical_type inner = make_type(duck, element), out = inner ? duck->create_list_type(inner) : NULL;
    if (inner)
        duck->destroy_logical_type(&inner);
    return out;
}

static duckdb_logical_type map_type(const struct sql_duckdb *duck, const struct sql_shape *entry)
{
    duckdb_logical_type key = make_type(duck, &entry->children[0]), value = make_type(duck, &entry->children[1]), out;
    out = key && value ? duck->create_map_type(key, value) : NULL;
    if (key)
        duck->destroy_logical_type(&key);
    if (value)
        duck->destroy_logical_type(&value);
    return out;
}

static duckdb_logical_type make_type(const struct sql_duckdb *duck, const struct sql_shape *s)
{
    switch (s->type.kind) {
    case ARROW_DECIMAL:
        return duck->create_decimal_type((uint8_t)s->type.precision, (uint8_t)s->type.scale);
    case ARROW_STRUCT:
        return struct_type(duck, s);
    case ARROW_MAP: /* entries without a value, or of another kind, are a list of what they are */
        if (s->children[0].type.kind == ARROW_STRUCT && s->children[0].n_children == 2)
            return map_type(duck, &s->children[0]);
        return list_type(duck, &s->children[0]);
    case ARROW_LIST:
    case ARROW_FIXED_LIST:
        return list_type(duck, &s->children[0]);
    default:
        return duck->create_logical_type(s->is_uuid ? DUCKDB_TYPE_UUID : plain_type(&s->type));
    }
}

/* NOLINTEND(misc-no-recursion) */

duckdb_logical_type sql_type(const struct sql_duckdb *duck, const struct sql_shape *s)
{
    return s->readable ? make_type(duck, s) : NULL;
}
