/* parquet_scan.c: decode a whole Parquet file by the public API, and say how long it took.
 *
 *     parquet_scan [--threads N] [--copy] [--repeat N] FILE [COLUMN…]
 *     parquet_scan [--threads N] [--copy] --serve           jobs on standard input, as bench/job.h tells: read, memcpy
 *
 * Batch after batch is decoded and released, as a stream's consumer would; strings come as views (--copy: with offsets).
 * Prints a line a run: seconds, CPU seconds, rows; after the last one the process's memory at its peak, in KiB.
 */
#include <inttypes.h>
#include <neuralake/parquet.h>
#include <stdlib.h>

#include "job.h"

struct scan {
    size_t threads;
    bool copy;
};

/* The places of the named columns. */
static int find_columns(const nl_parquet_file *file, char **names, size_t n, size_t *out, nl_error *err)
{
    struct ArrowSchema schema;
    int rc = nl_parquet_schema(file, &schema, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n && rc == NL_OK; i++) {
        int64_t c = 0;
        while (c < schema.n_children && strcmp(schema.children[c]->name, names[i]) != 0)
            c++;
        if (c == schema.n_children) {
            snprintf(err->message, sizeof(err->message), "no column %s", names[i]);
            rc = NL_NOT_FOUND;
        }
        out[i] = (size_t)c;
    }
    schema.release(&schema);
    return rc;
}

static int drain(const nl_parquet_file *file, const nl_parquet_read_options *options, int64_t *rows, nl_error *err)
{
    nl_parquet_reader *reader;
    int rc = nl_parquet_reader_new(file, options, &reader, err);
    while (rc == NL_OK) {
        struct ArrowArray batch;
        rc = nl_parquet_next(reader, &batch, err);
        if (rc || !batch.release)
            break;
        *rows += batch.length;
        batch.release(&batch);
    }
    nl_parquet_reader_free(reader);
    return rc;
}

/* Everything from opening the file to its last batch. */
static int scan_file(const struct scan *s, const char *path, char **names, size_t n, int64_t *rows, nl_error *err)
{
    size_t columns[JOB_WORDS];
    nl_source *source;
    nl_parquet_file *file = NULL;
    *rows = 0;
    int rc = nl_source_open_file(path, &source, err);
    if (rc)
        return rc;
    rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK && n)
        rc = find_columns(file, names, n, columns, err);
    if (rc == NL_OK) {
        nl_parquet_read_options options = {.columns = n ? columns : NULL,
                                           .n_columns = n,
                                           .string_views = !s->copy,
                                           .threads = s->threads};
        rc = drain(file, &options, rows, err);
    }
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

static void job_read(const struct scan *s, char **words, size_t n)
{
    nl_error err = {0};
    int64_t rows;
    job_clock start = job_start();
    int rc = scan_file(s, words[0], words + 1, n - 1, &rows, &err);
    job_clock took = job_since(start);
    if (rc)
        job_error(err.message);
    else
        printf("ok\t%.6f\t%.6f\t%" PRId64 "\n", took.wall, took.cpu, rows);
}

/* What copying so many bytes takes, the best of three, with the target's pages there already. */
static void job_memcpy(size_t bytes)
{
    job_clock best = {1e9, 1e9};
    char *from = malloc(bytes), *to = malloc(bytes);
    if (from && to) {
        memset(from, 1, bytes);
        memset(to, 2, bytes);
        for (int i = 0; i < 3; i++) {
            job_clock start = job_start();
            memcpy(to, from, bytes);
            __asm__ volatile("" : : "r"(to) : "memory");
            job_clock took = job_since(start);
            best = took.wall < best.wall ? took : best;
        }
        printf("ok\t%.6f\t%.6f\t%zu\n", best.wall, best.cpu, bytes);
    } else {
        job_error("no memory");
    }
    free(from);
    free(to);
}

static int serve(const struct scan *s)
{
    static char line[JOB_LINE];
    char *words[JOB_WORDS];
    while (fgets(line, sizeof(line), stdin)) {
        size_t n = job_split(line, words);
        if (n >= 2 && strcmp(words[0], "read") == 0)
            job_read(s, words + 1, n - 1);
        else if (n == 2 && strcmp(words[0], "memcpy") == 0)
            job_memcpy(strtoull(words[1], NULL, 10));
        else
            job_error("not a job");
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct job_options o;
    if (!job_take_options(argc, argv, &o))
        return 2;
    struct scan s = {.threads = o.threads, .copy = o.copy};
    if (o.serve)
        return serve(&s);
    if (optind == argc || argc - optind > JOB_WORDS) {
        fputs("usage: parquet_scan [--threads N] [--copy] [--repeat N] FILE [COLUMN…]\n", stderr);
        return 2;
    }
    while (o.repeat-- > 0)
        job_read(&s, argv + optind, (size_t)(argc - optind));
    printf("peak\t%ld\n", job_peak_kib());
    return 0;
}
