/* buf.h: a growable byte buffer; also the builder of strings.
 *
 * A zeroed nl_buf is empty and valid. data always has a NUL at data[len] once anything was appended (or reserved).
 * A failed append leaves the buffer as it was. nl_buf_free() makes it empty again. One thread at a time.
 */
#ifndef NL_BASE_BUF_H
#define NL_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct nl_buf {
    char *data;
    size_t len;
    size_t cap;
} nl_buf;

/* Make room for `more` bytes beyond len (and a NUL). */
int nl_buf_reserve(nl_buf *b, size_t more, nl_error *err);
int nl_buf_append(nl_buf *b, const void *data, size_t len, nl_error *err);
int nl_buf_puts(nl_buf *b, const char *s, nl_error *err);
int nl_buf_putc(nl_buf *b, char c, nl_error *err);
int nl_buf_printf(nl_buf *b, nl_error *err, const char *fmt, ...) NL_PRINTF(3, 4);
/* The bytes as a NUL-terminated string that the caller frees; the buffer is empty afterwards. NULL: no memory. */
char *nl_buf_steal(nl_buf *b);
void nl_buf_clear(nl_buf *b); /* len = 0, memory kept */
void nl_buf_free(nl_buf *b);

#endif
