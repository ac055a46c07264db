/* indexes_thread.c: what happens to indexes while nobody lists: files of an earlier run are taken up, events are taken
 * before their queue fills, bases are rewritten, quiet indexes are saved. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/indexes_inside.h"

#define BATCH_MS    50 /* events are taken so often */
#define QUIET_MS    1000
#define SAVE_EVERY  10   /* of these */
#define LEAST_TAIL  8192 /* changes before a base is rewritten */
#define MOST_TAIL   65536
#define SETTLE_MS   5
#define SETTLE_MOST 6 /* times: a tick of file times is at most 10 ms */

/* ── saving ── */

/* Wait until all changes that are under way have been told: reading a folder needs the lock under which they are. */
static bool wait_for_changes(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool any = readdir(d) != NULL;
    closedir(d);
    return any;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

void s3_indexes_save(s3_indexes *s, s3_index *x, bool wait)
{
    struct timespec stamp;
    bool settled = false;
    if (!x->base || x->lost || x->busy || !x->dirty)
        return;
    for (int i = 0; !settled; i++) {
        if (s3_folder_stamp(x->folder, &stamp, &settled, NULL) || (!settled && (!wait || i == SETTLE_MOST)))
            return;
        if (!settled)
            nanosleep(&(struct timespec){.tv_nsec = SETTLE_MS * 1000000}, NULL);
    }
    if (x->wd < 0 && !same_time(stamp, x->stamp)) {
        x->dirty = false; /* it does not fit any more: nothing to keep */
        return;
    }
    if (x->wd >= 0 && !wait_for_changes(x->folder))
        return;
    s3_watch_drain(s);
    s3_index_fold(x);
    nl_error why = {0};
    if (x->lost)
        return;
    if (s3_index_save(x, stamp, &why)) {
        nl_log("server/s3", NL_LOG_WARN, "%s: its index is not saved: %s", x->path, why.message);
        unlinkat(s->files, x->name, 0);
        x->lost = true;
        return;
    }
    x->stamp = stamp;
    x->dirty = false;
}

/* ── taking up ── */

static bool is_index_name(const char *name)
{
    return strlen(name) == S3_INDEX_NAME - 1 && strspn(name, "0123456789abcdef") == S3_INDEX_NAME - 1;
}

/* Open a folder by its path below the root, never through a symbolic link. Returns -1 with errno. */
static int open_path(int root, char *path)
{
    int dir = fcntl(root, F_DUPFD_CLOEXEC, 3);
    char *rest;
    for (const char *name = strtok_r(path, "/", &rest); name && dir >= 0; name = strtok_r(NULL, "/", &rest)) {
        int down = s3_folder_open(dir, name);
        close(dir);
        dir = down;
    }
    return dir;
}

static bool is_stopped(s3_indexes *s, size_t *n)
{
    pthread_mutex_lock(&s->mutex);
    bool stop = s->stop;
    *n = 0;
    for (const s3_index *x = s->list; x; x = x->next)
        ++*n;
    pthread_mutex_unlock(&s->mutex);
    return stop;
}

/* Take up one file; one that is of no use goes. */
static void take_up(s3_indexes *s, const char *name)
{
    char path[S3_INDEX_PATH], copy[S3_INDEX_PATH];
    nl_error why = {0};
    bool fresh;
    int folder = -1;
    int rc = s3_index_path(s->files, name, path, &why);
    if (!rc) {
        memcpy(copy, path, strlen(path) + 1);
        folder = open_path(s->root, copy);
    }
    pthread_mutex_lock(&s->mutex);
    rc = folder < 0 ? NL_NOT_FOUND : s3_indexes_take_up(s, folder, path, false, &fresh, &why);
    if (rc) {
        nl_log("server/s3", NL_LOG_INFO, "the index %s is of no use: %s", name, why.message);
        s3_indexes_unlink(s, name);
    }
    pthread_mutex_unlock(&s->mutex);
    if (folder >= 0)
        close(folder);
}

/* Call fn for each file, or remove what is no index's (left by a crash): before there is a thread. */
static void each_file(s3_indexes *s, bool sweep)
{
    int fd = openat(s->files, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *e;
    size_t n;
    while ((e = readdir(d))) {
        bool ours = is_index_name(e->d_name);
        if (sweep && !ours && e->d_name[0] != '.')
            unlinkat(s->files, e->d_name, 0);
        if (!sweep && (is_stopped(s, &n) || n >= S3_INDEXES_MOST))
            break;
        if (!sweep && ours)
            take_up(s, e->d_name);
    }
    closedir(d);
}

/* ── the thread ── */

/* Called by a rewrite now and then. */
static void drain_meanwhile(void *ctx)
{
    s3_indexes *s = ctx;
    pthread_mutex_lock(&s->mutex);
    s3_watch_drain(s);
    pthread_mutex_unlock(&s->mutex);
}

static bool has_many_changes(const s3_index *x)
{
    uint64_t most = x->base->records / 16;
    most = most < LEAST_TAIL ? LEAST_TAIL : most > MOST_TAIL ? MOST_TAIL : most;
    return s3_index_changes(x) > most;
}

/* Give x a new base; with the mutex, which is given up meanwhile. */
static void rewrite(s3_indexes *s, s3_index *x)
{
    s3_sorted *base;
    nl_error why = {0};
    x->busy = true;
    x->frozen = x->n_layers;
    pthread_mutex_unlock(&s->mutex);
    int rc = s3_index_rewrite(x, s->files, (s3_tick){drain_meanwhile, s}, &base, &why);
    pthread_mutex_lock(&s->mutex);
    x->busy = false;
    if (rc) {
        nl_log("server/s3", NL_LOG_WARN, "%s: its index cannot be written: %s", x->path, why.message);
        x->frozen = 0;
        x->lost = true;
    } else {
        s3_index_rebase(x, base);
        x->dirty = true;
    }
    pthread_cond_broadcast(&s->idle);
}

/* One look at all indexes. Returns how long the thread may sleep: -1 until something happens. */
static int look_after(s3_indexes *s)
{
    int sleep = -1;
    s3_watch_drain(s);
    for (s3_index *x = s->list, *next; x && !s->stop; x = next) {
        next = x->next;
        if (x->busy || !x->base)
            continue;
        s3_index_fold(x);
        if (x->lost) {
            s3_indexes_remove(s, x);
            continue;
        }
        if (has_many_changes(x)) {
            rewrite(s, x);
            return 0; /* the list may be another */
        }
        int64_t now = nl_monotonic_ns();
        if (x->dirty && now > x->save_at) {
            s3_indexes_save(s, x, false);
            x->save_at = now + (x->dirty ? 1 : SAVE_EVERY) * INT64_C(1000000) * QUIET_MS;
        }
        if (x->dirty)
            sleep = QUIET_MS;
    }
    return sleep;
}

static void *run(void *arg)
{
    s3_indexes *s = arg;
    struct pollfd fds[] = {{.fd = s->wake, .events = POLLIN}, {.fd = s->events, .events = POLLIN}};
    int sleep = 0;
    bool stop = false;
    each_file(s, false);
    while (!stop) {
        (void)poll(fds, 2, sleep); /* a negative descriptor is passed over */
        (void)poll(fds, 1, BATCH_MS);
        pthread_mutex_lock(&s->mutex);
        sleep = look_after(s);
        stop = s->stop;
        pthread_mutex_unlock(&s->mutex);
    }
    return NULL;
}

void s3_indexes_start(s3_indexes *s)
{
    each_file(s, true);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake < 0)
        return;
    s3_watch_open(s);
    s->has_thread = pthread_create(&s->thread, NULL, run, s) == 0;
    if (!s->has_thread && s->events >= 0) { /* nobody would take the events in time */
        close(s->events);
        s->events = -1;
    }
}

void s3_indexes_stop(s3_indexes *s)
{
    if (!s->has_thread)
        return;
    pthread_mutex_lock(&s->mutex);
    s->stop = true;
    pthread_mutex_unlock(&s->mutex);
    if (eventfd_write(s->wake, 1))
        nl_log("server/s3", NL_LOG_WARN, "eventfd: %m");
    pthread_join(s->thread, NULL);
    s->has_thread = false;
}
