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

/* Rows first to first + count, counted over the whole file. */
typedef struct nl_parquet_range {
    int64_t first, count;
} nl_parquet_range;

/* What to read; a zeroed structure reads everything. */
typedef struct nl_parquet_read_options {
    const size_t *columns; /* indices of top-level columns in the order wanted; NULL: all, or what paths says */
    size_t n_columns;
    /* Instead of columns: names, with dots into nested ones ("id", "address.city", "tags"; a list's or map's own levels
     * have no name: "items.price" is the member of a list of structs, "m.key" and "m.value" are a map's). A path to a
     * group means all that is in it. Several paths below one column make one column, without the members that nobody
     * named. A name that has dots itself is found too, exact matches first. */
    const char *const *paths;
    size_t n_paths;
    size_t first_row_group, n_row_groups; /* n_row_groups 0: to the last */
    const nl_parquet_range *ranges; /* only these rows, ascending and apart; pages that the offset index shows to */
    size_t n_ranges;                /* hold none of them are not read. n_ranges 0: all rows */
    int64_t batch_rows;             /* at most so many rows a batch; 0: 32,768 */
    bool string_views;              /* strings as "vu" and "vz", pointing into the pages without a copy */
    bool verify_checksums;          /* a page whose CRC-32 is written and differs is NL_CORRUPT */
    size_t threads;                 /* that decode columns side by side; 0 or 1: the caller's own */
    /* Read as this struct says: columns by name, those that the file lacks as nulls (NL_INVALID where they may not be
     * null), narrower types widened: integers to wider ones and to doubles that hold them, float to double, decimals to
     * more digits, dates to timestamps, times and timestamps to finer units, strings and binary to their other layouts.
     * Any other difference is NL_INVALID with both types. Instead of columns and paths; borrowed for the call. */
    const struct ArrowSchema *schema;
    bool by_field_id; /* with schema: columns are matched by "PARQUET:field_id" of their metadata, not by name */
} nl_parquet_read_options;

/* Start reading.
 *
 * file     borrowed until the reader is freed.
 * options  NULL: everything. Its arrays and strings are copied.
 * out      the reader; yours, release with nl_parquet_reader_free().
 * Returns NL_INVALID (columns, paths or row groups that are not there, ranges that overlap, a schema that the file's cannot
 * become), NL_UNSUPPORTED that names a column wanted of a type that cannot be read, NL_NO_MEMORY. What its bytes are
 * is seen by nl_parquet_next().
 */
NL_API int nl_parquet_reader_new(const nl_parquet_file *file, const nl_parquet_read_options *options,
                                 nl_parquet_reader **out, nl_error *err);
/* The schema of the batches: the projected columns in order. Yours. */
NL_API int nl_parquet_reader_schema(const nl_parquet_reader *r, struct ArrowSchema *out, nl_error *err);
/* Decode the next batch of the projected columns.
 *
 * out  a struct array, one child a column in projection order, at most batch_rows rows. Yours: call out->release(out);
 *      it outlives the reader. At the end it comes released (out->release is NULL), as in an Arrow stream.
 * Returns NL_CORRUPT with row group, column and byte offset of the page, NL_UNSUPPORTED that names a column which is encrypted,
 * lies in another file or is compressed by LZO, NL_NO_MEMORY, or what the source returned; the reader is then finished and
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
    NL_PARQUET_GZIP,
    NL_PARQUET_BROTLI,
    NL_PARQUET_LZ4_RAW,
} nl_parquet_codec;

/* How a column's values are written. What does not fit a column's physical type is NL_INVALID when the writer starts. */
typedef enum nl_parquet_encoding {
    NL_PARQUET_DEFAULT = 0, /* a dictionary where it pays, else PLAIN; or what a sample says (auto_encoding) */
    NL_PARQUET_PLAIN,
    NL_PARQUET_DICTIONARY,              /* falls back to PLAIN above dictionary_bytes */
    NL_PARQUET_DELTA_BINARY_PACKED,     /* INT32, INT64 */
    NL_PARQUET_DELTA_LENGTH_BYTE_ARRAY, /* BYTE_ARRAY */
    NL_PARQUET_DELTA_BYTE_ARRAY,        /* BYTE_ARRAY, FIXED_LEN_BYTE_ARRAY */
    NL_PARQUET_BYTE_STREAM_SPLIT,       /* FLOAT, DOUBLE, INT32, INT64, FIXED_LEN_BYTE_ARRAY */
    NL_PARQUET_RLE,                     /* BOOLEAN */
} nl_parquet_encoding;

