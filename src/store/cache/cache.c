/* cache.c: the folder of a cache: may it be used, and by whom? */
#include "store/cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/sink.h"

static bool is_hex(const char *s, size_t n)
{
    return strspn(s, "0123456789abcdef") >= n;
}

bool store_cache_is_object(const char *name)
{
    return strlen(name) == STORE_CACHE_OBJECT - 1 && is_hex(name, STORE_CACHE_OBJECT - 1);
}

bool store_cache_is_segment(const char *name)
{
    return strlen(name) == STORE_CACHE_SEGMENT - 1 && is_hex(name, 16) && name[16] == '-' && is_hex(name + 17, 16);
}

/* D5. A link of another could be turned elsewhere between two looks. */
static int check_owner(const char *path, int dir, nl_error *err)
{
    struct stat link, st;
    if (fstat(dir, &st) != 0 || lstat(path, &link) != 0)
        return nl_fail_errno(err, errno, "%s", path);
    if (st.st_uid != geteuid() || (S_ISLNK(link.st_mode) && link.st_uid != geteuid()))
        return nl_fail(err, NL_DENIED, "%s belongs to another user", path);
    if (st.st_mode & 022)
        return nl_fail(err, NL_DENIED, "%s can be written by others (mode %03o)", path, (unsigned)st.st_mode & 0777);
    return NL_OK;
}

/* The tag that tells backups to leave the folder out; not worth a word where it cannot be written. */
static void put_tag(int dir)
{
    static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n# Neuralake keeps parts of objects here. "
                              "All of it can be removed at any time.\n";
    int fd = openat(dir, "CACHEDIR.TAG", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    if (nl_write_all(fd, tag, sizeof tag - 1, NULL))
        unlinkat(dir, "CACHEDIR.TAG", 0);
    close(fd);
}

static int open_folder(const char *path, struct store_cache *c, nl_error *err)
{
    int rc = nl_make_folders(path, 0700, err);
    if (rc)
        return rc;
    c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c->dir < 0)
        return nl_fail_errno(err, errno, "%s", path);
    rc = check_owner(path, c->dir, err);
    if (rc)
        return rc;
    c->lock = openat(c->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->lock < 0)
        return nl_fail_errno(err, errno, "%s/lock", path);
    put_tag(c->dir);
    return NL_OK;
}

int store_cache_open(const char *path, uint64_t bound, struct store_cache **out, nl_error *err)
{
    *out = NULL;
    if (bound < STORE_CACHE_LEAST)
        return nl_fail(err, NL_INVALID, "a cache of %" PRIu64 " bytes is too small: the least is 1 MiB", bound);
    struct store_cache *c = calloc(1, sizeof *c);
    if (!c)
        return nl_fail_memory(err);
    c->dir = c->lock = -1;
    c->bound = bound;
    pthread_mutex_init(&c->mutex, NULL);
    int rc = open_folder(path, c, err);
    if (rc) {
        nl_note(err, "cache folder");
        store_cache_free(c);
        return rc;
    }
    *out = c;
    return NL_OK;
}

void store_cache_free(struct store_cache *c)
{
    if (!c)
        return;
    if (c->lock >= 0)
        close(c->lock);
    if (c->dir >= 0)
        close(c->dir);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

void store_cache_stats(const struct store_cache *c, nl_store_stats *out)
{
    out->cache_hits += c->hits;
    out->cache_bytes += c->bytes;
    out->cache_failures += c->failures;
}
