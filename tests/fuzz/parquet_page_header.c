/* parquet_page_header.c: any bytes as a page header; what decodes to a page of a known type is written and read again. */
#include <stdlib.h>

#include "parquet/format/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pq_page_header h, again;
    size_t used, used_again;
    if (pq_page_header_decode(data, size, &h, &used, NULL))
        return 0;
    if (used > size)
        abort();
    nl_buf bytes = {0};
    if (h.has_body && h.type != PQ_INDEX_PAGE && pq_page_header_encode(&h, &bytes, NULL) == NL_OK) {
        if (pq_page_header_decode(bytes.data, bytes.len, &again, &used_again, NULL) || used_again != bytes.len ||
            again.num_values != h.num_values || again.encoding != h.encoding ||
            again.compressed_size != h.compressed_size || again.is_compressed != h.is_compressed)
            abort();
    }
    nl_buf_free(&bytes);
    return 0;
}
