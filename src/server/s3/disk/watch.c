/* watch.c: what the kernel tells about the folders that have an index.
 *
 * Events of one folder come in the order in which its names changed: the kernel queues them while it holds the folder.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "server/s3/disk/indexes_inside.h"

#define COMES (IN_CREATE | IN_MOVED_TO)
#define GOES  (IN_DELETE | IN_MOVED_FROM)

/* File systems that other machines, or programs of their own, change without this kernel's knowledge. The numbers are those
 * of statfs(2); those without a name there have none in this system's headers. */
static bool is_remote(int folder)
{
    static const uint32_t kinds[] = {NFS_SUPER_MAGIC,
                                     SMB_SUPER_MAGIC,
                                     0xFF534D42 /* CIFS */,
                                     0xFE534D42 /* SMB2 */,
                                     0x65735546 /* FUSE */,
                                     V9FS_MAGIC,
                                     0x00C36400 /* Ceph */,
                                     AFS_SUPER_MAGIC,
                                     CODA_SUPER_MAGIC,
                                     0x0BD00BD0 /* Lustre */,
                                     0x01161970 /* GFS2 */,
                                     0x7461636F /* OCFS2 */,
                                     0x47504653 /* GPFS */};
    struct statfs fs;
    if (fstatfs(folder, &fs))
        return true;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if ((uint32_t)fs.f_type == kinds[i])
            return true;
    return false;
}

void s3_watch_open(s3_indexes *s)
{
    s->events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (s->events < 0)
        nl_log("server/s3", NL_LOG_WARN, "large folders are not watched, but read anew after changes: %m");
}

void s3_watch_add(s3_indexes *s, s3_index *x)
{
    char path[48];
    if (s->events < 0 || s->no_watch || is_remote(x->folder))
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", x->folder);
    x->wd = inotify_add_watch(s->events, path, COMES | GOES | IN_ONLYDIR);
    if (x->wd < 0)
        nl_log("server/s3", NL_LOG_WARN, "%s is not watched, but read anew after changes: %m", x->path);
}

void s3_watch_remove(s3_indexes *s, s3_index *x)
{
    if (x->wd >= 0)
        inotify_rm_watch(s->events, x->wd); /* fails where the folder is gone */
    x->wd = -1;
}

static void lose_all(s3_indexes *s)
{
    for (s3_index *x = s->list; x; x = x->next)
        x->lost |= x->wd >= 0;
}

/* One name of a folder. */
static void take_name(s3_index *x, const struct inotify_event *e)
{
    char component[S3_NAME_MAX + 1];
    size_t len;
    if (!s3_name_decode(e->name, component, &len))
        return;
    if (e->mask & IN_ISDIR)
        component[len++] = '/';
    s3_index_change(x, (s3_slice){component, len}, (e->mask & COMES) != 0);
}

static void take_event(s3_indexes *s, const struct inotify_event *e)
{
    if (e->mask & IN_Q_OVERFLOW) {
        nl_log("server/s3", NL_LOG_INFO, "more changes than the kernel kept: large folders are read anew");
        lose_all(s);
        return;
    }
    s3_index *x = s->list;
    while (x && x->wd != e->wd)
        x = x->next;
    if (!x)
        return;
    x->changed_ns = s3_index_clock();
    if (e->mask & (IN_IGNORED | IN_UNMOUNT))
        x->lost = true;
    else if (e->len)
        take_name(x, e);
}

void s3_watch_drain(s3_indexes *s)
{
    _Alignas(struct inotify_event) char data[16 * 1024];
    while (s->events >= 0) {
        ssize_t n = read(s->events, data, sizeof(data));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            lose_all(s);
        if (n <= 0)
            return;
        for (ssize_t at = 0; at < n;) {
            struct inotify_event e;
            memcpy(&e, data + at, sizeof(e));
            take_event(s, (const struct inotify_event *)(const void *)(data + at));
            at += (ssize_t)(sizeof(e) + e.len);
        }
    }
}
