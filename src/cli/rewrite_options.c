/* rewrite_options.c: words of `parquet rewrite` into options of the writer.
 *
 *     --encoding tags=plain --bloom id,tags    ──▶    a leaf   encoding  bloom filter
 *                                                     id       default   yes
 *                                                     tags     plain     yes
 *
 * The last option that names a leaf, or a group that it lies in, counts; so each leaf gets one entry with all that was said.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/rewrite.h"
#include "parquet/codec/codec.h"
#include "parquet/read/inspect.h"

/* "id:desc" apart: the name into `name`, which is as long as word. NL_INVALID: another word behind the colon. */
static int split_order(const char *word, char *name, bool *descending, nl_error *err)
{
    const char *colon = strrchr(word, ':');
    size_t len = strlen(word);
    *descending = false;
    if (colon && strcmp(colon + 1, "desc") == 0)
        *descending = true;
    else if (colon && strcmp(colon + 1, "asc") != 0)
        colon = NULL; /* a name may have colons of its own */
    if (colon)
        len = (size_t)(colon - word);
    memcpy(name, word, len);
    name[len] = 0;
    return len ? NL_OK : nl_fail(err, NL_INVALID, "--sort: a column without a name");
}

static int check_encoding(const char *word, nl_parquet_encoding *out, nl_error *err)
{
    const char *equals = strrchr(word, '=');
    if (!equals || equals == word)
        return nl_fail(err, NL_INVALID, "--encoding: '%s' is not COLUMN=ENCODING", word);
    return cli_parse_encoding(equals + 1, out, err);
}

/* A size that is no number. */
static int check_size(const struct cli_args *a, const char *option, uint64_t *out, nl_error *err)
{
    const char *word = cli_value(a, option);
    if (word && (!nl_parse_size(word, out) || !*out))
        return nl_fail(err, NL_INVALID, "--%s: '%s' is not a size such as 64KiB", option, word);
    return NL_OK;
}

int rewrite_check(const struct cli_args *a, nl_error *err)
{
    nl_parquet_codec codec;
    nl_parquet_encoding encoding;
    uint64_t size = 1;
    int level, rc = NL_OK;
    const char *word = cli_value(a, "codec");
    if (word)
        rc = cli_parse_codec(word, &codec, &level, err);
    for (const char *const *w = cli_values(a, "encoding"); rc == NL_OK && *w; w++)
        rc = check_encoding(*w, &encoding, err);
    if (rc == NL_OK)
        rc = check_size(a, "page-bytes", &size, err);
    if (rc == NL_OK)
        rc = check_size(a, "memory", &size, err);
    if (rc == NL_OK && strcmp(a->argv[1], "-") == 0)
        rc = nl_fail(err, NL_INVALID, "a Parquet file is not written to standard output: name a file");
    return rc;
}

/* ── columns ── */

/* Turn one --encoding into the entries of all leaves that it means. */
static int take_encoding(const char *word, const struct cli_paths *columns, nl_parquet_column_options *leaves,
                         nl_arena *arena, nl_error *err)
{
    nl_parquet_encoding encoding;
    const struct cli_path *path;
    int rc = check_encoding(word, &encoding, err);
    char *name = nl_arena_strndup(arena, word, (size_t)(strrchr(word, '=') - word));
    if (rc == NL_OK)
        rc = name ? cli_path_find(columns, name, &path, err) : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < columns->n; i++)
        if (cli_path_is_below(columns->all[i].name, path->name))
            leaves[i].encoding = encoding;
    if (rc)
        nl_note(err, "--encoding");
    return rc;
}

static int take_blooms(const char *words, const struct cli_paths *columns, nl_parquet_column_options *leaves,
                       nl_arena *arena, nl_error *err)
{
    char *rest = nl_arena_strdup(arena, words);
    int rc = rest ? NL_OK : nl_fail_memory(err);
    for (char *name; rc == NL_OK && (name = strsep(&rest, ","));) {
        const struct cli_path *path;
        rc = cli_path_find(columns, name, &path, err);
        for (size_t i = 0; rc == NL_OK && i < columns->n; i++)
            if (cli_path_is_below(columns->all[i].name, path->name))
                leaves[i].bloom_filter = true;
    }
    if (rc)
        nl_note(err, "--bloom");
    return rc;
}

/* One entry a leaf of which anything was said. */
static int take_columns(const struct cli_args *a, const struct cli_paths *columns, struct rewrite_options *o,
                        nl_error *err)
{
    nl_parquet_column_options *leaves = nl_arena_array(&o->arena, columns->n + 1, sizeof *leaves);
    const char *blooms = cli_value(a, "bloom");
    int rc = leaves ? NL_OK : nl_fail_memory(err);
    for (const char *const *w = cli_values(a, "encoding"); rc == NL_OK && *w; w++)
        rc = take_encoding(*w, columns, leaves, &o->arena, err);
    if (rc == NL_OK && blooms)
        rc = take_blooms(blooms, columns, leaves, &o->arena, err);
    size_t n = 0;
    for (size_t i = 0; rc == NL_OK && i < columns->n; i++) {
        if (!columns->all[i].is_leaf || !(leaves[i].encoding || leaves[i].bloom_filter))
            continue;
        leaves[n] = leaves[i]; /* n ≤ i */
        leaves[n++].path = columns->all[i].name;
    }
    o->write.columns = leaves;
    o->write.n_columns = n;
    return rc;
}

