/* table_function.c: the five callbacks. */
#include "sql/table_function.h"

#include <stdio.h>
#include <stdlib.h>

#include "sql/fill.h"
#include "sql/types.h"

/* What a bind knows; init and the calls read it. */
struct bound {
    struct sql_context *context;
    struct sql_open *open;
    bool has_rows_column; /* T1 */
};

/* One scan, shared by its workers (U2). */
struct running {
    atomic_size_t refs;
    const struct sql_duckdb *duck;
    struct sql_context *context;
    struct sql_open *open;
    struct scan *scan;
    size_t n;         /* columns of DuckDB's projection */
    int64_t *columns; /* for each: the column of the batches, or -1 for "rows" */
    size_t *wanted;   /* what the batches hold: columns of the table */
    size_t n_wanted;
};

struct local {
    struct running *running;
    struct scan_worker *worker;
    struct ArrowArray batch, before; /* U1 */
    int64_t row;                     /* of batch, not yet given out */
    uint64_t index;
};

/* ── bind ── */

static void free_bound(void *data)
{
    struct bound *b = data;
    sql_open_unref(b->open);
    free(b);
}

/* The columns; those of types that SQL does not have yet are there to be named, and fail when they are read. */
static int add_columns(const struct bound *b, duckdb_bind_info info, nl_error *err)
{
    const struct sql_duckdb *duck = b->context->duck;
    duckdb_logical_type type;
    if (b->has_rows_column) {
        type = duck->create_logical_type(DUCKDB_TYPE_BOOLEAN);
        duck->bind_add_result_column(info, "rows", type);
        duck->destroy_logical_type(&type);
    }
    for (size_t i = 0; i < b->open->columns.n; i++) {
        bool readable = b->open->shapes[i].readable;
        type = readable ? sql_type(duck, &b->open->shapes[i]) : duck->create_logical_type(DUCKDB_TYPE_VARCHAR);
        if (!type)
            return nl_fail_memory(err);
        const char *name = b->has_rows_column ? b->open->columns.names[i] : b->open->base->schema.children[i]->name;
        duck->bind_add_result_column(info, name, type);
        duck->destroy_logical_type(&type);
    }
    return NL_OK;
}

static void bind_failed(struct sql_context *context, duckdb_bind_info info, const nl_error *err)
{
    sql_faults_put(&context->faults, 0, err);
    context->duck->bind_set_error(info, err->message);
}

static void init_failed(struct sql_context *context, duckdb_init_info info, const nl_error *err)
{
    sql_faults_put(&context->faults, 0, err);
    context->duck->init_set_error(info, err->message);
}

/* Takes the reference to open. */
static void finish_bind(struct sql_context *context, duckdb_bind_info info, struct sql_open *open, bool has_rows_column)
{
    nl_error err = {0};
    struct bound *b = calloc(1, sizeof *b);
    if (!b) {
        sql_open_unref(open);
        nl_fail_memory(&err);
        bind_failed(context, info, &err);
        return;
    }
    *b = (struct bound){context, open, has_rows_column};
    context->duck->bind_set_bind_data(info, b, free_bound);
    if (add_columns(b, info, &err)) {
        bind_failed(context, info, &err);
        return;
    }
    const struct catalog_table_kind *kind = open->base->table->kind;
    int64_t rows = kind->rows ? kind->rows(open->base) : -1;
    if (rows >= 0)
        context->duck->bind_set_cardinality(info, (idx_t)rows, false);
}

/* A table that no statement of the query named (a view of the user's names it) is opened here. */
static void bind_scan(duckdb_bind_info info)
{
    struct sql_table *t = sql_duckdb()->bind_get_extra_info(info);
    nl_error err = {0};
    if (!t->open && sql_open_new(t->declared, t->context->store, NULL, t->context->cancel, &t->open, &err)) {
        bind_failed(t->context, info, &err);
        return;
    }
    finish_bind(t->context, info, sql_open_ref(t->open), true);
}

/* The texts of a list of VARCHAR into args (n of them, NULL where not given). */
static void take_arguments(const struct sql_duckdb *duck, duckdb_value list, char **args, size_t n)
{
    idx_t given = duck->is_null_value(list) ? 0 : duck->get_list_size(list);
    for (size_t i = 0; i < n && i < given; i++) {
        duckdb_value v = duck->get_list_child(list, i);
        if (v && !duck->is_null_value(v))
            args[i] = duck->get_varchar(v);
        duck->destroy_value(&v);
    }
}

