/* tree.c: see tree.h. The Arrow schema is walked depth first, as Parquet lists its elements. */
#include "parquet/write/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Where the walk is: what lies above the field that is added next. */
struct walk {
    struct pq_write_tree *tree;
    nl_arena *arena;
    nl_error *err;
    uint32_t column;
    struct pq_step steps[PQ_WRITE_DEPTH];
    size_t n_steps;
    struct pq_slice path[PQ_WRITE_DEPTH]; /* of all elements but the root */
    size_t n_path;
    const char *names[PQ_WRITE_DEPTH + 1]; /* of those that people see */
    size_t n_names;
    uint8_t definition, repetition;
};

static struct pq_slice text(const char *s)
{
    return (struct pq_slice){(const uint8_t *)s, strlen(s)};
}

/* Room for one more; the new block, or NULL. */
static void *grown(void *block, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return block;
    size_t more = *cap ? *cap * 2 : 16;
    void *bigger = realloc(block, more * size);
    if (bigger)
        *cap = more;
    return bigger;
}

static int add_element(struct walk *w, const struct pq_schema_element *e)
{
    struct pq_write_tree *t = w->tree;
    void *block = grown(t->elements, t->n_elements, &t->elements_cap, sizeof(*t->elements));
    if (!block)
        return nl_fail_memory(w->err);
    t->elements = block;
    t->elements[t->n_elements++] = *e;
    return NL_OK;
}

/* ── going down and up ── */

/* One element deeper: its name, its levels. */
static int enter(struct walk *w, struct pq_slice name, enum pq_repetition repetition)
{
    if (w->n_path == PQ_WRITE_DEPTH)
        return nl_fail(w->err, NL_UNSUPPORTED, "a schema of more than %d levels", PQ_WRITE_DEPTH);
    w->path[w->n_path++] = name;
    w->definition += repetition != PQ_REQUIRED;
    w->repetition += repetition == PQ_REPEATED;
    return NL_OK;
}

static void leave(struct walk *w, enum pq_repetition repetition)
{
    w->n_path--;
    w->definition -= repetition != PQ_REQUIRED;
    w->repetition -= repetition == PQ_REPEATED;
}

/* ── leaves ── */

/* The names that people see, joined with dots, and where each ends. */
static int join_names(struct walk *w, struct pq_write_leaf *leaf)
{
    size_t len = 0;
    for (size_t i = 0; i < w->n_names; i++)
        len += strlen(w->names[i]) + 1;
    if (len > UINT16_MAX)
        return nl_fail(w->err, NL_UNSUPPORTED, "names of %zu bytes", len);
    char *name = nl_arena_alloc(w->arena, len + 1);
    leaf->ends = nl_arena_array(w->arena, w->n_names, sizeof(*leaf->ends));
    if (!name || !leaf->ends)
        return nl_fail_memory(w->err);
    leaf->name = name;
    leaf->n_names = w->n_names;
    for (size_t i = 0; i < w->n_names; i++) {
        size_t n = strlen(w->names[i]);
        if (i)
            *name++ = '.';
        memcpy(name, w->names[i], n);
        name += n;
        leaf->ends[i] = (uint16_t)(name - leaf->name);
    }
    return NL_OK;
}

static int keep_way(struct walk *w, struct pq_write_leaf *leaf)
{
    leaf->steps = nl_arena_array(w->arena, w->n_steps, sizeof(*leaf->steps));
    leaf->path = nl_arena_array(w->arena, w->n_path, sizeof(*leaf->path));
    if (!leaf->steps || !leaf->path)
        return nl_fail_memory(w->err);
    memcpy(leaf->steps, w->steps, w->n_steps * sizeof(*leaf->steps));
    memcpy(leaf->path, w->path, w->n_path * sizeof(*leaf->path));
    leaf->n_steps = w->n_steps;
    leaf->n_path = w->n_path;
    leaf->type.nested = w->n_steps > 0;
    leaf->column = w->column;
    leaf->max_definition = w->definition;
    leaf->max_repetition = w->repetition;
    return join_names(w, leaf);
}

