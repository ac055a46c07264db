/* scan.h: rows of a table, batch by batch, for one thread or many.
 *
 *     scan_request ──▶ scan ──▶ scan_worker (one a thread) ──next──▶ batches
 *
 * A scan is a cursor that all its workers share: each claims the next morsel (a row group of a file, in order) and decodes
 * it alone. Two makers: scan_files() over a file set of Parquet files, scan_stream() around an Arrow stream (function
 * tables; one worker gets everything).
 *
 * N1  Batches carry the projected columns in the order of the projection, and are numbered: batch index order is the
 *     order of files, row groups and rows.
 * N2  A batch owns what its string views point into; it outlives worker and scan.
 * N3  Rows that the filter rejects may still be delivered: whoever asks tests them again (filter/filter.h). Many are not: what
 *     is known of files, row groups and pages excludes them, or the values of columns that are read and need no widening.
 * N4  Strings and binary of files come as views ("vu", "vz"), and so says the schema; those of streams as the stream has them.
 * N5  The file columns of a table are those of its first file. A later file may lack one (nulls) or have more (not read), and
 *     narrower types are widened to the first file's, nested ones member by member (parquet/read/adapt.h says which); any
 *     other type is NL_INVALID, naming file, column and both types. A partition column hides a file's of the same name.
 */
#ifndef NL_SCAN_SCAN_H
#define NL_SCAN_SCAN_H

#include <neuralake/arrow.h>
#include <neuralake/store.h>

#include "base/cancel.h"
#include "filter/filter.h"

struct scan;
struct scan_worker;

/* What a query wants of a table. Borrowed for the call that takes it. */
struct scan_request {
    const size_t
        *columns;     /* distinct indices into the table's schema; n_columns 0 with columns non-NULL: only row counts */
    size_t n_columns; /* columns NULL: all */
    const struct filter *filter; /* over the table's schema; NULL: none. Copied where kept */
    int64_t batch_rows;          /* 0: 65,536; the SQL room asks for 2,048 × k */
    nl_cancel *cancel;           /* must outlive the scan; NULL: none */
    uint64_t memory; /* bytes fetched ahead of the decoders; 0: 64 MiB. One row group may always be in flight */
};

struct scan_stats {
    uint64_t files, files_pruned, row_groups, row_groups_pruned, rows;
    uint64_t row_groups_excluded; /* of the pruned ones: by bloom filters and dictionaries */
    uint64_t pages, pages_pruned; /* of the columns that are read, where page indexes were asked */
    uint64_t rows_filtered;       /* left out before they were decoded, of files that were read */
};

/* A table's files, and the columns that live in their paths. */
struct scan_file {
    const char *uri;
    nl_object_info info;              /* size 0 and etag "": not known */
    const nl_value *partition_values; /* one a partition column of the set */
};
struct scan_partition_column {
    const char *name;
    const char *format; /* Arrow format: "l", "u", "tdD", … */
};
struct scan_file_set {
    const struct scan_file *files;
    size_t n_files;
    const struct scan_partition_column *partitions;
    size_t n_partitions;
};

/* Open a file set: reads the footer of the first file for the schema (columns of the files, then the partition columns).
 * Nothing of set is kept by reference but through `*out`, which copies. store is borrowed until scan_table_free(). */
struct scan_table;
int scan_table_open(nl_store *store, const struct scan_file_set *set, nl_cancel *cancel, struct scan_table **out,
                    nl_error *err);
const struct ArrowSchema *scan_table_schema(const struct scan_table *t);
/* Sum of rows where the footers are known already, else an estimate from the first file; -1: unknown. */
int64_t scan_table_rows_estimate(const struct scan_table *t);
/* Can a filter save anything: are there many files, many row groups, or partition columns? */
bool scan_table_prunable(const struct scan_table *t);
void scan_table_free(struct scan_table *t);

/* Start. The table must outlive the scan. */
int scan_files(struct scan_table *t, const struct scan_request *req, struct scan **out, nl_error *err);
/* Around a stream, moved in; the projection is done here, the filter is ignored. */
int scan_stream(struct ArrowArrayStream *stream, const struct scan_request *req, struct scan **out, nl_error *err);

/* The most workers that can be busy at once. */
size_t scan_max_workers(const struct scan *s);
int scan_worker_new(struct scan *s, struct scan_worker **out, nl_error *err);
/* The next batch of this worker; released at the end. *index numbers batches for ordered results (N1), also where this
 * fails: of several workers' errors the one with the lowest index is the first in the order of the result. */
int scan_worker_next(struct scan_worker *w, struct ArrowArray *out, uint64_t *index, nl_error *err);
void scan_worker_free(struct scan_worker *w);
void scan_get_stats(const struct scan *s, struct scan_stats *out);
/* All workers must be freed before. */
void scan_free(struct scan *s);

#endif
