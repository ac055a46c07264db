/* gen.h: data generators: rows in, Arrow batches out. Writing them is somebody else's job.
 *
 *     `neuralake generate NAME` ──▶ gen_find(NAME) ──▶ generator ──stream(rows)──▶ batches
 *
 * G1  A generator is a function of the row's number: the same rows every time, whatever the batch size.
 * G2  The first rows of a longer run are the rows of a shorter one.
 */
#ifndef NL_GEN_GEN_H
#define NL_GEN_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>

#include "base/error.h"

struct gen_column {
    const char *name, *format; /* Arrow format */
    bool nullable;
    const char *description;
};

struct generator {
    const char *name, *summary; /* one line, for the help */
    int64_t default_rows;
    const struct gen_column *columns;
    size_t n_columns;
    /* Stream `rows` rows in batches of at most batch_rows (0: 65,536). *out is yours to release; one thread at a time.
     * Memory is about one batch, and what the consumer holds. NL_INVALID: a negative number. */
    int (*stream)(int64_t rows, int64_t batch_rows, struct ArrowArrayStream *out, nl_error *err);
};

/* How many generators there are. */
size_t gen_count(void);
/* i < gen_count(), in the order of names. Static. */
const struct generator *gen_at(size_t i);
/* NL_NOT_FOUND with the nearest name as hint. *out is static. */
int gen_find(const char *name, const struct generator **out, nl_error *err);
/* The columns as a struct schema; yours. */
int gen_schema(const struct generator *g, struct ArrowSchema *out, nl_error *err);

#endif
