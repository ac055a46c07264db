/* write_parquet.c: write measurements to a Parquet file or an object, batch by batch: a number, a struct and a list.
 *
 *     cc write_parquet.c $(pkg-config --cflags --libs neuralake) -o write_parquet
 *     ./write_parquet measurements.parquet
 *
 *     celsius double │ place struct { lat double, lon double } │ peaks list<double>
 *
 * Arrow structures can be made by any Arrow library; here they are filled by hand, from memory of our own: release only
 * has to be set, so that the structure counts as alive.
 */
#include <stdio.h>

#include <neuralake/neuralake.h>

enum { BATCHES = 4, ROWS = 1000, PEAKS = 2 };

static void forget_schema(struct ArrowSchema *s)
{
    s->release = NULL;
}

static void forget_array(struct ArrowArray *a)
{
    a->release = NULL;
}

/* A column of doubles without nulls. buffers: room for two, which live as long as the array. */
static struct ArrowArray doubles(const double *values, int64_t n, const void **buffers)
{
    buffers[0] = NULL; /* no bitmap: nothing is null */
    buffers[1] = values;
    return (struct ArrowArray){.length = n, .n_buffers = 2, .buffers = buffers, .release = forget_array};
}

/* What one batch holds. */
struct measurements {
    double celsius[ROWS], lat[ROWS], lon[ROWS];
    double peaks[ROWS * PEAKS];
    int32_t peaks_at[ROWS + 1]; /* row i has the peaks from peaks_at[i] to peaks_at[i + 1] */
};

static void measure(struct measurements *m, int batch)
{
    int32_t n = 0;
    for (int i = 0; i < ROWS; i++) {
        m->celsius[i] = 20.0 + batch + i * 0.001;
        m->lat[i] = 50 + i * 0.01;
        m->lon[i] = 7 + i * 0.01;
        m->peaks_at[i] = n;
        for (int k = 0; k < i % (PEAKS + 1); k++)
            m->peaks[n++] = m->celsius[i] + k;
    }
    m->peaks_at[ROWS] = n;
}

/* One batch: a struct array with our three columns as children. Borrowed by the writer. */
static int write_batch(nl_parquet_writer *writer, const struct measurements *m, nl_error *err)
{
    const void *buffers[4][2], *none[] = {NULL}, *list_buffers[] = {NULL, m->peaks_at};
    struct ArrowArray celsius = doubles(m->celsius, ROWS, buffers[0]), lat = doubles(m->lat, ROWS, buffers[1]),
                      lon = doubles(m->lon, ROWS, buffers[2]), peak = doubles(m->peaks, m->peaks_at[ROWS], buffers[3]);
    struct ArrowArray *in_place[] = {&lat, &lon}, *in_peaks[] = {&peak};
    struct ArrowArray place = {.length = ROWS,
                               .n_buffers = 1,
                               .buffers = none,
                               .n_children = 2,
                               .children = in_place,
                               .release = forget_array};
    struct ArrowArray peaks = {.length = ROWS,
                               .n_buffers = 2,
                               .buffers = list_buffers,
                               .n_children = 1,
                               .children = in_peaks,
                               .release = forget_array};
    struct ArrowArray *columns[] = {&celsius, &place, &peaks};
    struct ArrowArray batch = {
        .length = ROWS, .n_buffers = 1, .buffers = none, .n_children = 3, .children = columns, .release = forget_array};
    return nl_parquet_write(writer, &batch, err);
}

/* Start the file: its columns, and how they are written. */
static int start(nl_sink *sink, nl_parquet_writer **out, nl_error *err)
{
    struct ArrowSchema celsius = {.format = "g", .name = "celsius", .release = forget_schema};
    struct ArrowSchema lat = {.format = "g", .name = "lat", .release = forget_schema}, lon = lat, peak = lat;
    lon.name = "lon";
    peak.name = "element";
    struct ArrowSchema *in_place[] = {&lat, &lon}, *in_peaks[] = {&peak};
    struct ArrowSchema place = {.format = "+s",
                                .name = "place",
                                .flags = ARROW_FLAG_NULLABLE,
                                .n_children = 2,
                                .children = in_place,
                                .release = forget_schema};
    struct ArrowSchema peaks = {.format = "+l",
                                .name = "peaks",
                                .flags = ARROW_FLAG_NULLABLE,
                                .n_children = 1,
                                .children = in_peaks,
                                .release = forget_schema};
    struct ArrowSchema *columns[] = {&celsius, &place, &peaks};
    struct ArrowSchema schema = {.format = "+s", .n_children = 3, .children = columns, .release = forget_schema};

    const nl_parquet_column_options by_column[] = {
        {.path = "place", .encoding = NL_PARQUET_BYTE_STREAM_SPLIT}, /* all that is in it */
        {.path = "celsius", .bloom_filter = true},
    };
    const char *const key_values[] = {"station", "roof"};
    const nl_parquet_write_options options = {.codec = NL_PARQUET_ZSTD,
                                              .page_rows = 500,
                                              .checksums = true,
                                              .columns = by_column,
                                              .n_columns = 2,
                                              .key_values = key_values,
                                              .n_key_values = 1};
    return nl_parquet_writer_new(sink, &schema, &options, out, err);
}

static int write_all(nl_sink *sink, nl_error *err)
{
    static struct measurements m;
    nl_parquet_writer *writer;
    int rc = start(sink, &writer, err);
    for (int b = 0; rc == NL_OK && b < BATCHES; b++) {
        measure(&m, b);
        rc = write_batch(writer, &m, err);
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
