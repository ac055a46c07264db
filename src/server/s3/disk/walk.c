/* walk.c: frames of sorted folders. */
#include "server/s3/disk/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/s3/disk/place.h"

static bool begins_with(s3_slice s, s3_slice prefix)
{
    return s.len >= prefix.len && !memcmp(s.data, prefix.data, prefix.len);
}

static s3_slice bound_key(const s3_walk *w)
{
    return (s3_slice){w->from.key.data, w->from.key.len};
}

/* Is an entry a folder? (A file "%" is the empty component: its full name ends in "/" and is a key.) */
static bool is_folder(s3_slice entry)
{
    return entry.len > 0 && entry.data[entry.len - 1] == '/';
}

/* name = the folders' names and the current entry of the top frame. */
static int set_name(s3_walk *w, nl_error *err)
{
    const struct s3_frame *f = &w->frames[w->depth - 1];
    w->name.len = f->prefix_len;
    return nl_buf_append(&w->name, f->entries.name.data, f->entries.name.len, err);
}

/* The top frame to the first entry that reaches the bound: itself or, for a folder, with something in it. */
static int seek_in_frame(s3_walk *w, nl_error *err)
{
    struct s3_frame *f = &w->frames[w->depth - 1];
    s3_slice rest = bound_key(w), folder = {w->name.data, f->prefix_len};
    bool after = w->from.after;
    if (begins_with(rest, folder)) {
        rest.data += folder.len;
        rest.len -= folder.len;
        const char *slash = rest.len ? memchr(rest.data, '/', rest.len) : NULL;
        if (slash) { /* the folder on the way, or what is behind it */
            rest.len = (size_t)(slash - rest.data) + 1;
            after = false;
        }
    } else if (s3_slice_compare(rest, folder) < 0) {
        rest = (s3_slice){"", 0};
        after = false;
    } else {
        f->entries.any = false;
        return NL_OK;
    }
    return s3_entries_seek(&f->entries, rest, after, err);
}

/* A frame for the folder whose full name is in w->name. One that is gone by now is no frame. */
static int push(s3_walk *w, nl_error *err)
{
    if (w->depth == w->room) {
        size_t room = w->room ? 2 * w->room : 8;
        struct s3_frame *more = realloc(w->frames, room * sizeof(*more));
        if (!more)
            return nl_fail_memory(err);
        w->frames = more;
        w->room = room;
    }
    s3_place place;
    struct s3_frame f = {.prefix_len = w->name.len};
    s3_slice name = {w->name.data, w->name.len};
    enum s3_place_status s = s3_place_find(w->bucket, name, false, &place, err);
    if (s == S3_PLACE_FAILED)
        return NL_IO;
    if (s != S3_PLACE_FOUND)
        return NL_OK;
    int rc = s3_entries_open(&f.entries, w->bucket, name, place.dir, err);
    if (rc)
        return rc;
    w->frames[w->depth++] = f;
    return seek_in_frame(w, err);
}

static void pop(s3_walk *w)
{
    s3_entries_close(&w->frames[--w->depth].entries);
}

static int set_bound(s3_walk *w, s3_slice key, bool after, nl_error *err)
{
    nl_buf_clear(&w->from.key);
    w->from.after = after;
    return nl_buf_append(&w->from.key, key.data, key.len, err);
}

int s3_walk_open(s3_walk *w, s3_bucket *b, const s3_bound *from, nl_error *err)
{
    *w = (s3_walk){.bucket = b};
    int rc = nl_buf_reserve(&w->name, S3_KEY_MAX, err);
    if (!rc)
        rc = set_bound(w, (s3_slice){from->key.data, from->key.len}, from->after, err);
    return rc ? rc : push(w, err);
}

void s3_walk_close(s3_walk *w)
{
    while (w->depth > 0)
        pop(w);
    free(w->frames);
    nl_buf_free(&w->name);
    nl_buf_free(&w->from.key);
}

