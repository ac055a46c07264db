/* restore.c: finds "ARROW:schema" in a footer, and which of its columns are meant. */
#include "parquet/read/restore.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/ipc_schema.h"

static const char key[] = "ARROW:schema";

static const struct pq_slice *find(const struct pq_file_meta *m)
{
    for (size_t i = 0; i < m->n_key_values; i++) {
        const struct pq_key_value *kv = &m->key_values[i];
        if (kv->key.len == sizeof key - 1 && !memcmp(kv->key.data, key, kv->key.len) && kv->value.data)
            return &kv->value;
    }
    return NULL;
}

/* Which column of the file column i of the projection is; one without leaves is searched for by its name. */
static size_t position(const struct pq_projection *p, size_t i)
{
    const struct pq_node *n = &p->schema->nodes[p->nodes[p->columns[i]].node];
    return n->n_leaves ? p->schema->leaves[n->first_leaf].column : SIZE_MAX;
}

int pq_restore(const nl_parquet_file *f, const struct pq_projection *p, struct ArrowSchema *columns, nl_error *err)
{
    const struct pq_slice *text = find(&f->meta);
    if (!text)
        return NL_OK;
    size_t n = (size_t)columns->n_children;
    size_t *positions = calloc(n + 1, sizeof *positions);
    if (!positions)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        positions[i] = p ? position(p, i) : i;
    int rc = arrow_ipc_schema_restore_columns((const char *)text->data, text->len, positions, columns, NULL);
    free(positions);
    return rc == NL_NO_MEMORY ? nl_fail_memory(err) : NL_OK;
}
