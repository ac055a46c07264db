/* open_file.h: one file of a table while somebody reads it. Shared by the morsels of its row groups. */
#ifndef NL_SCAN_RUN_OPEN_FILE_H
#define NL_SCAN_RUN_OPEN_FILE_H

#include <stdatomic.h>

#include "parquet/read/adapt.h"
#include "parquet/read/file.h"
#include "scan/scan.h"

struct scan_open_file {
    atomic_size_t refs;
    nl_source *source;
    nl_parquet_file *file;
    const struct scan_file *what;      /* the table's */
    int32_t *map;                      /* where the table's columns are (plan/columns.h); NULL until asked for */
    const struct pq_adapt **widenings; /* of those that are widened, by the table's columns; NULL: none is */
    nl_arena arena;                    /* widenings */
};

/* Open from a tail that was asked for (moved in). source is moved in, also when this fails. */
int scan_open_file_new(const struct scan_file *what, nl_source *source, nl_fetch *tail, nl_cancel *cancel,
                       struct scan_open_file **out, nl_error *err);
/* Work out f->map for the first n columns of the table, which must outlive f. */
int scan_open_file_map(struct scan_open_file *f, const struct ArrowSchema *table, size_t n, nl_error *err);
struct scan_open_file *scan_open_file_ref(struct scan_open_file *f); /* any thread */
void scan_open_file_unref(struct scan_open_file *f);                 /* any thread; NULL is fine */

#endif
