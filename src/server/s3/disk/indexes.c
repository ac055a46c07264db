/* indexes.c: finding, making and dropping; indexes_thread.c has the thread, watch.c the events. */
#include "server/s3/disk/indexes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/indexes_inside.h"

#define PAUSE_NS   INT64_C(60000000000) /* after a failure to build */
#define MOST_TRIES 3
#define MISSED_NS  INT64_C(1000000000) /* an event comes within this */

void s3_indexes_open(s3_indexes *s, int root, int state)
{
    *s = (s3_indexes){
        .root = root, .state = state, .files = -1, .events = -1, .wake = -1, .from = S3_INDEX_FROM, .is_open = true};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->idle, NULL);
    s->files = s3_folder_open(state, "index");
    if (s->files >= 0)
        s3_indexes_start(s);
}

/* With the mutex: have a folder for files, and the thread, when the first index is made. */
static int prepare(s3_indexes *s, nl_error *err)
{
    if (s->files >= 0)
        return NL_OK;
    if (mkdirat(s->state, "index", 0700) && errno != EEXIST)
        return nl_fail_errno(err, errno, "cannot make the folder of the indexes");
    s->files = s3_folder_open(s->state, "index");
    if (s->files < 0)
        return nl_fail_errno(err, errno, "cannot open the folder of the indexes");
    s3_indexes_start(s);
    return NL_OK;
}

/* ── under the mutex ── */

static s3_index *find(const s3_indexes *s, const struct stat *st)
{
    s3_index *x = s->list;
    while (x && (x->ino != st->st_ino || x->dev != st->st_dev))
        x = x->next;
    return x;
}

void s3_indexes_unlink(s3_indexes *s, const char *name)
{
    const s3_index *x = s->list;
    while (x && strcmp(x->name, name) != 0)
        x = x->next;
    if (!x)
        unlinkat(s->files, name, 0);
}

void s3_indexes_remove(s3_indexes *s, s3_index *x)
{
    s3_index **p = &s->list;
    while (*p != x)
        p = &(*p)->next;
    *p = x->next;
    if (x->lost)
        s3_indexes_unlink(s, x->name);
    s3_watch_remove(s, x);
    s3_index_free(x);
}

/* The index of a folder, when nobody is busy building it; a lost one is not given. */
static s3_index *find_ready(s3_indexes *s, const struct stat *st)
{
    s3_index *x;
    while ((x = find(s, st)) && (!x->base || x->lost)) {
        if (x->busy)
            pthread_cond_wait(&s->idle, &s->mutex);
        else
            s3_indexes_remove(s, x);
    }
    return x;
}

/* May the index be used as it is? All events that came are in. */
static bool is_true(s3_index *x)
{
    struct timespec now;
    bool settled;
    if (s3_folder_stamp(x->folder, &now, &settled, NULL))
        return false;
    if (now.tv_sec == x->stamp.tv_sec && now.tv_nsec == x->stamp.tv_nsec)
        return true;
    if (x->wd < 0)
        return false;
    /* X3: a change behind our last event, and long enough ago for its event to be here, was never told. */
    int64_t changed = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return changed <= x->changed_ns || s3_index_clock() - changed < MISSED_NS;
}

/* Bring x up to date and look at it. fresh: it was made after the caller asked. False: it is lost. */
static bool open_view(s3_indexes *s, s3_index *x, bool fresh, s3_view *out)
{
    s3_watch_drain(s);
    s3_index_fold(x);
    if (!x->lost && !fresh && !is_true(x)) {
        nl_log("server/s3", NL_LOG_INFO, "%s: its index does not fit any more", x->path);
        x->lost = true;
    }
    x->used = ++s->clock;
    return !x->lost && s3_view_open(out, x, NULL) == NL_OK;
}

/* Make room in the table. Those that cannot be dropped stay. */
static void evict(s3_indexes *s)
{
    size_t n = 0;
    s3_index *oldest = NULL;
    for (s3_index *x = s->list; x; x = x->next) {
        n++;
        if (!x->busy && (!oldest || x->used < oldest->used))
            oldest = x;
    }
    if (n < S3_INDEXES_MOST || !oldest)
        return;
    s3_indexes_save(s, oldest, false);
    s3_indexes_remove(s, oldest);
}

/* ── calls ── */

