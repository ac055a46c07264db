/* neuralake/catalog.h: tables declared as code: load a catalog, and write one in C.
 *
 *     #include <neuralake/catalog.h>
 *
 *     NL_PARQUET_TABLE(part,
 *         .uri = "s3://neuralake-bucket/parts.parquet",
 *         .partitioning = NL_NOT_PARTITIONED,                       a table without it does not compile
 *         .description = "What we sell.",
 *         .columns = NL_COLUMNS({"p_partkey", "Key of the part."}, {"p_name", "What it is called."}));
 *
 *     NL_DATABASE(demo_db, .description = "The demo.", .tables = NL_TABLES(&part));
 *     NL_CATALOG(&demo_db);
 *
 * `neuralake query -c my_catalog.c …` compiles it with the system compiler and loads it; the object needs no library, it
 * is data and your own functions. A YAML catalog (share/neuralake.schema.json) says the same things.
 *
 * Threads  A loaded catalog never changes: share it. Functions of function tables may be called by several threads at
 *          once, each with its own nl_rows.
 * Errors   As in neuralake/error.h.
 */
#ifndef NEURALAKE_CATALOG_H
#define NEURALAKE_CATALOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <neuralake/arrow.h>
#include <neuralake/error.h>
#include <neuralake/version.h>

/* ── load a catalog ── */

typedef struct nl_catalog nl_catalog;

/* Load a catalog: ".yaml"/".yml", ".c" (compiled by the system compiler into a cache and loaded), ".so".
 *
 * path  the file; ".c" and ".so" run code, with your rights.
 * out   the catalog; yours, release with nl_catalog_free(). NULL on failure.
 * Returns NL_NOT_FOUND (no such file, or no compiler), NL_INVALID with file, line and column (or the compiler's first
 * error), NL_UNSUPPORTED (another version's object or format, or a file of another kind), NL_DENIED (a cache folder that
 * others can write).
 */
NL_API int nl_catalog_load(const char *path, nl_catalog **out, nl_error *err);
/* Find and load the default: NEURALAKE_CATALOG, else neuralake.yaml in the working folder or above it (only in folders
 * that the user owns, not above the home folder). Only YAML is ever discovered. Where there is none: NL_NOT_FOUND. */
NL_API int nl_catalog_discover(nl_catalog **out, nl_error *err);
/* Nothing that was opened from it may be in use. NULL is fine. */
NL_API void nl_catalog_free(nl_catalog *c);

/* ── write a catalog: types, columns, partitioning ── */

/* Bumped when a structure below changes: an object of another version is refused with a clear error. */
#define NL_CATALOG_ABI 1u

/* Types, by their SQL names. In function tables: DATE is days, TIMESTAMP microseconds (UTC) since 1970-01-01. */
enum nl_type {
    NL_TYPE_NOT_STATED = 0,
    NL_BOOLEAN,
    NL_INTEGER, /* 32 bits */
    NL_BIGINT,  /* 64 bits */
    NL_DOUBLE,
    NL_VARCHAR, /* UTF-8 */
    NL_DATE,
    NL_TIMESTAMP,
};

/* A documented column. A Parquet table's type is optional (and then checked against the files); a function table's is
 * required, and its columns are the schema. */
struct nl_column {
    const char *name;
    const char *description;
    enum nl_type type;
};
struct nl_columns {
    const struct nl_column *items;
    size_t count;
};
#define NL_ITEMS(type, ...)                                                                                            \
    {                                                                                                                  \
        (type[]){__VA_ARGS__}, sizeof((type[]){__VA_ARGS__}) / sizeof(type)                                            \
    }
#define NL_COLUMNS(...) NL_ITEMS(const struct nl_column, __VA_ARGS__)

struct nl_texts {
    const char *const *items;
    size_t count;
};
#define NL_TEXTS(...) NL_ITEMS(const char *const, __VA_ARGS__)

