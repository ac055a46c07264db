/* metadata.h: the structures of parquet.thrift, as they are in memory, and their way from and to bytes.
 *
 *     pq_file_meta ─┬─ schema[]       pq_schema_element: the tree, depth first; element 0 is the root
 *                   ├─ row_groups[] ──── columns[] ──── pq_column_meta ── pq_statistics
 *                   │                    or chunks[]: where each ColumnChunk begins in the footer (decoded on demand)
 *                   └─ key_values[], column_orders[]
 *
 * Decoded structures live in an nl_arena; names, statistics and all other binaries are slices of the bytes that were
 * decoded, which must outlive them. To encode, fill the same structures (zeroed first; slices may point anywhere).
 *
 * M1  Optional integers whose zero means something have a has_ flag; optional offsets are -1 where absent (by
 *     pq_column_meta_init() and pq_column_chunk_init()); absent binaries have data NULL.
 * M2  Decoding checks wire and counts only; what the numbers promise (offsets, sizes, types) is for the reader to check.
 * M3  A footer's column chunks are decoded when asked for, never all at once: ten thousand columns of which three are
 *     wanted cost three.
 *
 * Spec: parquet-format, src/main/thrift/parquet.thrift.
 */
#ifndef NL_PARQUET_FORMAT_METADATA_H
#define NL_PARQUET_FORMAT_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "parquet/format/thrift.h"

enum pq_type {
    PQ_BOOLEAN = 0,
    PQ_INT32 = 1,
    PQ_INT64 = 2,
    PQ_INT96 = 3,
    PQ_FLOAT = 4,
    PQ_DOUBLE = 5,
    PQ_BYTE_ARRAY = 6,
    PQ_FIXED_LEN_BYTE_ARRAY = 7,
};

enum pq_repetition { PQ_REQUIRED = 0, PQ_OPTIONAL = 1, PQ_REPEATED = 2 };

enum pq_converted {
    PQ_CONVERTED_NONE = -1,
    PQ_CONVERTED_UTF8 = 0,
    PQ_CONVERTED_MAP = 1,
    PQ_CONVERTED_MAP_KEY_VALUE = 2,
    PQ_CONVERTED_LIST = 3,
    PQ_CONVERTED_ENUM = 4,
    PQ_CONVERTED_DECIMAL = 5,
    PQ_CONVERTED_DATE = 6,
    PQ_CONVERTED_TIME_MILLIS = 7,
    PQ_CONVERTED_TIME_MICROS = 8,
    PQ_CONVERTED_TIMESTAMP_MILLIS = 9,
    PQ_CONVERTED_TIMESTAMP_MICROS = 10,
    PQ_CONVERTED_UINT_8 = 11,
    PQ_CONVERTED_UINT_16 = 12,
    PQ_CONVERTED_UINT_32 = 13,
    PQ_CONVERTED_UINT_64 = 14,
    PQ_CONVERTED_INT_8 = 15,
    PQ_CONVERTED_INT_16 = 16,
    PQ_CONVERTED_INT_32 = 17,
    PQ_CONVERTED_INT_64 = 18,
    PQ_CONVERTED_JSON = 19,
    PQ_CONVERTED_BSON = 20,
    PQ_CONVERTED_INTERVAL = 21,
};

/* The member of the union LogicalType that is set: its field id. */
enum pq_logical_kind {
    PQ_LOGICAL_NONE = 0,
    PQ_LOGICAL_STRING = 1,
    PQ_LOGICAL_MAP = 2,
    PQ_LOGICAL_LIST = 3,
    PQ_LOGICAL_ENUM = 4,
    PQ_LOGICAL_DECIMAL = 5,
    PQ_LOGICAL_DATE = 6,
    PQ_LOGICAL_TIME = 7,
    PQ_LOGICAL_TIMESTAMP = 8,
    PQ_LOGICAL_INTEGER = 10,
    PQ_LOGICAL_UNKNOWN = 11,
    PQ_LOGICAL_JSON = 12,
    PQ_LOGICAL_BSON = 13,
    PQ_LOGICAL_UUID = 14,
    PQ_LOGICAL_FLOAT16 = 15,
    PQ_LOGICAL_VARIANT = 16,
    PQ_LOGICAL_GEOMETRY = 17,
    PQ_LOGICAL_GEOGRAPHY = 18,
};