static int add_leaf(struct walk *w, const struct ArrowSchema *f, const struct pq_schema_element *as)
{
    struct pq_write_tree *t = w->tree;
    void *block = grown(t->leaves, t->n_leaves, &t->leaves_cap, sizeof(*t->leaves));
    if (!block)
        return nl_fail_memory(w->err);
    t->leaves = block;
    struct pq_write_leaf leaf = {0};
    int rc = pq_write_type_of(f, &leaf.type, w->err);
    if (!rc)
        rc = pq_write_type_annotate(f, &leaf.type, w->arena, w->err);
    if (rc)
        return rc;
    struct pq_schema_element *e = &leaf.type.element;
    e->name = as->name;
    if (as->repetition == PQ_REQUIRED && e->repetition == PQ_OPTIONAL) { /* a map's key */
        if (leaf.type.convert == PQ_ALL_NULL)
            return nl_fail(w->err, NL_UNSUPPORTED, "the keys of a map cannot be null");
        e->repetition = PQ_REQUIRED;
    }
    rc = enter(w, e->name, e->repetition);
    if (!rc)
        rc = keep_way(w, &leaf);
    if (!rc)
        rc = add_element(w, e);
    if (!rc)
        t->leaves[t->n_leaves++] = leaf;
    leave(w, e->repetition);
    return rc;
}

/* ── groups ── */

static int add_field(struct walk *w, const struct ArrowSchema *f, const char *name, enum pq_repetition most);

/* What kind of group a format is; false: a leaf. */
static bool group_of(const struct ArrowSchema *f, struct pq_step *s)
{
    const char *format = f->format;
    *s = (struct pq_step){.nullable = f->flags & ARROW_FLAG_NULLABLE, .n_children = f->n_children};
    if (format[0] != '+' || f->dictionary)
        return false;
    if (!strcmp(format, "+s"))
        s->kind = PQ_STEP_STRUCT;
    else if (!strcmp(format, "+l") || !strcmp(format, "+L") || !strcmp(format, "+m"))
        s->kind = PQ_STEP_LIST;
    else if (!strcmp(format, "+vl") || !strcmp(format, "+vL"))
        s->kind = PQ_STEP_LIST_VIEW;
    else if (nl_starts_with(format, "+w:"))
        s->kind = PQ_STEP_FIXED_LIST;
    else
        return false;
    s->large = format[strlen(format) - 1] == 'L';
    return true;
}

/* NOLINTBEGIN(misc-no-recursion): PQ_WRITE_DEPTH ends it */

/* A member, with the step by which it is reached. visible: people name it. */
static int add_member(struct walk *w, const struct ArrowSchema *f, size_t i, const char *name, bool visible,
                      enum pq_repetition most)
{
    w->steps[w->n_steps - 1].child = (uint32_t)i;
    if (visible)
        w->names[w->n_names++] = name;
    int rc = add_field(w, f->children[i], name, most);
    w->n_names -= visible;
    return rc;
}

/* The repeated group of a map, and the entries' struct as a step of its own. */
static int add_entries(struct walk *w, const struct ArrowSchema *entries)
{
    if (entries->n_children != 2 || strcmp(entries->format, "+s") != 0)
        return nl_fail(w->err, NL_INVALID, "a map's entries are a struct of key and value");
    w->steps[w->n_steps - 1].child = 0;
    if (w->n_steps == PQ_WRITE_DEPTH)
        return nl_fail(w->err, NL_UNSUPPORTED, "a schema of more than %d levels", PQ_WRITE_DEPTH);
    w->steps[w->n_steps++] = (struct pq_step){.kind = PQ_STEP_STRUCT, .n_children = 2};
    int rc = add_member(w, entries, 0, "key", true, PQ_REQUIRED);
    if (!rc)
        rc = add_member(w, entries, 1, "value", true, PQ_OPTIONAL);
    w->n_steps--;
    return rc;
}

/* What is inside of a list or map: "list" with its element, or "key_value". */
static int add_repeated(struct walk *w, const struct ArrowSchema *f)
{
    bool map = !strcmp(f->format, "+m");
    if (f->n_children != 1)
        return nl_fail(w->err, NL_INVALID, "a list of %lld children", (long long)f->n_children);
    struct pq_schema_element e = {.name = text(map ? "key_value" : "list"),
                                  .repetition = PQ_REPEATED,
                                  .converted = PQ_CONVERTED_NONE,
                                  .n_children = map ? 2 : 1};
    int rc = enter(w, e.name, PQ_REPEATED);
    if (rc)
        return rc;
    rc = add_element(w, &e);
    if (!rc)
        rc = map ? add_entries(w, f->children[0]) : add_member(w, f, 0, "element", false, PQ_OPTIONAL);
    leave(w, PQ_REPEATED);
    return rc;
}

