/* parquet_page_index.c: any bytes as a column index and as an offset index. What decodes keeps its promises (page_index.h, I1),
 * is written and read again, and is the same then. */
#include <stdlib.h>

#include "parquet/index/page_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void as_offsets(const uint8_t *data, size_t size, nl_arena *arena)
{
    struct pq_offset_index x, again;
    nl_buf bytes = {0};
    if (pq_offset_index_decode(data, size, arena, &x, NULL))
        return;
    check(x.n == 0 || (x.pages[0].first_row == 0 && x.pages[0].offset >= 0));
    for (size_t i = 1; i < x.n; i++)
        check(x.pages[i].offset - x.pages[i - 1].offset >= x.pages[i - 1].compressed_size &&
              x.pages[i].first_row >= x.pages[i - 1].first_row);
    check(pq_offset_index_encode(&x, &bytes, NULL) == NL_OK);
    check(pq_offset_index_decode(bytes.data, bytes.len, arena, &again, NULL) == NL_OK && again.n == x.n);
    nl_buf_free(&bytes);
}

static void as_columns(const uint8_t *data, size_t size, nl_arena *arena)
{
    struct pq_column_index x, again;
    nl_buf bytes = {0};
    size_t sum = 0;
    if (pq_column_index_decode(data, size, arena, &x, NULL))
        return;
    for (size_t i = 0; i < x.n; i++) {
        check(x.min[i].len <= size && x.max[i].len <= size && (!x.null_counts || x.null_counts[i] >= 0));
        for (size_t k = 0; k < x.min[i].len; k++)
            sum += x.min[i].data[k];
        for (size_t k = 0; k < x.max[i].len; k++)
            sum += x.max[i].data[k];
    }
    check(sum <= 255 * size * 2);
    check(pq_column_index_encode(&x, &bytes, NULL) == NL_OK);
    check(pq_column_index_decode(bytes.data, bytes.len, arena, &again, NULL) == NL_OK && again.n == x.n &&
          again.order == x.order && again.n_repetition == x.n_repetition && again.n_definition == x.n_definition);
    nl_buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_arena arena = {0};
    as_offsets(data, size, &arena);
    as_columns(data, size, &arena);
    check(arena.total <= 65536 + 64 * size); /* I2 */
    nl_arena_free(&arena);
    return 0;
}
