/* mentions.h: which tables a SQL text names, found before DuckDB has even started. Pure: text in, names out.
 *
 *     SELECT … FROM demo_db.part p JOIN 's3://b/x.parquet' USING (id)       names: demo_db.part   paths: s3://b/x.parquet
 *
 * Too many names cost nothing (they are looked up in the catalog), so every a.b counts wherever it stands; single words and
 * quoted texts count only where a table may stand.
 */
#ifndef NL_SQL_MENTIONS_H
#define NL_SQL_MENTIONS_H

#include "base/arena.h"
#include "sql/token.h"

struct sql_name {
    const char *database; /* NULL: a single word where a table stands */
    const char *name;
    bool is_call; /* name(…) */
    struct sql_name *next;
};

struct sql_path {
    const char *text;
    struct sql_path *next;
};

/* One statement of the text, and what it names. All from the arena but text, which is the text itself. */
struct sql_statement {
    const char *text;
    size_t len;
    struct sql_name *names;
    struct sql_path
        *paths;      /* Parquet files and objects: what begins with s3://, http(s):// or file://, or ends in .parquet */
    bool everything; /* lists tables: SHOW TABLES, information_schema, … */
    const char *use; /* USE x: the x, else NULL */
    bool has_condition; /* WHERE, ON, HAVING: a filter may reach a scan */
    bool has_in;        /* IN ( */
};

/* The next statement at *at, which moves behind its ";". *found is false at the end of the text. NL_NO_MEMORY. */
int sql_statement_next(nl_arena *a, const char **at, struct sql_statement *out, bool *found, nl_error *err);

#endif
