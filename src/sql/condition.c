/* condition.c: read the text of a condition. DuckDB writes every condition in parentheses of its own, so that one that is not
 * understood can be stepped over to its closing parenthesis without touching its neighbours.
 *
 *     group    ( operand )                       ( operand AND operand … )     ( operand OR operand … )
 *              ( operand = operand )             ( operand BETWEEN operand AND operand )
 *              ( operand IN (operand, …) )       ( operand IS [NOT] NULL )     ( NOT operand )
 *     operand  column   constant[::TYPE]   group   name(…)   CAST(… AS …)
 */
#include "sql/condition.h"

#include <string.h>

#include "base/str.h"
#include "sql/literal.h"
#include "sql/token.h"

enum { MAX_GROUPS = 40, MAX_LIST = 1024 };

struct parser {
    nl_arena *arena;
    const struct sql_columns *columns;
    const char *at;
    struct sql_token token; /* the next one, not yet taken */
    int depth;
};

enum operand_kind { UNKNOWN, COLUMN, CONSTANT, CONDITION };

struct operand {
    enum operand_kind kind;
    size_t column;
    const char *text; /* of a constant, quotes taken off */
    bool quoted;
    struct filter *filter; /* of a condition; NULL: nothing is certain */
};

static const struct operand unknown = {.kind = UNKNOWN};

static void take(struct parser *p)
{
    p->token = sql_token_next(&p->at);
}

static bool take_word(struct parser *p, const char *word)
{
    bool is = sql_token_is(&p->token, word);
    if (is)
        take(p);
    return is;
}

static bool at_symbol(const struct parser *p, const char *symbol)
{
    return sql_token_is_symbol(&p->token, symbol);
}

/* Behind the parenthesis that closes the one which was taken last. */
static void skip_group(struct parser *p)
{
    for (int depth = 1; depth && p->token.kind != SQL_END; take(p))
        depth += at_symbol(p, "(") - at_symbol(p, ")");
}

/* NOLINTBEGIN(misc-no-recursion): p->depth bounds it (Q2) */

/* ── operands ── */

static struct operand parse_group(struct parser *p);

/* A type behind "::", as TIMESTAMP WITH TIME ZONE or DECIMAL(18,3). */
static void skip_type(struct parser *p)
{
    take(p);
    while (take_word(p, "with") || take_word(p, "time") || take_word(p, "zone"))
        ;
    if (at_symbol(p, "(")) {
        take(p);
        skip_group(p);
    }
}

static struct operand constant(struct parser *p, bool negative)
{
    struct operand o = {.kind = CONSTANT, .quoted = p->token.kind == SQL_STRING};
    char *text = sql_token_value(p->arena, &p->token);
    o.text = negative && text ? nl_arena_printf(p->arena, "-%s", text) : text;
    take(p);
    while (at_symbol(p, "::")) {
        take(p);
        skip_type(p);
    }
    return o.text ? o : unknown;
}

static struct operand column_or_unknown(const struct parser *p, const struct sql_token *t)
{
    for (size_t i = 0; i < p->columns->n; i++)
        if (strlen(p->columns->names[i]) == t->len && memcmp(p->columns->names[i], t->text, t->len) == 0)
            return (struct operand){.kind = COLUMN, .column = i};
    return unknown;
}

static struct filter *compare(struct parser *p, enum filter_op op, const struct operand *column,
                              const struct operand *value)
{
    nl_value v;
    if (column->kind != COLUMN || value->kind != CONSTANT ||
        !sql_literal(value->text, value->quoted, &p->columns->types[column->column], &v))
        return NULL;
    return filter_compare(p->arena, op, column->column, v);
}

