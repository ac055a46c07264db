/* read_parquet.c: sum a column of a Parquet file, or of an object, through an Arrow stream.
 *
 *     cc read_parquet.c $(pkg-config --cflags --libs neuralake) -o read_parquet
 *     ./read_parquet parts.parquet p_retailprice
 *     ./read_parquet measurements.parquet place.lat 1000 2000      rows 1000 to 1999 of a column in a struct
 *
 * The URI may be a path or s3://bucket/key; for S3 the standard AWS variables say where and who. Only the bytes of that
 * column are read, and with a range of rows only those of the pages that hold them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <neuralake/neuralake.h>

/* A stream of the rows wanted, with our one column; NL_OK, or the error in *err. */
static int open_stream(const nl_parquet_file *file, const char *path, const nl_parquet_range *range,
                       struct ArrowArrayStream *out, nl_error *err)
{
    nl_parquet_read_options options = {.paths = &path, .n_paths = 1, .ranges = range, .n_ranges = range ? 1 : 0};
    nl_parquet_reader *reader;
    int rc = nl_parquet_reader_new(file, &options, &reader, err);
    return rc ? rc : nl_parquet_reader_stream(reader, out, err); /* the stream owns the reader from here on */
}

/* Is the column, below the structs that it lies in, one of doubles? Each struct has one child: what the path names. */
static int is_doubles(struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema;
    if (stream->get_schema(stream, &schema))
        return 0;
    const struct ArrowSchema *s = &schema;
    while (strcmp(s->format, "+s") == 0 && s->n_children == 1)
        s = s->children[0];
    int found = strcmp(s->format, "g") == 0;
    schema.release(&schema);
    return found;
}

/* A cleared bit in buffers[0] is a null. */
static int is_valid(const struct ArrowArray *a, int64_t i)
{
    const unsigned char *bits = a->buffers[0];
    return !bits || bits[i / 8] >> (i % 8) & 1;
}

/* One row: down through the structs, each of which may be null and may begin at an offset. */
static double value_of(const struct ArrowArray *a, int64_t row)
{
    int64_t i = a->offset + row;
    while (a->n_children == 1) {
        if (!is_valid(a, i))
            return 0;
        a = a->children[0];
        i += a->offset;
    }
    return is_valid(a, i) ? ((const double *)a->buffers[1])[i] : 0;
}

/* The sum of all batches; 0, or the stream's errno value. */
static int sum_stream(struct ArrowArrayStream *stream, int64_t *rows, double *sum)
{
    for (;;) {
        struct ArrowArray batch;
        int rc = stream->get_next(stream, &batch);
        if (rc || !batch.release)
            return rc;
        for (int64_t i = 0; i < batch.length; i++)
            *sum += value_of(&batch, i);
        *rows += batch.length;
        batch.release(&batch);
    }
}

/* Sum the column and say so. Returns the exit code; an error is in *err, or was told. */
static int sum_column(const nl_parquet_file *file, const char *path, const nl_parquet_range *range, nl_error *err)
{
    struct ArrowArrayStream stream;
    int64_t rows = 0;
    double sum = 0;
    int failed = 1;
    if (open_stream(file, path, range, &stream, err))
        return 1;
    if (!is_doubles(&stream)) {
        printf("%s is no column of doubles\n", path);
    } else if (sum_stream(&stream, &rows, &sum)) {
        const char *why = stream.get_last_error(&stream);
        fprintf(stderr, "read_parquet: %s\n", why ? why : "the stream failed");
    } else {
        printf("%lld rows, sum(%s) = %g\n", (long long)rows, path, sum);
        failed = 0;
    }
    stream.release(&stream);
    return failed;
}

int main(int argc, char **argv)
{
    nl_error err = {0};
    nl_store *store = NULL;
    nl_source *source = NULL;
    nl_parquet_file *file = NULL;
    nl_parquet_range range = {0};
    int failed = 1;
    if (argc != 3 && argc != 5) {
        fprintf(stderr, "usage: read_parquet FILE|URI COLUMN [FROM TO]\n");
        return 2;
    }
    if (argc == 5) {
        range.first = strtoll(argv[3], NULL, 10);
        range.count = strtoll(argv[4], NULL, 10) - range.first;
    }
    int rc = nl_store_new(NULL, &store, &err);
    if (rc == NL_OK)
        rc = nl_store_open(store, argv[1], NULL, &source, &err);
    if (rc == NL_OK)
        rc = nl_parquet_open(source, &file, &err);
    if (rc == NL_OK)
        failed = sum_column(file, argv[2], argc == 5 ? &range : NULL, &err);
    if (err.code)
        fprintf(stderr, "read_parquet: %s\n", err.message);
    nl_parquet_close(file);
    nl_source_close(source);
    nl_store_free(store);
    return failed;
}
