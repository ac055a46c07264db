/* parquet_dictionary.c: any bytes as a dictionary page, of every type and codec: the first byte says which. Values lie inside
 * what was decompressed. */
#include <stdlib.h>

#include "parquet/index/dictionary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct pq_schema_element leaf = {.has_type = true, .type = (enum pq_type)(data[0] & 7), .type_length = 3};
    struct pq_column_chunk chunk = {.meta = {.codec = data[0] >> 4 & 7}};
    nl_arena arena = {0};
    struct pq_slice *v;
    size_t n, sum = 0;
    if (pq_dictionary_values(&leaf, &chunk, data + 1, size - 1, &arena, &v, &n, NULL) == NL_OK)
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < v[i].len; k++)
                sum += v[i].data[k];
    if (sum > SIZE_MAX / 2)
        abort();
    nl_arena_free(&arena);
    return 0;
}
