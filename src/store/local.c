/* local.c: files and folders behind the store's calls. "file:///abs/path" and plain paths are taken as they are: nothing is
 * decoded. Keys have no folders in S3, so the folders of a new file are made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "store/local.h"

int store_local_path(const char *uri, const char **path, nl_error *err)
{
    *path = uri;
    if (nl_starts_with(uri, "file://")) {
        *path = uri + 7;
        if (**path != '/')
            return nl_fail(err, NL_INVALID, "%s: a file is named file:///absolute/path", uri);
    }
    return NL_OK;
}

static int local_open(store_backend *b, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err)
{
    (void)b, (void)info;
    const char *path;
    int rc = store_local_path(uri, &path, err);
    return rc ? rc : nl_source_open_file(path, out, err);
}

/* Make the folders above path. */
static int make_parents(const char *path, nl_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return NL_OK;
    char *parent = strndup(path, (size_t)(slash - path));
    int rc = parent ? nl_make_folders(parent, 0777, err) : nl_fail_memory(err);
    free(parent);
    return rc;
}

static int local_create(store_backend *b, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err)
{
    (void)b;
    const char *path;
    struct nl_file_sink_options o = {0};
    if (options && options->if_match)
        return nl_fail(err, NL_UNSUPPORTED, "%s: files have no ETags to match", uri);
    if (options) {
        o.if_absent = options->if_absent;
        o.not_durable = options->not_synced;
    }
    int rc = store_local_path(uri, &path, err);
    if (!rc)
        rc = make_parents(path, err);
    return rc ? rc : nl_sink_create_file_with(path, &o, out, err);
}

static int local_head(store_backend *b, const char *uri, nl_object_info *out, nl_error *err)
{
    (void)b;
    const char *path;
    struct stat st;
    int rc = store_local_path(uri, &path, err);
    if (rc)
        return rc;
    if (stat(path, &st))
        return nl_fail_errno(err, errno, "%s", uri);
    if (!S_ISREG(st.st_mode))
        return nl_fail(err, NL_INVALID, "%s: not a file", uri);
    *out = (nl_object_info){.size = (uint64_t)st.st_size, .modified = st.st_mtime};
    return NL_OK;
}

static int local_remove(store_backend *b, const char *uri, nl_error *err)
{
    (void)b;
    const char *path;
    int rc = store_local_path(uri, &path, err);
    if (!rc && unlink(path))
        rc = nl_fail_errno(err, errno, "%s", uri);
    return rc;
}

store_backend *store_local_backend(void)
{
    static const struct store_backend_ops ops = {
        .open = local_open,
        .create = local_create,
        .head = local_head,
        .remove = local_remove,
        .list = store_local_list,
    };
    static store_backend local = {.ops = &ops};
    return &local;
}
