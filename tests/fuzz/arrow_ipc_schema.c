/* arrow_ipc_schema.c: any bytes as the schema message that Parquet files carry: as base64, and (behind a first byte that is not one
 * of it) as the message itself. What decodes is written and decoded again, copied, and named in SQL. */
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "arrow/format.h"
#include "arrow/ipc_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const char *base64, size_t len)
{
    struct ArrowSchema s, again, copy;
    nl_buf text = {0}, sql = {0};
    if (arrow_ipc_schema_decode(base64, len, &s, NULL))
        return;
    /* A dictionary of dictionaries cannot be written, nor come out of a message. */
    if (arrow_ipc_schema_encode(&s, &text, NULL) == NL_OK) {
        if (arrow_ipc_schema_decode(text.data, text.len, &again, NULL) || again.n_children != s.n_children)
            abort();
        if (arrow_ipc_schema_restore(&again, &s, NULL))
            abort();
        arrow_schema_release(&again);
    }
    static const size_t positions[64]; /* all wrong but the first: names are searched for */
    if (s.n_children <= 64)
        arrow_ipc_schema_restore_columns(base64, len, positions, &s, NULL);
    if (arrow_schema_copy(&s, &copy, NULL) == NL_OK)
        arrow_schema_release(&copy);
    arrow_schema_sql(&s, &sql, NULL);
    nl_buf_free(&sql);
    nl_buf_free(&text);
    arrow_schema_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == '!') {
        nl_buf text = {0};
        if (arrow_format_base64(data + 1, size - 1, &text, NULL) == NL_OK && text.data)
            use(text.data, text.len);
        nl_buf_free(&text);
        return 0;
    }
    use((const char *)data, size);
    return 0;
}
