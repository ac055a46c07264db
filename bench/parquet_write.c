/* parquet_write.c: write batches that are in memory already by the public API, and say how long it took.
 *
 *     parquet_write [--threads N] [--copy] [--repeat N] IN OUT CODEC [OPTION…]
 *     parquet_write [--threads N] [--copy] --serve      jobs on standard input, as bench/job.h tells: load, write
 *
 * IN is read first, outside the clock: its strings as views, or with --copy with offsets. The clock runs from the writer's
 * beginning to the commit, which syncs: write to a file system in memory to leave the disk out. CODEC is snappy, zstd or
 * none; an OPTION is plain (no dictionaries), auto (encodings by sample), v2 (data pages), rows=N (a row group), level=N (the
 * codec's), or
 * COLUMN=delta, =delta_length, =delta_bytes, =split.
 * Prints a line a run: seconds, CPU seconds, bytes; after the last one the process's memory at its peak, in KiB.
 */
#include <inttypes.h>
#include <neuralake/parquet.h>
#include <stdlib.h>

#include "job.h"

enum { MAX_OPTIONS = 64 };

/* A table in memory. */
struct table {
    size_t threads;
    bool copy;
    struct ArrowSchema schema;
    struct ArrowArray *batches;
    size_t n, capacity;
};

static void table_clear(struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->batches[i].release(&t->batches[i]);
    if (t->schema.release)
        t->schema.release(&t->schema);
    free(t->batches);
    *t = (struct table){.threads = t->threads, .copy = t->copy};
}

static int collect(struct table *t, nl_parquet_reader *reader, nl_error *err)
{
    int rc = nl_parquet_reader_schema(reader, &t->schema, err);
    while (rc == NL_OK) {
        if (t->n == t->capacity) {
            size_t more = t->capacity ? 2 * t->capacity : 64;
            struct ArrowArray *grown = reallocarray(t->batches, more, sizeof(*grown));
            if (!grown)
                return NL_NO_MEMORY;
            t->batches = grown;
            t->capacity = more;
        }
        rc = nl_parquet_next(reader, &t->batches[t->n], err);
        if (rc || !t->batches[t->n].release)
            break;
        t->n++;
    }
    return rc;
}

static int table_load(struct table *t, const char *path, nl_error *err)
{
    nl_source *source;
    nl_parquet_file *file = NULL;
    nl_parquet_reader *reader = NULL;
    table_clear(t);
    int rc = nl_source_open_file(path, &source, err);
    if (rc)
        return rc;
    rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK)
        rc = nl_parquet_reader_new(file, &(nl_parquet_read_options){.string_views = !t->copy}, &reader, err);
    if (rc == NL_OK)
        rc = collect(t, reader, err);
    nl_parquet_reader_free(reader);
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

/* One word of the job into the options. */
static bool take_option(char *word, nl_parquet_write_options *o, nl_parquet_column_options *column)
{
    static const struct {
        const char *name;
        nl_parquet_encoding encoding;
    } encodings[] = {{"delta", NL_PARQUET_DELTA_BINARY_PACKED},
                     {"delta_length", NL_PARQUET_DELTA_LENGTH_BYTE_ARRAY},
                     {"delta_bytes", NL_PARQUET_DELTA_BYTE_ARRAY},
                     {"split", NL_PARQUET_BYTE_STREAM_SPLIT}};
    char *value = strchr(word, '=');
    if (!value) {
        o->no_dictionary |= strcmp(word, "plain") == 0;
        o->auto_encoding |= strcmp(word, "auto") == 0;
        o->data_page_v2 |= strcmp(word, "v2") == 0;
        return strcmp(word, "plain") == 0 || strcmp(word, "auto") == 0 || strcmp(word, "v2") == 0;
    }
    *value++ = 0;
    if (strcmp(word, "rows") == 0) {
        o->row_group_rows = strtoll(value, NULL, 10);
        return true;
    }
    if (strcmp(word, "level") == 0) {
        o->codec_level = (int)strtol(value, NULL, 10);
        return true;
    }
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
        if (strcmp(value, encodings[i].name) == 0) {
            *column = (nl_parquet_column_options){.path = word, .encoding = encodings[i].encoding};
            o->n_columns++;
            return true;
        }
    return false;
}

static int write_table(const struct table *t, const char *path, const nl_parquet_write_options *o, uint64_t *bytes,
                       nl_error *err)
{
    nl_sink *sink;
    nl_parquet_writer *writer;
    int rc = nl_sink_create_file(path, &sink, err);
    if (rc)
        return rc;
    rc = nl_parquet_writer_new(sink, &t->schema, o, &writer, err);
    for (size_t i = 0; i < t->n && rc == NL_OK; i++)
        rc = nl_parquet_write(writer, &t->batches[i], err);
    if (rc == NL_OK)
        rc = nl_parquet_finish(writer, err);
    nl_parquet_writer_free(writer);
    *bytes = nl_sink_written(sink);
    if (rc == NL_OK)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

/* words: PATH CODEC [OPTION…] */
static bool job_write(const struct table *t, char **words, size_t n)
{
    nl_parquet_column_options columns[MAX_OPTIONS];
    nl_parquet_write_options o = {.threads = t->threads, .columns = columns};
    o.codec = strcmp(words[1], "snappy") == 0 ? NL_PARQUET_SNAPPY
              : strcmp(words[1], "zstd") == 0 ? NL_PARQUET_ZSTD
                                              : NL_PARQUET_UNCOMPRESSED;
    for (size_t i = 2; i < n; i++)
        if (o.n_columns == MAX_OPTIONS || !take_option(words[i], &o, &columns[o.n_columns])) {
            job_error("an option that is none");
            return false;
        }
    nl_error err = {0};
    uint64_t bytes;
    job_clock start = job_start();
    int rc = write_table(t, words[0], &o, &bytes, &err);
    job_clock took = job_since(start);
    if (rc)
        job_error(err.message);
    else
        printf("ok\t%.6f\t%.6f\t%" PRIu64 "\n", took.wall, took.cpu, bytes);
    return rc == NL_OK;
}

static bool job_load(struct table *t, const char *path)
{
    nl_error err = {0};
    int rc = table_load(t, path, &err);
    if (rc)
        job_error(err.message);
    return rc == NL_OK;
}

static int serve(struct table *t)
{
    static char line[JOB_LINE];
    char *words[JOB_WORDS];
    while (fgets(line, sizeof(line), stdin)) {
        size_t n = job_split(line, words);
        if (n == 2 && strcmp(words[0], "load") == 0) {
            if (job_load(t, words[1]))
                puts("ok\t0\t0\t0");
        } else if (n >= 3 && strcmp(words[0], "write") == 0) {
            job_write(t, words + 1, n - 1);
        } else {
            job_error("not a job");
        }
        fflush(stdout);
    }
    table_clear(t);
    return 0;
}

int main(int argc, char **argv)
{
    struct job_options o;
    if (!job_take_options(argc, argv, &o))
        return 2;
    struct table t = {.threads = o.threads, .copy = o.copy};
    if (o.serve)
        return serve(&t);
    if (argc - optind < 3) {
        fputs("usage: parquet_write [--threads N] [--copy] [--repeat N] IN OUT CODEC [OPTION…]\n", stderr);
        return 2;
    }
    bool fine = job_load(&t, argv[optind]);
    for (; fine && o.repeat > 0; o.repeat--) /* an option is cut where it is read: only the last run may have any */
        fine = job_write(&t, argv + optind + 1, (size_t)(argc - optind - 1));
    table_clear(&t);
    printf("peak\t%ld\n", job_peak_kib());
    return !fine;
}
