/* window.h: the bytes of a segment from the next page on, all of them or as many as were read so far.
 *
 *     segment   │ taken              │ next … end │ beyond                    │
 *     window                  │ bytes             │                                 of a source that reads into memory
 *
 * The bytes of a remote source were fetched all together; a local file is read page by page, into memory that the caches
 * know from the page before: a chunk that is read at once is copied out to memory and comes in again.
 *
 * V1  next..end lies in bytes, and 64 bytes beyond end can be read.
 * V2  Who has a slice of bytes has a reference: a window that moves on leaves what was read where it is.
 */
#ifndef NL_PARQUET_READ_WINDOW_H
#define NL_PARQUET_READ_WINDOW_H

#include "parquet/read/segments.h"

struct pq_window {
    nl_source *src;  /* NULL: nothing is beyond */
    uint64_t total;  /* bytes of the segment */
    uint64_t offset; /* in the file, of end */
    uint64_t beyond;
    nl_bytes bytes;
    const uint8_t *next, *end;
};

/* At the segment's beginning; its bytes are moved here. What the window had is given back. */
void pq_window_begin(struct pq_window *w, struct pq_segment *s);
/* Bytes from next on, those not read included; and where next stands in the file. */
uint64_t pq_window_left(const struct pq_window *w);
uint64_t pq_window_at(const struct pq_window *w);
/* n bytes from next on are to be there, n ≤ pq_window_left(); what is beyond them may be there too. Where they are moved for
 * that, the one at next + aligned is aligned to 64 bytes. NL_NO_MEMORY; what the source says. */
int pq_window_need(struct pq_window *w, uint64_t n, size_t aligned, nl_error *err);
/* The next page's beginning, as much as a header takes, nearly always; more where that was not enough. *more false: all is
 * there already. */
int pq_window_need_more(struct pq_window *w, bool *more, nl_error *err);
/* Pass over n bytes, n ≤ pq_window_left(). */
void pq_window_pass(struct pq_window *w, uint64_t n);
/* Give back what was taken, where all that was read was: nobody looks at it any more without a reference. */
void pq_window_trim(struct pq_window *w);
void pq_window_free(struct pq_window *w);

#endif
