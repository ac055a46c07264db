/* arena.h: memory that is released all at once, for metadata trees (a footer, a catalog, a parsed statement).
 *
 * Grows by doubling chunks; nothing is freed alone. A zeroed nl_arena is empty and valid. One thread at a time while
 * growing; what was built may be read by all.
 */
#ifndef NL_BASE_ARENA_H
#define NL_BASE_ARENA_H

#include <stddef.h>

#include "base/error.h"

struct nl_arena_chunk;
typedef struct nl_arena {
    struct nl_arena_chunk *chunks; /* newest first */
    size_t used;                   /* bytes handed out of the newest */
    size_t total;                  /* bytes of all chunks */
} nl_arena;

/* size bytes, aligned to 16, zeroed. NULL: no memory. A size of 0 gives a valid pointer. */
void *nl_arena_alloc(nl_arena *a, size_t size);
/* n elements of size bytes each; NULL too where n × size overflows. */
void *nl_arena_array(nl_arena *a, size_t n, size_t size);
/* A NUL-terminated copy of len bytes. */
char *nl_arena_strndup(nl_arena *a, const char *s, size_t len);
char *nl_arena_strdup(nl_arena *a, const char *s); /* NULL gives NULL */
char *nl_arena_printf(nl_arena *a, const char *fmt, ...) NL_PRINTF(2, 3);
void nl_arena_free(nl_arena *a);

#endif
