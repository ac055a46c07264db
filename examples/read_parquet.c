/* read_parquet.c: sum a column of a Parquet file, or of an object, through libneuralake alone.
 *
 *     cc read_parquet.c $(pkg-config --cflags --libs neuralake) -o read_parquet
 *     ./read_parquet parts.parquet p_retailprice
 *
 * The URI may be a path or s3://bucket/key; for S3 the standard AWS variables say where and who.
 */
#include <stdio.h>
#include <string.h>

#include <neuralake/neuralake.h>

/* The index of a column that holds doubles, or -1. */
static int64_t find_doubles(const nl_parquet_file *file, const char *name, nl_error *err)
{
    struct ArrowSchema schema;
    int64_t found = -1;
    if (nl_parquet_schema(file, &schema, err))
        return -1;
    for (int64_t i = 0; i < schema.n_children; i++)
        if (strcmp(schema.children[i]->name, name) == 0 && strcmp(schema.children[i]->format, "g") == 0)
            found = i;
    schema.release(&schema);
    return found;
}

/* One batch: a struct array with our one column. A cleared bit in buffers[0] is a null. */
static double sum_batch(const struct ArrowArray *batch)
{
    const struct ArrowArray *column = batch->children[0];
    const unsigned char *valid = column->buffers[0];
    const double *values = column->buffers[1];
    double sum = 0;
    for (int64_t i = column->offset; i < column->offset + column->length; i++)
        if (!valid || valid[i / 8] >> (i % 8) & 1)
            sum += values[i];
    return sum;
}

static int sum_column(const nl_parquet_file *file, size_t column, double *sum, nl_error *err)
{
    nl_parquet_read_options options = {.columns = &column, .n_columns = 1};
    nl_parquet_reader *reader;
    int rc = nl_parquet_reader_new(file, &options, &reader, err);
    while (rc == NL_OK) {
        struct ArrowArray batch;
        rc = nl_parquet_next(reader, &batch, err);
        if (rc || !batch.release)
            break;
        *sum += sum_batch(&batch);
        batch.release(&batch);
    }
    nl_parquet_reader_free(reader);
    return rc;
}

int main(int argc, char **argv)
{
    nl_error err = {0};
    nl_store *store = NULL;
    nl_source *source = NULL;
    nl_parquet_file *file = NULL;
    double sum = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: read_parquet FILE|URI COLUMN\n");
        return 2;
    }
    int rc = nl_store_new(NULL, &store, &err);
    if (rc == NL_OK)
        rc = nl_store_open(store, argv[1], NULL, &source, &err);
    if (rc == NL_OK)
        rc = nl_parquet_open(source, &file, &err);
    int64_t column = rc == NL_OK ? find_doubles(file, argv[2], &err) : -1;
    if (rc == NL_OK && column >= 0)
        rc = sum_column(file, (size_t)column, &sum, &err);
    if (rc == NL_OK && column < 0)
        printf("there is no column of doubles named %s\n", argv[2]);
    else if (rc == NL_OK)
        printf("%lld rows, sum(%s) = %g\n", (long long)nl_parquet_rows(file), argv[2], sum);
    else
        fprintf(stderr, "read_parquet: %s\n", err.message);
    nl_parquet_close(file);
    nl_source_close(source);
    nl_store_free(store);
    return rc || column < 0 ? 1 : 0;
}