/* Texts that begin with prefix lie in [prefix, prefix with its last byte raised). */
static struct filter *starts_with(struct parser *p, const struct operand *column, const struct operand *prefix)
{
    struct filter *both[2] = {compare(p, FILTER_GE, column, prefix)};
    if (!both[0] || both[0]->values[0].kind != NL_VALUE_BYTES)
        return NULL;
    size_t len = both[0]->values[0].bytes.len;
    uint8_t *end = (uint8_t *)nl_arena_strndup(p->arena, prefix->text, len);
    if (!end || len == 0 || end[len - 1] == 0xFF)
        return both[0];
    end[len - 1]++;
    both[1] =
        filter_compare(p->arena, FILTER_LT, column->column, (nl_value){.kind = NL_VALUE_BYTES, .bytes = {end, len}});
    return filter_join(p->arena, FILTER_AND, both, 2);
}

static struct operand parse_operand(struct parser *p);

/* name( … ): prefix() is understood, the rest stepped over. */
static struct operand call(struct parser *p, const struct sql_token *name)
{
    struct operand o = unknown;
    take(p);
    if (sql_token_is(name, "prefix") && p->depth < MAX_GROUPS) {
        p->depth++;
        struct operand column = parse_operand(p);
        if (at_symbol(p, ",")) {
            take(p);
            struct operand prefix = parse_operand(p);
            if (at_symbol(p, ")"))
                o = (struct operand){.kind = CONDITION, .filter = starts_with(p, &column, &prefix)};
        }
        p->depth--;
    }
    skip_group(p);
    return o;
}

static struct operand parse_operand(struct parser *p)
{
    struct sql_token t = p->token;
    if (t.kind == SQL_STRING || t.kind == SQL_NUMBER || sql_token_is(&t, "true") || sql_token_is(&t, "false"))
        return constant(p, false);
    take(p);
    if (sql_token_is_symbol(&t, "-") && p->token.kind == SQL_NUMBER)
        return constant(p, true);
    if (sql_token_is_symbol(&t, "("))
        return parse_group(p);
    if (t.kind != SQL_WORD)
        return unknown;
    struct operand o = at_symbol(p, "(") ? call(p, &t) : column_or_unknown(p, &t);
    if (at_symbol(p, "::")) { /* a cast of it is something else */
        take(p);
        skip_type(p);
        return unknown;
    }
    return o;
}

/* ── conditions ── */

/* What an operand says as a condition: a BOOLEAN column is one too. */
static struct filter *as_condition(struct parser *p, const struct operand *o, bool truth)
{
    if (o->kind == CONDITION && truth)
        return o->filter;
    if (o->kind != COLUMN || p->columns->types[o->column].kind != ARROW_BOOL)
        return NULL;
    return filter_compare(p->arena, FILTER_EQ, o->column, (nl_value){.kind = NL_VALUE_BOOL, .b = truth});
}

/* first AND … or first OR …; ends before the closing parenthesis. */
static struct filter *parse_list(struct parser *p, const struct operand *first, const char *word)
{
    struct filter *parts[MAX_LIST];
    bool is_and = strcmp(word, "and") == 0, certain = true;
    size_t n = 0;
    struct operand o = *first;
    for (;;) {
        struct filter *f = as_condition(p, &o, true);
        certain = certain && f;
        if (f && n < MAX_LIST)
            parts[n++] = f;
        else if (f)
            certain = false;
        if (!take_word(p, word))
            break;
        o = parse_operand(p);
    }
    bool whole = at_symbol(p, ")") || p->token.kind == SQL_END;
    if (!whole || n == 0 || (!is_and && !certain))
        return NULL;
    return filter_join(p->arena, is_and ? FILTER_AND : FILTER_OR, parts, n);
}

static struct filter *parse_between(struct parser *p, const struct operand *column)
{
    struct operand low = parse_operand(p);
    if (!take_word(p, "and"))
        return NULL;
    struct operand high = parse_operand(p);
    struct filter *parts[2];
    size_t n = 0;
    if ((parts[n] = compare(p, FILTER_GE, column, &low)))
        n++;
    if ((parts[n] = compare(p, FILTER_LE, column, &high)))
        n++;
    return n ? filter_join(p->arena, FILTER_AND, parts, n) : NULL;
}

