/* config.c: a bucket's own settings as files. */
#include "server/s3/disk/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/s3/disk/file.h"
#include "server/s3/disk/seam.h"
#include "server/s3/disk/writer.h"

int s3_config_read(s3_bucket *b, const char *name, nl_buf *out, nl_error *err)
{
    char path[96];
    struct stat st;
    snprintf(path, sizeof(path), S3_RESERVED "/config/%s", name);
    int fd = openat(b->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? nl_fail(err, NL_NOT_FOUND, "%s is not set", name)
                               : nl_fail_errno(err, errno, "cannot open %s", path);
    int rc = fstat(fd, &st)                       ? nl_fail_errno(err, errno, "fstat")
             : (size_t)st.st_size > S3_CONFIG_MAX ? nl_fail(err, NL_CORRUPT, "%s is too large", path)
                                                  : nl_buf_reserve(out, (size_t)st.st_size + 1, err);
    if (!rc) {
        ssize_t n = pread(fd, out->data + out->len, (size_t)st.st_size, 0);
        if (n < 0)
            rc = nl_fail_errno(err, errno, "cannot read %s", path);
        else
            out->len += (size_t)n;
    }
    close(fd);
    return rc;
}

int s3_config_write(s3_bucket *b, const char *name, const void *data, size_t len, nl_error *err)
{
    s3_writer w;
    int folder = s3_bucket_folder_durable(b, "config", err);
    if (folder < 0)
        return NL_IO;
    int rc = s3_writer_open(b, &w, err);
    if (!rc) {
        rc = s3_writer_write(&w, data, len, err);
        if (!rc)
            rc = s3_disk_sync(b->disk, w.fd, name, err);
        if (!rc && s3_seam_renameat(w.tmp, w.name, folder, name))
            rc = nl_fail_errno(err, errno, "cannot rename the bucket's %s", name);
        if (!rc)
            rc = s3_disk_sync(b->disk, folder, "the bucket's settings", err);
        s3_writer_abort(&w);
    }
    close(folder);
    return rc;
}

int s3_config_remove(s3_bucket *b, const char *name, nl_error *err)
{
    int folder = s3_bucket_folder_durable(b, "config", err);
    if (folder < 0)
        return NL_IO;
    int rc = s3_seam_unlinkat(folder, name, 0) && errno != ENOENT
                 ? nl_fail_errno(err, errno, "cannot remove %s", name)
                 : s3_disk_sync(b->disk, folder, "the bucket's settings", err);
    close(folder);
    return rc;
}
