/* cache.h: compiled catalogs, kept by the content of everything that went into them.
 *
 *     $XDG_CACHE_HOME/neuralake/            (or ~/.cache/neuralake) 0700, the user's own
 *         <key>.list                        what <key> was compiled from: the hash of each file that the compiler read
 *         <key>-<content>.so                the object that the list names
 *
 *     key = compiler, its flags and environment, the interface's version, the source's path
 *
 * H1  An object is used only while every file of its list still has the hash that it had.
 * H2  Folders and files are the user's alone: a folder that others can enter, or that is a link, is refused.
 * H3  Files appear by rename, the list last: whoever finds a list finds its object, whole.
 */
#ifndef NL_CATALOG_CACHE_H
#define NL_CATALOG_CACHE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* 128 bits as hexadecimal digits. */
struct cache_hash {
    char text[33];
};
struct cache_hash cache_hash_of(const void *data, size_t len);
/* Of a file's bytes. */
int cache_hash_file(const char *path, struct cache_hash *out, nl_error *err);

/* The cache folder, made where it is missing, checked (H2). In the arena. NL_DENIED says what is wrong with it. */
int cache_folder(nl_arena *a, char **out, nl_error *err);

/* The object of a key, where there is one that is still valid (H1); else *object is NULL. In the arena. */
int cache_find(const char *folder, const struct cache_hash *key, nl_arena *a, char **object, nl_error *err);

/* What the compiler made. A file that was changed after it began is listed without a hash: nobody knows which bytes it
 * read, so that object is for this run only. */
struct cache_object {
    const char *made;        /* in the cache folder */
    const char *const *deps; /* the files that it read */
    size_t n_deps;
    int64_t start_ns; /* when it began, wall clock */
};

/* Keep a new object: it gets its name, and the list is written. *object is the new path, in the arena. The object that the
 * key had before is removed. */
int cache_keep(const char *folder, const struct cache_hash *key, const struct cache_object *new, nl_arena *a,
               char **object, nl_error *err);

/* The files of a dependency file as compilers write it for make: "target: a.c dir\ with\ space/b.h \", where relative
 * paths start in `base`. Into the arena. NL_INVALID: it is none. */
int cache_parse_deps(const char *text, const char *base, nl_arena *a, const char ***deps, size_t *n_deps,
                     nl_error *err);

#endif
