/* token.h: the words of a SQL text, right about quotes and comments, and nothing more.
 *
 *     SELECT p."my ""col""" FROM 's3://b/x' -- why       SELECT  p  .  "my ""col"""  FROM  's3://b/x'
 *
 * Comments (nested ones too) and white space fall out. A quote that is not closed ends at the end of the text: whether the
 * text is valid is DuckDB's to say.
 */
#ifndef NL_SQL_TOKEN_H
#define NL_SQL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum sql_token_kind {
    SQL_END,
    SQL_WORD,   /* a keyword or a plain identifier */
    SQL_QUOTED, /* "an identifier" */
    SQL_STRING, /* 'text', $tag$text$tag$ */
    SQL_NUMBER,
    SQL_SYMBOL, /* one character, or one of <= >= <> != :: ~~ !~~ */
};

struct sql_token {
    enum sql_token_kind kind;
    const char *text; /* where it begins, quotes included; borrowed from the SQL text */
    size_t len;
};

/* The token at *at (which moves behind it); SQL_END at the NUL. */
struct sql_token sql_token_next(const char **at);
/* Is it this word (case is ignored; not a quoted one)? */
bool sql_token_is(const struct sql_token *t, const char *word);
/* Is it this symbol? */
bool sql_token_is_symbol(const struct sql_token *t, const char *symbol);
/* What the token stands for: quotes taken off, doubled quotes single. NULL: no memory. */
char *sql_token_value(nl_arena *a, const struct sql_token *t);

#endif