/* How the files of a Parquet table lie below its uri. Zero means "forgotten", and is refused. */
enum nl_partition_scheme {
    NL_SCHEME_NOT_STATED = 0,
    NL_SCHEME_NONE,
    NL_SCHEME_DIRECTORY, /* uri/2024/de/x.parquet: the folders are the values, in order */
    NL_SCHEME_HIVE,      /* uri/year=2024/country=de/x.parquet: name=value, percent-encoded */
};
struct nl_partition {
    const char *name;
    enum nl_type type;
};
struct nl_partitioning {
    enum nl_partition_scheme scheme;
    const struct nl_partition *columns;
    size_t count;
};
/* NL_NOT_PARTITIONED, or one of NL_DIRECTORY({"year", NL_INTEGER}, {"country", NL_VARCHAR}) and NL_HIVE(the same). */
#define NL_NOT_PARTITIONED                                                                                             \
    {                                                                                                                  \
        NL_SCHEME_NONE, NULL, 0                                                                                        \
    }
#define NL_PARTITIONS(the_scheme, ...)                                                                                 \
    {                                                                                                                  \
        the_scheme, (const struct nl_partition[]){__VA_ARGS__},                                                        \
            sizeof((const struct nl_partition[]){__VA_ARGS__}) / sizeof(struct nl_partition)                           \
    }
#define NL_DIRECTORY(...) NL_PARTITIONS(NL_SCHEME_DIRECTORY, __VA_ARGS__)
#define NL_HIVE(...)      NL_PARTITIONS(NL_SCHEME_HIVE, __VA_ARGS__)

/* What every table says of itself; all but the name may be left out, and the name too: then it is the C identifier. */
#define NL_TABLE_DOCUMENTATION                                                                                         \
    const char *name;                                                                                                  \
    const char *description;                                                                                           \
    struct nl_columns columns;                                                                                         \
    struct nl_texts filters;      /* the columns that one should filter on */                                          \
    const char *data_input;       /* where the data comes from */                                                      \
    const char *latency_info;     /* how old it may be */                                                              \
    const char *example_notebook; /* a link or a query that shows it in use */                                         \
    const char *owner;                                                                                                 \
    struct nl_texts tags;                                                                                              \
    const char *deprecated /* why, and what to use instead; NULL: it is not */

struct nl_parquet_table {
    NL_TABLE_DOCUMENTATION;
    const char *uri; /* a file, a folder ("/" at the end is optional), or a pattern with *. s3://…, or a path, which is
                        relative to the catalog's own folder */
    struct nl_partitioning partitioning;
};

/* ── write a catalog: function tables ── */

/* A typed parameter; without default_value (a text, read as the type) the query must give it. */
struct nl_parameter {
    const char *name;
    enum nl_type type;
    const char *description;
    const char *default_value;
};
struct nl_parameters {
    const struct nl_parameter *items;
    size_t count;
};
#define NL_PARAMETERS(...) NL_ITEMS(const struct nl_parameter, __VA_ARGS__)

typedef struct nl_rows nl_rows;

struct nl_function_table {
    NL_TABLE_DOCUMENTATION;
    struct nl_parameters parameters;
    /* One of the two. rows appends rows by the calls below, and returns NL_ROWS_DONE, NL_ROWS_MORE (call me again: what
     * was appended goes on its way first, so that memory stays small) or nl_rows_fail(). */
    int (*rows)(nl_rows *rows);
    /* stream makes an Arrow stream, which then gives the schema (documented columns are checked against it), and
     * returns NL_ROWS_DONE or nl_rows_fail(). It may use rows for arguments and failure only, and only in this call. */
    int (*stream)(nl_rows *rows, struct ArrowArrayStream *out);
};

enum nl_rows_result { NL_ROWS_DONE = 0, NL_ROWS_MORE = 1, NL_ROWS_FAILED = -1 };

