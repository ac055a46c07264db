/* options.c: see options.h. */
#include "parquet/write/options.h"

#include <string.h>

#include "base/str.h"

/* ── of the file ── */

static int check_codec(nl_parquet_codec codec, int level, nl_error *err)
{
    static const int most[] = {[NL_PARQUET_GZIP] = 12, [NL_PARQUET_BROTLI] = 11, [NL_PARQUET_LZ4_RAW] = 0};
    if ((unsigned)codec > NL_PARQUET_LZ4_RAW)
        return nl_fail(err, NL_INVALID, "there is no nl_parquet_codec %d", (int)codec);
    int top = most[codec] ? most[codec] : 22; /* who has no levels takes what zstd has */
    if (level < 0 || level > top)
        return nl_fail(err, NL_INVALID, "a codec level of %d; 1 to %d, or 0 for the default", level, top);
    return NL_OK;
}

static enum pq_codec codec_of(nl_parquet_codec codec)
{
    static const enum pq_codec codecs[] = {
        [NL_PARQUET_SNAPPY] = PQ_CODEC_SNAPPY, [NL_PARQUET_UNCOMPRESSED] = PQ_CODEC_UNCOMPRESSED,
        [NL_PARQUET_ZSTD] = PQ_CODEC_ZSTD,     [NL_PARQUET_GZIP] = PQ_CODEC_GZIP,
        [NL_PARQUET_BROTLI] = PQ_CODEC_BROTLI, [NL_PARQUET_LZ4_RAW] = PQ_CODEC_LZ4_RAW};
    return codecs[codec];
}

int pq_configure(const nl_parquet_write_options *o, struct pq_write_config *c, nl_error *err)
{
    int rc = check_codec(o->codec, o->codec_level, err);
    if (rc)
        return rc;
    if (o->row_group_rows < 0)
        return nl_fail(err, NL_INVALID, "row groups of %lld rows", (long long)o->row_group_rows);
    if (o->page_rows < 0 || o->page_rows > INT32_MAX)
        return nl_fail(err, NL_INVALID, "pages of %lld rows", (long long)o->page_rows);
    if (o->page_bytes > 1u << 30 || o->dictionary_bytes > 1u << 30)
        return nl_fail(err, NL_INVALID, "pages and dictionaries above 1 GiB");
    if (o->n_key_values && !o->key_values)
        return nl_fail(err, NL_INVALID, "%zu pairs of keys and values, and none given", o->n_key_values);
    if ((o->n_columns && !o->columns) || (o->n_sorting && !o->sorting))
        return nl_fail(err, NL_INVALID, "options of columns are counted, and not given");
    *c = (struct pq_write_config){.row_group_rows = o->row_group_rows ? (size_t)o->row_group_rows : 1 << 20,
                                  .row_group_bytes = o->row_group_bytes ? o->row_group_bytes : 128 << 20,
                                  .page_bytes = o->page_bytes ? o->page_bytes : 1 << 20,
                                  .page_rows = o->page_rows ? (size_t)o->page_rows : 1 << 20,
                                  .dictionary_bytes = o->dictionary_bytes ? o->dictionary_bytes : 2 << 20,
                                  .threads = o->threads ? o->threads : 1,
                                  .v2 = o->data_page_v2,
                                  .checksums = o->checksums,
                                  .page_index = !o->no_page_index};
    return NL_OK;
}

/* ── of a leaf ── */

/* Which physical types an encoding is for, a bit a type. Spec: Encodings.md. */
static const struct encoding {
    const char *name;
    unsigned types;
    enum pq_encoding encoding;
} encodings[] = {
#define T(TYPE) (1u << PQ_##TYPE)
    [NL_PARQUET_DEFAULT] = {"the default", ~0u, PQ_PLAIN},
    [NL_PARQUET_PLAIN] = {"PLAIN", ~0u, PQ_PLAIN},
    [NL_PARQUET_DICTIONARY] = {"a dictionary", ~T(BOOLEAN), PQ_PLAIN},
    [NL_PARQUET_DELTA_BINARY_PACKED] = {"DELTA_BINARY_PACKED", T(INT32) | T(INT64), PQ_DELTA_BINARY_PACKED},
    [NL_PARQUET_DELTA_LENGTH_BYTE_ARRAY] = {"DELTA_LENGTH_BYTE_ARRAY", T(BYTE_ARRAY), PQ_DELTA_LENGTH_BYTE_ARRAY},
    [NL_PARQUET_DELTA_BYTE_ARRAY] = {"DELTA_BYTE_ARRAY", T(BYTE_ARRAY) | T(FIXED_LEN_BYTE_ARRAY), PQ_DELTA_BYTE_ARRAY},
    [NL_PARQUET_BYTE_STREAM_SPLIT] = {"BYTE_STREAM_SPLIT",
                                      T(FLOAT) | T(DOUBLE) | T(INT32) | T(INT64) | T(FIXED_LEN_BYTE_ARRAY),
                                      PQ_BYTE_STREAM_SPLIT},
    [NL_PARQUET_RLE] = {"RLE", T(BOOLEAN), PQ_RLE},
#undef T
};

