/* select.h: which rows of a window satisfy a filter, found before most of what they have is decoded.
 *
 *     window     rows 0 … n - 1 of a batch, wherever they lie in the row group
 *     filter     ──▶ columns in turn: codes or values of the window ──probe──▶ words of bits ──▶ the selection
 *     held       what was read of a filter's column for that: codes of its dictionary, or values
 *     selection  ──take──▶ held columns, picked      ──read──▶ all others: pages without a selected row stay closed, only
 *                                                              selected codes are looked up
 *
 * L1  A row that can satisfy the filter is selected; others may be (filter.h). Nulls compare as SQL has it.
 * L2  Conditions on one column are tested on its dictionary once, and on codes from then on; a run is one test. What joins
 *     several columns by OR is put together from their bits. What cannot be tested is taken as true.
 * L3  A column is read only for rows that the columns before it leave, but for gaps too short to be worth it.
 * L4  Where most rows remain, all of the window goes out as it is; where that is so for the whole, filtering ends.
 * L5  What is not needed is not looked at: damage in pages, or indices, of rows that are not selected may stay unseen.
 */
#ifndef NL_PARQUET_READ_SELECT_H
#define NL_PARQUET_READ_SELECT_H

#include "filter/filter.h"
#include "parquet/read/column.h"
#include "parquet/read/projection.h"

#define PQ_SELECT_WINDOW 131072 /* rows, at most */
#define PQ_SELECT_PART   4096   /* rows that are looked at in one step */
#define PQ_SELECT_GAP    256    /* so many rows that nobody wants are passed over, fewer are read */

/* Rows of a window. */
struct pq_selection {
    struct pq_rows window;
    const uint64_t *bits; /* one a row of the window; NULL: all of them */
    size_t rows;          /* how many are selected */
    struct pq_rows exact; /* the same as ranges of the row group, where nested columns want them (or all) */
};

struct pq_select;

/* Compile a filter over the projection's columns; filter, projection and leaves (their readers) are borrowed for its life.
 * most_ranges: of which a window can consist. *out NULL: nothing in it can be tested. */
int pq_select_new(const struct filter *filter, const struct pq_projection *projection, struct pq_column_reader *leaves,
                  size_t most_ranges, struct pq_select **out, nl_error *err);
void pq_select_free(struct pq_select *s); /* NULL is fine */
/* Test a window of at most PQ_SELECT_WINDOW rows, behind all earlier ones. *leaf: which of the projection's failed. */
int pq_select_window(struct pq_select *s, const struct pq_rows *window, struct pq_codec_ctx *codecs, nl_cancel *cancel,
                     struct pq_selection *out, size_t *leaf, nl_error *err);
/* L4: did it pay until now? Where it did not, free it. */
bool pq_select_pays(const struct pq_select *s);
/* A leaf of the projection for a selection that has rows: once each, any thread (one a leaf). */
int pq_select_read(struct pq_select *s, size_t leaf, const struct pq_selection *selection, nl_cancel *cancel,
                   struct ArrowArray *out, nl_error *err);

/* ── inside: what the files of the selection do for each other ── */

/* A condition on one column, or a part of one. */
struct pq_term {
    const struct filter *filter; /* all of it about that column */
    bool if_null;
    bool own;        /* a row without it is not selected, whatever else holds */
    uint64_t *bits;  /* of the window */
    uint32_t *table; /* a bit for each entry of the dictionary; NULL: not made yet */
    bool none, all;  /* of the table */
};

/* Rows of a held column that were read in one step: `valid` of them are not null, and stand densely from `at` on. */
struct pq_part {
    size_t at, n, valid;
    bool codes;
};

/* A filter's column, and what was read of it for the window at hand. */
struct pq_held {
    struct pq_column_reader *c;
    size_t leaf; /* of the projection */
    enum nl_value_kind kind;
    struct pq_term *terms;
    size_t n_terms;
    struct pq_part *parts;
    size_t n_parts, parts_room;
    size_t width;       /* of a value; booleans: 1, a byte each */
    uint32_t *codes;    /* NULL: no page with codes yet */
    nl_block *values;   /* NULL: no page with values in this window */
    uint64_t *validity; /* NULL: there are no nulls */
};

/* select.c: can a leaf's values be tested, and as what? */
bool pq_select_kind(const struct pq_leaf *leaf, enum nl_value_kind *kind);
/* select_probe.c: read the window's rows where wanted has ones (NULL: all), and set the bits of the column's terms there. */
int pq_probe(struct pq_held *h, const struct pq_rows *window, const uint64_t *wanted, nl_cancel *cancel, nl_error *err);
/* select_probe.c: forget what is held of the window. */
void pq_held_drop(struct pq_held *h);
/* select_probe.c: the next n indices of the page at hand, each inside of the dictionary. *run: all are the same. */
int pq_read_codes(struct pq_column_reader *c, size_t n, uint32_t *codes, bool *run, nl_error *err);
/* select_probe.c: the first one in bits from `from` on, or until. */
size_t pq_next_one(const uint64_t *bits, size_t from, size_t until);
/* select_take.c: the selected rows of what is held… */
int pq_held_take(struct pq_held *h, const struct pq_selection *selection, struct ArrowArray *out, nl_error *err);
/* …and of a flat column that was not read yet. */
int pq_column_pick(struct pq_column_reader *c, const struct pq_selection *selection, nl_cancel *cancel,
                   struct ArrowArray *out, nl_error *err);

#endif
