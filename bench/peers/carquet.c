/* carquet.c: the same jobs as parquet_scan.c, done by carquet, a Parquet library in C, which is built elsewhere:
 *
 *     cc -O2 -I CARQUET/include -I bench bench/peers/carquet.c CARQUET/BUILD/libcarquet.a -lzstd -lz -fopenmp -lm -o carquet_bench
 *     CARQUET_BENCH=./carquet_bench bench/run.sh build parquet
 *
 * Not part of our build. Carquet gives the values of the physical types as they lie in the file: no decimals, no dates, no
 * strings as Arrow wants them, which is less work than the others do. Its checksum option is off, as everybody's; so is its
 * mapping of the file, by which plain pages would be handed out without a byte of them being read.
 */
#include <carquet/carquet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "job.h"

static int64_t drain(carquet_reader_t *reader, int threads, char **names, size_t n, carquet_error_t *err)
{
    carquet_batch_reader_config_t config;
    carquet_batch_reader_config_init(&config);
    config.num_threads = threads;
    config.column_names = n ? (const char *const *)names : NULL;
    config.num_column_names = (int32_t)n;
    carquet_batch_reader_t *batches = carquet_batch_reader_create(reader, &config, err);
    int64_t rows = 0;
    carquet_row_batch_t *batch = NULL;
    carquet_status_t status = CARQUET_OK;
    while (batches && (status = carquet_batch_reader_next(batches, &batch)) == CARQUET_OK && batch) {
        rows += carquet_row_batch_num_rows(batch);
        for (int32_t c = 0; c < carquet_row_batch_num_columns(batch); c++) {
            const void *data;
            const uint8_t *nulls;
            int64_t values;
            if (carquet_row_batch_column(batch, c, &data, &nulls, &values) != CARQUET_OK)
                status = CARQUET_ERROR_INVALID_ARGUMENT;
        }
        carquet_row_batch_free(batch);
        batch = NULL;
    }
    if (batches)
        carquet_batch_reader_free(batches);
    return batches && (status == CARQUET_OK || status == CARQUET_ERROR_END_OF_DATA) ? rows : -1;
}

static void job_read(int threads, char **words, size_t n)
{
    carquet_error_t err = CARQUET_ERROR_INIT;
    carquet_reader_options_t options;
    carquet_reader_options_init(&options);
    options.verify_checksums = false;
    options.num_threads = threads;
    job_clock start = job_start();
    carquet_reader_t *reader = carquet_reader_open(words[0], &options, &err);
    int64_t expected = reader ? carquet_reader_num_rows(reader) : 0;
    int64_t rows = reader ? drain(reader, threads, words + 1, n - 1, &err) : -1;
    if (reader)
        carquet_reader_close(reader);
    job_clock took = job_since(start);
    if (rows < 0 || rows != expected)
        job_error(rows < 0 && err.message[0] ? err.message : "cannot read this file");
    else
        printf("ok\t%.6f\t%.6f\t%" PRId64 "\n", took.wall, took.cpu, rows);
}

int main(int argc, char **argv)
{
    static char line[JOB_LINE];
    char *words[JOB_WORDS];
    int threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;
    if (carquet_init() != CARQUET_OK)
        return 1;
    while (fgets(line, sizeof(line), stdin)) {
        size_t n = job_split(line, words);
        if (n >= 2 && strcmp(words[0], "read") == 0)
            job_read(threads, words + 1, n - 1);
        else
            job_error("carquet only reads here");
        fflush(stdout);
    }
    return 0;
}
