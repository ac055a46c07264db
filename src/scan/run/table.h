/* run/table.h: an open table: its files' names, its schema, and its first file, which stays open. */
#ifndef NL_SCAN_RUN_TABLE_H
#define NL_SCAN_RUN_TABLE_H

#include "base/arena.h"
#include "scan/run/open_file.h"
#include "scan/scan.h"

struct scan_table {
    nl_store *store; /* borrowed */
    nl_arena arena;
    struct scan_file *files;
    size_t n_files;
    struct scan_partition_column *partitions;
    size_t n_partitions;
    struct ArrowSchema schema;
    size_t n_file_columns;
    struct scan_open_file *first;
};

#endif