static int take_sorting(const char *words, const struct cli_paths *columns, struct rewrite_options *o, nl_error *err)
{
    char *rest = nl_arena_strdup(&o->arena, words), *name = nl_arena_strdup(&o->arena, words);
    size_t most = strlen(words) + 1, n = 0;
    nl_parquet_sorting *sorting = nl_arena_array(&o->arena, most, sizeof *sorting);
    o->keys = nl_arena_array(&o->arena, most, sizeof *o->keys);
    int rc = rest && name && sorting && o->keys ? NL_OK : nl_fail_memory(err);
    for (char *word; rc == NL_OK && (word = strsep(&rest, ","));) {
        const struct cli_path *path;
        bool descending;
        rc = split_order(word, name, &descending, err);
        if (rc == NL_OK && (rc = cli_path_find(columns, name, &path, err)) != NL_OK)
            nl_note(err, "--sort");
        if (rc == NL_OK && (path->in_list || !path->is_leaf))
            rc = nl_fail(err, NL_INVALID, "--sort: '%s' %s: rows cannot be sorted by it", path->name,
                         path->in_list ? "lies in a list" : "has columns in it");
        if (rc)
            return rc;
        sorting[n] = (nl_parquet_sorting){.path = path->name, .descending = descending};
        o->keys[n++] = (struct arrow_sort_key){.path = path->way, .n_path = path->n_way, .descending = descending};
    }
    o->write.sorting = sorting;
    o->write.n_sorting = n;
    return rc;
}

/* ── what is kept of the file ── */

/* The key-values, but for the Arrow schema, which the writer makes anew. One with a zero byte is no string: it is left out. */
static int keep_key_values(const nl_parquet_file *file, struct rewrite_options *o, nl_error *err)
{
    const struct pq_file_meta *m = pq_inspect_meta(file);
    const char **list = nl_arena_array(&o->arena, 2 * m->n_key_values + 1, sizeof *list);
    if (!list)
        return nl_fail_memory(err);
    size_t n = 0;
    for (size_t i = 0; i < m->n_key_values; i++) {
        const struct pq_slice *k = &m->key_values[i].key, *v = &m->key_values[i].value;
        if (!k->data || (k->len == 12 && memcmp(k->data, "ARROW:schema", 12) == 0) || memchr(k->data, 0, k->len) ||
            (v->len && memchr(v->data, 0, v->len)))
            continue;
        list[2 * n] = nl_arena_strndup(&o->arena, (const char *)k->data, k->len);
        list[2 * n + 1] = nl_arena_strndup(&o->arena, v->data ? (const char *)v->data : "", v->len);
        if (!list[2 * n] || !list[2 * n + 1])
            return nl_fail_memory(err);
        n++;
    }
    o->write.key_values = list;
    o->write.n_key_values = n;
    return NL_OK;
}

/* The codec of the file's first chunk, where the writer has it; else the writer's default. */
static nl_parquet_codec codec_of(const nl_parquet_file *file)
{
    static const nl_parquet_codec codecs[] = {[PQ_CODEC_UNCOMPRESSED] = NL_PARQUET_UNCOMPRESSED,
                                              [PQ_CODEC_GZIP] = NL_PARQUET_GZIP,
                                              [PQ_CODEC_BROTLI] = NL_PARQUET_BROTLI,
                                              [PQ_CODEC_LZ4] = NL_PARQUET_LZ4_RAW,
                                              [PQ_CODEC_ZSTD] = NL_PARQUET_ZSTD,
                                              [PQ_CODEC_LZ4_RAW] = NL_PARQUET_LZ4_RAW};
    struct pq_column_chunk chunk;
    if (pq_inspect_chunk(file, 0, 0, NULL, &chunk, NULL) || chunk.meta.codec < 0 ||
        (size_t)chunk.meta.codec >= NL_LEN(codecs))
        return NL_PARQUET_SNAPPY;
    return codecs[chunk.meta.codec];
}

int rewrite_options_of(const struct cli_args *a, const nl_parquet_file *file, const struct cli_paths *columns,
                       struct rewrite_options *out, nl_error *err)
{
    const char *codec = cli_value(a, "codec"), *sort = cli_value(a, "sort"), *page = cli_value(a, "data-page");
    *out = (struct rewrite_options){.memory = UINT64_C(2) << 30};
    nl_parquet_write_options *w = &out->write;
    w->codec = codec_of(file);
    w->row_group_rows = cli_number(a, "row-group-rows", 0);
    w->page_rows = cli_number(a, "page-rows", 0);
    w->data_page_v2 = page && strcmp(page, "2") == 0;
    w->checksums = cli_flag(a, "checksums");
    w->auto_encoding = cli_flag(a, "auto-encoding");
    w->threads = (size_t)cli_number(a, "threads", 1);
    int rc = check_size(a, "page-bytes", &w->page_bytes, err);
    if (rc == NL_OK)
        rc = check_size(a, "memory", &out->memory, err);
    if (rc == NL_OK && codec)
        rc = cli_parse_codec(codec, &w->codec, &w->codec_level, err);
    if (rc == NL_OK)
        rc = take_columns(a, columns, out, err);
    if (rc == NL_OK && sort)
        rc = take_sorting(sort, columns, out, err);
    if (rc == NL_OK)
        rc = keep_key_values(file, out, err);
    if (rc)
        rewrite_options_free(out);
    return rc;
}

void rewrite_options_free(struct rewrite_options *o)
{
    nl_arena_free(&o->arena);
    *o = (struct rewrite_options){0};
}
