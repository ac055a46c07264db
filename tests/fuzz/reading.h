/* reading.h: read an open file to its end, or so many batches of it, and say what came of it. */
#ifndef TESTS_FUZZ_READING_H
#define TESTS_FUZZ_READING_H

#include <neuralake/parquet.h>

#include "fuzz/touch.h"

enum { BATCHES = 16, BATCH_ROWS = 700 };

/* What was read goes here, so that reading is not optimised away. */
static volatile uint64_t touched;

/* What came of reading. */
struct outcome {
    bool ended; /* at the last row, or with a failure; else there was more */
    int rc;
    uint64_t hash;
};

static inline struct outcome drain(nl_parquet_reader *reader)
{
    static struct touch t;
    struct outcome o = {0};
    struct ArrowSchema schema;
    struct ArrowArray batch;
    t.n = 0;
    t.hashes[TOUCH_FIELDS - 1] = 0;
    o.rc = nl_parquet_reader_schema(reader, &schema, NULL);
    bool known = o.rc == NL_OK && touch_add(&t, &schema);
    for (int i = 0; o.rc == NL_OK && i < BATCHES && !o.ended; i++) {
        o.rc = nl_parquet_next(reader, &batch, NULL);
        o.ended = o.rc || !batch.release;
        touch_must(o.rc == NL_OK || !batch.release);
        if (!o.ended && known)
            touch_batch(&t, &schema, &batch);
        arrow_array_release(&batch);
    }
    arrow_schema_release(&schema);
    for (size_t i = 0; i < t.n; i++)
        o.hash = o.hash * 31 + t.hashes[i];
    touched += o.hash + t.hashes[TOUCH_FIELDS - 1];
    return o;
}

static inline struct outcome read_with(const nl_parquet_file *file, const nl_parquet_read_options *o)
{
    nl_parquet_reader *reader;
    int rc = nl_parquet_reader_new(file, o, &reader, NULL);
    struct outcome out = {.ended = true, .rc = rc};
    if (rc == NL_OK)
        out = drain(reader);
    nl_parquet_reader_free(reader);
    return out;
}

/* The same rows, or a failure both times: of several reasons, which is found first may differ. */
static inline void must_agree(struct outcome a, struct outcome b)
{
    touch_must(!a.ended || !b.ended || (!a.rc == !b.rc && (a.rc || a.hash == b.hash)));
}

#endif