bool s3_walk_peek(s3_walk *w, s3_slice *name, bool *folder, nl_error *err, int *status)
{
    while (w->depth > 0 && *status == NL_OK) {
        const struct s3_frame *f = &w->frames[w->depth - 1];
        if (!f->entries.any) {
            pop(w);
            if (w->depth > 0)
                *status = s3_walk_skip(w, err);
            continue;
        }
        *status = set_name(w, err);
        if (*status)
            return false;
        if (w->name.len > S3_KEY_MAX) { /* put there by hand: too long for a key */
            *status = s3_walk_skip(w, err);
            continue;
        }
        *name = (s3_slice){w->name.data, w->name.len};
        *folder = is_folder(f->entries.name);
        return true;
    }
    return false;
}

int s3_walk_skip(s3_walk *w, nl_error *err)
{
    return s3_entries_next(&w->frames[w->depth - 1].entries, err);
}

int s3_walk_enter(s3_walk *w, nl_error *err)
{
    size_t depth = w->depth;
    int rc = set_name(w, err);
    if (!rc)
        rc = push(w, err);
    return rc || w->depth > depth ? rc : s3_walk_skip(w, err); /* it is gone */
}

int s3_walk_seek(s3_walk *w, s3_slice key, bool after, nl_error *err)
{
    int rc = set_bound(w, key, after, err);
    if (rc)
        return rc;
    /* Leave folders that lie before the bound as a whole. */
    while (w->depth > 1) {
        s3_slice folder = {w->name.data, w->frames[w->depth - 1].prefix_len};
        if (begins_with(bound_key(w), folder) || s3_slice_compare(folder, bound_key(w)) > 0)
            break;
        pop(w);
    }
    return w->depth ? seek_in_frame(w, err) : NL_OK;
}

/* ── is there a key in this folder? ── */

/* Look through one folder: a file answers, folders are appended to todo (each with its NUL). */
static int look_into(int fd, s3_slice prefix, nl_buf *todo, bool *found, nl_error *err)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        return nl_fail_memory(err);
    }
    int rc = NL_OK;
    const struct dirent *e;
    while (!rc && !*found && (e = readdir(d))) {
        char component[S3_NAME_MAX + 1];
        size_t len;
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !s3_name_decode(e->d_name, component, &len) ||
            prefix.len + len + 1 > S3_KEY_MAX)
            continue;
        bool file = e->d_type == DT_REG, folder = e->d_type == DT_DIR;
        if (e->d_type == DT_UNKNOWN && !fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
            file = S_ISREG(st.st_mode);
            folder = S_ISDIR(st.st_mode);
        }
        *found = file;
        if (folder) {
            component[len] = '\0';
            rc = nl_buf_printf(todo, err, "%.*s%s/", (int)prefix.len, prefix.data, component);
            if (!rc)
                rc = nl_buf_putc(todo, '\0', err);
        }
    }
    closedir(d);
    return rc;
}

int s3_folder_has_key(s3_bucket *b, s3_slice folder, bool *out, nl_error *err)
{
    nl_buf todo = {0};
    *out = false;
    int rc = nl_buf_append(&todo, folder.data, folder.len, err);
    if (!rc)
        rc = nl_buf_putc(&todo, '\0', err);
    while (!rc && !*out && todo.len > 0) {
        /* The last one, as a stack: todo ends in its NUL. */
        size_t start = todo.len - 1;
        while (start > 0 && todo.data[start - 1] != '\0')
            start--;
        char prefix[S3_KEY_MAX + 1];
        size_t len = todo.len - 1 - start;
        memcpy(prefix, todo.data + start, len);
        todo.len = start;
        s3_place place;
        enum s3_place_status s = s3_place_find(b, (s3_slice){prefix, len}, false, &place, err);
        if (s == S3_PLACE_FOUND)
            rc = look_into(place.dir, (s3_slice){prefix, len}, &todo, out, err);
        else if (s == S3_PLACE_FAILED)
            rc = NL_IO;
    }
    nl_buf_free(&todo);
    return rc;
}
