/* columns.c: a schema's types, taken apart once for all rows. */
#include <string.h>

#include "arrow/metadata.h"
#include "arrow/text/text.h"

enum { MAX_DEPTH = 64 };

static int take_apart(const struct ArrowSchema *s, nl_arena *arena, int depth, struct text_column *out, nl_error *err);

/* The name in front of a value, written once for all rows. */
static int make_key(struct text_column *c, nl_arena *arena, nl_error *err)
{
    nl_buf b = {0};
    int rc = text_json_string(c->name, strlen(c->name), &b, err);
    if (rc == NL_OK)
        rc = nl_buf_putc(&b, ':', err);
    if (rc == NL_OK && !(c->key = nl_arena_strndup(arena, b.data, b.len)))
        rc = nl_fail_memory(err);
    c->key_len = b.len;
    nl_buf_free(&b);
    return rc;
}

/* A column of indices: what counts is what they point to. */
/* NOLINTNEXTLINE(misc-no-recursion): T1 bounds it */
static int take_dictionary(const struct ArrowSchema *s, nl_arena *arena, int depth, struct text_column *out,
                           nl_error *err)
{
    out->index = out->type;
    if (out->index.kind != ARROW_INT)
        return nl_fail(err, NL_INVALID, "column '%s': indices of the Arrow type '%s'", out->name, s->format);
    out->dictionary = nl_arena_alloc(arena, sizeof *out->dictionary);
    if (!out->dictionary)
        return nl_fail_memory(err);
    int rc = take_apart(s->dictionary, arena, depth + 1, out->dictionary, err);
    out->type = out->dictionary->type;
    return rc;
}

/* One column and those below it. depth is bounded: the schema may come from anybody (T1). */
/* NOLINTNEXTLINE(misc-no-recursion): T1 bounds it */
static int take_apart(const struct ArrowSchema *s, nl_arena *arena, int depth, struct text_column *out, nl_error *err)
{
    if (depth > MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "column '%s': its type is more than %d levels deep", s->name ? s->name : "",
                       MAX_DEPTH);
    int rc = arrow_type_parse(s->format, &out->type, err);
    if (rc)
        return rc;
    out->name = s->name ? s->name : "";
    rc = make_key(out, arena, err);
    if (rc)
        return rc;
    if (out->type.kind == ARROW_OTHER) {
        nl_fail(err, NL_UNSUPPORTED, "column '%s': the Arrow type '%s' cannot be printed", out->name, s->format);
        nl_hint(err, "in SQL, CAST(… AS VARCHAR) shows it");
        return NL_UNSUPPORTED;
    }
    out->dictionary = NULL;
    size_t len = 0;
    const char *extension = arrow_metadata_get(s, "ARROW:extension:name", &len);
    out->is_uuid = extension && len == 10 && !memcmp(extension, "arrow.uuid", len) &&
                   out->type.kind == ARROW_FIXED_BINARY && out->type.byte_width == 16;
    if (s->dictionary)
        return take_dictionary(s, arena, depth, out, err);
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
