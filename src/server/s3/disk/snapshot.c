/* snapshot.c: reads, sorts and keeps folders. */
#include "server/s3/disk/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "server/s3/disk/overflow.h"

#define CACHE_BYTES ((size_t)8 << 20)
#define FEW         128       /* so many entries are read faster than found in a long list */
#define RACY_NS     100000000 /* far above the grain of file times (a tick: 1 to 10 ms) */

void s3_snapshots_init(s3_snapshot_cache *c)
{
    *c = (s3_snapshot_cache){0};
    pthread_mutex_init(&c->mutex, NULL);
}

static void free_snapshot(s3_snapshot *s)
{
    free(s->entries);
    free(s->text);
    free(s);
}

void s3_snapshots_free(s3_snapshot_cache *c)
{
    while (c->list) {
        s3_snapshot *s = c->list;
        c->list = s->next;
        free_snapshot(s);
    }
    pthread_mutex_destroy(&c->mutex);
}

/* Is this entry a folder (1), a file (0), or neither (-1)? */
static int kind_of(int folder, const struct dirent *e)
{
    struct stat st;
    if (e->d_type == DT_REG)
        return 0;
    if (e->d_type == DT_DIR)
        return 1;
    if (e->d_type != DT_UNKNOWN || fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
        return -1;
    return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? 1 : -1;
}

/* Give the entry of one name to fn. */
static int take_name(int folder, const struct dirent *e, s3_entry_fn fn, void *ctx, nl_error *err)
{
    char component[S3_NAME_MAX + 1];
    size_t len;
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !s3_name_decode(e->d_name, component, &len))
        return NL_OK;
    int kind = kind_of(folder, e);
    if (kind < 0)
        return NL_OK;
    if (kind == 1)
        component[len++] = '/';
    return fn(ctx, (s3_slice){component, len}, err);
}

int s3_folder_read(int fd, s3_entry_fn fn, void *ctx, nl_error *err)
{
    /* A descriptor of its own: the position in a folder belongs to the open file. */
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = own >= 0 ? fdopendir(own) : NULL;
    if (!d) {
        int saved = errno;
        if (own >= 0)
            close(own);
        return nl_fail_errno(err, saved, "cannot read a folder");
    }
    int rc = NL_OK;
    const struct dirent *e;
    for (errno = 0; !rc && (e = readdir(d)); errno = 0)
        rc = take_name(own, e, fn, ctx, err);
    if (!rc && errno)
        rc = nl_fail_errno(err, errno, "cannot read a folder");
    closedir(d);
    return rc;
}

static int by_key(const void *a, const void *b)
{
    return s3_slice_compare(*(const s3_slice *)a, *(const s3_slice *)b);
}

/* Point into the text, and sort. */
static int index_text(s3_snapshot *s, nl_buf *text, size_t n, nl_error *err)
{
    s->entries = calloc(n ? n : 1, sizeof(*s->entries));
    if (!s->entries)
        return nl_fail_memory(err);
    s->bytes = sizeof(*s) + text->cap + n * sizeof(*s->entries);
    s->text = text->data;
    *text = (nl_buf){0};
    const char *p = s->text;
    for (s->n = 0; s->n < n; s->n++) {
        s->entries[s->n] = (s3_slice){p, strlen(p)};
        p += s->entries[s->n].len + 1;
    }
    qsort(s->entries, n, sizeof(*s->entries), by_key);
    return NL_OK;
}

struct reading {
    nl_buf text; /* entries, a NUL behind each */
    size_t n, most;
};

static int take_entry(void *ctx, s3_slice entry, nl_error *err)
{
    struct reading *r = ctx;
    if (++r->n > r->most)
        return NL_CANCELLED;
    int rc = nl_buf_append(&r->text, entry.data, entry.len, err);
    return rc ? rc : nl_buf_putc(&r->text, '\0', err);
}

/* *large: it has more than most entries. */
static int read_folder(int fd, s3_snapshot *s, size_t most, bool *large, nl_error *err)
{
    struct reading r = {.most = most};
    int rc = s3_folder_read(fd, take_entry, &r, err);
    *large = r.n > most;
    if (!rc)
        rc = index_text(s, &r.text, r.n, err);
    nl_buf_free(&r.text);
    return *large ? NL_OK : rc;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Take the oldest that nobody uses out until the rest fits; with the mutex held. */
static void evict(s3_snapshot_cache *c)
{
    while (c->bytes > CACHE_BYTES) {
        s3_snapshot **oldest = NULL;
        for (s3_snapshot **p = &c->list; *p; p = &(*p)->next)
            if ((*p)->refs == 1 && (!oldest || (*p)->used < (*oldest)->used))
                oldest = p;
        if (!oldest)
            return;
        s3_snapshot *s = *oldest;
        *oldest = s->next;
        c->bytes -= s->bytes;
        free_snapshot(s);
    }
}

/* The kept snapshot of this folder, one reference more; what is kept of it but older is dropped. */
static s3_snapshot *find_kept(s3_snapshot_cache *c, const struct stat *st)
{
    s3_snapshot *found = NULL;
    pthread_mutex_lock(&c->mutex);
    for (s3_snapshot **p = &c->list; *p && !found;) {
        s3_snapshot *s = *p;
        if (s->dev != st->st_dev || s->ino != st->st_ino) {
            p = &s->next;
        } else if (same_time(s->changed, st->st_ctim)) {
            s->refs++;
            s->used = ++c->clock;
            found = s;
        } else {
            *p = s->next;
            c->bytes -= s->bytes;
            if (--s->refs == 0)
                free_snapshot(s);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return found;
}

int s3_snapshot_get(s3_snapshot_cache *c, int fd, size_t most, s3_snapshot **out, nl_error *err)
{
    struct stat st;
    *out = NULL;
    if (fstat(fd, &st))
        return nl_fail_errno(err, errno, "cannot read a folder");
    *out = find_kept(c, &st);
    if (*out)
        return NL_OK;
    s3_snapshot *s = calloc(1, sizeof(*s));
    if (!s)
        return nl_fail_memory(err);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    bool large;
    int rc = read_folder(fd, s, most, &large, err);
    if (rc || large) {
        free_snapshot(s);
        return rc;
    }
    s->refs = 1;
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->changed = st.st_ctim;
    int64_t age = (now.tv_sec - st.st_ctim.tv_sec) * INT64_C(1000000000) + now.tv_nsec - st.st_ctim.tv_nsec;
    if (age > RACY_NS && s->n >= FEW && s->bytes < CACHE_BYTES / 2) {
        pthread_mutex_lock(&c->mutex);
        s->refs++;
        s->used = ++c->clock;
        s->next = c->list;
        c->list = s;
        c->bytes += s->bytes;
        evict(c);
        pthread_mutex_unlock(&c->mutex);
    }
    *out = s;
    return NL_OK;
}

void s3_snapshot_release(s3_snapshot_cache *c, s3_snapshot *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&c->mutex);
    if (--s->refs == 0)
        free_snapshot(s);
    pthread_mutex_unlock(&c->mutex);
}
