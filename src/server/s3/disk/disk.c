/* disk.c: opening and locking a root. */
#include "server/s3/disk/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "server/s3/disk/file.h"
#include "server/s3/disk/upload.h"

/* The whole file, for writing. */
static struct flock whole_lock(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

/* The pid that a server wrote into its lock file; 0: none. */
static pid_t read_pid(int fd)
{
    char text[32];
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    return (pid_t)strtol(text, NULL, 10);
}

bool s3_disk_is_locked(const char *root, pid_t *holder)
{
    char *path;
    if (asprintf(&path, "%s/" S3_RESERVED "/lock", root) < 0)
        return false;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    free(path);
    if (fd < 0)
        return false;
    struct flock l = whole_lock();
    bool locked = fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
    if (holder)
        *holder = read_pid(fd);
    close(fd);
    return locked;
}

/* Take the lock for as long as the descriptor lives, and leave our pid for messages. */
static int take_lock(s3_disk *d, const char *root, nl_error *err)
{
    d->lock = openat(d->state, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->lock < 0)
        return nl_fail_errno(err, errno, "cannot open %s/" S3_RESERVED "/lock", root);
    struct flock l = whole_lock();
    if (fcntl(d->lock, F_OFD_SETLK, &l)) {
        if (errno != EAGAIN && errno != EACCES)
            return nl_fail_errno(err, errno, "cannot lock %s", root);
        nl_fail(err, NL_CONFLICT, "another server (process %d) serves %s", (int)read_pid(d->lock), root);
        nl_hint(err, "use that one, stop it, or give this one a folder of its own with --root");
        return NL_CONFLICT;
    }
    if (ftruncate(d->lock, 0))
        return nl_fail_errno(err, errno, "cannot write %s/" S3_RESERVED "/lock", root);
    char text[32];
    int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    return s3_file_pwrite(d->lock, text, (size_t)n, 0, err);
}

/* D5: empty the temporary folder of every bucket. */
static int sweep(s3_disk *d, nl_error *err)
{
    nl_arena arena = {0};
    s3_bucket_info *buckets;
    size_t n;
    int rc = s3_bucket_list(d, &arena, &buckets, &n, err);
    for (size_t i = 0; i < n && !rc; i++) {
        char path[S3_BUCKET_MAX + sizeof(S3_RESERVED) + 1];
        snprintf(path, sizeof(path), "%s/" S3_RESERVED, buckets[i].name);
        int fd = s3_folder_open(d->root, path);
        if (fd < 0)
            continue;
        rc = s3_folder_remove(fd, "tmp", err);
        s3_upload_sweep(fd);
        close(fd);
    }
    nl_arena_free(&arena);
    return rc;
}

/* Can a file be made without a name and be given one (writer.h)? Not on every file system, nor without /proc. */
static bool knows_nameless(const s3_disk *d)
{
    char path[40];
    int fd = openat(d->state, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    unlinkat(d->state, "probe", 0); /* of one who was killed here */
    bool linked = linkat(AT_FDCWD, path, d->state, "probe", AT_SYMLINK_FOLLOW) == 0;
    if (linked)
        unlinkat(d->state, "probe", 0);
    close(fd);
    return linked;
}

static int open_root(s3_disk *d, const char *root, nl_error *err)
{
    int rc = d->durable ? nl_make_folders_durable(root, 0777, err) : nl_make_folders(root, 0777, err);
    if (rc)
        return rc;
    d->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->root < 0)
        return nl_fail_errno(err, errno, "cannot open the folder %s", root);
    d->state = s3_folder_make(d->root, S3_RESERVED, 0700);
    if (d->state < 0)
        return nl_fail_errno(err, errno, "cannot make %s/" S3_RESERVED, root);
    rc = take_lock(d, root, err);
    d->nameless = !rc && knows_nameless(d);
    if (!rc)
        s3_indexes_open(&d->indexes, d->root, d->state);
    return rc ? rc : sweep(d, err);
}

int s3_disk_open(const char *root, bool durable, s3_disk **out, nl_error *err)
{
    *out = NULL;
    s3_disk *d = calloc(1, sizeof(*d));
    if (!d)
        return nl_fail_memory(err);
    d->root = d->state = d->lock = -1;
    d->durable = durable;
    pthread_mutex_init(&d->mutex, NULL);
    for (size_t i = 0; i < S3_KEY_STRIPES; i++)
        pthread_mutex_init(&d->stripes[i], NULL);
    s3_known_init(&d->known);
    s3_group_init(&d->group);
    s3_snapshots_init(&d->snapshots);
    s3_live_init(&d->live);
    int rc = open_root(d, root, err);
    if (rc) {
        s3_disk_close(d);
        return rc;
    }
    *out = d;
    return NL_OK;
}

void s3_disk_close(s3_disk *d)
{
    if (!d)
        return;
    while (d->buckets) {
        s3_bucket *b = d->buckets;
        d->buckets = b->next;
        s3_overflow_close(&b->overflow);
        close(b->fd);
        free(b);
    }
    s3_indexes_close(&d->indexes);
    s3_snapshots_free(&d->snapshots);
    s3_live_free(&d->live);
    s3_group_free(&d->group);
    s3_known_free(&d->known);
    for (size_t i = 0; i < S3_KEY_STRIPES; i++)
        pthread_mutex_destroy(&d->stripes[i]);
    pthread_mutex_destroy(&d->mutex);
    int fds[] = {d->state, d->root, d->lock}; /* the lock goes last */
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(d);
}

int s3_disk_sync(s3_disk *d, int fd, const char *what, nl_error *err)
{
    return d->durable ? s3_file_sync(fd, what, err) : NL_OK;
}

int s3_disk_sync_folder(s3_disk *d, int fd, const char *what, nl_error *err)
{
    return d->durable ? s3_group_sync(&d->group, fd, what, err) : NL_OK;
}
