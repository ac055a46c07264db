/* mentions.c: walk the tokens of a statement and note what it names.
 *
 * Where may a table stand? Behind FROM and JOIN (and a few more words), and behind a comma of the same list. Each level of
 * parentheses has its own answer:
 *
 *     FROM a, ( b JOIN c ) , 'd.parquet' WHERE x IN ('no.parquet')
 *          ▲    ▲      ▲     ▲                       not a table: the level begins as no list
 */
#include "sql/mentions.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { MAX_LEVELS = 128 }; /* deeper levels share the last answer: names may be missed there, never invented */

struct walk {
    nl_arena *arena;
    struct sql_statement *out;
    struct sql_token before, token; /* the previous token and this one */
    struct sql_token before_dot;    /* of a.b: the a, when token is b */
    bool in_list[MAX_LEVELS];       /* this level is a list of tables */
    size_t level;
    bool expect; /* this token may be a table */
    bool named;  /* the token before was added to the names */
};

static bool word_in(const struct sql_token *t, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sql_token_is(t, words[i]))
            return true;
    return false;
}

static bool begins_list(const struct walk *w)
{
    static const char *const words[] = {"from",  "join", "describe", "desc", "summarize",
                                        "table", "into", "update",   "copy", "show"};
    if (sql_token_is(&w->before, "distinct") && sql_token_is(&w->token, "from"))
        return false; /* IS DISTINCT FROM */
    return word_in(&w->token, words, NL_LEN(words));
}

static bool ends_list(const struct sql_token *t)
{
    static const char *const words[] = {"where",   "group",  "order",     "having", "limit",     "window",
                                        "qualify", "select", "union",     "except", "intersect", "offset",
                                        "set",     "values", "returning", "sample"};
    return word_in(t, words, NL_LEN(words));
}

static bool lists_tables(const struct sql_token *before, const struct sql_token *t)
{
    static const char *const words[] = {"information_schema", "pg_catalog",   "sqlite_master",
                                        "duckdb_tables",      "duckdb_views", "duckdb_columns",
                                        "duckdb_schemas",     "show_tables",  "table_info"};
    if (sql_token_is(before, "show") && (sql_token_is(t, "tables") || sql_token_is(t, "all")))
        return true;
    return word_in(t, words, NL_LEN(words));
}

/* Texts that name a Parquet file or object; other files are left to DuckDB's own readers. */
static bool is_path(const char *text)
{
    static const char *const schemes[] = {"s3://", "http://", "https://", "file://"};
    for (size_t i = 0; i < NL_LEN(schemes); i++)
        if (nl_starts_with(text, schemes[i]))
            return true;
    return nl_ends_with(text, ".parquet");
}

static int add_path(struct walk *w, const char *text, nl_error *err)
{
    for (const struct sql_path *p = w->out->paths; p; p = p->next)
        if (strcmp(p->text, text) == 0)
            return NL_OK;
    struct sql_path *p = nl_arena_alloc(w->arena, sizeof *p);
    if (!p)
        return nl_fail_memory(err);
    *p = (struct sql_path){text, w->out->paths};
    w->out->paths = p;
    return NL_OK;
}

static int add_name(struct walk *w, const struct sql_token *database, const struct sql_token *name, nl_error *err)
{
    struct sql_name *n = nl_arena_alloc(w->arena, sizeof *n);
    if (!n)
        return nl_fail_memory(err);
    n->database = database ? sql_token_value(w->arena, database) : NULL;
    n->name = sql_token_value(w->arena, name);
    if (!n->name || (database && !n->database))
        return nl_fail_memory(err);
    n->next = w->out->names;
    w->out->names = n;
    return NL_OK;
}

/* A word or a quoted text: a name, a path, or neither. */
static int note(struct walk *w, nl_error *err)
{
    const struct sql_token *t = &w->token;
    bool is_name = t->kind == SQL_WORD || t->kind == SQL_QUOTED;
    if (is_name && w->before_dot.len)
        return add_name(w, &w->before_dot, t, err);
    if (!w->expect)
        return NL_OK;
    if (t->kind == SQL_WORD)
        return ends_list(t) ? NL_OK : add_name(w, NULL, t, err); /* (SELECT …) */
    char *text = sql_token_value(w->arena, t);
    if (!text)
        return nl_fail_memory(err);
    if (is_path(text))
        return add_path(w, text, err);
    return is_name ? add_name(w, NULL, t, err) : NL_OK;
}

static bool is_name_token(const struct sql_token *t)
{
    return t->kind == SQL_WORD || t->kind == SQL_QUOTED;
}

/* Parentheses, commas and keywords: what may stand behind this token? */
static void advance(struct walk *w)
{
    const struct sql_token *t = &w->token;
    bool expected = w->expect;
    w->expect = false;
    if (sql_token_is_symbol(t, "(")) {
        if (w->named)
            w->out->names->is_call = true;
        w->level++;
        if (w->level < MAX_LEVELS)
            w->in_list[w->level] = expected;
        w->expect = expected;
    } else if (sql_token_is_symbol(t, ")")) {
        w->level -= w->level > 0;
    } else if (sql_token_is_symbol(t, ",")) {
        w->expect = w->level < MAX_LEVELS && w->in_list[w->level];
    } else if (begins_list(w)) {
        w->expect = true;
        if (w->level < MAX_LEVELS)
            w->in_list[w->level] = true;
    } else if (ends_list(t) && w->level < MAX_LEVELS) {
        w->in_list[w->level] = false;
    }
}

static int visit(struct walk *w, nl_error *err)
{
    const struct sql_token *t = &w->token;
    if (lists_tables(&w->before, t))
        w->out->everything = true;
    if (sql_token_is(t, "where") || sql_token_is(t, "on") || sql_token_is(t, "having"))
        w->out->has_condition = true;
    if (sql_token_is(&w->before, "in") && sql_token_is_symbol(t, "("))
        w->out->has_in = true;
    int rc = NL_OK;
    const struct sql_name *last = w->out->names;
    if (is_name_token(t) || t->kind == SQL_STRING)
        rc = note(w, err);
    advance(w);
    w->named = w->out->names != last;
    if (sql_token_is(&w->before, "use") && is_name_token(t))
        w->out->use = sql_token_value(w->arena, t);
    return rc;
}

int sql_statement_next(nl_arena *a, const char **at, struct sql_statement *out, bool *found, nl_error *err)
{
    struct walk w = {.arena = a, .out = out};
    struct sql_token dotted = {0}; /* the name before the "." that was just seen */
    *out = (struct sql_statement){0};
    *found = false;
    for (;;) {
        w.token = sql_token_next(at);
        bool end = w.token.kind == SQL_END || sql_token_is_symbol(&w.token, ";");
        if (end && !*found && w.token.kind != SQL_END)
            continue; /* an empty statement */
        if (end)
            return NL_OK;
        if (!*found)
            out->text = w.token.text;
        *found = true;
        out->len = (size_t)(w.token.text + w.token.len - out->text);

        w.before_dot = sql_token_is_symbol(&w.before, ".") ? dotted : (struct sql_token){0};
        int rc = visit(&w, err);
        if (rc)
            return rc;
        if (sql_token_is_symbol(&w.token, ".") && is_name_token(&w.before))
            dotted = w.before;
        else if (sql_token_is_symbol(&w.token, "."))
            dotted = (struct sql_token){0};
        w.before = w.token;
    }
}