static int add_members(struct walk *w, const struct ArrowSchema *f)
{
    int rc = NL_OK;
    for (int64_t i = 0; !rc && i < f->n_children; i++) {
        const char *name = f->children[i]->name ? f->children[i]->name : "";
        char *kept = nl_arena_strdup(w->arena, name);
        rc = kept ? add_member(w, f, (size_t)i, kept, true, PQ_OPTIONAL) : nl_fail_memory(w->err);
    }
    return rc;
}

static int add_group(struct walk *w, const struct ArrowSchema *f, struct pq_step *s, struct pq_schema_element *e)
{
    bool is_struct = s->kind == PQ_STEP_STRUCT;
    if (is_struct && (f->n_children < 1 || f->n_children > INT32_MAX))
        return nl_fail(w->err, NL_UNSUPPORTED, "a struct without members has no place in Parquet");
    if (s->kind == PQ_STEP_FIXED_LIST) {
        struct arrow_type a;
        int rc = arrow_type_parse(f->format, &a, w->err);
        if (rc)
            return rc;
        s->list_size = a.list_size;
    }
    e->n_children = is_struct ? (int32_t)f->n_children : 1;
    bool map = !strcmp(f->format, "+m");
    if (!is_struct) {
        e->logical.kind = map ? PQ_LOGICAL_MAP : PQ_LOGICAL_LIST;
        e->converted = map ? PQ_CONVERTED_MAP : PQ_CONVERTED_LIST;
    }
    int rc = pq_write_field_id(f, e, w->err);
    if (!rc)
        rc = enter(w, e->name, e->repetition);
    if (rc)
        return rc;
    rc = add_element(w, e);
    if (!rc && w->n_steps == PQ_WRITE_DEPTH)
        rc = nl_fail(w->err, NL_UNSUPPORTED, "a schema of more than %d levels", PQ_WRITE_DEPTH);
    if (!rc) {
        w->steps[w->n_steps++] = *s;
        rc = is_struct ? add_members(w, f) : add_repeated(w, f);
        w->n_steps--;
    }
    leave(w, e->repetition);
    return rc;
}

/* A field with all that is below it. most PQ_REQUIRED: it may not be null, whatever Arrow says. The recursion ends at
 * PQ_WRITE_DEPTH. */
static int add_field(struct walk *w, const struct ArrowSchema *f, const char *name, enum pq_repetition most)
{
    if (!f->format)
        return nl_fail(w->err, NL_INVALID, "a field without a format");
    struct pq_step s;
    struct pq_schema_element e = {.name = text(name), .converted = PQ_CONVERTED_NONE, .repetition = most};
    if (!group_of(f, &s))
        return add_leaf(w, f, &e);
    s.nullable = s.nullable && most != PQ_REQUIRED;
    e.repetition = s.nullable ? PQ_OPTIONAL : PQ_REQUIRED;
    return add_group(w, f, &s, &e);
}

/* NOLINTEND(misc-no-recursion) */

int pq_write_tree_build(const struct ArrowSchema *schema, nl_arena *arena, struct pq_write_tree *out, nl_error *err)
{
    struct walk *w = calloc(1, sizeof(*w));
    if (!w)
        return nl_fail_memory(err);
    nl_error why = {0};
    w->tree = out;
    w->arena = arena;
    w->err = &why;
    out->n_columns = (size_t)schema->n_children;
    struct pq_schema_element root = {.name = text("schema"),
                                     .converted = PQ_CONVERTED_NONE,
                                     .n_children = (int32_t)schema->n_children};
    int rc = add_element(w, &root);
    for (int64_t i = 0; !rc && i < schema->n_children; i++) {
        const char *name = nl_arena_strdup(arena, schema->children[i]->name ? schema->children[i]->name : "");
        w->column = (uint32_t)i;
        w->names[0] = name;
        w->n_names = 1;
        rc = name ? add_field(w, schema->children[i], name, PQ_OPTIONAL) : nl_fail_memory(&why);
        if (rc && name)
            nl_note(&why, "column %s", name);
    }
    free(w);
    if (rc && err)
        *err = why;
    return rc;
}

void pq_write_tree_free(struct pq_write_tree *t)
{
    free(t->elements);
    free(t->leaves);
    *t = (struct pq_write_tree){0};
}

bool pq_write_leaf_below(const struct pq_write_leaf *leaf, const char *path)
{
    size_t len = strlen(path);
    for (size_t i = 0; i < leaf->n_names; i++)
        if (leaf->ends[i] == len)
            return !memcmp(leaf->name, path, len);
    return false;
}
