/* engine.c: neuralake/query.h: open DuckDB, run statements, stop them.
 *
 *     nl_engine_open    find the library (cheap), start a thread that loads it and opens a database in memory
 *     nl_engine_query   split the text; for each statement:
 *                         names ──▶ open their tables (footers are fetched while DuckDB opens)
 *                         wait for DuckDB ──▶ views ──▶ filters (EXPLAIN) ──▶ execute; the last one streams
 *
 * DuckDB may read and write local files, as whoever runs the SQL may; it installs and loads no extensions.
 */
#include <neuralake/query.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/copy.h"
#include "sql/pushdown.h"
#include "sql/result.h"
#include "sql/tables.h"

struct nl_engine {
    nl_engine_options options;
    char *library;
    struct sql_tables tables;

    pthread_t opener;
    bool opening; /* the thread is not joined yet */
    int open_status;
    nl_error open_error;
    duckdb_database database;

    pthread_mutex_t mutex; /* for interrupt: the three below */
    duckdb_connection connection;
    nl_cancel cancel; /* of the query that runs */
    bool running;
};

/* ── opening ── */

static int configure(const struct sql_duckdb *duck, const nl_engine_options *o, duckdb_config config, nl_error *err)
{
    char threads[32], memory[32];
    snprintf(threads, sizeof threads, "%zu", o->threads);
    snprintf(memory, sizeof memory, "%lluB", (unsigned long long)o->memory_limit);
    const char *const settings[][2] = {
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"preserve_insertion_order", "true"},
        {o->threads ? "threads" : NULL, threads},
        {o->memory_limit ? "memory_limit" : NULL, memory},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i][0] && duck->set_config(config, settings[i][0], settings[i][1]))
            return nl_fail(err, NL_INVALID, "DuckDB does not take %s = %s", settings[i][0], settings[i][1]);
    return NL_OK;
}

static int open_database(nl_engine *e, const struct sql_duckdb *duck, nl_error *err)
{
    duckdb_config config = NULL;
    char *why = NULL;
    if (duck->create_config(&config))
        return nl_fail_memory(err);
    int rc = configure(duck, &e->options, config, err);
    if (!rc && duck->open_ext(NULL, &e->database, config, &why))
        rc = nl_fail(err, NL_INTERNAL, "DuckDB does not start: %s", why ? why : "it does not say why");
    duck->free(why);
    duck->destroy_config(&config);
    if (rc)
        return rc;
    duckdb_connection connection;
    if (duck->connect(e->database, &connection))
        return nl_fail(err, NL_INTERNAL, "DuckDB does not take a connection");
    pthread_mutex_lock(&e->mutex);
    e->connection = connection;
    pthread_mutex_unlock(&e->mutex);
    return NL_OK;
}

static void *open_thread(void *arg)
{
    nl_engine *e = arg;
    e->open_status = sql_duckdb_load(e->library, &e->tables.context.duck, &e->open_error);
    if (!e->open_status)
        e->open_status = open_database(e, e->tables.context.duck, &e->open_error);
    return NULL;
}

/* Wait for the opener; repeats its error. */
static int ensure_open(nl_engine *e, nl_error *err)
{
    if (e->opening)
        pthread_join(e->opener, NULL);
    e->opening = false;
    if (e->open_status && err)
        *err = e->open_error;
    return e->open_status;
}

int nl_engine_open(const nl_catalog *catalog, nl_store *store, const nl_engine_options *options, nl_engine **out,
                   nl_error *err)
{
    *out = NULL;
    nl_engine *e = calloc(1, sizeof *e);
    if (!e)
        return nl_fail_memory(err);
    if (options)
        e->options = *options;
    e->tables.catalog = catalog;
    e->tables.context.store = store;
    e->tables.context.cancel = &e->cancel;
    sql_faults_init(&e->tables.context.faults);
    pthread_mutex_init(&e->tables.context.counting, NULL);
    nl_cancel_init(&e->cancel);
    pthread_mutex_init(&e->mutex, NULL);

    int rc = sql_duckdb_find(&e->library, err);
    if (!rc && pthread_create(&e->opener, NULL, open_thread, e))
        rc = nl_fail(err, NL_NO_MEMORY, "no thread could be started");
    e->opening = !rc;
    if (rc)
        nl_engine_close(e);
    else
        *out = e;
    return rc;
}

