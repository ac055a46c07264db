/* duckdb.h: the part of DuckDB's C API that the SQL room uses, declared here and resolved when SQL is first used.
 *
 * The library that ships as a package has no header, and Neuralake must start in milliseconds without it: so the few dozen
 * functions are listed once (SQL_DUCKDB_FUNCTIONS), the list gives a structure of pointers, and dlopen() fills it. The
 * names, types and numbers are those of DuckDB 1.5's C API; a library that lacks one of the functions is refused by name.
 *
 *     sql_duckdb_find() ── a path, cheap ──▶ sql_duckdb_load() ── dlopen, 20 ms ──▶ duck->open_ext(…)
 *
 * L1  The library is never unloaded: its threads and thread-locals may outlive the last engine.
 * L2  All callbacks that DuckDB calls may come from any of its threads.
 */
#ifndef NL_SQL_DUCKDB_H
#define NL_SQL_DUCKDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>

#include "base/error.h"

typedef uint64_t idx_t;
typedef int duckdb_state; /* 0: success */

#define SQL_HANDLE(name) typedef struct sql_##name *name
SQL_HANDLE(duckdb_database);
SQL_HANDLE(duckdb_connection);
SQL_HANDLE(duckdb_config);
SQL_HANDLE(duckdb_extracted_statements);
SQL_HANDLE(duckdb_prepared_statement);
SQL_HANDLE(duckdb_pending_result);
SQL_HANDLE(duckdb_data_chunk);
SQL_HANDLE(duckdb_vector);
SQL_HANDLE(duckdb_logical_type);
SQL_HANDLE(duckdb_value);
SQL_HANDLE(duckdb_table_function);
SQL_HANDLE(duckdb_bind_info);
SQL_HANDLE(duckdb_init_info);
SQL_HANDLE(duckdb_function_info);
SQL_HANDLE(duckdb_arrow_options);
SQL_HANDLE(duckdb_error_data);
#undef SQL_HANDLE

/* Passed by value: the layout is part of the ABI. Only internal_data means anything. */
typedef struct duckdb_result {
    idx_t unused[3];
    void *unused_columns;
    char *unused_message;
    void *internal_data;
} duckdb_result;

/* A string in a vector: up to 12 bytes inside, longer ones by pointer with their first 4 bytes. */
typedef struct duckdb_string_t {
    uint32_t length;
    union {
        char inlined[12];
        struct {
            char prefix[4];
            const char *pointer;
        } __attribute__((packed)) far;
    };
} duckdb_string_t;

typedef struct duckdb_hugeint {
    uint64_t lower;
    int64_t upper;
} duckdb_hugeint;

typedef struct duckdb_interval {
    int32_t months, days;
    int64_t micros;
} duckdb_interval;

/* A list in a vector: where its elements are in the child vector. */
typedef struct duckdb_list_entry {
    uint64_t offset, length;
} duckdb_list_entry;

enum sql_duckdb_type {
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_TIMESTAMP = 12,
    DUCKDB_TYPE_DATE = 13,
    DUCKDB_TYPE_TIME = 14,
    DUCKDB_TYPE_INTERVAL = 15,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_BLOB = 18,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_TIMESTAMP_S = 20,
    DUCKDB_TYPE_TIMESTAMP_MS = 21,
    DUCKDB_TYPE_TIMESTAMP_NS = 22,
    DUCKDB_TYPE_LIST = 24,
    DUCKDB_TYPE_STRUCT = 25,
    DUCKDB_TYPE_MAP = 26,
    DUCKDB_TYPE_UUID = 27,
    DUCKDB_TYPE_UNION = 28,
    DUCKDB_TYPE_BIT = 29,
    DUCKDB_TYPE_TIME_TZ = 30,
    DUCKDB_TYPE_TIMESTAMP_TZ = 31,
    DUCKDB_TYPE_UHUGEINT = 32,
    DUCKDB_TYPE_ARRAY = 33,
    DUCKDB_TYPE_BIGNUM = 35,
    DUCKDB_TYPE_SQLNULL = 36,
    DUCKDB_TYPE_TIME_NS = 39,
};
typedef int duckdb_type;

enum sql_duckdb_error_type {
    DUCKDB_ERROR_CATALOG = 13,
    DUCKDB_ERROR_NOT_IMPLEMENTED = 11,
    DUCKDB_ERROR_IO = 28,
    DUCKDB_ERROR_INTERRUPT = 29,
    DUCKDB_ERROR_FATAL = 30,
    DUCKDB_ERROR_INTERNAL = 31,
    DUCKDB_ERROR_OUT_OF_MEMORY = 33,
    DUCKDB_ERROR_PERMISSION = 34,
    DUCKDB_ERROR_MISSING_EXTENSION = 39,
    DUCKDB_ERROR_AUTOLOAD = 40,
};

enum sql_duckdb_result_type {
    DUCKDB_RESULT_TYPE_CHANGED_ROWS = 1,
    DUCKDB_RESULT_TYPE_NOTHING = 2,
    DUCKDB_RESULT_TYPE_QUERY_RESULT = 3,
};

