/* file.h: an open Parquet file: footer and schema, decoded once, never changed; and where its bytes are.
 *
 *     "PAR1" │ row groups: chunks of pages │ (indexes, bloom filters) │ footer │ its length, 4 bytes LE │ "PAR1"
 *                                                                     └──────────── the tail ──────────────────┘
 *
 * For who does the I/O: submit the tail, ask pq_tail_need() whether it is long enough, fetch more when not, and give it
 * to pq_open_tail(), which then reads nothing. Then pq_chunk_range() for every leaf, and read/group.h to decode.
 *
 * O1  The footer's bytes are kept: names and statistics are slices of them.
 * O2  Offsets and lengths that leave here as ranges lie inside the file.
 */
#ifndef NL_PARQUET_READ_FILE_H
#define NL_PARQUET_READ_FILE_H

#include <neuralake/parquet.h>

#include "base/io/source.h"
#include "parquet/format/metadata.h"
#include "parquet/read/schema.h"

/* What is asked for first: holds the footer of nearly every file, and small files whole. */
#define PQ_TAIL_GUESS (64 * 1024)

struct nl_parquet_file {
    nl_source *src; /* borrowed */
    uint64_t size;
    uint64_t data_end; /* where the footer begins */
    nl_bytes footer;
    nl_arena arena;
    struct pq_file_meta meta;
    struct pq_schema schema;
    int64_t rows; /* of all row groups */
};

/* How many of the last bytes are needed to open a file of file_size bytes: at most tail.len when the tail suffices.
 * NL_CORRUPT (no "PAR1", a footer longer than the file), NL_UNSUPPORTED (encrypted footer, "PARE"). */
int pq_tail_need(nl_bytes tail, uint64_t file_size, uint64_t *need, nl_error *err);
/* Open from the last bytes of src, whose size is known by now. tail stays the caller's (the file takes a reference of its
 * own, and copies borrowed memory). A tail that is too short is fetched again, blocking. */
int pq_open_tail(nl_source *src, nl_bytes tail, nl_parquet_file **out, nl_error *err);

/* The metadata of a leaf's chunk in a row group. arena NULL: without lists. What this version cannot read is refused here:
 * NL_UNSUPPORTED (encrypted, in another file, an unreadable type; with the leaf's path), NL_CORRUPT (types that disagree with
 * the schema, negative sizes, counts that cannot be). */
int pq_file_chunk(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_arena *arena, struct pq_column_chunk *out,
                  nl_error *err);
/* Where a leaf's chunk lies, dictionary page included. A little more than the footer says, where the file has more:
 * some writers count short. Empty for a row group without rows. */
int pq_chunk_range(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_range *out, nl_error *err);
/* The same for a chunk that was decoded by pq_file_chunk(). */
int pq_chunk_range_of(const nl_parquet_file *f, size_t row_group, size_t leaf, const struct pq_column_chunk *chunk,
                      nl_range *out, nl_error *err);
/* NL_OK where all leaves of top-level column i can be read, else why not, with the leaf's path. */
int pq_column_check(const nl_parquet_file *f, size_t column, nl_error *err);
int pq_leaf_check(const nl_parquet_file *f, size_t leaf, nl_error *err);
/* Add the source's name to an error that does not begin with it: failed reads do. */
void pq_note_source(const nl_source *src, nl_error *err);
/* Add "row group 3, column tags.list.element" to an error. */
void pq_note_leaf(const struct pq_schema *s, size_t row_group, size_t leaf, nl_error *err);

#endif
