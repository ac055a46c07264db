/* columns.c: a schema's types, taken apart once for all rows. */
#include <string.h>

#include "arrow/text/text.h"

enum { MAX_DEPTH = 64 };

/* One column and those below it. depth is bounded: the schema may come from anybody (T1). */
static int take_apart(const struct ArrowSchema *s, nl_arena *arena, int depth, struct text_column *out, nl_error *err)
{
    if (depth > MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "column '%s': its type is more than %d levels deep", s->name ? s->name : "",
                       MAX_DEPTH);
    if (s->dictionary)
        return nl_fail(err, NL_UNSUPPORTED, "column '%s': a dictionary-encoded column cannot be printed",
                       s->name ? s->name : "");
    int rc = arrow_type_parse(s->format, &out->type, err);
    if (rc)
        return rc;
    if (out->type.kind == ARROW_OTHER)
        return nl_fail(err, NL_UNSUPPORTED, "column '%s': the Arrow type '%s' cannot be printed",
                       s->name ? s->name : "", s->format);
    out->name = s->name ? s->name : "";
    out->wide_offsets = strcmp(s->format, "+L") == 0;
    out->n_children = (size_t)s->n_children;
    out->children = nl_arena_array(arena, out->n_children, sizeof *out->children);
    if (!out->children)
        return nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < out->n_children; i++)
        rc = take_apart(s->children[i], arena, depth + 1, &out->children[i], err);
    return rc;
}

int text_columns(const struct ArrowSchema *schema, nl_arena *arena, struct text_column **out, nl_error *err)
{
    struct text_column *root = nl_arena_alloc(arena, sizeof *root);
    if (!root)
        return nl_fail_memory(err);
    int rc = take_apart(schema, arena, 0, root, err);
    if (rc == NL_OK)
        *out = root->children;
    return rc;
}

bool text_is_number(const struct text_column *c)
{
    return c->type.kind == ARROW_INT || c->type.kind == ARROW_FLOAT || c->type.kind == ARROW_DECIMAL;
}