static void bind_call(duckdb_bind_info info)
{
    const struct sql_duckdb *duck = sql_duckdb();
    struct sql_table *t = duck->bind_get_extra_info(info);
    nl_error err = {0};
    struct sql_open *open;
    size_t n = t->declared->n_parameters;
    char **args = calloc(n + 1, sizeof *args);
    if (!args) {
        nl_fail_memory(&err);
        bind_failed(t->context, info, &err);
        return;
    }
    duckdb_value list = duck->bind_get_parameter(info, 0);
    take_arguments(duck, list, args, n);
    duck->destroy_value(&list);
    int rc = sql_open_new(t->declared, t->context->store, (const char *const *)args, t->context->cancel, &open, &err);
    for (size_t i = 0; i < n; i++)
        duck->free(args[i]);
    free(args);
    if (rc)
        bind_failed(t->context, info, &err);
    else
        finish_bind(t->context, info, open, false);
}

/* ── init ── */

/* Add what a scan read to the engine's sums. */
static void count(struct sql_context *x, const struct scan *scan)
{
    struct scan_stats s;
    if (!scan)
        return;
    scan_get_stats(scan, &s);
    pthread_mutex_lock(&x->counting);
    nl_engine_stats *sum = &x->read;
    sum->files += s.files;
    sum->files_pruned += s.files_pruned;
    sum->row_groups += s.row_groups;
    sum->row_groups_pruned += s.row_groups_pruned;
    sum->pages += s.pages;
    sum->pages_pruned += s.pages_pruned;
    sum->rows += s.rows;
    sum->rows_filtered += s.rows_filtered;
    pthread_mutex_unlock(&x->counting);
}

static void running_unref(struct running *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    count(r->context, r->scan);
    scan_free(r->scan);
    sql_open_unref(r->open);
    free(r->columns);
    free(r->wanted);
    free(r);
}

static void free_running(void *data)
{
    running_unref(data);
}

/* DuckDB's projection: which of the table's columns, and where each is in the batches. */
static int take_projection(struct running *r, const struct bound *b, duckdb_init_info info, nl_error *err)
{
    const struct sql_duckdb *duck = r->duck;
    r->n = duck->init_get_column_count(info);
    r->columns = calloc(r->n + 1, sizeof *r->columns);
    r->wanted = calloc(r->n + 1, sizeof *r->wanted);
    if (!r->columns || !r->wanted)
        return nl_fail_memory(err);
    for (size_t i = 0; i < r->n; i++) {
        idx_t at = duck->init_get_column_index(info, i);
        r->columns[i] = -1;
        if (b->has_rows_column && at-- == 0)
            continue; /* T1 */
        if (at >= b->open->columns.n)
            continue; /* a virtual column: nothing of ours */
        r->columns[i] = (int64_t)r->n_wanted;
        r->wanted[r->n_wanted++] = at;
    }
    return NL_OK;
}

/* A column of a type that SQL does not have was asked for. */
static int check_types(const struct running *r, nl_error *err)
{
    for (size_t i = 0; i < r->n_wanted; i++) {
        const struct ArrowSchema *field = r->open->base->schema.children[r->wanted[i]];
        if (!r->open->shapes[r->wanted[i]].readable)
            return nl_fail(err, NL_UNSUPPORTED, "column %s (Arrow format %s) cannot be read by SQL yet", field->name,
                           field->format);
    }
    return NL_OK;
}

static int start_scan(struct running *r, const struct bound *b, duckdb_init_info info, nl_error *err)
{
    int rc = take_projection(r, b, info, err);
    if (!rc)
        rc = check_types(r, err);
    if (rc)
        return rc;
    struct scan_request req = {.columns = r->wanted,
                               .n_columns = r->n_wanted,
                               .filter = r->open->filter,
                               .cancel = r->context->cancel};
    struct catalog_open_base *base = r->open->base;
    return base->table->kind->scan(base, &req, &r->scan, err);
}

static void init(duckdb_init_info info)
{
    const struct sql_duckdb *duck = sql_duckdb();
    struct bound *b = duck->init_get_bind_data(info);
    nl_error err = {0};
    struct running *r = calloc(1, sizeof *r);
    if (!r) {
        nl_fail_memory(&err);
        init_failed(b->context, info, &err);
        return;
    }
    *r = (struct running){.duck = duck, .context = b->context, .open = sql_open_ref(b->open)};
    atomic_init(&r->refs, 1);
    if (start_scan(r, b, info, &err)) {
        running_unref(r);
        init_failed(b->context, info, &err);
        return;
    }
    duck->init_set_init_data(info, r, free_running);
    size_t workers = scan_max_workers(r->scan);
    duck->init_set_max_threads(info, workers < 1024 ? workers : 1024);
}

/* ── the calls ── */

static void free_local(void *data)
{
    struct local *l = data;
    arrow_array_release(&l->before);
    arrow_array_release(&l->batch);
    scan_worker_free(l->worker);
    running_unref(l->running);
    free(l);
}