static int set_encoding(nl_parquet_encoding want, const struct pq_write_leaf *leaf, struct pq_leaf_options *out,
                        nl_error *err)
{
    if ((size_t)want >= NL_LEN(encodings))
        return nl_fail(err, NL_INVALID, "there is no nl_parquet_encoding %d", (int)want);
    const struct encoding *e = &encodings[want];
    enum pq_type type = leaf->type.element.type;
    if (!(e->types >> type & 1))
        return nl_fail(err, NL_INVALID, "%s is not for values of %s", e->name, pq_type_name((int32_t)type));
    out->encoding = e->encoding;
    if (want != NL_PARQUET_DEFAULT) {
        out->dictionary = out->keep_dictionary = want == NL_PARQUET_DICTIONARY;
        out->sample = false;
    }
    return NL_OK;
}

/* What the options say about every leaf. */
static struct pq_leaf_options defaults(const nl_parquet_write_options *o, const struct pq_write_leaf *leaf)
{
    /* What was a dictionary stays one: Arrow's readers, which restore it, know it only so, or PLAIN. */
    bool values = leaf->type.convert != PQ_ALL_NULL, sample = values && !leaf->type.index_width;
    return (struct pq_leaf_options){.codec = codec_of(o->codec),
                                    .level = o->codec_level,
                                    .dictionary = !o->no_dictionary && values && leaf->type.form != PQ_FORM_BITS,
                                    .sample = o->auto_encoding && sample,
                                    .statistics = true};
}

/* What one column's options make of a leaf: all of it anew, for the last one counts. */
static int apply(const nl_parquet_write_options *o, const nl_parquet_column_options *c,
                 const struct pq_write_leaf *leaf, struct pq_leaf_options *out, nl_error *err)
{
    *out = defaults(o, leaf);
    if (c->has_codec) {
        int rc = check_codec(c->codec, c->codec_level, err);
        if (rc)
            return rc;
        out->codec = codec_of(c->codec);
        out->level = c->codec_level;
    }
    if (!(c->bloom_fpp >= 0 && c->bloom_fpp < 1))
        return nl_fail(err, NL_INVALID, "a bloom filter's rate of false positives lies between 0 and 1");
    if (c->bloom_filter && leaf->type.form == PQ_FORM_BITS)
        return nl_fail(err, NL_INVALID, "there are no bloom filters of BOOLEAN");
    out->bloom = c->bloom_filter && leaf->type.convert != PQ_ALL_NULL;
    out->fpp = c->bloom_fpp > 0 ? c->bloom_fpp : 0.01;
    out->statistics = !c->no_statistics;
    return set_encoding(c->encoding, leaf, out, err);
}

/* Does a column carry this very name, dots and all? Then the path means nothing else. */
static bool is_top_level(const struct pq_write_leaf *leaf, const char *path)
{
    return leaf->ends[0] == strlen(path) && pq_write_leaf_below(leaf, path);
}

static bool any_top_level(const struct pq_write_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->n_leaves; i++)
        if (is_top_level(&tree->leaves[i], path))
            return true;
    return false;
}

int pq_configure_leaves(const nl_parquet_write_options *o, const struct pq_write_tree *tree,
                        struct pq_leaf_options *out, nl_error *err)
{
    for (size_t i = 0; i < tree->n_leaves; i++)
        out[i] = defaults(o, &tree->leaves[i]);
    for (size_t k = 0; k < o->n_columns; k++) {
        const char *path = o->columns[k].path;
        if (!path)
            return nl_fail(err, NL_INVALID, "options of a column without a path");
        bool top = any_top_level(tree, path), found = false;
        for (size_t i = 0; i < tree->n_leaves; i++) {
            const struct pq_write_leaf *leaf = &tree->leaves[i];
            if (top ? !is_top_level(leaf, path) : !pq_write_leaf_below(leaf, path))
                continue;
            found = true;
            int rc = apply(o, &o->columns[k], leaf, &out[i], err);
            if (rc) {
                nl_note(err, "options of column %s", leaf->name);
                return rc;
            }
        }
        if (!found)
            return nl_fail(err, NL_INVALID, "options of column %s: there is none of that name", path);
    }
    return NL_OK;
}

int pq_configure_sorting(const nl_parquet_write_options *o, const struct pq_write_tree *tree, nl_arena *arena,
                         struct pq_sorting_column **out, nl_error *err)
{
    *out = nl_arena_array(arena, o->n_sorting, sizeof(**out));
    if (!*out)
        return nl_fail_memory(err);
    for (size_t k = 0; k < o->n_sorting; k++) {
        const nl_parquet_sorting *s = &o->sorting[k];
        size_t i = 0;
        while (s->path && i < tree->n_leaves && strcmp(tree->leaves[i].name, s->path) != 0)
            i++;
        if (!s->path || i == tree->n_leaves)
            return nl_fail(err, NL_INVALID, "sorted by %s: there is no column of that name that holds values",
                           s->path ? s->path : "(no path)");
        (*out)[k] = (struct pq_sorting_column){(int32_t)i, s->descending, s->nulls_first};
    }
    return NL_OK;
}
