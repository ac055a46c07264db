/* idle.h: large mappings that nobody uses at the moment, kept for the next block of about their size.
 *
 * Fresh memory costs a page fault every 4 KiB, and the kernel clears it: for a read from the page cache that is more than
 * the copy itself. A scan reads row group after row group into blocks of the same few sizes.
 *
 * I1  At most NL_IDLE_BYTES lie idle in the process, and none under sanitizers, so that they see every use after the end.
 * I2  A mapping is given for a size of at least three quarters of its own.
 *
 * Threads  Any.
 */
#ifndef NL_BASE_IO_IDLE_H
#define NL_BASE_IO_IDLE_H

#include <stddef.h>

#define NL_IDLE_BYTES ((size_t)64 << 20)

/* An idle mapping, or a new one, not zeroed, of at least *size bytes; *size: how many it really has. NULL: no memory. */
void *nl_idle_take(size_t *size);
/* Nobody uses it any more: keep it, or give it back to the system. size: as nl_idle_take() said. */
void nl_idle_give(void *at, size_t size);

#endif
