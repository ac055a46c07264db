/* idle.h: large pieces of memory that nobody uses at the moment, kept for the next block of about their size.
 *
 * Fresh memory costs a page fault every 4 KiB, and the kernel clears it: for a read from the page cache, or for a column
 * that is decoded, that is as much as the work itself. A scan takes and gives back blocks of the same few sizes
 * thousands of times a second.
 *
 * I1  At most NL_IDLE_BYTES lie idle in the process, or, where that is more, as much as was once in use at the same time, up
 *     to NL_IDLE_MOST: two hundred columns with a page each need that again and again. None under sanitizers, so that they
 *     see every use after the end.
 * I2  A piece is at most a quarter larger than what was asked for.
 * I3  What has lain idle longest goes first: sizes that nobody asks for any more do not stay.
 *
 * Threads  Any.
 */
#ifndef NL_BASE_IO_IDLE_H
#define NL_BASE_IO_IDLE_H

#include <stddef.h>
#include <stdint.h>

#define NL_IDLE_BYTES ((size_t)48 << 20)
#define NL_IDLE_MOST  ((size_t)192 << 20)
#define NL_IDLE_LEAST ((size_t)32 << 10) /* what is smaller is the heap's business */

/* An idle piece, or a new one, not zeroed, of at least *size ≥ NL_IDLE_LEAST bytes; *size: how many it really has. Aligned
 * to 64 bytes. NULL: no memory. */
void *nl_idle_take(size_t *size);
/* Nobody uses it any more: keep it, or give it back to the system. size: as nl_idle_take() said. */
void nl_idle_give(void *at, size_t size);

#endif
