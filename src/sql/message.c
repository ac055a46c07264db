/* message.c: shorten and classify what DuckDB says. */
#include "sql/message.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "sql/duckdb.h"

/* The kinds that are not the statement's fault. */
static const struct {
    int type;
    const char *begins;
    int code;
} kinds[] = {
    {DUCKDB_ERROR_INTERRUPT, "INTERRUPT Error", NL_CANCELLED},
    {DUCKDB_ERROR_OUT_OF_MEMORY, "Out of Memory Error", NL_NO_MEMORY},
    {DUCKDB_ERROR_IO, "IO Error", NL_IO},
    {DUCKDB_ERROR_PERMISSION, "Permission Error", NL_DENIED},
    {DUCKDB_ERROR_NOT_IMPLEMENTED, "Not implemented Error", NL_UNSUPPORTED},
    {DUCKDB_ERROR_MISSING_EXTENSION, "Missing Extension Error", NL_UNSUPPORTED},
    {DUCKDB_ERROR_AUTOLOAD, "Extension Autoloading Error", NL_UNSUPPORTED},
    {DUCKDB_ERROR_INTERNAL, "INTERNAL Error", NL_INTERNAL},
    {DUCKDB_ERROR_FATAL, "FATAL Error", NL_INTERNAL},
};

static int code_of(int type, const char *text)
{
    for (size_t i = 0; i < NL_LEN(kinds); i++)
        if (type == kinds[i].type || nl_starts_with(text, kinds[i].begins)) {
            bool missing_file = kinds[i].code == NL_IO && strstr(text, "No files found");
            return missing_file ? NL_NOT_FOUND : kinds[i].code;
        }
    return NL_INVALID;
}

/* How much of the text is the message: what follows an empty line is an excerpt of the statement, or advice. */
static size_t message_length(const char *text)
{
    const char *end = strstr(text, "\n\n");
    return end ? (size_t)(end - text) : strlen(text);
}

/* Lines joined by spaces. */
static int join_lines(nl_buf *b, const char *text, size_t len)
{
    int rc = NL_OK;
    for (size_t i = 0; i < len && !rc; i++) {
        if (text[i] != '\n')
            rc = nl_buf_putc(b, text[i], NULL);
        else if (b->len && b->data[b->len - 1] != ' ')
            rc = nl_buf_putc(b, ' ', NULL);
    }
    return rc;
}

/* Does the excerpt's caret stand in a URI outside quotes: at s3 or at // of s3://b/x?
 *
 *     LINE 1: SELECT * FROM s3://b/x.parquet
 *                              ^
 */
static bool is_bare_uri(const char *excerpt)
{
    const char *end = strchr(excerpt, '\n');
    size_t column = end ? strspn(end + 1, " ") : 0;
    if (!end || end[1 + column] != '^' || column == 0 || column >= (size_t)(end - excerpt))
        return false;
    const char *at = excerpt + column;
    if (nl_starts_with(at, "//"))
        return at[-1] == ':';
    size_t scheme = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    return scheme && nl_starts_with(at + scheme, "://");
}

int sql_message(nl_error *err, int type, const char *text)
{
    if (!text)
        text = "DuckDB does not say why";
    int code = code_of(type, text), line = 0;
    if (code == NL_CANCELLED)
        return nl_fail(err, code, "cancelled");
    nl_buf b = {0};
    int rc = join_lines(&b, text, message_length(text));
    if (!rc && b.len && b.data[b.len - 1] == '.')
        b.data[--b.len] = '\0'; /* what to do follows behind a semicolon */
    const char *excerpt = strstr(text, "\n\nLINE ");
    bool bare_uri = excerpt && nl_starts_with(text, "Parser Error: syntax error") && is_bare_uri(excerpt + 2);
    if (excerpt)
        for (excerpt += strlen("\n\nLINE "); *excerpt >= '0' && *excerpt <= '9' && line < 1000000; excerpt++)
            line = line * 10 + (*excerpt - '0');
    if (rc)
        nl_fail_memory(err);
    else if (line > 1)
        nl_fail(err, code, "%s (line %d)", b.data, line);
    else
        nl_fail(err, code, "%s", b.data ? b.data : text);
    nl_buf_free(&b);
    if (nl_starts_with(text, "Missing Extension Error") || nl_starts_with(text, "Extension Autoloading Error"))
        nl_hint(err, "extensions are never fetched; Parquet on S3 needs none: FROM 's3://bucket/key.parquet'");
    if (bare_uri)
        nl_hint(err, "a path or URI is a table inside quotes: SELECT * FROM 's3://…'");
    return rc ? NL_NO_MEMORY : code;
}

bool sql_message_missing_table(const char *text, char *out, size_t size)
{
    static const char before[] = "Table with name ";
    const char *name = text ? strstr(text, before) : NULL;
    const char *end = name ? strstr(name, " does not exist") : NULL;
    if (!end)
        return false;
    name += strlen(before);
    size_t len = (size_t)(end - name);
    if (len >= 2 && name[0] == '"') {
        name++;
        len -= 2;
    }
    if (len >= size)
        len = size - 1;
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}
