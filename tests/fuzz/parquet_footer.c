/* parquet_footer.c: any bytes as a footer: decode it, build the schema and its Arrow form, decode every chunk's metadata.
 * What decodes is written and decoded again, and must be the same then. */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/format/metadata.h"
#include "parquet/read/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The schema, without its row groups, to bytes and back. */
static void round_trip(const struct pq_file_meta *m)
{
    struct pq_file_meta bare = *m, again;
    nl_arena arena = {0};
    nl_buf bytes = {0};
    bare.row_groups = NULL;
    bare.n_row_groups = 0;
    if (pq_file_meta_encode(&bare, &bytes, NULL) == NL_OK) {
        if (pq_file_meta_decode(bytes.data, bytes.len, &arena, &again, NULL) || again.n_schema != m->n_schema ||
            again.num_rows != m->num_rows || again.n_key_values != m->n_key_values)
            abort();
    }
    nl_buf_free(&bytes);
    nl_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_arena arena = {0};
    struct pq_file_meta meta;
    struct pq_schema schema;
    if (pq_file_meta_decode(data, size, &arena, &meta, NULL) == NL_OK) {
        round_trip(&meta);
        if (pq_schema_build(&meta, &arena, &schema, NULL) == NL_OK)
            for (size_t i = 0; i < schema.n_columns; i++) {
                struct ArrowSchema field;
                if (pq_schema_field(&schema, i, true, &field, NULL) == NL_OK)
                    arrow_schema_release(&field);
            }
        for (size_t g = 0; g < meta.n_row_groups; g++)
            for (size_t i = 0; i < meta.row_groups[g].n_columns; i++) {
                struct pq_column_chunk chunk;
                pq_row_group_chunk(&meta.row_groups[g], i, &arena, &chunk, NULL);
            }
    }
    nl_arena_free(&arena);
    return 0;
}