/* The calls behind the functions below; use those. */
struct nl_rows_calls {
    void (*begin)(nl_rows *);
    void (*put_int)(nl_rows *, int64_t);
    void (*put_double)(nl_rows *, double);
    void (*put_text)(nl_rows *, const char *, size_t);
    void (*put_null)(nl_rows *);
    void (*end)(nl_rows *);
    int64_t (*count)(const nl_rows *);
    bool (*full)(const nl_rows *);
    void *(*state)(nl_rows *, size_t);
    bool (*has_argument)(nl_rows *, const char *);
    int64_t (*int_argument)(nl_rows *, const char *);
    double (*double_argument)(nl_rows *, const char *);
    const char *(*text_argument)(nl_rows *, const char *);
    int (*fail)(nl_rows *, const char *, va_list) __attribute__((format(printf, 2, 0)));
};
struct nl_rows {
    const struct nl_rows_calls *calls;
};

/* A row: begin, one value a column in order, end. A wrong number or type of values, text that is not UTF-8, and memory
 * that runs out are kept as the rows' error, which the query reports with table, row and column; calls after it do
 * nothing, and nl_rows_full() is then true, so that loops end. */
static inline void nl_rows_begin(nl_rows *r)
{
    r->calls->begin(r);
}
/* BIGINT, INTEGER (in its range), BOOLEAN (0 or 1), DATE, TIMESTAMP; and DOUBLE, where it is exact. */
static inline void nl_rows_int(nl_rows *r, int64_t v)
{
    r->calls->put_int(r, v);
}
static inline void nl_rows_double(nl_rows *r, double v)
{
    r->calls->put_double(r, v);
}
/* VARCHAR, copied. NULL gives SQL's NULL. */
static inline void nl_rows_text(nl_rows *r, const char *text)
{
    r->calls->put_text(r, text, text ? strlen(text) : 0);
}
static inline void nl_rows_text_n(nl_rows *r, const char *text, size_t len)
{
    r->calls->put_text(r, text, len);
}
static inline void nl_rows_null(nl_rows *r)
{
    r->calls->put_null(r);
}
static inline void nl_rows_end(nl_rows *r)
{
    r->calls->end(r);
}
/* Rows appended in all calls so far: where to go on after NL_ROWS_MORE. */
static inline int64_t nl_rows_count(const nl_rows *r)
{
    return r->calls->count(r);
}
/* Time to return NL_ROWS_MORE? (Or something failed.) A table of a few thousand rows need not ask. */
static inline bool nl_rows_full(const nl_rows *r)
{
    return r->calls->full(r);
}
/* size bytes, zeroed at first, that stay until the last call. The size must always be the same. NULL: no memory (kept). */
static inline void *nl_rows_state(nl_rows *r, size_t size)
{
    return r->calls->state(r, size);
}
/* Arguments by the name of their parameter. NULL arguments give 0, 0.0, NULL; a name or type that is not declared is
 * kept as the rows' error. Texts live until the last call. */
static inline bool nl_rows_has_argument(nl_rows *r, const char *name)
{
    return r->calls->has_argument(r, name);
}
static inline int64_t nl_rows_int_argument(nl_rows *r, const char *name)
{
    return r->calls->int_argument(r, name);
}
static inline double nl_rows_double_argument(nl_rows *r, const char *name)
{
    return r->calls->double_argument(r, name);
}
static inline const char *nl_rows_text_argument(nl_rows *r, const char *name)
{
    return r->calls->text_argument(r, name);
}
/* Say why there are no (more) rows; returns NL_ROWS_FAILED, so that `return nl_rows_fail(rows, …)` reads well. */
static inline int __attribute__((format(printf, 2, 3), unused)) nl_rows_fail(nl_rows *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int rc = r->calls->fail(r, fmt, args);
    va_end(args);
    return rc;
}

/* ── write a catalog: tables, databases, the catalog ── */

/* A table of any kind; made by the macros. */
struct nl_table {
    const char *id;
    const char *file;
    int line;
    const struct nl_parquet_table *parquet; /* exactly one of the two */
    const struct nl_function_table *function;
};

struct nl_tables {
    const struct nl_table *const *items;
    size_t count;
};
#define NL_TABLES(...) NL_ITEMS(const struct nl_table *const, __VA_ARGS__)

struct nl_database {
    const char *id, *file;
    int line;
    const char *name; /* default: the C identifier */
    const char *description;
    struct nl_tables tables;
};

