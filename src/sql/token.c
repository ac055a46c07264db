/* token.c: split SQL into tokens. */
#include "sql/token.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes above 127 belong to words: DuckDB takes any letter of Unicode. */
static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

/* Behind a block comment that begins at p; they nest. */
static const char *skip_block_comment(const char *p)
{
    int depth = 0;
    do {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            depth--;
            p += 2;
        } else {
            p++;
        }
    } while (depth && *p);
    return p;
}

static const char *skip_blanks(const char *p)
{
    for (;;) {
        while (is_space(*p))
            p++;
        if (p[0] == '-' && p[1] == '-')
            p += strcspn(p, "\n");
        else if (p[0] == '/' && p[1] == '*')
            p = skip_block_comment(p);
        else
            return p;
    }
}

/* Behind the quoted text that begins at p; a doubled quote stays inside, so does one behind a backslash where escapes
 * count (E'…'). */
static const char *skip_quoted(const char *p, bool escapes)
{
    char quote = *p++;
    for (; *p; p++) {
        if (escapes && *p == '\\' && p[1])
            p++;
        else if (*p == quote && p[1] == quote)
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return p;
}

/* Behind "$tag$ … $tag$" that begins at p, or p where that is something else ("$1", a parameter). */
static const char *skip_dollar_quoted(const char *p)
{
    const char *q = p + 1;
    if (is_digit(*q))
        return p;
    while (is_word(*q) && *q != '$')
        q++;
    if (*q != '$')
        return p;
    size_t tag = (size_t)(q + 1 - p);
    for (q++; *q; q++)
        if (strncmp(q, p, tag) == 0)
            return q + tag;
    return q;
}

static const char *skip_number(const char *p)
{
    while (is_word(*p) || *p == '.' || ((*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E')))
        p++;
    return p;
}

static size_t symbol_length(const char *p)
{
    static const char *const longer[] = {"!~~", "<=", ">=", "<>", "!=", "::", "~~"};
    for (size_t i = 0; i < NL_LEN(longer); i++)
        if (nl_starts_with(p, longer[i]))
            return strlen(longer[i]);
    return 1;
}

/* The kind of the token that begins at p, and where it ends. */
static enum sql_token_kind classify(const char *p, const char **end)
{
    if (*p == '\'' || *p == '"') {
        *end = skip_quoted(p, false);
        return *p == '"' ? SQL_QUOTED : SQL_STRING;
    }
    if ((*p == 'e' || *p == 'E') && p[1] == '\'') {
        *end = skip_quoted(p + 1, true);
        return SQL_STRING;
    }
    if (*p == '$' && (*end = skip_dollar_quoted(p)) != p)
        return SQL_STRING;
    if (is_word_start(*p)) {
        for (*end = p; is_word(**end); ++*end)
            ;
        return SQL_WORD;
    }
    if (is_digit(*p) || (*p == '.' && is_digit(p[1]))) {
        *end = skip_number(p);
        return SQL_NUMBER;
    }
    *end = p + symbol_length(p);
    return SQL_SYMBOL;
}

struct sql_token sql_token_next(const char **at)
{
    const char *p = skip_blanks(*at);
    struct sql_token t = {SQL_END, p, 0};
    if (*p) {
        const char *end = p;
        t.kind = classify(p, &end);
        t.len = (size_t)(end - p);
    }
    *at = p + t.len;
    return t;
}

bool sql_token_is(const struct sql_token *t, const char *word)
{
    return t->kind == SQL_WORD && t->len == strlen(word) && strncasecmp(t->text, word, t->len) == 0;
}

bool sql_token_is_symbol(const struct sql_token *t, const char *symbol)
{
    return t->kind == SQL_SYMBOL && t->len == strlen(symbol) && memcmp(t->text, symbol, t->len) == 0;
}

/* Take the quotes of p[0..len] off, in place; returns the new length. */
static size_t unquote(char *p, size_t len)
{
    char quote = p[0];
    size_t to = 0;
    for (size_t from = 1; from < len; from++) {
        if (p[from] == quote && from + 1 < len && p[from + 1] == quote)
            from++;
        else if (p[from] == quote && from + 1 == len)
            break;
        p[to++] = p[from];
    }
    return to;
}

char *sql_token_value(nl_arena *a, const struct sql_token *t)
{
    const char *text = t->text;
    size_t len = t->len;
    if (t->kind == SQL_STRING && (*text == 'e' || *text == 'E')) {
        text++;
        len--;
    }
    if (t->kind == SQL_STRING && *text == '$') {
        size_t tag = (size_t)(strchr(text + 1, '$') + 1 - text);
        bool closed = len >= 2 * tag && memcmp(text + len - tag, text, tag) == 0;
        return nl_arena_strndup(a, text + tag, len - tag - (closed ? tag : 0));
    }
    char *value = nl_arena_strndup(a, text, len);
    if (value && (t->kind == SQL_STRING || t->kind == SQL_QUOTED))
        value[unquote(value, len)] = '\0';
    return value;
}
