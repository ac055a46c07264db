/* schema_sql.c: the type of a field in SQL's words, with what is nested in it. */
#include <ctype.h>
#include <inttypes.h>

#include "arrow/arrow.h"

enum { MAX_DEPTH = 64 };

static int put(const struct ArrowSchema *s, int depth, nl_buf *out, nl_error *err);

/* A member's name: quoted where it is no plain word. */
static int put_name(const char *name, nl_buf *out, nl_error *err)
{
    bool plain = *name && !isdigit((unsigned char)*name);
    for (const char *c = name; *c && plain; c++)
        plain = isalnum((unsigned char)*c) || *c == '_';
    if (plain)
        return nl_buf_puts(out, name, err);
    int rc = nl_buf_putc(out, '"', err);
    for (const char *c = name; *c && rc == NL_OK; c++)
        rc = nl_buf_append(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1, err);
    return rc ? rc : nl_buf_putc(out, '"', err);
}

/* "(a INTEGER, b VARCHAR)"; a map's entries without their names: "(VARCHAR, INTEGER)". */
/* NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH ends it */
static int put_members(const struct ArrowSchema *s, bool names, int depth, nl_buf *out, nl_error *err)
{
    int rc = nl_buf_putc(out, '(', err);
    for (int64_t i = 0; rc == NL_OK && i < s->n_children; i++) {
        const struct ArrowSchema *child = s->children[i];
        if (i)
            rc = nl_buf_puts(out, ", ", err);
        if (rc == NL_OK && names)
            rc = put_name(child->name ? child->name : "", out, err);
        if (rc == NL_OK && names)
            rc = nl_buf_putc(out, ' ', err);
        if (rc == NL_OK)
            rc = put(child, depth + 1, out, err);
    }
    return rc ? rc : nl_buf_putc(out, ')', err);
}

/* NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH ends it */
static int put(const struct ArrowSchema *s, int depth, nl_buf *out, nl_error *err)
{
    struct arrow_type t;
    char text[64];
    if (depth > MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "a type of more than %d levels", MAX_DEPTH);
    if (s->dictionary)
        return put(s->dictionary, depth + 1, out, err);
    int rc = arrow_type_parse(s->format, &t, err);
    if (rc)
        return rc;
    bool one = s->n_children == 1;
    if (t.kind == ARROW_LIST && one) {
        rc = put(s->children[0], depth + 1, out, err);
        return rc ? rc : nl_buf_puts(out, "[]", err);
    }
    if (t.kind == ARROW_FIXED_LIST && one) {
        rc = put(s->children[0], depth + 1, out, err);
        return rc ? rc : nl_buf_printf(out, err, "[%" PRId32 "]", t.list_size);
    }
    rc = nl_buf_puts(out, arrow_type_sql(&t, text), err);
    if (rc == NL_OK && t.kind == ARROW_STRUCT)
        rc = put_members(s, true, depth, out, err);
    if (rc == NL_OK && t.kind == ARROW_MAP && one)
        rc = put_members(s->children[0], false, depth + 1, out, err);
    return rc;
}

int arrow_schema_sql(const struct ArrowSchema *s, nl_buf *out, nl_error *err)
{
    size_t before = out->len;
    int rc = put(s, 0, out, err);
    if (rc && out->data)
        out->data[out->len = before] = '\0';
    return rc;
}
