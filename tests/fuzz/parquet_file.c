/* parquet_file.c: any bytes as a whole file: open it, look at all metadata and statistics, decode every flat column both
 * ways. Rows may be promised without end (runs of nulls cost nothing): a fixed number of batches is read. */
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BATCHES = 16, BATCH_ROWS = 700 };

/* What was read goes here, so that reading is not optimised away. */
static volatile unsigned touched;

/* Touch every byte that an array promises. */
static unsigned touch(const struct ArrowArray *a, const char *format)
{
    struct arrow_type t;
    unsigned sum = 0;
    if (arrow_type_parse(format, &t, NULL) || (t.kind != ARROW_STRING && t.kind != ARROW_BINARY))
        return 0;
    for (int64_t i = 0; i < a->length; i++) {
        size_t len;
        if (!arrow_is_valid(a, i))
            continue;
        const uint8_t *bytes = arrow_bytes_at(a, &t, i, &len);
        for (size_t k = 0; k < len; k += 16)
            sum += bytes[k];
        if (len)
            sum += bytes[len - 1];
    }
    return sum;
}

static void read_column(const nl_parquet_file *file, size_t column, bool views)
{
    nl_parquet_read_options o = {.columns = &column, .n_columns = 1, .batch_rows = BATCH_ROWS, .string_views = views};
    nl_parquet_reader *reader;
    struct ArrowSchema schema;
    if (nl_parquet_reader_new(file, &o, &reader, NULL))
        return;
    if (nl_parquet_reader_schema(reader, &schema, NULL) == NL_OK) {
        struct ArrowArray batch;
        for (int i = 0; i < BATCHES && nl_parquet_next(reader, &batch, NULL) == NL_OK && batch.release; i++) {
            touched += touch(batch.children[0], schema.children[0]->format);
            batch.release(&batch);
        }
        arrow_schema_release(&schema);
    }
    nl_parquet_reader_free(reader);
}

static void inspect(const nl_parquet_file *file)
{
    const struct pq_schema *schema = pq_inspect_schema(file);
    nl_arena arena = {0};
    nl_buf text = {0};
    for (size_t g = 0; g < nl_parquet_row_groups(file) && g < 4; g++)
        for (size_t i = 0; i < schema->n_leaves && i < 64; i++) {
            struct pq_column_chunk chunk;
            struct filter_bounds bounds;
            pq_inspect_chunk(file, g, i, &arena, &chunk, NULL);
            pq_inspect_path(file, i, &text, NULL);
            pq_inspect_type(schema->leaves[i].element, &text, NULL);
            if (i < schema->n_columns)
                pq_stats(file, g, i, &bounds);
            nl_buf_clear(&text);
        }
    nl_buf_free(&text);
    nl_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_source *source;
    nl_parquet_file *file;
    if (nl_source_open_memory("fuzz", data, size, &source, NULL))
        return 0;
    if (nl_parquet_open(source, &file, NULL) == NL_OK) {
        inspect(file);
        for (size_t i = 0; i < pq_inspect_schema(file)->n_columns && i < 64; i++) {
            read_column(file, i, true);
            read_column(file, i, false);
        }
        nl_parquet_close(file);
    }
    nl_source_close(source);
    return 0;
}