bool s3_indexes_find(s3_indexes *s, int folder, s3_view *out)
{
    struct stat st;
    bool found = false;
    if (fstat(folder, &st))
        return false;
    pthread_mutex_lock(&s->mutex);
    s3_index *x = find_ready(s, &st);
    if (x)
        found = open_view(s, x, false, out);
    pthread_mutex_unlock(&s->mutex);
    return found;
}

/* Fill a new index, which is in the table and busy; with the mutex, which is given up meanwhile. */
static int fill(s3_indexes *s, s3_index *x, bool build, nl_error *err)
{
    s3_index_start start;
    pthread_mutex_unlock(&s->mutex);
    int rc = s3_index_load(x, s->files, &start, err);
    if (rc && build) {
        int64_t began = nl_monotonic_ns();
        rc = s3_index_build(x, s->files, &start, err);
        if (!rc)
            nl_log("server/s3", NL_LOG_INFO, "%s: %llu names indexed in %.2f s", x->path,
                   (unsigned long long)start.base->records, (double)(nl_monotonic_ns() - began) / 1e9);
    }
    pthread_mutex_lock(&s->mutex);
    if (!rc)
        s3_index_begin(x, &start);
    x->busy = false;
    pthread_cond_broadcast(&s->idle);
    return rc;
}

/* A new index in the table; with the mutex. */
static int add(s3_indexes *s, int folder, const char *path, s3_index **out, nl_error *err)
{
    s3_index *x;
    evict(s);
    int rc = s3_index_new(folder, path, &x, err);
    if (rc)
        return rc;
    x->busy = true;
    x->changed_ns = s3_index_clock();
    x->used = ++s->clock;
    x->next = s->list;
    s->list = x;
    s3_watch_add(s, x); /* before it is read: I1 */
    *out = x;
    return NL_OK;
}

int s3_indexes_take_up(s3_indexes *s, int folder, const char *path, bool build, bool *fresh, nl_error *err)
{
    struct stat st;
    *fresh = false;
    if (fstat(folder, &st))
        return nl_fail_errno(err, errno, "cannot read a folder");
    if (find_ready(s, &st))
        return NL_OK;
    s3_index *x;
    int rc = add(s, folder, path, &x, err);
    if (rc)
        return rc;
    *fresh = true;
    rc = fill(s, x, build, err);
    if (rc)
        s3_indexes_remove(s, x);
    return rc;
}

/* Make it until it can be read: events may be lost while it is made. */
static int make(s3_indexes *s, int folder, const struct stat *st, const char *path, s3_view *out, nl_error *err)
{
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        bool fresh;
        int rc = s3_indexes_take_up(s, folder, path, true, &fresh, err);
        if (rc)
            return rc;
        s3_index *x = find_ready(s, st);
        if (x && open_view(s, x, fresh, out))
            return NL_OK;
    }
    return nl_fail(err, NL_IO, "it is lost as soon as it is made");
}

int s3_indexes_make(s3_indexes *s, int folder, const char *path, s3_view *out, nl_error *err)
{
    struct stat st;
    if (fstat(folder, &st))
        return nl_fail_errno(err, errno, "cannot read a folder");
    pthread_mutex_lock(&s->mutex);
    int rc = s->off_until > nl_monotonic_ns() ? nl_fail(err, NL_UNSUPPORTED, "an index failed a moment ago")
                                              : prepare(s, err);
    if (!rc)
        rc = make(s, folder, &st, path, out, err);
    if (rc && rc != NL_UNSUPPORTED && rc != NL_NOT_FOUND) { /* these two tell of this folder alone */
        s->off_until = nl_monotonic_ns() + PAUSE_NS;
        nl_log("server/s3", NL_LOG_WARN, "%s: no index: %s", path, err ? err->message : "");
    }
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

void s3_indexes_drop(s3_indexes *s, int folder, const char *why)
{
    struct stat st;
    if (fstat(folder, &st))
        return;
    pthread_mutex_lock(&s->mutex);
    s3_index *x = find(s, &st);
    if (x) {
        nl_log("server/s3", NL_LOG_WARN, "%s: its index is thrown away: %s", x->path, why);
        x->lost = true;
        if (!x->busy)
            s3_indexes_remove(s, x);
    }
    pthread_mutex_unlock(&s->mutex);
}

void s3_indexes_close(s3_indexes *s)
{
    if (!s->is_open)
        return;
    s3_indexes_stop(s);
    while (s->list) {
        s3_indexes_save(s, s->list, true);
        s3_indexes_remove(s, s->list);
    }
    int fds[] = {s->files, s->events, s->wake};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->idle);
}
