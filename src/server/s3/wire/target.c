/* target.c: takes targets apart. */
#include "server/s3/wire/target.h"

#include <string.h>

/* One piece of the path, decoded. */
static int decode(nl_arena *arena, const char *text, size_t len, const char **out, nl_error *err)
{
    nl_buf b = {0};
    int rc = s3_uri_decode(&b, text, len, false, err);
    if (!rc) {
        *out = nl_arena_strndup(arena, b.data ? b.data : "", b.len);
        rc = *out ? NL_OK : nl_fail_memory(err);
    }
    nl_buf_free(&b);
    return rc;
}

/* The path behind its first slash. */
static int parse_path(nl_arena *arena, const char *rest, const char *end, const char *host_label, s3_target *out,
                      nl_error *err)
{
    if (*host_label) {
        out->bucket_name = host_label;
    } else if (rest < end) {
        const char *slash = memchr(rest, '/', (size_t)(end - rest));
        int rc = decode(arena, rest, (size_t)((slash ? slash : end) - rest), &out->bucket_name, err);
        if (rc)
            return rc;
        rest = slash ? slash + 1 : end;
    }
    return rest < end ? decode(arena, rest, (size_t)(end - rest), &out->key, err) : NL_OK;
}

int s3_target_parse(nl_arena *arena, const char *target, const char *host_label, s3_target *out, nl_error *err)
{
    const char *query;
    size_t len;
    *out = (s3_target){0};
    if (target[0] != '/')
        return nl_fail(err, NL_INVALID, "the request target does not begin with a slash");
    s3_target_split(target, &len, &query);
    out->path = nl_arena_strndup(arena, target, len);
    int rc = out->path ? parse_path(arena, target + 1, target + len, host_label, out, err) : nl_fail_memory(err);
    if (!rc && query)
        rc = s3_query_parse(arena, query, strlen(query), &out->query, &out->n_query, err);
    if (rc)
        *out = (s3_target){0};
    return rc;
}
