/* adapt_plan.h: a plan as adapt.c makes it and adapt_batch.c carries it out. */
#ifndef NL_PARQUET_READ_ADAPT_PLAN_H
#define NL_PARQUET_READ_ADAPT_PLAN_H

#include "parquet/read/adapt.h"
#include "parquet/read/adapt_values.h"

enum pq_adapt_step {
    PQ_ADAPT_KEEP,    /* move */
    PQ_ADAPT_NULLS,   /* the file lacks it, or has nothing but nulls */
    PQ_ADAPT_WIDEN,   /* values of fixed width */
    PQ_ADAPT_STRINGS, /* from one layout to another; fixed binary too */
    PQ_ADAPT_NESTED,  /* the same buffers, other children */
};

struct pq_adapt {
    enum pq_adapt_step step;
    const char *path; /* for errors: "address.zip" */
    struct arrow_type from, to;
    struct pq_widening widening;
    const struct ArrowSchema *schema; /* of to, borrowed: for nulls */
    bool must_not_be_null;            /* checked here: from may have nulls, and no struct around it may */
    size_t n_from, n;                 /* children of from, and of to */
    const struct pq_adapt **children; /* n */
    int64_t *map;                     /* n: child i of to is that child of from, or PQ_ADAPT_ABSENT */
};

#endif
