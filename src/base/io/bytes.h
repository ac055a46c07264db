/* bytes.h: reference-counted memory, and slices of it.
 *
 *     nl_block  ┌ refs, size ┐┌──────────── data, 64-byte aligned ────────────┐┌ 64 bytes of padding ┐
 *     nl_bytes                        └──── data, len: a slice; holds one reference ────┘
 *
 * B1  Kernels may read, never write, up to 64 bytes beyond a slice: the padding makes that safe.
 * B2  Who holds an nl_bytes with a block holds one reference; nl_bytes_release() gives it back, once.
 * B3  A block's bytes do not change once a second reference exists.
 */
#ifndef NL_BASE_IO_BYTES_H
#define NL_BASE_IO_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct nl_block nl_block;

typedef struct nl_bytes {
    const uint8_t *data;
    size_t len;
    nl_block *block; /* NULL: borrowed or static memory, nothing to release */
} nl_bytes;

/* A block of size bytes, not zeroed (the padding is), with one reference. */
int nl_block_new(size_t size, nl_block **out, nl_error *err);
/* Around memory that is not ours: done(arg) is called with the last reference. data needs the padding of B1. */
int nl_block_wrap(uint8_t *data, size_t size, void (*done)(void *arg), void *arg, nl_block **out, nl_error *err);
uint8_t *nl_block_data(nl_block *b);
size_t nl_block_size(const nl_block *b);
nl_block *nl_block_ref(nl_block *b); /* any thread; returns b */
void nl_block_unref(nl_block *b);    /* any thread; NULL is fine */

/* A slice of b with its own reference; offset and len lie inside it. */
nl_bytes nl_bytes_of(nl_block *b, size_t offset, size_t len);
/* A slice of a slice, with its own reference. */
nl_bytes nl_bytes_slice(nl_bytes whole, size_t offset, size_t len);
void nl_bytes_release(nl_bytes *bytes); /* gives the reference back and zeroes it */

#endif
