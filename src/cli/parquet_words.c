/* parquet_words.c: words into what the library takes. */
#include "cli/parquet_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arrow/arrow.h"
#include "base/str.h"

enum { DEEPEST = 64 };

/* ── paths ── */

/* Where a walk stands: what is above. */
struct above {
    const char *name; /* NULL: nothing */
    size_t way[DEEPEST];
    size_t n_way;
    bool in_list;
};

static int add_path(struct cli_paths *p, const struct above *above, const char *name, const struct ArrowSchema *field,
                    nl_error *err)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        struct cli_path *all = realloc(p->all, cap * sizeof *all);
        if (!all)
            return nl_fail_memory(err);
        p->all = all;
        p->cap = cap;
    }
    struct cli_path *one = &p->all[p->n];
    *one = (struct cli_path){.field = field, .n_way = above->n_way, .in_list = above->in_list};
    one->name = above->name ? nl_arena_printf(&p->arena, "%s.%s", above->name, name) : nl_arena_strdup(&p->arena, name);
    one->way = nl_arena_array(&p->arena, above->n_way + 1, sizeof *one->way);
    if (!one->name || !one->way)
        return nl_fail_memory(err);
    memcpy(one->way, above->way, above->n_way * sizeof *one->way);
    p->n++;
    return NL_OK;
}

static int walk(struct cli_paths *p, const struct above *above, const char *name, const struct ArrowSchema *field,
                unsigned depth, nl_error *err);

/* NOLINTBEGIN(misc-no-recursion): DEEPEST ends it */

/* What is in a field that has the path `above`. */
static int walk_into(struct cli_paths *p, const struct above *above, const struct ArrowSchema *field, unsigned depth,
                     nl_error *err)
{
    struct arrow_type t;
    int rc = arrow_type_parse(field->format, &t, err);
    if (rc || t.kind < ARROW_STRUCT || t.kind == ARROW_OTHER)
        return rc;
    if (depth >= DEEPEST || above->n_way >= DEEPEST)
        return nl_fail(err, NL_UNSUPPORTED, "columns nested deeper than %d levels", DEEPEST);
    struct above inner = *above;
    inner.in_list |= t.kind != ARROW_STRUCT;
    if (t.kind == ARROW_LIST || t.kind == ARROW_FIXED_LIST)
        return walk_into(p, &inner, field->children[0], depth + 1, err);
    const struct ArrowSchema *group = t.kind == ARROW_MAP ? field->children[0] : field;
    for (int64_t i = 0; rc == NL_OK && i < group->n_children; i++) {
        const char *name = t.kind == ARROW_MAP ? (i ? "value" : "key") : group->children[i]->name;
        inner.n_way = above->n_way + 1;
        inner.way[above->n_way] = (size_t)i;
        rc = walk(p, &inner, name ? name : "", group->children[i], depth + 1, err);
    }
    return rc;
}

/* A field that has a name, and what is in it. above->way ends with its own place. */
static int walk(struct cli_paths *p, const struct above *above, const char *name, const struct ArrowSchema *field,
                unsigned depth, nl_error *err)
{
    size_t at = p->n;
    int rc = add_path(p, above, name, field, err);
    if (rc)
        return rc;
    struct above inner = *above;
    inner.name = p->all[at].name;
    rc = walk_into(p, &inner, field, depth, err);
    p->all[at].is_leaf = p->n == at + 1;
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

int cli_paths_of(const struct ArrowSchema *schema, struct cli_paths *out, nl_error *err)
{
    struct above above = {0};
    *out = (struct cli_paths){0};
    int rc = walk_into(out, &above, schema, 0, err);
    if (rc)
        cli_paths_free(out);
    return rc;
}

void cli_paths_free(struct cli_paths *p)
{
    free(p->all);
    nl_arena_free(&p->arena);
    *p = (struct cli_paths){0};
}

int cli_path_find(const struct cli_paths *p, const char *name, const struct cli_path **out, nl_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->all[i].name, name) == 0) {
            *out = &p->all[i];
            return NL_OK;
        }
    for (size_t i = 0; i < p->n; i++)
        if (strcasecmp(p->all[i].name, name) == 0 && !found++)
            *out = &p->all[i];
    if (found == 1)
        return NL_OK;
    const char **names = calloc(p->n + 1, sizeof *names);
    if (!names)
        return nl_fail_memory(err);
    for (size_t i = 0; i < p->n; i++)
        names[i] = p->all[i].name;
    const char *near = nl_nearest(name, names, p->n);
    int rc = near ? nl_fail(err, NL_NOT_FOUND, "there is no column '%s', did you mean '%s'?", name, near)
                  : nl_fail(err, NL_NOT_FOUND, "there is no column '%s'", name);
    free(names);
    return rc;
}

bool cli_path_is_below(const char *path, const char *group)
{
    size_t len = strlen(group);
    return strncmp(path, group, len) == 0 && (!path[len] || path[len] == '.');
}