/* The local state cannot know its scan yet: the first call joins them. */
static void init_local(duckdb_init_info info)
{
    const struct sql_duckdb *duck = sql_duckdb();
    struct bound *b = duck->init_get_bind_data(info);
    struct local *l = calloc(1, sizeof *l);
    nl_error err;
    if (l) {
        duck->init_set_init_data(info, l, free_local);
        return;
    }
    nl_fail_memory(&err);
    init_failed(b->context, info, &err);
}

/* The next batch that has rows; released at the end. */
static int next_batch(struct local *l, nl_error *err)
{
    arrow_array_release(&l->before);
    arrow_array_move(&l->batch, &l->before);
    l->row = 0;
    for (;;) {
        int rc = scan_worker_next(l->worker, &l->batch, &l->index, err);
        if (rc || !l->batch.release || l->batch.length > 0)
            return rc;
        arrow_array_release(&l->batch);
    }
}

static int fill_chunk(struct local *l, duckdb_data_chunk chunk, nl_error *err)
{
    const struct running *r = l->running;
    const struct sql_duckdb *duck = r->duck;
    int64_t left = l->batch.length - l->row;
    size_t n = duck->vector_size();
    if (left < (int64_t)n)
        n = (size_t)left;
    for (size_t i = 0; i < r->n; i++) {
        duckdb_vector v = duck->data_chunk_get_vector(chunk, i);
        if (r->columns[i] < 0)
            continue; /* DuckDB only counts */
        size_t column = r->wanted[r->columns[i]];
        int rc = sql_fill(duck, l->batch.children[r->columns[i]], &r->open->shapes[column], l->row, n, v, err);
        if (rc) {
            nl_note(err, "table %s, column %s", r->open->base->table->name,
                    r->open->base->schema.children[column]->name);
            return rc;
        }
    }
    l->row += (int64_t)n;
    duck->data_chunk_set_size(chunk, n);
    return NL_OK;
}

static int call(struct local *l, struct running *r, duckdb_data_chunk chunk, nl_error *err)
{
    if (!l->running) {
        l->running = r;
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
        int rc = scan_worker_new(r->scan, &l->worker, err);
        if (rc)
            return rc;
    }
    int rc = nl_cancel_check(r->context->cancel, err);
    if (!rc && (!l->batch.release || l->row == l->batch.length))
        rc = next_batch(l, err);
    if (rc)
        return rc;
    if (l->batch.release)
        return fill_chunk(l, chunk, err);
    r->duck->data_chunk_set_size(chunk, 0);
    return NL_OK;
}

static void function(duckdb_function_info info, duckdb_data_chunk chunk)
{
    const struct sql_duckdb *duck = sql_duckdb();
    struct running *r = duck->function_get_init_data(info);
    struct local *l = duck->function_get_local_init_data(info);
    nl_error err = {0};
    if (call(l, r, chunk, &err)) {
        sql_faults_put(&r->context->faults, l->index, &err);
        duck->function_set_error(info, err.message); /* U3 */
    }
}

/* ── registration ── */

static int register_as(struct sql_table *t, const char *kind, duckdb_table_function_bind_t bind, bool takes_list,
                       duckdb_connection connection, nl_error *err)
{
    const struct sql_duckdb *duck = t->context->duck;
    duckdb_table_function f = duck->create_table_function();
    char name[64];
    snprintf(name, sizeof name, "neuralake_%s_%u", kind, t->id);
    duck->table_function_set_name(f, name);
    if (takes_list) {
        duckdb_logical_type text = duck->create_logical_type(DUCKDB_TYPE_VARCHAR), list = duck->create_list_type(text);
        duck->table_function_add_parameter(f, list);
        duck->destroy_logical_type(&list);
        duck->destroy_logical_type(&text);
    }
    duck->table_function_set_extra_info(f, t, NULL);
    duck->table_function_set_bind(f, bind);
    duck->table_function_set_init(f, init);
    duck->table_function_set_local_init(f, init_local);
    duck->table_function_set_function(f, function);
    duck->table_function_supports_projection_pushdown(f, true);
    duckdb_state state = duck->register_table_function(connection, f);
    duck->destroy_table_function(&f);
    return state ? nl_fail(err, NL_INTERNAL, "DuckDB does not take the table function %s", name) : NL_OK;
}

int sql_register_scan(struct sql_table *t, duckdb_connection connection, nl_error *err)
{
    int rc = t->has_scan ? NL_OK : register_as(t, "scan", bind_scan, false, connection, err);
    t->has_scan = !rc;
    return rc;
}

int sql_register_call(struct sql_table *t, duckdb_connection connection, nl_error *err)
{
    int rc = t->has_call ? NL_OK : register_as(t, "call", bind_call, true, connection, err);
    t->has_call = !rc;
    return rc;
}