static struct filter *parse_in(struct parser *p, const struct operand *column)
{
    nl_value values[MAX_LIST];
    size_t n = 0;
    if (column->kind != COLUMN || !at_symbol(p, "("))
        return NULL;
    bool certain = true;
    do {
        take(p);
        struct operand o = parse_operand(p);
        certain = certain && n < MAX_LIST && o.kind == CONSTANT &&
                  sql_literal(o.text, o.quoted, &p->columns->types[column->column], &values[n]);
        n += certain;
    } while (certain && at_symbol(p, ","));
    certain = certain && at_symbol(p, ")");
    skip_group(p);
    return certain ? filter_in(p->arena, column->column, values, n) : NULL;
}

static struct filter *parse_is(struct parser *p, const struct operand *column)
{
    bool not_null = take_word(p, "not");
    if (!take_word(p, "null") || column->kind != COLUMN)
        return NULL;
    return filter_null(p->arena, not_null ? FILTER_IS_NOT_NULL : FILTER_IS_NULL, column->column);
}

/* left op right, either way round. */
static struct filter *parse_comparison(struct parser *p, const struct operand *left)
{
    static const struct {
        const char *symbol;
        enum filter_op op, turned;
    } ops[] = {
        {"=", FILTER_EQ, FILTER_EQ},  {"!=", FILTER_NE, FILTER_NE}, {"<>", FILTER_NE, FILTER_NE},
        {"<", FILTER_LT, FILTER_GT},  {"<=", FILTER_LE, FILTER_GE}, {">", FILTER_GT, FILTER_LT},
        {">=", FILTER_GE, FILTER_LE},
    };
    for (size_t i = 0; i < NL_LEN(ops); i++)
        if (at_symbol(p, ops[i].symbol)) {
            take(p);
            struct operand right = parse_operand(p);
            return left->kind == COLUMN ? compare(p, ops[i].op, left, &right) : compare(p, ops[i].turned, &right, left);
        }
    return NULL;
}

/* What stands between two parentheses, or the whole text. NULL where nothing is certain. */
static struct filter *parse_condition(struct parser *p)
{
    if (take_word(p, "not")) {
        struct operand o = parse_operand(p);
        return as_condition(p, &o, false);
    }
    struct operand left = parse_operand(p);
    if (sql_token_is(&p->token, "and"))
        return parse_list(p, &left, "and");
    if (sql_token_is(&p->token, "or"))
        return parse_list(p, &left, "or");
    if (take_word(p, "between"))
        return parse_between(p, &left);
    if (take_word(p, "in"))
        return parse_in(p, &left);
    if (take_word(p, "is"))
        return parse_is(p, &left);
    if (at_symbol(p, ")") || p->token.kind == SQL_END)
        return as_condition(p, &left, true);
    return parse_comparison(p, &left);
}

/* The "(" is taken. What does not end where its parenthesis closes was not understood. */
static struct operand parse_group(struct parser *p)
{
    struct operand o = {.kind = CONDITION};
    if (++p->depth <= MAX_GROUPS)
        o.filter = parse_condition(p);
    p->depth--;
    if (!at_symbol(p, ")"))
        o.filter = NULL;
    skip_group(p);
    return o;
}

/* NOLINTEND(misc-no-recursion) */

struct filter *sql_condition_parse(nl_arena *a, const char *text, const struct sql_columns *columns)
{
    struct parser p = {.arena = a, .columns = columns, .at = text};
    take(&p);
    struct filter *f = parse_condition(&p);
    return p.token.kind == SQL_END ? f : NULL;
}

bool sql_name_is_plain(const char *name)
{
    static const char *const words[] = {"and",   "or",   "not",  "in",   "is",   "null", "between", "true",
                                        "false", "case", "cast", "with", "time", "zone", "prefix"};
    const char *at = name;
    struct sql_token t = sql_token_next(&at);
    if (t.kind != SQL_WORD || t.text != name || *at)
        return false;
    for (size_t i = 0; i < NL_LEN(words); i++)
        if (sql_token_is(&t, words[i]))
            return false;
    return true;
}
