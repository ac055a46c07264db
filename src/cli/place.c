/* place.c: local paths and s3:// URIs as users write them. */
#include "cli/place.h"

#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "store/web/url.h"

bool cli_is_s3(const char *uri)
{
    return nl_starts_with(uri, "s3://");
}

const char *cli_s3_key(const char *uri)
{
    const char *bucket = uri + strlen("s3://");
    const char *slash = strchr(bucket, '/');
    return slash ? slash + 1 : bucket + strlen(bucket);
}

int cli_check_s3(const char *uri, bool key_optional, nl_error *err)
{
    if (!cli_is_s3(uri))
        return nl_fail(err, NL_INVALID, "'%s' is not s3://BUCKET%s", uri, key_optional ? "[/KEY]" : "/KEY");
    if (strcspn(uri + strlen("s3://"), "/") == 0)
        return nl_fail(err, NL_INVALID, "'%s' names no bucket", uri);
    if (!key_optional && *cli_s3_key(uri) == 0)
        return nl_fail(err, NL_INVALID, "'%s' names a bucket, not an object", uri);
    return NL_OK;
}

const char *cli_base_name(const char *uri)
{
    const char *from = cli_is_s3(uri) ? cli_s3_key(uri) : uri;
    const char *slash = strrchr(from, '/');
    return slash ? slash + 1 : from;
}

/* Does a name stand for a place that holds others? */
static bool is_folder(const char *target)
{
    if (nl_ends_with(target, "/"))
        return true;
    if (cli_is_s3(target))
        return *cli_s3_key(target) == 0;
    struct stat st;
    return stat(target, &st) == 0 && S_ISDIR(st.st_mode);
}

int cli_target_of(const char *source, const char *target, nl_buf *out, nl_error *err)
{
    nl_buf_clear(out);
    if (!is_folder(target))
        return nl_buf_puts(out, target, err);
    const char *name = strcmp(source, "-") == 0 ? "" : cli_base_name(source);
    if (!*name)
        return nl_fail(err, NL_INVALID, "'%s' is a folder: name the target itself", target);
    if (store_web_is(source) && strchr(name, '?')) /* what is behind it is no part of a name, and may be a secret */
        return nl_fail(err, NL_INVALID, "'%s' is a folder, and the address has a \"?\": name the target itself",
                       target);
    return cli_below(target, name, out, err);
}

/* Would a key leave the folder that it is copied into? */
static bool escapes(const char *rel)
{
    for (const char *p = rel;; p++) {
        size_t len = strcspn(p, "/");
        if (len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return true;
        p += len;
        if (!*p)
            return false;
    }
}

int cli_below(const char *folder, const char *rel, nl_buf *out, nl_error *err)
{
    nl_buf_clear(out);
    if (!cli_is_s3(folder) && escapes(rel))
        return nl_fail(err, NL_INVALID, "the key '%s' cannot be a file below '%s'", rel, folder);
    return nl_buf_printf(out, err, "%s%s%s", folder, nl_ends_with(folder, "/") || !*folder ? "" : "/", rel);
}
