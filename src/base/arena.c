/* arena.c: chunks that double, from 1 KiB to 1 MiB.
 *
 *     chunks ──▶ ┌ header │ ▓▓▓▓▓▓▓▓▓▓ used │        free        ┐ ──▶ ┌ full ┐ ──▶ ┌ full ┐
 *
 * A request that a doubled chunk does not hold gets a chunk of its own size. Under AddressSanitizer what is not handed out
 * is poisoned, with a gap behind each piece, so that an overrun inside a chunk is found too.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
enum { GAP = 0 };
#endif

enum { ALIGN = 16, FIRST_CHUNK = 1024, LARGEST_CHUNK = 1 << 20 };

struct nl_arena_chunk {
    struct nl_arena_chunk *next; /* older */
    size_t size;                 /* bytes of data */
    _Alignas(ALIGN) unsigned char data[];
};

/* A new newest chunk with room for need bytes. False: no memory. */
static bool grow(nl_arena *a, size_t need)
{
    size_t size = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < need)
        size = need;
    struct nl_arena_chunk *c = calloc(1, sizeof(*c) + size);
    if (!c)
        return false;
    c->next = a->chunks;
    c->size = size;
    a->chunks = c;
    a->used = 0;
    a->total += size;
    ASAN_POISON_MEMORY_REGION(c->data, size);
    return true;
}

void *nl_arena_alloc(nl_arena *a, size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    size_t need = ((size ? size : 1) + GAP + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if ((!a->chunks || need > a->chunks->size - a->used) && !grow(a, need))
        return NULL;
    void *p = a->chunks->data + a->used;
    a->used += need;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

void *nl_arena_array(nl_arena *a, size_t n, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(n, size, &bytes) ? NULL : nl_arena_alloc(a, bytes);
}

char *nl_arena_strndup(nl_arena *a, const char *s, size_t len)
{
    char *copy = len < SIZE_MAX ? nl_arena_alloc(a, len + 1) : NULL;
    if (copy && len)
        memcpy(copy, s, len);
    return copy;
}

char *nl_arena_strdup(nl_arena *a, const char *s)
{
    return s ? nl_arena_strndup(a, s, strlen(s)) : NULL;
}

char *nl_arena_printf(nl_arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? NULL : nl_arena_alloc(a, (size_t)n + 1);
    if (!text)
        return NULL;
    va_start(args, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    return text;
}

void nl_arena_free(nl_arena *a)
{
    for (struct nl_arena_chunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        ASAN_UNPOISON_MEMORY_REGION(c->data, c->size);
        free(c);
    }
    *a = (nl_arena){0};
}
