/* ipc_restore.c: what a schema that was written down knows better than Parquet's own, put on the fields that were read. */
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/ipc_schema.h"
#include "arrow/metadata.h"
#include "base/str.h"

/* MOST_PAIRS: adding one copies all, so more than these, which nobody has, are left. */
enum { MAX_DEPTH = 64, MOST_PAIRS = 100 };

static const char parquet_key[] = "PARQUET:", extension_key[] = "ARROW:extension:";

static bool begins(const struct arrow_pair *pair, const char *prefix)
{
    size_t len = strlen(prefix);
    return pair->key_len >= len && !memcmp(pair->key, prefix, len);
}

/* Has the field this key? */
static bool has_key(const struct ArrowSchema *s, const struct arrow_pair *pair)
{
    struct arrow_metadata m = arrow_metadata_walk(s->metadata);
    struct arrow_pair own;
    while (arrow_metadata_next(&m, &own))
        if (own.key_len == pair->key_len && !memcmp(own.key, pair->key, pair->key_len))
            return true;
    return false;
}

/* Pairs that the field has not, and that are none of Parquet's; an extension's only where it has the same storage. */
static int restore_metadata(const struct ArrowSchema *written, struct ArrowSchema *field, bool same_storage,
                            nl_error *err)
{
    struct arrow_metadata m = arrow_metadata_walk(written->metadata);
    struct arrow_pair pair;
    nl_buf key = {0};
    int rc = NL_OK;
    for (int n = 0; rc == NL_OK && n < MOST_PAIRS && arrow_metadata_next(&m, &pair); n++) {
        if (begins(&pair, parquet_key) || (begins(&pair, extension_key) && !same_storage) ||
            memchr(pair.key, '\0', pair.key_len) || has_key(field, &pair))
            continue;
        nl_buf_clear(&key);
        rc = nl_buf_append(&key, pair.key, pair.key_len, err);
        if (rc == NL_OK)
            rc = arrow_metadata_set(field, key.data ? key.data : "", pair.value, pair.value_len, err);
    }
    nl_buf_free(&key);
    return rc;
}

/* May values of the type `read` be called `written` without touching them? */
static bool same_bytes(const struct arrow_type *written, const struct arrow_type *read)
{
    if (written->kind == ARROW_TIMESTAMP &&
        read->kind == ARROW_TIMESTAMP) /* a zone's name, never whether there is one */
        return written->unit == read->unit && !written->timezone[0] == !read->timezone[0];
    return written->kind == ARROW_DURATION && read->kind == ARROW_INT && read->width == 64 && read->is_signed;
}

/* NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH ends it */
static int restore(const struct ArrowSchema *written, struct ArrowSchema *field, int depth, nl_error *err)
{
    struct arrow_type w, r;
    const struct ArrowSchema *values = written->dictionary ? written->dictionary : written;
    if (depth > MAX_DEPTH || arrow_type_parse(values->format, &w, NULL) || arrow_type_parse(field->format, &r, NULL))
        return NL_OK;
    int rc = NL_OK;
    if (same_bytes(&w, &r) && strcmp(values->format, field->format) != 0)
        rc = arrow_schema_set_format(field, values->format, err);
    bool texts = (w.kind == ARROW_STRING || w.kind == ARROW_BINARY) && w.kind == r.kind; /* in whatever layout */
    if (rc == NL_OK && depth)
        rc = restore_metadata(written, field, !written->dictionary && (texts || !strcmp(values->format, field->format)),
                              err);
    bool lists = (w.kind == ARROW_LIST || w.kind == ARROW_FIXED_LIST) && (r.kind == ARROW_LIST || r.kind == w.kind);
    bool maps = w.kind == ARROW_MAP && r.kind == ARROW_MAP, structs = w.kind == ARROW_STRUCT && r.kind == ARROW_STRUCT;
    if (lists || maps)
        return rc || values->n_children != 1 || field->n_children != 1
                   ? rc
                   : restore(values->children[0], field->children[0], depth + 1, err);
    for (int64_t i = 0; structs && rc == NL_OK && i < field->n_children; i++) {
        const char *name = field->children[i]->name ? field->children[i]->name : "";
        bool here = i < values->n_children && values->children[i]->name && !strcmp(values->children[i]->name, name);
        int64_t at = here ? i : arrow_schema_find(values, name);
        if (at >= 0)
            rc = restore(values->children[at], field->children[i], depth + 1, err);
    }
    return rc;
}

int arrow_ipc_schema_restore(const struct ArrowSchema *written, struct ArrowSchema *read, nl_error *err)
{
    return restore(written, read, 0, err);
}
