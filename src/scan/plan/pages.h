/* pages.h: which rows of a row group the filter may want, by more than the footer says: which bytes tell it, and what they
 * tell. Pure: somebody else fetches.
 *
 *     filter's columns       column index ┐
 *                            offset index ┴▶ rows             bloom filter, or dictionary ──▶ no row at all
 *     projected leaves       offset index  ──▶ the pages that hold those rows
 *
 * G1  Whatever is damaged or missing leaves more rows, never fewer; only memory is an error.
 */
#ifndef NL_SCAN_PLAN_PAGES_H
#define NL_SCAN_PLAN_PAGES_H

#include "parquet/index/select.h"
#include "parquet/read/segments.h"
#include "scan/plan/morsel.h"
#include "scan/plan/prune.h"

enum scan_part_kind { SCAN_COLUMN_INDEX, SCAN_OFFSET_INDEX, SCAN_LEAF_OFFSETS, SCAN_BLOOM, SCAN_DICTIONARY };

/* Bytes that are wanted, and of what. */
struct scan_part {
    enum scan_part_kind kind;
    size_t slot; /* the filter's column; SCAN_LEAF_OFFSETS: the place among the projection's leaves */
};

/* One row group. */
struct scan_pages {
    nl_arena arena; /* everything below */
    struct scan_part *parts;
    nl_range *ranges; /* one a part; n 0: nothing is to be had */
    size_t n;
    struct pq_select_column *columns; /* n_columns, by the table's columns */
    size_t n_columns;
    struct pq_column_chunk *chunks;         /* of those columns */
    uint32_t *leaves;                       /* of the projection, n_leaves */
    const struct pq_offset_index **offsets; /* theirs, once they were read; NULL: not known */
    size_t n_leaves;
};

/* Say which parts there are. unit names file and row group; plan is its morsel's, for the whole row group. NL_NO_MEMORY; *out
 * is the caller's also then. */
int scan_pages_plan(const struct filter *filter, const struct scan_unit *unit, const struct scan_morsel_plan *plan,
                    struct scan_pages *out, nl_error *err);
/* Keep the parts for which keep(range) holds. */
void scan_pages_keep(struct scan_pages *p, bool (*keep)(const void *arg, nl_range range), const void *arg);
/* Read the parts: bytes are of out->ranges and must outlive *p. */
int scan_pages_read(struct scan_pages *p, const struct scan_unit *unit, const nl_bytes *bytes, nl_error *err);
/* What they tell. *excluded: no row can match, by values. Else *n ranges of rows, malloc'd; n 0: none. */
int scan_pages_select(const struct scan_pages *p, const struct filter *filter, const struct scan_unit *unit,
                      bool *excluded, nl_parquet_range **rows, size_t *n, nl_error *err);
void scan_pages_free(struct scan_pages *p);

#endif
