/* write_parquet.c: write a column of measurements to a Parquet file or an object, batch by batch.
 *
 *     cc write_parquet.c $(pkg-config --cflags --libs neuralake) -o write_parquet
 *     ./write_parquet measurements.parquet
 *
 * Arrow structures can be made by any Arrow library; here they are filled by hand, from memory of our own: release only
 * has to be set, so that the structure counts as alive.
 */
#include <stdio.h>

#include <neuralake/neuralake.h>

enum { BATCHES = 4, ROWS = 1000 };

static void forget_schema(struct ArrowSchema *s)
{
    s->release = NULL;
}

static void forget_array(struct ArrowArray *a)
{
    a->release = NULL;
}

/* One batch: a struct array whose only child is a column of doubles without nulls. Borrowed by the writer. */
static int write_batch(nl_parquet_writer *writer, const double *values, nl_error *err)
{
    const void *column_buffers[] = {NULL, values}, *batch_buffers[] = {NULL};
    struct ArrowArray column = {.length = ROWS, .n_buffers = 2, .buffers = column_buffers, .release = forget_array};
    struct ArrowArray *children[] = {&column};
    struct ArrowArray batch = {.length = ROWS,
                               .n_buffers = 1,
                               .buffers = batch_buffers,
                               .n_children = 1,
                               .children = children,
                               .release = forget_array};
    return nl_parquet_write(writer, &batch, err);
}

static int write_all(nl_sink *sink, nl_error *err)
{
    struct ArrowSchema column = {.format = "g", .name = "celsius", .release = forget_schema};
    struct ArrowSchema *children[] = {&column};
    struct ArrowSchema schema = {.format = "+s", .n_children = 1, .children = children, .release = forget_schema};
    nl_parquet_write_options options = {.codec = NL_PARQUET_ZSTD};
    nl_parquet_writer *writer;
    double values[ROWS];
    int rc = nl_parquet_writer_new(sink, &schema, &options, &writer, err);
    for (int b = 0; rc == NL_OK && b < BATCHES; b++) {
        for (int i = 0; i < ROWS; i++)
            values[i] = 20.0 + b + i * 0.001;
        rc = write_batch(writer, values, err);
    }
    if (rc == NL_OK)
        rc = nl_parquet_finish(writer, err);
    nl_parquet_writer_free(writer);
    return rc;
}

int main(int argc, char **argv)
{
    nl_error err = {0};
    nl_store *store = NULL;
    nl_sink *sink = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: write_parquet FILE|URI\n");
        return 2;
    }
    int rc = nl_store_new(NULL, &store, &err);
    if (rc == NL_OK)
        rc = nl_store_create(store, argv[1], NULL, &sink, &err);
    if (rc == NL_OK) {
        rc = write_all(sink, &err);
        if (rc == NL_OK)
            rc = nl_sink_commit(sink, &err); /* only now is there a file of that name */
        else
            nl_sink_abort(sink);
    }
    if (rc == NL_OK)
        printf("wrote %d rows to %s\n", BATCHES * ROWS, argv[1]);
    else
        fprintf(stderr, "write_parquet: %s\n", err.message);
    nl_store_free(store);
    return rc ? 1 : 0;
}