enum pq_time_unit { PQ_UNIT_NONE = 0, PQ_MILLIS = 1, PQ_MICROS = 2, PQ_NANOS = 3 };

struct pq_logical {
    int16_t kind;           /* enum pq_logical_kind; a member that we do not know keeps its id here: read as storage */
    enum pq_time_unit unit; /* TIME, TIMESTAMP */
    bool utc;               /* TIME, TIMESTAMP: isAdjustedToUTC */
    bool is_signed;         /* INTEGER */
    int8_t bit_width;       /* INTEGER */
    int32_t precision, scale; /* DECIMAL */
    int8_t variant_version;   /* VARIANT; 0: absent */
    struct pq_slice crs;      /* GEOMETRY, GEOGRAPHY */
    int32_t algorithm;        /* GEOGRAPHY: edge interpolation, 0 spherical */
};

struct pq_schema_element {
    struct pq_slice name;
    bool has_type; /* a leaf; else a group */
    enum pq_type type;
    int32_t type_length; /* FIXED_LEN_BYTE_ARRAY: bytes */
    enum pq_repetition repetition;
    int32_t n_children;          /* as written: pq_schema_build() proves it */
    enum pq_converted converted; /* zero is UTF8: set PQ_CONVERTED_NONE where there is none */
    int32_t precision, scale;    /* with PQ_CONVERTED_DECIMAL */
    bool has_field_id;
    int32_t field_id;
    struct pq_logical logical;
};

enum pq_encoding {
    PQ_PLAIN = 0,
    PQ_PLAIN_DICTIONARY = 2,
    PQ_RLE = 3,
    PQ_BIT_PACKED = 4,
    PQ_DELTA_BINARY_PACKED = 5,
    PQ_DELTA_LENGTH_BYTE_ARRAY = 6,
    PQ_DELTA_BYTE_ARRAY = 7,
    PQ_RLE_DICTIONARY = 8,
    PQ_BYTE_STREAM_SPLIT = 9,
};

enum pq_page_type { PQ_DATA_PAGE = 0, PQ_INDEX_PAGE = 1, PQ_DICTIONARY_PAGE = 2, PQ_DATA_PAGE_V2 = 3 };

struct pq_statistics {
    struct pq_slice max_value, min_value; /* by the column's order; PLAIN without a length */
    struct pq_slice max, min;             /* deprecated: signed comparison of whatever the type is */
    bool has_null_count, has_distinct_count, has_nan_count;
    int64_t null_count, distinct_count, nan_count;
    bool has_max_exact, has_min_exact; /* is_max_value_exact was written… */
    bool max_exact, min_exact;         /* …and says */
};

struct pq_key_value {
    struct pq_slice key, value; /* value.data NULL: absent */
};

struct pq_sorting_column {
    int32_t column;
    bool descending, nulls_first;
};

struct pq_encoding_stats {
    int32_t page_type, encoding, count;
};

struct pq_size_statistics {
    int64_t unencoded_bytes; /* -1: absent */
    int64_t *repetition_histogram, *definition_histogram;
    size_t n_repetition, n_definition;
};

struct pq_column_meta {
    enum pq_type type;
    uint32_t encodings; /* a bit an encoding: 1 << PQ_PLAIN | … */
    struct pq_slice *path;
    size_t n_path;
    int32_t codec; /* enum pq_codec of codec/codec.h; other values may come from a file */
    int64_t num_values, total_uncompressed_size, total_compressed_size;
    int64_t data_page_offset;
    int64_t index_page_offset, dictionary_page_offset; /* -1: absent */
    struct pq_key_value *key_values;
    size_t n_key_values;
    bool has_statistics;
    struct pq_statistics statistics;
    struct pq_encoding_stats *encoding_stats;
    size_t n_encoding_stats;
    int64_t bloom_filter_offset; /* -1: absent */
    int32_t bloom_filter_length; /* -1: absent */
    bool has_size_statistics;
    struct pq_size_statistics size_statistics;
};