/* What is different for one leaf, or for all leaves below a path. */
typedef struct nl_parquet_column_options {
    const char *path; /* as in nl_parquet_read_options.paths */
    nl_parquet_encoding encoding;
    bool bloom_filter; /* one a column chunk; its size follows the distinct values that were seen */
    double bloom_fpp;  /* of false positives; 0: 0.01 */
    bool has_codec;    /* codec and codec_level are meant */
    nl_parquet_codec codec;
    int codec_level;
    bool no_statistics; /* neither in the chunk nor in the column index */
} nl_parquet_column_options;

/* By what the rows are sorted, as the caller promises: written down, not checked. */
typedef struct nl_parquet_sorting {
    const char *path; /* a leaf */
    bool descending, nulls_first;
} nl_parquet_sorting;

/* How to write; a zeroed structure is the default. */
typedef struct nl_parquet_write_options {
    nl_parquet_codec codec;
    int codec_level;          /* zstd: 1 to 22, 0: for each column the fastest of 1 to 3 that takes no more than 3 (by a
                                  page's beginning, to 0.2 %); gzip: 1 to 12, 0: 6; brotli: 1 to 11, 0: 4; others have none */
    int64_t row_group_rows;   /* at most; 0: 1,048,576 */
    uint64_t row_group_bytes; /* about, before compression; 0: 128 MiB */
    uint64_t page_bytes;      /* about, before compression; 0: 1 MiB */
    int64_t page_rows;        /* at most; 0: 1,048,576. Pages begin at rows */
    uint64_t dictionary_bytes; /* a column's dictionary falls back to PLAIN above this; 0: 2 MiB */
    bool no_dictionary;
    bool auto_encoding;   /* columns without an encoding of their own: PLAIN, dictionary, DELTA or BYTE_STREAM_SPLIT,
                                  by what a sample of the first rows takes */
    bool data_page_v2;    /* else v1, which every reader knows */
    bool no_page_index;   /* neither column index nor offset index */
    bool checksums;       /* a CRC-32 a page */
    bool no_arrow_schema; /* leave out the key "ARROW:schema", by which Arrow readers restore types */
    size_t threads;       /* that encode and compress columns side by side; 0 or 1: the caller's own */
    const nl_parquet_column_options *columns; /* the last that fits a leaf counts */
    size_t n_columns;
    const nl_parquet_sorting *sorting;
    size_t n_sorting;
    const char *const *key_values; /* key, value, key, value… for the footer; n_key_values pairs */
    size_t n_key_values;
} nl_parquet_write_options;

/* Start a file.
 *
 * sink     where the bytes go; borrowed until finish or free. The caller commits it afterwards, or aborts it.
 * schema   a struct ("+s") of columns, nested as they like; borrowed for this call. A field's metadata "PARQUET:field_id" is
 *          its field id, "ARROW:extension:name" geoarrow.wkb, arrow.uuid, arrow.json are UUID, JSON and geometry.
 * Returns NL_UNSUPPORTED that names the first column of a type that Parquet has no place for, NL_INVALID for options that
 * contradict it (an encoding that its type does not have, a path to nowhere), NL_NO_MEMORY, or what sink returned.
 * Spec: parquet-format, README; LogicalTypes.md.
 */
NL_API int nl_parquet_writer_new(nl_sink *sink, const struct ArrowSchema *schema,
                                 const nl_parquet_write_options *options, nl_parquet_writer **out, nl_error *err);
/* Append a batch: a struct array of the schema, borrowed for this call. Memory stays within one row group.
 * Returns NL_INVALID (a null in a required column, another shape than the schema's, a value that Parquet's type does not hold;
 * with column and row; or the file is finished), NL_NO_MEMORY, or what the sink returned. The writer repeats a failure. */
NL_API int nl_parquet_write(nl_parquet_writer *w, const struct ArrowArray *batch, nl_error *err);
/* Write what is buffered and the footer; once. The writer stays yours: free it, then commit the sink. Errors as above. */
NL_API int nl_parquet_finish(nl_parquet_writer *w, nl_error *err);
/* Without finish the file stays incomplete: abort the sink. NULL is fine. */
NL_API void nl_parquet_writer_free(nl_parquet_writer *w);

#endif
