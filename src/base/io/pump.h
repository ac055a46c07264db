/* pump.h: move all bytes of a source into a sink, with reads under way ahead of the writes.
 *
 *     source  ──▶ [piece][piece][piece][piece] ──▶ sink      PUMP_AHEAD pieces of PUMP_PIECE bytes: at most 32 MiB in memory
 *     source  ──▶ piece piece piece … ──▶ file               PUMP_TO_FILE pieces on their way, none of them in memory
 *
 * The second way is for a source that writes files by itself (a store), a file sink, and more than one piece.
 */
#ifndef NL_BASE_IO_PUMP_H
#define NL_BASE_IO_PUMP_H

#include "base/io/sink.h"
#include "base/io/source.h"

/* Told after each piece; another answer than NL_OK ends the pump with it. total is known by then. */
typedef int (*nl_pump_progress)(void *ctx, uint64_t done, uint64_t total, nl_error *err);

/* Neither end is closed, committed or aborted: that stays the caller's. cancel and progress may be NULL. */
int nl_pump(nl_source *from, nl_sink *to, nl_cancel *cancel, nl_pump_progress progress, void *ctx, nl_error *err);

#endif
