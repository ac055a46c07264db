/* schema.c: schemas of our own making: one owner each, which holds the texts and the children.
 *
 * Children of a struct are structures inside the owner; a consumer may move one out (its release becomes NULL there).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arrow/arrow.h"
#include "arrow/metadata.h"

/* Copying and releasing go down the tree: no schema of ours is deeper than this. */
enum { MAX_DEPTH = 64 };

struct schema_owner {
    char *format, *name, *metadata;
    struct ArrowSchema **pointers;
    struct ArrowSchema *children, dictionary;
};

static void release_owned(struct ArrowSchema *s)
{
    struct schema_owner *o = s->private_data;
    assert(o->pointers || s->n_children == 0);
    for (int64_t i = 0; i < s->n_children; i++)
        arrow_schema_release(o->pointers[i]);
    arrow_schema_release(&o->dictionary);
    free(o->format);
    free(o->name);
    free(o->metadata);
    free(o->pointers);
    free(o->children);
    free(o);
    *s = (struct ArrowSchema){0};
}

void arrow_schema_release(struct ArrowSchema *s)
{
    if (s && s->release)
        s->release(s);
}

void arrow_schema_move(struct ArrowSchema *from, struct ArrowSchema *to)
{
    *to = *from;
    from->release = NULL;
}

/* Room for n released children. */
static int make_children(struct ArrowSchema *s, struct schema_owner *o, size_t n, nl_error *err)
{
    o->children = calloc(n ? n : 1, sizeof(*o->children));
    o->pointers = calloc(n ? n : 1, sizeof(*o->pointers));
    if (!o->children || !o->pointers)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        o->pointers[i] = &o->children[i];
    s->children = o->pointers;
    s->n_children = (int64_t)n;
    return NL_OK;
}

/* A node with its texts copied and n released children. On failure *out is released. */
static int make_node(struct ArrowSchema *out, const char *format, const char *name, int64_t flags, size_t n,
                     nl_error *err)
{
    *out = (struct ArrowSchema){0};
    struct schema_owner *o = calloc(1, sizeof(*o));
    if (!o)
        return nl_fail_memory(err);
    out->private_data = o;
    out->release = release_owned;
    out->flags = flags;
    out->format = o->format = strdup(format);
    out->name = o->name = strdup(name ? name : "");
    int rc = o->format && o->name ? make_children(out, o, n, err) : nl_fail_memory(err);
    if (rc)
        arrow_schema_release(out);
    return rc;
}

int arrow_schema_field(struct ArrowSchema *out, const char *format, const char *name, bool nullable, nl_error *err)
{
    return make_node(out, format, name, nullable ? ARROW_FLAG_NULLABLE : 0, 0, err);
}

int arrow_schema_struct(struct ArrowSchema *out, size_t n, nl_error *err)
{
    return make_node(out, "+s", "", 0, n, err);
}

int arrow_schema_nested(struct ArrowSchema *out, const char *format, const char *name, bool nullable, size_t n,
                        nl_error *err)
{
    return make_node(out, format, name, nullable ? ARROW_FLAG_NULLABLE : 0, n, err);
}

bool arrow_schema_own_metadata(struct ArrowSchema *s, char *metadata)
{
    if (s->release != release_owned)
        return false;
    struct schema_owner *o = s->private_data;
    free(o->metadata);
    s->metadata = o->metadata = metadata;
    return true;
}

static int copy_metadata(const struct ArrowSchema *from, struct ArrowSchema *out, nl_error *err)
{
    struct schema_owner *o = out->private_data;
    assert(o);
    if (!from->metadata)
        return NL_OK;
    size_t len = arrow_metadata_length(from->metadata);
    if (len == 0)
        return nl_fail(err, NL_INVALID, "Arrow metadata whose lengths cannot be");
    out->metadata = o->metadata = malloc(len);
    if (!o->metadata)
        return nl_fail_memory(err);
    memcpy(o->metadata, from->metadata, len);
    return NL_OK;
}

int arrow_schema_set_dictionary(struct ArrowSchema *s, struct ArrowSchema *values, nl_error *err)
{
    if (s->release != release_owned) {
        arrow_schema_release(values);
        return nl_fail(err, NL_INVALID, "a dictionary for a field that is not ours to change");
    }
    struct schema_owner *o = s->private_data;
    arrow_schema_release(&o->dictionary);
    arrow_schema_move(values, &o->dictionary);
    s->dictionary = &o->dictionary;
    return NL_OK;
}

int arrow_schema_set_format(struct ArrowSchema *s, const char *format, nl_error *err)
{
    if (s->release != release_owned)
        return nl_fail(err, NL_INVALID, "a format for a field that is not ours to change");
    struct schema_owner *o = s->private_data;
    char *copy = strdup(format);
    if (!copy)
        return nl_fail_memory(err);
    free(o->format);
    s->format = o->format = copy;
    return NL_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH ends it */
static int copy_node(const struct ArrowSchema *from, struct ArrowSchema *out, int depth, nl_error *err)
{
    assert(out);
    *out = (struct ArrowSchema){0};
    if (depth == MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "a schema nested deeper than %d levels", MAX_DEPTH);
    if (!from->release || !from->format || from->n_children < 0 || (from->n_children && !from->children))
        return nl_fail(err, NL_INVALID, "a schema that was released, or is incomplete");
    int rc = make_node(out, from->format, from->name, from->flags, (size_t)from->n_children, err);
    if (rc)
        return rc;
    rc = copy_metadata(from, out, err);
    assert(rc || out->children);
    for (int64_t i = 0; i < from->n_children && rc == NL_OK; i++)
        rc = copy_node(from->children[i], out->children[i], depth + 1, err);
    if (rc == NL_OK && from->dictionary) {
        out->dictionary = &((struct schema_owner *)out->private_data)->dictionary;
        rc = copy_node(from->dictionary, out->dictionary, depth + 1, err);
    }
    if (rc)
        arrow_schema_release(out);
    return rc;
}

int arrow_schema_copy(const struct ArrowSchema *from, struct ArrowSchema *out, nl_error *err)
{
    return copy_node(from, out, 0, err);
}

int64_t arrow_schema_find(const struct ArrowSchema *s, const char *name)
{
    int64_t found = -1;
    for (int64_t i = 0; i < s->n_children; i++) {
        const char *child = s->children[i]->name ? s->children[i]->name : "";
        if (strcmp(child, name) == 0)
            return i;
        if (strcasecmp(child, name) == 0)
            found = found == -1 ? i : -2; /* -2: more than one */
    }
    return found < 0 ? -1 : found;
}
