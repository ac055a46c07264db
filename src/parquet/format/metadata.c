/* metadata.c: names of the format's numbers, and "absent" for structures whose zero means something (M1). */
#include "parquet/format/metadata.h"

#include "base/str.h"

const char *pq_type_name(int32_t type)
{
    static const char *const names[] = {"BOOLEAN", "INT32",  "INT64",      "INT96",
                                        "FLOAT",   "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"};
    return type >= 0 && (size_t)type < NL_LEN(names) ? names[type] : "unknown";
}

const char *pq_encoding_name(int32_t encoding)
{
    static const char *const names[] = {"PLAIN",
                                        "GROUP_VAR_INT",
                                        "PLAIN_DICTIONARY",
                                        "RLE",
                                        "BIT_PACKED",
                                        "DELTA_BINARY_PACKED",
                                        "DELTA_LENGTH_BYTE_ARRAY",
                                        "DELTA_BYTE_ARRAY",
                                        "RLE_DICTIONARY",
                                        "BYTE_STREAM_SPLIT",
                                        "ALP"};
    return encoding >= 0 && (size_t)encoding < NL_LEN(names) ? names[encoding] : "unknown";
}

void pq_column_meta_init(struct pq_column_meta *m)
{
    *m = (struct pq_column_meta){
        .index_page_offset = -1,
        .dictionary_page_offset = -1,
        .bloom_filter_offset = -1,
        .bloom_filter_length = -1,
        .size_statistics.unencoded_bytes = -1,
    };
}

void pq_column_chunk_init(struct pq_column_chunk *c)
{
    *c = (struct pq_column_chunk){.offset_index_offset = -1, .column_index_offset = -1};
    pq_column_meta_init(&c->meta);
}

void pq_row_group_init(struct pq_row_group *g)
{
    *g = (struct pq_row_group){.file_offset = -1, .total_compressed_size = -1};
}
