/* dictionary.h: every value of a column chunk, from its dictionary page alone: where all data pages are indices into it, what
 * is not in the dictionary is in no row. */
#ifndef NL_PARQUET_INDEX_DICTIONARY_H
#define NL_PARQUET_INDEX_DICTIONARY_H

#include "base/io/source.h"
#include "parquet/read/file.h"

/* Where the dictionary page of a flat column's chunk lies, if encoding statistics say that all data pages are indices; length
 * 0: they do not, or it is not known. chunk must have been decoded with its lists. */
nl_range pq_dictionary_range(const nl_parquet_file *f, const struct pq_column_chunk *chunk);
/* The page's values in PLAIN, without lengths: *n slices, in arena with all that they point to. NL_CORRUPT, NL_UNSUPPORTED,
 * NL_NO_MEMORY. */
int pq_dictionary_values(const struct pq_schema_element *leaf, const struct pq_column_chunk *chunk, const void *page,
                         size_t len, nl_arena *arena, struct pq_slice **out, size_t *n, nl_error *err);

#endif
