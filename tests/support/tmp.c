/* tmp.c: temporary folders. */
#include "support/tmp.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *need(void *p, const char *what)
{
    if (p)
        return p;
    fprintf(stderr, "tests/support/tmp.c: %s: %s\n", what, strerror(errno));
    abort();
}

char *tmp_path(const char *dir, const char *name)
{
    size_t n = strlen(dir) + strlen(name) + 2;
    char *path = need(malloc(n), "malloc");
    snprintf(path, n, "%s/%s", dir, name);
    return path;
}

char *tmp_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = tmp_path(base && base[0] ? base : "/tmp", "neuralake-test-XXXXXX");
    need(mkdtemp(path), path);
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

void tmp_remove(char *dir)
{
    if (!dir)
        return;
    if (nftw(dir, remove_one, 32, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
        fprintf(stderr, "tests/support/tmp.c: cannot remove %s: %s\n", dir, strerror(errno));
    free(dir);
}

int tmp_setup(void **state)
{
    *state = tmp_make();
    return 0;
}

int tmp_teardown(void **state)
{
    tmp_remove(*state);
    return 0;
}

void tmp_write(const char *path, const void *data, size_t len)
{
    FILE *f = need(fopen(path, "wb"), path);
    bool ok = fwrite(data, 1, len, f) == len;
    ok = !fclose(f) && ok;
    if (!ok)
        need(NULL, path);
}

void tmp_write_text(const char *path, const char *text)
{
    tmp_write(path, text, strlen(text));
}

char *tmp_read(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    char *all = NULL;
    size_t have = 0, room = 0, n;
    do {
        if (room - have < 4096)
            all = need(realloc(all, (room = room * 2 + 8192)), "realloc");
        n = fread(all + have, 1, room - have - 1, f);
        have += n;
    } while (n);
    fclose(f);
    all[have] = 0;
    if (len)
        *len = have;
    return all;
}

bool tmp_exists(const char *path)
{
    struct stat st;
    return !lstat(path, &st);
}

size_t tmp_entries(const char *dir)
{
    DIR *d = need(opendir(dir), dir);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}
