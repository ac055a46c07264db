/* options.h: the caller's options, checked, with their defaults: those of the file, and those of each leaf. */
#ifndef NL_PARQUET_WRITE_OPTIONS_H
#define NL_PARQUET_WRITE_OPTIONS_H

#include <neuralake/parquet.h>

#include "parquet/codec/codec.h"
#include "parquet/write/tree.h"

/* Of the file. */
struct pq_write_config {
    size_t row_group_rows, row_group_bytes, page_bytes, page_rows, dictionary_bytes, threads;
    bool v2, checksums, page_index;
};

/* Of a leaf. */
struct pq_leaf_options {
    enum pq_codec codec;
    int level;
    enum pq_encoding encoding; /* of pages without a dictionary */
    bool dictionary;           /* begin with one */
    bool keep_dictionary;      /* even where it does not pay, up to dictionary_bytes */
    bool sample;               /* encoding and dictionary follow from the first page */
    bool statistics, bloom;
    double fpp;
};

/* NL_INVALID names the option. */
int pq_configure(const nl_parquet_write_options *o, struct pq_write_config *c, nl_error *err);
/* The options of all leaves into out[n_leaves]. NL_INVALID: a path to nowhere, what a leaf's type does not have. */
int pq_configure_leaves(const nl_parquet_write_options *o, const struct pq_write_tree *tree,
                        struct pq_leaf_options *out, nl_error *err);
/* The sorting columns as row groups say them, in the arena. */
int pq_configure_sorting(const nl_parquet_write_options *o, const struct pq_write_tree *tree, nl_arena *arena,
                         struct pq_sorting_column **out, nl_error *err);

#endif
