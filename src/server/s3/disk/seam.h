/* seam.h: every call by which this room changes the disk, in one place, where a test can watch.
 *
 * tests/server/s3/disk/powercut.c records the calls and builds from them each state that a power cut could leave; so what
 * changes names, bytes or attributes must go through here, or that proof has a hole. The lock file and what base writes
 * (server.json, credentials.yaml) hold no objects and do not.
 *
 * Each call is the system's of that name, with its errno.
 */
#ifndef NL_SERVER_S3_DISK_SEAM_H
#define NL_SERVER_S3_DISK_SEAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum s3_seam_kind {
    S3_SEAM_CREATE,   /* dir, name: a file, open as fd */
    S3_SEAM_NAMELESS, /* fd: a file that has no name yet */
    S3_SEAM_LINK,     /* fd, to dir2, name2 */
    S3_SEAM_MKDIR,    /* dir, name */
    S3_SEAM_RENAME,   /* dir, name, to dir2, name2 */
    S3_SEAM_UNLINK,   /* dir, name: a file or a folder */
    S3_SEAM_DATA,     /* fd, offset, len */
    S3_SEAM_META,     /* fd: attributes or time */
    S3_SEAM_SYNCING,  /* fd: a sync is about to begin */
    S3_SEAM_SYNC,     /* fd: a file or a folder; covers what came before its S3_SEAM_SYNCING */
};

/* What was done, and worked (but for S3_SEAM_SYNCING, which only says that it will be tried). */
typedef struct s3_seam_event {
    enum s3_seam_kind kind;
    int fd, dir, dir2;
    const char *name, *name2;
    uint64_t offset, len;
} s3_seam_event;

/* Called after each change, in the thread that made it, and before each sync too; fn NULL: nobody watches. Not while others
 * work. */
void s3_seam_watch(void (*fn)(void *ctx, const s3_seam_event *e), void *ctx);

/* openat() of a file that must be new. */
int s3_seam_create(int dir, const char *name, int flags, unsigned mode);
/* openat(O_TMPFILE) in a folder: EOPNOTSUPP, EISDIR or ENOENT where the file system or the kernel knows it not. */
int s3_seam_nameless(int dir, int flags, unsigned mode);
/* Give a nameless file its name, which must be new, by linkat() of /proc/self/fd. */
int s3_seam_link(int fd, int dir, const char *name);
/* mkdirat(). */
int s3_seam_mkdirat(int dir, const char *name, unsigned mode);
/* renameat(). */
int s3_seam_renameat(int dir, const char *name, int dir2, const char *name2);
/* unlinkat(), of files and folders. */
int s3_seam_unlinkat(int dir, const char *name, int flags);
/* pwrite(). */
ssize_t s3_seam_pwrite(int fd, const void *data, size_t len, off_t offset);
/* copy_file_range(). */
ssize_t s3_seam_copy(int from, off_t *in, int to, off_t *out, size_t len);
/* fsetxattr(), new or replacing. */
int s3_seam_fsetxattr(int fd, const char *name, const void *data, size_t len);
/* futimens(). */
int s3_seam_futimens(int fd, const struct timespec times[2]);
/* fsync(). */
int s3_seam_fsync(int fd);

#endif
