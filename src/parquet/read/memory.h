/* memory.h: blocks for pages and batches, whose memory is used again.
 *
 * A scan makes and drops buffers of the same few sizes thousands of times a second; fresh memory costs a page fault every
 * 4 KiB, which is as much as decoding itself. Buffers that come back are kept for the next one, process-wide.
 *
 * Z1  At most PQ_MEMORY_IDLE bytes lie idle; a block is at most a quarter larger than what was asked for.
 */
#ifndef NL_PARQUET_READ_MEMORY_H
#define NL_PARQUET_READ_MEMORY_H

#include "base/io/bytes.h"

#define PQ_MEMORY_IDLE (16U << 20)

/* Like nl_block_new(); its last nl_block_unref() may come from any thread. */
int pq_memory_new(size_t size, nl_block **out, nl_error *err);

#endif
