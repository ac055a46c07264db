/* partition.c: take the folders of a path apart, and read them as values. */
#include "catalog/partition.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "catalog/type.h"

/* One folder of a path, without its slash. */
struct folder {
    const char *text;
    size_t len;
};

/* The next folder of *path, or false at the file's name. Moves *path behind the slash. */
static bool next_folder(const char **path, struct folder *out)
{
    const char *slash = strchr(*path, '/');
    if (!slash)
        return false;
    *out = (struct folder){*path, (size_t)(slash - *path)};
    *path = slash + 1;
    return true;
}

/* %XX into its byte, into the arena. A % without two digits stays as it is, as Hive has it. NULL: no memory. */
static char *percent_decode(nl_arena *a, const char *s, size_t len, size_t *out_len)
{
    char *out = nl_arena_alloc(a, len + 1);
    if (!out)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte;
        if (s[i] == '%' && len - i > 2 && nl_unhex(s + i + 1, 2, &byte)) {
            out[n++] = (char)byte;
            i += 2;
        } else {
            out[n++] = s[i];
        }
    }
    *out_len = n;
    return out;
}

static int read_value(const struct scan_partition_column *c, const char *text, size_t len, nl_value *out, nl_error *err)
{
    int rc = catalog_value_parse(c->format, text, len, out, err);
    if (rc)
        nl_note(err, "partition column %s", c->name);
    return rc;
}

static int directory_values(const struct catalog_partitioning *p, const char *path, nl_arena *arena, nl_value *values,
                            nl_error *err)
{
    struct folder f;
    size_t n = 0;
    while (next_folder(&path, &f)) {
        if (n == p->n_columns)
            return nl_fail(err, NL_INVALID, "there are more folders than the %zu partition columns", n);
        char *text = nl_arena_strndup(arena, f.text, f.len);
        if (!text)
            return nl_fail_memory(err);
        int rc = read_value(&p->columns[n], text, f.len, &values[n], err);
        if (rc)
            return rc;
        n++;
    }
    if (n < p->n_columns)
        return nl_fail(err, NL_INVALID, "there is no folder for partition column %s", p->columns[n].name);
    return NL_OK;
}

/* The value of one column: in the folder name=value. */
static int hive_value(const struct scan_partition_column *c, const char *path, nl_arena *arena, nl_value *out,
                      nl_error *err)
{
    struct folder f;
    while (next_folder(&path, &f)) {
        const char *equals = memchr(f.text, '=', f.len);
        if (!equals)
            continue;
        size_t name_len, len;
        char *name = percent_decode(arena, f.text, (size_t)(equals - f.text), &name_len);
        char *text = percent_decode(arena, equals + 1, f.len - (size_t)(equals + 1 - f.text), &len);
        if (!name || !text)
            return nl_fail_memory(err);
        if (name_len != strlen(c->name) || strncasecmp(name, c->name, name_len) != 0)
            continue;
        if (strcmp(text, CATALOG_HIVE_NULL) == 0) {
            *out = (nl_value){.kind = NL_VALUE_NULL};
            return NL_OK;
        }
        return read_value(c, text, len, out, err);
    }
    return nl_fail(err, NL_INVALID, "there is no folder %s=... for partition column %s", c->name, c->name);
}

int catalog_partition_values(const struct catalog_partitioning *p, const char *path, nl_arena *arena, nl_value *values,
                             nl_error *err)
{
    if (p->scheme == NL_SCHEME_DIRECTORY)
        return directory_values(p, path, arena, values, err);
    for (size_t i = 0; i < p->n_columns; i++) {
        int rc = hive_value(&p->columns[i], path, arena, &values[i], err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

bool catalog_is_data_path(const char *path)
{
    struct folder f;
    while (next_folder(&path, &f))
        if (f.text[0] == '.' || (f.text[0] == '_' && !memchr(f.text, '=', f.len)))
            return false;
    size_t len = strlen(path);
    return path[0] != '.' && path[0] != '_' && len > 8 && strcasecmp(path + len - 8, ".parquet") == 0;
}