typedef void (*duckdb_delete_callback_t)(void *data);
typedef void (*duckdb_table_function_bind_t)(duckdb_bind_info info);
typedef void (*duckdb_table_function_init_t)(duckdb_init_info info);
typedef void (*duckdb_table_function_t)(duckdb_function_info info, duckdb_data_chunk output);

/* X(result, name without "duckdb_", parameters) */
#define SQL_DUCKDB_FUNCTIONS(X)                                                                                        \
    /* library, database, connection */                                                                                \
    X(const char *, library_version, (void))                                                                           \
    X(duckdb_state, create_config, (duckdb_config *))                                                                  \
    X(duckdb_state, set_config, (duckdb_config, const char *name, const char *value))                                  \
    X(void, destroy_config, (duckdb_config *))                                                                         \
    X(duckdb_state, open_ext, (const char *path, duckdb_database *, duckdb_config, char **error))                      \
    X(void, close, (duckdb_database *))                                                                                \
    X(duckdb_state, connect, (duckdb_database, duckdb_connection *))                                                   \
    X(void, disconnect, (duckdb_connection *))                                                                         \
    X(void, interrupt, (duckdb_connection))                                                                            \
    X(void, free, (void *))                                                                                            \
    /* statements and results */                                                                                       \
    X(duckdb_state, query, (duckdb_connection, const char *sql, duckdb_result *))                                      \
    X(idx_t, extract_statements, (duckdb_connection, const char *sql, duckdb_extracted_statements *))                  \
    X(const char *, extract_statements_error, (duckdb_extracted_statements))                                           \
    X(void, destroy_extracted, (duckdb_extracted_statements *))                                                        \
    X(duckdb_state, prepare_extracted_statement,                                                                       \
      (duckdb_connection, duckdb_extracted_statements, idx_t, duckdb_prepared_statement *))                            \
    X(const char *, prepare_error, (duckdb_prepared_statement))                                                        \
    X(void, destroy_prepare, (duckdb_prepared_statement *))                                                            \
    X(duckdb_state, pending_prepared_streaming, (duckdb_prepared_statement, duckdb_pending_result *))                  \
    X(const char *, pending_error, (duckdb_pending_result))                                                            \
    X(duckdb_state, execute_pending, (duckdb_pending_result, duckdb_result *))                                         \
    X(void, destroy_pending, (duckdb_pending_result *))                                                                \
    X(void, destroy_result, (duckdb_result *))                                                                         \
    X(const char *, result_error, (duckdb_result *))                                                                   \
    X(int, result_error_type, (duckdb_result *))                                                                       \
    X(int, result_return_type, (duckdb_result))                                                                        \
    X(idx_t, column_count, (duckdb_result *))                                                                          \
    X(const char *, column_name, (duckdb_result *, idx_t))                                                             \
    X(duckdb_logical_type, column_logical_type, (duckdb_result *, idx_t))                                              \
    X(duckdb_data_chunk, fetch_chunk, (duckdb_result))                                                                 \
    /* results as Arrow */                                                                                             \
    X(duckdb_arrow_options, result_get_arrow_options, (duckdb_result *))                                               \
    X(void, destroy_arrow_options, (duckdb_arrow_options *))                                                           \
    X(duckdb_error_data, to_arrow_schema,                                                                              \
      (duckdb_arrow_options, duckdb_logical_type *, const char **names, idx_t, struct ArrowSchema *))                  \
    X(duckdb_error_data, data_chunk_to_arrow, (duckdb_arrow_options, duckdb_data_chunk, struct ArrowArray *))          \
    X(bool, error_data_has_error, (duckdb_error_data))                                                                 \
    X(const char *, error_data_message, (duckdb_error_data))                                                           \
    X(void, destroy_error_data, (duckdb_error_data *))                                                                 \
    /* chunks, vectors, types, values */                                                                               \
    X(idx_t, vector_size, (void))                                                                                      \
    X(void, destroy_data_chunk, (duckdb_data_chunk *))                                                                 \
    X(idx_t, data_chunk_get_size, (duckdb_data_chunk))                                                                 \
    X(void, data_chunk_set_size, (duckdb_data_chunk, idx_t))                                                           \
    X(duckdb_vector, data_chunk_get_vector, (duckdb_data_chunk, idx_t))                                                \
    X(void *, vector_get_data, (duckdb_vector))                                                                        \
    X(uint64_t *, vector_get_validity, (duckdb_vector))                                                                \
    X(void, vector_ensure_validity_writable, (duckdb_vector))                                                          \
    X(duckdb_vector, list_vector_get_child, (duckdb_vector))                                                           \
    X(duckdb_state, list_vector_set_size, (duckdb_vector, idx_t))                                                      \
    X(duckdb_state, list_vector_reserve, (duckdb_vector, idx_t))                                                       \
    X(duckdb_vector, struct_vector_get_child, (duckdb_vector, idx_t))                                                  \
    X(duckdb_type, get_type_id, (duckdb_logical_type))                                                                 \
    X(duckdb_logical_type, create_logical_type, (duckdb_type))                                                         \
    X(duckdb_logical_type, create_list_type, (duckdb_logical_type))                                                    \
    X(duckdb_logical_type, create_map_type, (duckdb_logical_type key, duckdb_logical_type value))                      \
    X(duckdb_logical_type, create_struct_type, (duckdb_logical_type * members, const char **names, idx_t n))           \
    X(duckdb_logical_type, create_decimal_type, (uint8_t width, uint8_t scale))                                        \
    X(duckdb_logical_type, list_type_child_type, (duckdb_logical_type))                                                \
    X(duckdb_logical_type, array_type_child_type, (duckdb_logical_type))                                               \
    X(duckdb_logical_type, map_type_key_type, (duckdb_logical_type))                                                   \
    X(duckdb_logical_type, map_type_value_type, (duckdb_logical_type))                                                 \
    X(idx_t, struct_type_child_count, (duckdb_logical_type))                                                           \
    X(duckdb_logical_type, struct_type_child_type, (duckdb_logical_type, idx_t))                                       \
    X(idx_t, union_type_member_count, (duckdb_logical_type))                                                           \
    X(duckdb_logical_type, union_type_member_type, (duckdb_logical_type, idx_t))                                       \
    X(void, destroy_logical_type, (duckdb_logical_type *))                                                             \
    X(void, destroy_value, (duckdb_value *))                                                                           \
    X(bool, is_null_value, (duckdb_value))                                                                             \
    X(char *, get_varchar, (duckdb_value))                                                                             \
    X(idx_t, get_list_size, (duckdb_value))                                                                            \
    X(duckdb_value, get_list_child, (duckdb_value, idx_t))                                                             \
    /* table functions */                                                                                              \
    X(duckdb_table_function, create_table_function, (void))                                                            \
    X(void, destroy_table_function, (duckdb_table_function *))                                                         \
    X(void, table_function_set_name, (duckdb_table_function, const char *))                                            \
    X(void, table_function_add_parameter, (duckdb_table_function, duckdb_logical_type))                                \
    X(void, table_function_set_extra_info, (duckdb_table_function, void *, duckdb_delete_callback_t))                  \
    X(void, table_function_set_bind, (duckdb_table_function, duckdb_table_function_bind_t))                            \
    X(void, table_function_set_init, (duckdb_table_function, duckdb_table_function_init_t))                            \
    X(void, table_function_set_local_init, (duckdb_table_function, duckdb_table_function_init_t))                      \
    X(void, table_function_set_function, (duckdb_table_function, duckdb_table_function_t))                             \
    X(void, table_function_supports_projection_pushdown, (duckdb_table_function, bool))                                \
    X(duckdb_state, register_table_function, (duckdb_connection, duckdb_table_function))                               \
    X(void *, bind_get_extra_info, (duckdb_bind_info))                                                                 \
    X(void, bind_add_result_column, (duckdb_bind_info, const char *name, duckdb_logical_type))                         \
    X(duckdb_value, bind_get_parameter, (duckdb_bind_info, idx_t))                                                     \
    X(void, bind_set_bind_data, (duckdb_bind_info, void *, duckdb_delete_callback_t))                                  \
    X(void, bind_set_cardinality, (duckdb_bind_info, idx_t, bool is_exact))                                            \
    X(void, bind_set_error, (duckdb_bind_info, const char *))                                                          \
    X(void *, init_get_bind_data, (duckdb_init_info))                                                                  \
    X(void, init_set_init_data, (duckdb_init_info, void *, duckdb_delete_callback_t))                                  \
    X(idx_t, init_get_column_count, (duckdb_init_info))                                                                \
    X(idx_t, init_get_column_index, (duckdb_init_info, idx_t))                                                         \
    X(void, init_set_max_threads, (duckdb_init_info, idx_t))                                                           \
    X(void, init_set_error, (duckdb_init_info, const char *))                                                          \
    X(void *, function_get_bind_data, (duckdb_function_info))                                                          \
    X(void *, function_get_init_data, (duckdb_function_info))                                                          \
    X(void *, function_get_local_init_data, (duckdb_function_info))                                                    \
    X(void, function_set_error, (duckdb_function_info, const char *))

struct sql_duckdb {
#define SQL_MEMBER(result, name, params) result(*name) params;
    SQL_DUCKDB_FUNCTIONS(SQL_MEMBER)
#undef SQL_MEMBER
};

/* Where the library is, without loading it: DUCKDB_ROOT (the file, or a folder that holds it, or its lib/), beside this
 * program, else the system's by name. *path is yours to free. NL_UNSUPPORTED where there is none: says what works
 * without it and how to get it. A bad DUCKDB_ROOT is NL_NOT_FOUND: what was named is not silently replaced. */
int sql_duckdb_find(char **path, nl_error *err);
/* Load the library at path (or by its plain name) and resolve every function; once a process, then the same again
 * (the first path wins). *out is never freed. Any thread. NL_UNSUPPORTED: too old, or not DuckDB. */
int sql_duckdb_load(const char *path, const struct sql_duckdb **out, nl_error *err);
/* What was loaded, for callbacks: they come from the library, so it is. */
const struct sql_duckdb *sql_duckdb(void);

#endif