struct pq_column_chunk {
    struct pq_slice file_path; /* data NULL: this file */
    int64_t file_offset;
    bool has_meta; /* false: missing, as in an encrypted column */
    struct pq_column_meta meta;
    int64_t offset_index_offset, column_index_offset; /* -1: absent */
    int32_t offset_index_length, column_index_length;
    bool is_encrypted; /* crypto_metadata is there */
};

struct pq_row_group {
    size_t n_columns;
    const struct pq_column_chunk *columns; /* to be encoded; NULL in a decoded footer */
    const uint8_t **chunks;                /* decoded: where each chunk begins; pq_row_group_chunk() reads it */
    const uint8_t *chunks_end;
    int64_t total_byte_size, num_rows;
    struct pq_sorting_column *sorting;
    size_t n_sorting;
    int64_t file_offset;           /* -1: absent */
    int64_t total_compressed_size; /* -1: absent */
    bool has_ordinal;
    int16_t ordinal;
};

enum pq_column_order { PQ_ORDER_UNDEFINED = 0, PQ_ORDER_TYPE_DEFINED = 1, PQ_ORDER_IEEE754_TOTAL = 2 };

struct pq_file_meta {
    int32_t version;
    struct pq_schema_element *schema;
    size_t n_schema;
    int64_t num_rows; /* as written; may be 0 while row groups hold rows */
    struct pq_row_group *row_groups;
    size_t n_row_groups;
    struct pq_key_value *key_values;
    size_t n_key_values;
    struct pq_slice created_by;
    enum pq_column_order *column_orders; /* one a leaf; NULL: absent */
    size_t n_column_orders;
    bool is_encrypted; /* encryption_algorithm: a plain footer over encrypted columns */
};

struct pq_page_header {
    int32_t type; /* enum pq_page_type; others are to be skipped */
    int32_t uncompressed_size, compressed_size;
    bool has_crc;
    uint32_t crc;
    bool has_body;                                    /* the header struct that type names was there */
    int32_t num_values;                               /* data v1, v2, dictionary */
    int32_t encoding;                                 /* data v1, v2, dictionary */
    int32_t definition_encoding, repetition_encoding; /* v1 */
    int32_t num_nulls, num_rows;                      /* v2 */
    int32_t definition_bytes, repetition_bytes;       /* v2 */
    bool is_compressed;                               /* v2: true where absent */
    bool is_sorted;                                   /* dictionary */
    bool has_statistics;                              /* v1, v2; written, not decoded */
    struct pq_statistics statistics;
};

/* Names for messages and inspection: "INT64", "DELTA_BINARY_PACKED"; "unknown" for numbers that have none. */
const char *pq_type_name(int32_t type);
const char *pq_encoding_name(int32_t encoding);

/* Fill a structure with "absent" (M1). */
void pq_column_meta_init(struct pq_column_meta *m);
void pq_column_chunk_init(struct pq_column_chunk *c);
void pq_row_group_init(struct pq_row_group *g);

/* ── from bytes ── NL_CORRUPT with the byte inside the structure; NL_NO_MEMORY */

/* A whole footer, without its column chunks (M3). */
int pq_file_meta_decode(const void *data, size_t len, nl_arena *arena, struct pq_file_meta *out, nl_error *err);
/* Column chunk `column` of a decoded row group. arena NULL: lists (path, encoding and size statistics, key values) are
 * left out and nothing is allocated. */
int pq_row_group_chunk(const struct pq_row_group *g, size_t column, nl_arena *arena, struct pq_column_chunk *out,
                       nl_error *err);
/* A page header at data; *used: its length in bytes. */
int pq_page_header_decode(const void *data, size_t len, struct pq_page_header *out, size_t *used, nl_error *err);

/* ── to bytes ── appended to out; NL_NO_MEMORY */

/* The footer's structure, without the length and the magic behind it. */
int pq_file_meta_encode(const struct pq_file_meta *m, nl_buf *out, nl_error *err);
/* By h->type; fields of other types are ignored. */
int pq_page_header_encode(const struct pq_page_header *h, nl_buf *out, nl_error *err);

#endif