void nl_engine_close(nl_engine *e)
{
    if (!e)
        return;
    ensure_open(e, NULL);
    const struct sql_duckdb *duck = e->tables.context.duck;
    if (e->connection)
        duck->disconnect(&e->connection);
    if (e->database)
        duck->close(&e->database);
    sql_tables_free(&e->tables);
    sql_faults_destroy(&e->tables.context.faults);
    pthread_mutex_destroy(&e->tables.context.counting);
    nl_cancel_destroy(&e->cancel);
    pthread_mutex_destroy(&e->mutex);
    free(e->library);
    free(e);
}

/* ── one query ── */

static void begin(nl_engine *e)
{
    pthread_mutex_lock(&e->mutex);
    nl_cancel_destroy(&e->cancel);
    nl_cancel_init(&e->cancel);
    e->running = true;
    pthread_mutex_unlock(&e->mutex);
}

static void end(void *ctx)
{
    nl_engine *e = ctx;
    pthread_mutex_lock(&e->mutex);
    e->running = false;
    pthread_mutex_unlock(&e->mutex);
    sql_tables_close(&e->tables);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

void nl_engine_get_stats(nl_engine *e, nl_engine_stats *out)
{
    struct sql_context *x = &e->tables.context;
    pthread_mutex_lock(&x->counting);
    *out = x->read;
    pthread_mutex_unlock(&x->counting);
}

void nl_engine_interrupt(nl_engine *e)
{
    pthread_mutex_lock(&e->mutex);
    if (e->running) {
        nl_cancel_set(&e->cancel);
        if (e->connection)
            e->tables.context.duck->interrupt(e->connection);
    }
    pthread_mutex_unlock(&e->mutex);
}

/* Prepare and run statement i of the extracted ones; *out is its stream, which calls released(e) at its end. */
static int start(nl_engine *e, duckdb_extracted_statements extracted, idx_t i, void (*released)(void *ctx),
                 struct ArrowArrayStream *out, nl_error *err)
{
    struct sql_context *c = &e->tables.context;
    duckdb_prepared_statement statement = NULL;
    sql_faults_clear(&c->faults);
    int rc = nl_cancel_check(&e->cancel, err);
    if (rc)
        return rc;
    if (c->duck->prepare_extracted_statement(e->connection, extracted, i, &statement)) {
        rc = sql_faults_explain(&c->faults, 0, c->duck->prepare_error(statement), err);
        c->duck->destroy_prepare(&statement);
        return rc;
    }
    return sql_result_stream(c->duck, statement, &c->faults, released, e, out, err);
}

/* Rows that nobody wants: a statement that is not the last. */
static int throw_away(struct ArrowArrayStream *rows, nl_error *err)
{
    struct ArrowArray batch = {0};
    int rc;
    do {
        arrow_array_release(&batch);
        rc = arrow_stream_next(rows, &batch, err);
    } while (!rc && batch.release);
    arrow_stream_release(rows);
    return rc;
}

/* Its tables are there: parse, push filters, execute. *out streams the rows, and calls released(e) at its end. */
static int execute(nl_engine *e, const struct sql_statement *s, void (*released)(void *ctx),
                   struct ArrowArrayStream *out, nl_error *err)
{
    const struct sql_duckdb *duck = e->tables.context.duck;
    char *text = strndup(s->text, s->len);
    if (!text)
        return nl_fail_memory(err);
    duckdb_extracted_statements extracted = NULL;
    idx_t n = duck->extract_statements(e->connection, text, &extracted);
    int rc = NL_OK;
    if (n == 0)
        rc = sql_faults_explain(&e->tables.context.faults, 0, duck->extract_statements_error(extracted), err);
    if (n == 1)
        sql_push_filters(&e->tables, s, e->connection);
    else
        sql_clear_filters(&e->tables); /* PIVOT and the like: one of them reads what another does not want */
    for (idx_t i = 0; i < n && !rc; i++) {
        rc = start(e, extracted, i, i + 1 == n ? released : nothing, out, err);
        if (!rc && i + 1 < n)
            rc = throw_away(out, err);
    }
    duck->destroy_extracted(&extracted);
    free(text);
    return rc;
}

/* What USE has chosen is where single names are looked up from now on. */
static int note_use(nl_engine *e, const struct sql_statement *s, nl_error *err)
{
    if (!s->use)
        return NL_OK;
    char *use = strdup(s->use);
    if (!use)
        return nl_fail_memory(err);
    free(e->tables.use);
    e->tables.use = use;
    return NL_OK;
}

static int no_rows(void *ctx, struct ArrowArray *out, nl_error *err)
{
    (void)ctx;
    (void)out;
    (void)err;
    return NL_OK;
}

/* COPY … TO 's3://…': the query's rows into the store; *out has no rows and no columns. */
static int execute_copy(nl_engine *e, const struct sql_statement *s, const struct sql_copy *copy,
                        void (*released)(void *ctx), struct ArrowArrayStream *out, nl_error *err)
{
    struct ArrowArrayStream rows;
    struct ArrowSchema nothing_to_show;
    struct sql_statement query = *s;
    query.text = copy->query;
    query.len = strlen(copy->query);
    int rc = execute(e, &query, nothing, &rows, err);
    if (rc)
        return rc;
    rc = sql_copy_write(copy, &rows, e->tables.context.store, &e->cancel, err);
    arrow_stream_release(&rows);
    if (!rc)
        rc = arrow_schema_struct(&nothing_to_show, 0, err);
    return rc ? rc : arrow_stream_make(&nothing_to_show, no_rows, released, e, out, err);
}

/* The last statement streams into *out; of the others the rows are thrown away. */
static int run_prepared(nl_engine *e, nl_arena *arena, const struct sql_statement *s, bool last,
                        struct ArrowArrayStream *out, nl_error *err)
{
    struct sql_copy copy;
    struct ArrowArrayStream rows;
    bool is_copy;
    int rc = sql_copy_parse(arena, s->text, s->len, &copy, &is_copy, err);
    if (rc)
        return rc;
    void (*released)(void *ctx) = last ? end : nothing;
    rc = is_copy ? execute_copy(e, s, &copy, released, &rows, err) : execute(e, s, released, &rows, err);
    if (rc)
        return rc;
    if (!last)
        return throw_away(&rows, err);
    *out = rows;
    return NL_OK;
}

static int run_statement(nl_engine *e, nl_arena *arena, const struct sql_statement *s, bool last,
                         struct ArrowArrayStream *out, nl_error *err)
{
    struct sql_wanted *wanted;
    size_t n;
    int rc = sql_tables_open(&e->tables, s, arena, &wanted, &n, err);
    if (!rc)
        rc = ensure_open(e, err);
    if (!rc)
        rc = sql_tables_create(&e->tables, s, wanted, n, e->connection, err);
    if (!rc) {
        nl_error local = {0};
        rc = run_prepared(e, arena, s, last, out, &local);
        if (rc == NL_INVALID)
            sql_tables_hint(&e->tables, s, &local);
        if (rc && err)
            *err = local;
    }
    return rc ? rc : note_use(e, s, err);
}

int nl_engine_query(nl_engine *e, const char *sql, struct ArrowArrayStream *out, nl_error *err)
{
    *out = (struct ArrowArrayStream){0};
    nl_arena arena = {0};
    struct sql_statement s, next;
    bool found, more;
    begin(e);
    sql_faults_clear(&e->tables.context.faults);
    int rc = sql_statement_next(&arena, &sql, &s, &found, err);
    if (!rc && !found)
        rc = nl_fail(err, NL_INVALID, "there is no statement in the text");
    while (!rc && !out->release) {
        rc = sql_statement_next(&arena, &sql, &next, &more, err);
        if (!rc)
            rc = run_statement(e, &arena, &s, !more, out, err);
        s = next;
    }
    nl_arena_free(&arena);
    if (rc) {
        arrow_stream_release(out);
        end(e);
    }
    return rc;
}