int cli_select_columns(struct cli_paths *p, const char *words, nl_parquet_read_options *out, nl_error *err)
{
    if (!words)
        return NL_OK;
    char *names = nl_arena_strdup(&p->arena, words), *rest = names;
    size_t most = strlen(words) + 1, n = 0;
    size_t *columns = nl_arena_array(&p->arena, most, sizeof *columns);
    const char **paths = nl_arena_array(&p->arena, most, sizeof *paths);
    if (!names || !columns || !paths)
        return nl_fail_memory(err);
    bool all_whole = true;
    for (char *name; (name = strsep(&rest, ","));) {
        const struct cli_path *path;
        int rc = cli_path_find(p, name, &path, err);
        if (rc)
            return rc;
        all_whole &= path->n_way == 1;
        columns[n] = path->way[0];
        paths[n++] = path->name;
    }
    if (all_whole) {
        out->columns = columns;
        out->n_columns = n;
    } else {
        out->paths = paths;
        out->n_paths = n;
    }
    return NL_OK;
}

/* ── codecs and encodings ── */

int cli_parse_codec(const char *word, nl_parquet_codec *codec, int *level, nl_error *err)
{
    static const struct {
        const char *name;
        nl_parquet_codec codec;
        int64_t levels;
    } codecs[] = {
        {"snappy", NL_PARQUET_SNAPPY, 0},   {"zstd", NL_PARQUET_ZSTD, 22},
        {"gzip", NL_PARQUET_GZIP, 12},      {"brotli", NL_PARQUET_BROTLI, 11},
        {"lz4", NL_PARQUET_LZ4_RAW, 0},     {"none", NL_PARQUET_UNCOMPRESSED, 0},
        {"lz4_raw", NL_PARQUET_LZ4_RAW, 0}, {"uncompressed", NL_PARQUET_UNCOMPRESSED, 0},
    };
    size_t len = strcspn(word, ":");
    int64_t n = 0;
    for (size_t i = 0; i < NL_LEN(codecs); i++) {
        if (strlen(codecs[i].name) != len || strncasecmp(word, codecs[i].name, len) != 0)
            continue;
        if (word[len] && (!nl_parse_i64(word + len + 1, &n) || n < 1 || n > codecs[i].levels))
            return codecs[i].levels ? nl_fail(err, NL_INVALID, "'%s': the levels of %s are 1 to %lld", word,
                                              codecs[i].name, (long long)codecs[i].levels)
                                    : nl_fail(err, NL_INVALID, "'%s': %s has no levels", word, codecs[i].name);
        *codec = codecs[i].codec;
        *level = (int)n;
        return NL_OK;
    }
    return nl_fail(err, NL_INVALID, "'%s' is no codec: " CLI_CODEC_HELP, word);
}

int cli_parse_encoding(const char *word, nl_parquet_encoding *out, nl_error *err)
{
    static const char *const names[] = {[NL_PARQUET_DEFAULT] = "DEFAULT",
                                        [NL_PARQUET_PLAIN] = "PLAIN",
                                        [NL_PARQUET_DICTIONARY] = "DICTIONARY",
                                        [NL_PARQUET_DELTA_BINARY_PACKED] = "DELTA_BINARY_PACKED",
                                        [NL_PARQUET_DELTA_LENGTH_BYTE_ARRAY] = "DELTA_LENGTH_BYTE_ARRAY",
                                        [NL_PARQUET_DELTA_BYTE_ARRAY] = "DELTA_BYTE_ARRAY",
                                        [NL_PARQUET_BYTE_STREAM_SPLIT] = "BYTE_STREAM_SPLIT",
                                        [NL_PARQUET_RLE] = "RLE"};
    char plain[40];
    size_t len = strlen(word);
    for (size_t i = 0; i <= len && i < sizeof plain; i++)
        plain[i] = word[i] == '-' ? '_' : word[i];
    plain[sizeof plain - 1] = 0;
    for (size_t i = 0; i < NL_LEN(names); i++)
        if (strcasecmp(plain, names[i]) == 0) {
            *out = (nl_parquet_encoding)i;
            return NL_OK;
        }
    const char *near = nl_nearest(plain, names, NL_LEN(names));
    return near ? nl_fail(err, NL_INVALID, "'%s' is no encoding, did you mean '%s'?", word, near)
                : nl_fail(err, NL_INVALID,
                          "'%s' is no encoding: PLAIN, DICTIONARY, DELTA_BINARY_PACKED, "
                          "DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, BYTE_STREAM_SPLIT, RLE, DEFAULT",
                          word);
}

int cli_parse_rows(const char *word, int64_t *from, int64_t *to, nl_error *err)
{
    char left[24];
    const char *colon = strchr(word, ':');
    size_t len = colon ? (size_t)(colon - word) : 0;
    *from = 0;
    *to = INT64_MAX;
    bool fits = colon && len < sizeof left;
    if (fits) {
        memcpy(left, word, len);
        left[len] = 0;
        fits = (!len || nl_parse_i64(left, from)) && (!colon[1] || nl_parse_i64(colon + 1, to));
    }
    if (fits && *from >= 0 && *to >= *from)
        return NL_OK;
    return nl_fail(err, NL_INVALID, "'%s' is not FROM:TO, rows from 0 on without row TO; either may be left out", word);
}