/* A compile error with this message where a table leaves out what it must say. Clang looks at the value. GCC cannot,
 * and looks for the words; a description that holds them fools it, so loading checks the value again. (GCC shows quotes
 * in a message as \', so there are none.) */
#define NL_PARTITIONING_FORGOTTEN                                                                                      \
    "does not say how its files are partitioned: add .partitioning = NL_NOT_PARTITIONED, or .partitioning = "          \
    "NL_HIVE(...) or NL_DIRECTORY(...) with the columns that its folders hold"
#define NL_FUNCTION_FORGOTTEN                                                                                          \
    "has no function: add .rows = a function that appends rows, or .stream = one that makes an Arrow stream"
#if defined(__clang__)
#define NL_REQUIRE(id, type, by_value, by_words, message, ...)                                                         \
    __attribute__((unused)) static inline int nl_require_##id(struct type t)                                           \
        __attribute__((diagnose_if(!(by_value), message, "error")));                                                   \
    enum { nl_required_##id = sizeof(nl_require_##id((struct type){__VA_ARGS__})) }
#elif defined(__GNUC__)
#define NL_REQUIRE(id, type, by_value, by_words, message, ...) _Static_assert(by_words, message)
#else
#define NL_REQUIRE(id, type, by_value, by_words, message, ...) _Static_assert(1, message)
#endif
#define NL_SAYS(word, ...) (__builtin_strstr(#__VA_ARGS__, word) != 0)

#define NL_PARQUET_TABLE(identifier, ...)                                                                              \
    NL_REQUIRE(identifier, nl_parquet_table, t.partitioning.scheme, NL_SAYS(".partitioning", __VA_ARGS__),             \
               "table " #identifier " " NL_PARTITIONING_FORGOTTEN, __VA_ARGS__);                                       \
    static const struct nl_parquet_table identifier##_declaration = {__VA_ARGS__};                                     \
    static const struct nl_table identifier = {#identifier, __FILE__, __LINE__, &identifier##_declaration, NULL}

#define NL_FUNCTION_TABLE(identifier, ...)                                                                             \
    NL_REQUIRE(identifier, nl_function_table, t.rows || t.stream,                                                      \
               NL_SAYS(".rows", __VA_ARGS__) || NL_SAYS(".stream", __VA_ARGS__),                                       \
               "table " #identifier " " NL_FUNCTION_FORGOTTEN, __VA_ARGS__);                                           \
    static const struct nl_function_table identifier##_declaration = {__VA_ARGS__};                                    \
    static const struct nl_table identifier = {#identifier, __FILE__, __LINE__, NULL, &identifier##_declaration}

#define NL_DATABASE(identifier, ...)                                                                                   \
    static const struct nl_database identifier = {.id = #identifier, .file = __FILE__, .line = __LINE__, __VA_ARGS__}

/* The one symbol that a catalog's object exports. It is data: nothing runs at loading, and the version is read first. */
struct nl_catalog_entry {
    char magic[8]; /* "NLAKECAT" */
    uint32_t abi;  /* NL_CATALOG_ABI */
    uint32_t size; /* of this structure */
    const char *version;
    const struct nl_database *const *databases;
    size_t count;
};
#define NL_CATALOG_MAGIC                                                                                               \
    {                                                                                                                  \
        'N', 'L', 'A', 'K', 'E', 'C', 'A', 'T'                                                                         \
    }
#define NL_CATALOG_SYMBOL "neuralake_catalog"

/* The catalog: once in a program, with the addresses of its databases. */
#define NL_CATALOG(...)                                                                                                \
    NL_API extern const struct nl_catalog_entry neuralake_catalog;                                                     \
    const struct nl_catalog_entry neuralake_catalog = {                                                                \
        NL_CATALOG_MAGIC,                                                                                              \
        NL_CATALOG_ABI,                                                                                                \
        sizeof(struct nl_catalog_entry),                                                                               \
        NL_VERSION,                                                                                                    \
        (const struct nl_database *const[]){__VA_ARGS__},                                                              \
        sizeof((const struct nl_database *const[]){__VA_ARGS__}) / sizeof(const struct nl_database *),                 \
    }

#endif
