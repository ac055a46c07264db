/* local_list.c: a folder's files in the order that S3 would give them.
 *
 *     a-b   a/   a/c   a0        a folder sorts as its name with "/" behind it, so that keys come in the order of their
 *                                bytes although they are read a folder at a time
 *
 * One frame a level stands on a stack of our own: each holds the sorted names of its folder.
 *
 * J1  Temporary files (".nl-tmp-…"), pipes, sockets and dangling links are not objects. A linked folder is followed unless
 *     it is one that we are in.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/str.h"
#include "store/local.h"

enum { max_depth = 1024 };

struct entry {
    const char *name; /* a folder's ends in "/" */
    bool is_folder;
    struct stat st;
};

struct frame {
    nl_arena arena; /* of the names */
    struct entry *entries;
    size_t n, next, cap;
    size_t uri_len; /* of the folder's URI, with "/" */
    dev_t device;
    ino_t inode;
};

struct walk {
    nl_buf uri; /* of the entry; the path is inside it, from `path` on */
    size_t path;
    bool recursive;
    struct frame *stack;
    size_t depth, cap;
};

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Cut the URI to len bytes and append name. */
static int set_uri(struct walk *w, size_t len, const char *name, nl_error *err)
{
    w->uri.len = len;
    return nl_buf_puts(&w->uri, name, err);
}

static bool inside_itself(const struct walk *w, const struct stat *st)
{
    for (size_t i = 0; i < w->depth; i++)
        if (w->stack[i].device == st->st_dev && w->stack[i].inode == st->st_ino)
            return true;
    return false;
}

static int add_entry(struct frame *f, const char *name, const struct stat *st, nl_error *err)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 64;
        struct entry *more = reallocarray(f->entries, cap, sizeof *more);
        if (!more)
            return nl_fail_memory(err);
        f->entries = more;
        f->cap = cap;
    }
    bool folder = S_ISDIR(st->st_mode);
    char *copy = nl_arena_printf(&f->arena, "%s%s", name, folder ? "/" : "");
    if (!copy)
        return nl_fail_memory(err);
    f->entries[f->n++] = (struct entry){copy, folder, *st};
    return NL_OK;
}

/* Read the folder's entries, in order. The URI is the folder's. */
static int read_folder(struct walk *w, struct frame *f, DIR *dir, nl_error *err)
{
    for (;;) {
        errno = 0;
        struct dirent *d = readdir(dir);
        if (!d && errno)
            return nl_fail_errno(err, errno, "%s", w->uri.data);
        if (!d)
            break;
        struct stat st;
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") || nl_starts_with(d->d_name, ".nl-tmp-"))
            continue;
        /* One that has just gone is as if it had never been. */
        if (fstatat(dirfd(dir), d->d_name, &st, 0) || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
            continue;
        if (S_ISDIR(st.st_mode) && inside_itself(w, &st))
            continue;
        int rc = add_entry(f, d->d_name, &st, err);
        if (rc)
            return rc;
    }
    if (f->n)
        qsort(f->entries, f->n, sizeof f->entries[0], compare_entries);
    return NL_OK;
}

static void pop_frame(struct walk *w)
{
    struct frame *f = &w->stack[--w->depth];
    nl_arena_free(&f->arena);
    free(f->entries);
}

/* Enter the folder that the URI names (it ends in "/"). */
static int push_frame(struct walk *w, const struct stat *st, nl_error *err)
{
    if (w->depth == max_depth)
        return nl_fail(err, NL_INVALID, "%s: more than %d folders deep", w->uri.data, max_depth);
    if (w->depth == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 8;
        struct frame *more = reallocarray(w->stack, cap, sizeof *more);
        if (!more)
            return nl_fail_memory(err);
        w->stack = more;
        w->cap = cap;
    }
    DIR *dir = opendir(w->uri.data + w->path);
    if (!dir)
        return nl_fail_errno(err, errno, "%s", w->uri.data);
    struct frame *f = &w->stack[w->depth++];
    *f = (struct frame){.uri_len = w->uri.len, .device = st->st_dev, .inode = st->st_ino};
    int rc = read_folder(w, f, dir, err);
    closedir(dir);
    return rc;
}

static int give_file(const struct walk *w, const struct stat *st, nl_list_fn fn, void *ctx, nl_error *err)
{
    nl_object_info info = {.size = (uint64_t)st->st_size, .modified = st->st_mtime};
    return fn(ctx, w->uri.data, false, &info, err);
}

static int walk_tree(struct walk *w, nl_list_fn fn, void *ctx, nl_error *err)
{
    static const nl_object_info none;
    int rc = NL_OK;
    while (!rc && w->depth) {
        struct frame *f = &w->stack[w->depth - 1];
        if (f->next == f->n) {
            pop_frame(w);
            continue;
        }
        struct entry *e = &f->entries[f->next++];
        rc = set_uri(w, f->uri_len, e->name, err);
        if (rc)
            break;
        if (!e->is_folder)
            rc = give_file(w, &e->st, fn, ctx, err);
        else if (w->recursive)
            rc = push_frame(w, &(struct stat){.st_dev = e->st.st_dev, .st_ino = e->st.st_ino}, err);
        else
            rc = fn(ctx, w->uri.data, true, &none, err);
    }
    return rc;
}

int store_local_list(store_backend *b, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err)
{
    (void)b;
    const char *path;
    struct stat st;
    int rc = store_local_path(uri, &path, err);
    if (rc)
        return rc;
    if (stat(path, &st))
        return nl_fail_errno(err, errno, "%s", uri);
    struct walk w = {.path = (size_t)(path - uri), .recursive = recursive};
    rc = nl_buf_puts(&w.uri, uri, err);
    if (!rc && !S_ISDIR(st.st_mode)) {
        rc = give_file(&w, &st, fn, ctx, err);
    } else if (!rc) {
        if (w.uri.data[w.uri.len - 1] != '/')
            rc = nl_buf_putc(&w.uri, '/', err);
        if (!rc)
            rc = push_frame(&w, &st, err);
        if (!rc)
            rc = walk_tree(&w, fn, ctx, err);
    }
    while (w.depth)
        pop_frame(&w);
    free(w.stack);
    nl_buf_free(&w.uri);
    return rc;
}
