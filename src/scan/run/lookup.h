/* run/lookup.h: page indexes, bloom filters and dictionaries of an open file, asked for all at once before its row groups are
 * planned.
 *
 *     footer ──▶ row groups that statistics leave ──▶ one submit for the parts of all of them ──▶ group by group: rows
 *
 * U1  What came with the footer costs nothing and is always looked at; for the rest a row group must be worth a round trip:
 *     SCAN_LOOKUP_PAYS bytes of it would be read. A file that came whole with its footer is never looked up.
 * U2  One file's lookup holds at most SCAN_LOOKUP_MOST bytes, and is about its first SCAN_LOOKUP_GROUPS row groups; those
 *     beyond are read whole.
 */
#ifndef NL_SCAN_RUN_LOOKUP_H
#define NL_SCAN_RUN_LOOKUP_H

#include "scan/plan/pages.h"
#include "scan/run/table.h"

#define SCAN_LOOKUP_PAYS   (UINT64_C(4) << 20)
#define SCAN_LOOKUP_MOST   (UINT64_C(8) << 20)
#define SCAN_LOOKUP_GROUPS 4096

struct scan_lookup;

/* Plan and submit for all row groups. *out NULL: there is nothing to look up. Everything is borrowed for its life. */
int scan_lookup_new(const struct scan_open_file *f, const struct scan_table *table, const struct filter *filter,
                    const struct scan_projection *projection, struct scan_lookup **out, nl_error *err);

/* What is known of a row group. */
struct scan_found {
    bool excluded;          /* by the values that it holds */
    nl_parquet_range *rows; /* that may match; yours, n of them. NULL: none, or nothing is known */
    size_t n;
    const struct pq_offset_index *const
        *offsets; /* of the projection's leaves, until the next call; NULL: nothing known */
};

/* Would scan_lookup_group() wait for the network? l NULL: no. */
bool scan_lookup_waits(const struct scan_lookup *l, size_t row_group);
/* Wait for the parts of a row group and judge it, once. */
int scan_lookup_group(struct scan_lookup *l, size_t row_group, nl_cancel *cancel, struct scan_found *out,
                      nl_error *err);
void scan_lookup_free(struct scan_lookup *l);

#endif
