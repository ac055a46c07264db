/* parquet_schema.c: a Parquet file's schema as a tree: drawn, and as JSON.
 *
 *     id              required INT64
 *     tags            optional group (LIST)
 *     └─ list         repeated group
 *        └─ element   optional BYTE_ARRAY (STRING)   field id 4
 *
 * Elements stand depth first: a stack of how many children each open group still expects tells where one is. Its depth is
 * proven by pq_schema_build().
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli/parquet_leaf.h"
#include "cli/rows.h"

const char *cli_repetition_name(const struct pq_schema_element *e)
{
    static const char *const names[] = {"required", "optional", "repeated"};
    return (unsigned)e->repetition < NL_LEN(names) ? names[e->repetition] : "unknown";
}

/* Where a walk through the elements stands. */
struct walk {
    int32_t left[PQ_MAX_DEPTH + 2]; /* children that each open group still expects */
    size_t depth;
};

/* Before an element: leave the groups that are through, and count it in the one it belongs to. */
static void enter(struct walk *w)
{
    while (w->depth && !w->left[w->depth - 1])
        w->depth--;
    if (w->depth)
        w->left[w->depth - 1]--;
}

/* Behind it: its children come next. */
static void open_group(struct walk *w, const struct pq_schema_element *e)
{
    if (w->depth < NL_LEN(w->left))
        w->left[w->depth++] = !e->has_type && e->n_children > 0 ? e->n_children : 0;
}

/* "│  └─ name": branches, then the name. w->depth counts the groups around it, the root among them. */
static int append_name(const struct walk *w, const struct pq_schema_element *e, nl_buf *out, nl_error *err)
{
    char name[200];
    int rc = NL_OK;
    for (size_t i = 1; rc == NL_OK && i < w->depth; i++) {
        bool is_last = w->left[i] == 0;
        if (i + 1 == w->depth)
            rc = nl_buf_puts(out, is_last ? "└─ " : "├─ ", err);
        else
            rc = nl_buf_puts(out, is_last ? "   " : "│  ", err);
    }
    nl_printable((const char *)e->name.data, e->name.len, name, sizeof name);
    return rc ? rc : nl_buf_puts(out, name, err);
}

enum { MOST_NAME = 48 }; /* a longer name pushes its own line's type, not everybody's */

static int print_line(const struct walk *w, const struct pq_schema_element *e, size_t width, nl_error *err)
{
    nl_buf name = {0}, type = {0};
    int rc = append_name(w, e, &name, err);
    if (rc == NL_OK)
        rc = pq_inspect_type(e, &type, err);
    if (rc == NL_OK) {
        size_t used = cli_text_width(name.data);
        printf("  %s%*s  %s %s", name.data, used < width ? (int)(width - used) : 0, "", cli_repetition_name(e),
               type.data);
        if (e->has_field_id)
            printf("  field id %d", (int)e->field_id);
        putchar('\n');
    }
    nl_buf_free(&name);
    nl_buf_free(&type);
    return rc;
}

/* How wide the names are, with their branches. */
static size_t names_width(const struct pq_schema *s)
{
    struct walk w = {0};
    size_t width = 0;
    for (size_t i = 0; i < s->n_elements; i++) {
        enter(&w);
        char name[200];
        nl_printable((const char *)s->elements[i].name.data, s->elements[i].name.len, name, sizeof name);
        size_t n = cli_text_width(name) + (w.depth > 1 ? 3 * (w.depth - 1) : 0);
        if (i && n > width)
            width = n;
        open_group(&w, &s->elements[i]);
    }
    return width < MOST_NAME ? width : MOST_NAME;
}

int cli_print_schema(const nl_parquet_file *f, nl_error *err)
{
    const struct pq_schema *s = pq_inspect_schema(f);
    struct walk w = {0};
    size_t width = names_width(s);
    int rc = NL_OK;
    printf("schema\n");
    for (size_t i = 0; rc == NL_OK && i < s->n_elements; i++) {
        enter(&w);
        if (i)
            rc = print_line(&w, &s->elements[i], width, err);
        open_group(&w, &s->elements[i]);
    }
    return rc;
}

json_t *cli_json_text(const char *s, size_t len)
{
    json_t *j = s ? json_stringn(s, len) : NULL;
    return j ? j : json_null();
}

/* "STRING" of "BYTE_ARRAY (STRING)", or null. */
static json_t *annotation(const char *type)
{
    const char *open = strstr(type, " (");
    size_t len = open ? strlen(open) : 0;
    return open && len > 3 ? cli_json_text(open + 2, len - 3) : json_null();
}

static json_t *element_json(const struct pq_schema_element *e, json_t **children)
{
    nl_buf type = {0};
    *children = NULL;
    if (pq_inspect_type(e, &type, NULL)) {
        nl_buf_free(&type);
        return NULL;
    }
    json_t *j = json_pack("{s:o, s:s, s:o, s:o, s:o}", "name", cli_json_text((const char *)e->name.data, e->name.len),
                          "repetition", cli_repetition_name(e), "type",
                          cli_json_text(type.data, strcspn(type.data, " (")), "logical_type", annotation(type.data),
                          "field_id", e->has_field_id ? json_integer(e->field_id) : json_null());
    nl_buf_free(&type);
    if (j && e->has_type && e->type == PQ_FIXED_LEN_BYTE_ARRAY)
        json_object_set_new(j, "type_length", json_integer(e->type_length));
    if (j && !e->has_type && json_object_set_new(j, "children", *children = json_array()) != 0) {
        json_decref(j);
        j = NULL;
    }
    return j;
}

json_t *cli_schema_json(const nl_parquet_file *f)
{
    const struct pq_schema *s = pq_inspect_schema(f);
    json_t *root = NULL, *open[PQ_MAX_DEPTH + 2] = {0}; /* the children of each open group; borrowed */
    struct walk w = {0};
    for (size_t i = 0; i < s->n_elements; i++) {
        json_t *children;
        enter(&w);
        json_t *j = element_json(&s->elements[i], &children);
        bool kept = j && (!w.depth || json_array_append_new(open[w.depth - 1], j) == 0);
        if (!w.depth)
            root = j;
        if (!kept) {
            json_decref(root);
            return NULL;
        }
        if (w.depth < NL_LEN(open))
            open[w.depth] = children;
        open_group(&w, &s->elements[i]);
    }
    return root;
}
