/* neuralake/parquet.h: read and write Parquet files.
 *
 *     file ─┬─ row group 0 ─┬─ column chunk 0 ── [dictionary page] page page …
 *           │               └─ column chunk 1 ── …
 *           └─ row group 1 …                         footer: schema, offsets, statistics
 *
 * Threads  An open file never changes: share it. A reader or a writer belongs to one thread at a time.
 * Errors   An int result is NL_OK or an nl_status; err may be NULL. After a failure *out is NULL (a struct: released).
 */
#ifndef NEURALAKE_PARQUET_H
#define NEURALAKE_PARQUET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>
#include <neuralake/io.h>

typedef struct nl_parquet_file nl_parquet_file;
typedef struct nl_parquet_reader nl_parquet_reader;
typedef struct nl_parquet_writer nl_parquet_writer;

/* ── reading ── */

/* Open a file: read its footer, usually with one request for the last 64 KiB.
 *
 * src  where the bytes are; borrowed, must outlive *out.
 * out  the file; yours, release with nl_parquet_close().
 * Returns NL_CORRUPT (no "PAR1", or a footer longer than the file), NL_UNSUPPORTED (encrypted footer, "PARE"),
 * or what src returned. Spec: parquet-format, README, "File format".
 */
NL_API int nl_parquet_open(nl_source *src, nl_parquet_file **out, nl_error *err);
/* NULL is fine. No reader of the file may be open. */
NL_API void nl_parquet_close(nl_parquet_file *file);

/* Rows of all row groups (their sum, not the footer's own figure, which some writers leave 0). */
NL_API int64_t nl_parquet_rows(const nl_parquet_file *file);
/* How many row groups; a file may have none. */
NL_API size_t nl_parquet_row_groups(const nl_parquet_file *file);
/* Rows of one of them; row_group < nl_parquet_row_groups(). */
NL_API int64_t nl_parquet_row_group_rows(const nl_parquet_file *file, size_t row_group);
/* The columns as an Arrow struct schema; yours. Strings are "u" and binary "z". */
NL_API int nl_parquet_schema(const nl_parquet_file *file, struct ArrowSchema *out, nl_error *err);

/* What to read; a zeroed structure reads everything. */
typedef struct nl_parquet_read_options {
    const size_t *columns; /* indices of top-level columns in the order wanted; NULL: all */
    size_t n_columns;
    size_t first_row_group, n_row_groups; /* n_row_groups 0: to the last */
    int64_t batch_rows;                   /* at most so many rows a batch; 0: 65,536 */
    bool string_views;                    /* strings as "vu" and "vz", pointing into the pages without a copy */
} nl_parquet_read_options;

/* Start reading. options may be NULL; its arrays are copied. file is borrowed. */
NL_API int nl_parquet_reader_new(const nl_parquet_file *file, const nl_parquet_read_options *options,
                                 nl_parquet_reader **out, nl_error *err);
/* The schema of the batches: the projected columns in order. Yours. */
NL_API int nl_parquet_reader_schema(const nl_parquet_reader *r, struct ArrowSchema *out, nl_error *err);
/* Decode the next batch of the projected columns.
 *
 * out  a struct array, one child a column in projection order, at most batch_rows rows. Yours: call out->release(out);
 *      it outlives the reader. At the end it comes released (out->release is NULL), as in an Arrow stream.
 * Returns NL_CORRUPT with row group, column and byte offset of the page; the reader is then finished and
 * repeats that error.
 */
NL_API int nl_parquet_next(nl_parquet_reader *r, struct ArrowArray *out, nl_error *err);
/* NULL is fine. */
NL_API void nl_parquet_reader_free(nl_parquet_reader *r);
/* The reader as an Arrow stream, which owns it from here on (also when this fails). */
NL_API int nl_parquet_reader_stream(nl_parquet_reader *r, struct ArrowArrayStream *out, nl_error *err);

/* ── writing ── */

typedef enum nl_parquet_codec {
    NL_PARQUET_SNAPPY = 0, /* the default */
    NL_PARQUET_UNCOMPRESSED,
    NL_PARQUET_ZSTD,
} nl_parquet_codec;

/* How to write; a zeroed structure is the default. */
typedef struct nl_parquet_write_options {
    nl_parquet_codec codec;
    int codec_level;           /* zstd: 1 to 22; 0: 3 */
    int64_t row_group_rows;    /* at most; 0: 1,048,576 */
    uint64_t row_group_bytes;  /* about, before compression; 0: 128 MiB */
    uint64_t page_bytes;       /* about, before compression; 0: 1 MiB */
    uint64_t dictionary_bytes; /* a column's dictionary falls back to PLAIN above this; 0: 1 MiB */
    bool no_dictionary;
    const char *const *key_values; /* key, value, key, value… for the footer; n_key_values pairs */
    size_t n_key_values;
} nl_parquet_write_options;

/* Start a file.
 *
 * sink     where the bytes go; borrowed until finish or free. The caller commits it afterwards, or aborts it.
 * schema   a struct ("+s") of flat columns; borrowed for this call. NL_UNSUPPORTED names the first column that is not.
 */
NL_API int nl_parquet_writer_new(nl_sink *sink, const struct ArrowSchema *schema,
                                 const nl_parquet_write_options *options, nl_parquet_writer **out, nl_error *err);
/* Append a batch: a struct array of the schema, borrowed for this call. NL_INVALID: a null in a required column, or
 * another shape than the schema's. Memory stays within one row group. */
NL_API int nl_parquet_write(nl_parquet_writer *w, const struct ArrowArray *batch, nl_error *err);
/* Write what is buffered and the footer. The writer stays yours: free it. */
NL_API int nl_parquet_finish(nl_parquet_writer *w, nl_error *err);
/* Without finish the file stays incomplete: abort the sink. NULL is fine. */
NL_API void nl_parquet_writer_free(nl_parquet_writer *w);

#endif
