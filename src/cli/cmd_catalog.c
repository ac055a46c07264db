/* cmd_catalog.c: what a catalog holds, what a table promises and has, and whether all of it is true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "arrow/arrow.h"
#include "arrow/text/text.h"
#include "base/error.h"
#include "base/str.h"
#include "catalog/catalog.h"
#include "catalog/check.h"
#include "catalog/describe.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/rows.h"

static const char *const formats[] = {"table", "json", NULL};
#define OPTION_TABLE_OR_JSON                                                                                           \
    {                                                                                                                  \
        .name = "format", .letter = 'f', .argument = "FORMAT", .choices = formats, .complete = CLI_COMPLETE_CHOICES,   \
        .help = "how it is printed"                                                                                    \
    }

static bool wants_json(const struct cli_args *a)
{
    const char *format = cli_value(a, "format");
    return format && strcmp(format, "json") == 0;
}

/* A text of the data, which may be absent, or not UTF-8: then each byte that is not becomes U+FFFD. NULL: no memory. */
static json_t *json_text(const char *s)
{
    if (!s)
        return json_null();
    json_t *j = json_string(s);
    if (j)
        return j;
    nl_buf quoted = {0};
    if (text_json_string(s, strlen(s), &quoted, NULL) == NL_OK)
        j = json_loadb(quoted.data, quoted.len, JSON_DECODE_ANY, NULL);
    nl_buf_free(&quoted);
    return j;
}

/* Append a value that may not have been made; the list is then given up: NULL. */
static json_t *add(json_t *list, json_t *value)
{
    if (list && value && json_array_append_new(list, value) == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* Print and release; NULL: no memory. */
static int print_json(json_t *j, nl_error *err)
{
    if (!j)
        return nl_fail_memory(err);
    json_dumpf(j, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(j);
    return cli_flush(err);
}

/* ── tables ── */

static int tables_as_json(const nl_catalog *c, nl_error *err)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < catalog_n_tables(c); i++) {
        const struct catalog_table *t = catalog_table_at(c, i);
        list = add(list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:s*}", "database", t->database, "table", t->name, "kind",
                                   t->kind->name, "description", json_text(t->description), "deprecated",
                                   json_text(t->metadata.deprecated), "declared_at", t->declared_at));
    }
    return print_json(list, err);
}

static int run_tables(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    static const char *const titles[] = {"table", "kind", "description"};
    enum { CELLS = NL_LEN(titles) };
    nl_catalog *c;
    int rc = cli_catalog(x, a, false, &c, err);
    if (rc || wants_json(a))
        return rc ? rc : tables_as_json(c, err);
    size_t n = catalog_n_tables(c);
    nl_arena arena = {0};
    const char **cells = nl_arena_array(&arena, n, CELLS * sizeof *cells);
    rc = cells ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++) {
        const struct catalog_table *t = catalog_table_at(c, i);
        cells[i * CELLS] = nl_arena_printf(&arena, "%s.%s", t->database, t->name);
        cells[i * CELLS + 1] = t->kind->name;
        cells[i * CELLS + 2] = t->metadata.deprecated
                                   ? nl_arena_printf(&arena, "(deprecated) %s", t->description ? t->description : "")
                                   : t->description;
    }
    if (rc == NL_OK)
        rc = cli_print_table(titles, CELLS, cells, n, err);
    nl_arena_free(&arena);
    return rc;
}

const struct cli_command cli_tables = {
    .path = "tables",
    .operands = "",
    .summary = "List the tables of a catalog",
    .options = (const struct cli_option[]){CLI_OPTION_CATALOG, OPTION_TABLE_OR_JSON, {0}},
    .examples = (const struct cli_example[]){{"Of a catalog in C", "neuralake tables -c catalog.c"}, {0}},
    .run = run_tables,
};

/* ── describe ── */

/* What the declaration says of a column; NULL: nothing. */
static const char *column_doc(const struct catalog_table *t, const char *name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcasecmp(t->columns[i].name, name) == 0)
            return t->columns[i].description;
    return NULL;
}

/* A field's type as SQL writes it, its Arrow format where SQL has no word; in the arena, NULL on no memory. */
static const char *field_type(const struct ArrowSchema *field, nl_arena *arena)
{
    nl_buf text = {0};
    bool has_word = arrow_schema_sql(field, &text, NULL) == NL_OK;
    const char *type = nl_arena_strdup(arena, has_word ? text.data : field->format);
    nl_buf_free(&text);
    return type;
}

static int print_schema(const struct catalog_description *d, nl_error *err)
{
    static const char *const titles[] = {"column", "type", "null", "description"};
    enum { CELLS = NL_LEN(titles) };
    size_t n = (size_t)d->schema.n_children;
    nl_arena arena = {0};
    const char **cells = nl_arena_array(&arena, n, CELLS * sizeof *cells);
    int rc = cells ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++) {
        const struct ArrowSchema *field = d->schema.children[i];
        cells[i * CELLS] = field->name;
        cells[i * CELLS + 1] = field_type(field, &arena);
        if (!cells[i * CELLS + 1])
            rc = nl_fail_memory(err);
        cells[i * CELLS + 2] = field->flags & ARROW_FLAG_NULLABLE ? "yes" : "no";
        cells[i * CELLS + 3] = column_doc(d->table, field->name);
    }
    if (rc == NL_OK)
        rc = cli_print_table(titles, CELLS, cells, n, err);
    nl_arena_free(&arena);
    return rc;
}

static int describe_as_text(const struct catalog_description *d, nl_error *err)
{
    const struct catalog_table *t = d->table;
    int rc = NL_OK;
    printf("%s.%s\n", t->database, t->name);
    for (size_t i = 0; i < d->n_lines; i++)
        printf("  %-18s %s\n", d->lines[i].key, d->lines[i].value);
    if (d->rows >= 0)
        printf("  %-18s %lld\n", "rows", (long long)d->rows);
    if (d->schema.release) {
        putchar('\n');
        rc = print_schema(d, err);
    }
    if (d->n_disagreements)
        printf("\nDeclaration and data disagree:\n");
    for (size_t i = 0; i < d->n_disagreements; i++)
        printf("  %s: %s\n", catalog_is_error(d->disagreements[i].kind) ? "error" : "notice", d->disagreements[i].text);
    return rc;
}

static json_t *schema_as_json(const struct catalog_description *d)
{
    json_t *columns = json_array();
    nl_arena arena = {0};
    for (int64_t i = 0; columns && d->schema.release && i < d->schema.n_children; i++) {
        const struct ArrowSchema *field = d->schema.children[i];
        columns =
            add(columns, json_pack("{s:o, s:s, s:b, s:o}", "name", json_text(field->name), "type",
                                   field_type(field, &arena), "nullable", (field->flags & ARROW_FLAG_NULLABLE) != 0,
                                   "description", json_text(column_doc(d->table, field->name))));
    }
    nl_arena_free(&arena);
    return columns;
}

static int describe_as_json(const struct catalog_description *d, nl_error *err)
{
    json_t *contract = json_object(), *disagreements = json_array();
    for (size_t i = 0; contract && i < d->n_lines; i++)
        if (json_object_set_new(contract, d->lines[i].key, json_text(d->lines[i].value))) {
            json_decref(contract);
            contract = NULL;
        }
    for (size_t i = 0; disagreements && i < d->n_disagreements; i++)
        disagreements = add(disagreements, json_pack("{s:o, s:b, s:o}", "column", json_text(d->disagreements[i].column),
                                                     "error", catalog_is_error(d->disagreements[i].kind), "message",
                                                     json_text(d->disagreements[i].text)));
    json_t *rows = d->rows >= 0 ? json_integer(d->rows) : json_null();
    return print_json(json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "database", d->table->database, "table",
                                d->table->name, "kind", d->table->kind->name, "contract", contract, "rows", rows,
                                "columns", schema_as_json(d), "disagreements", disagreements),
                      err);
}

static int run_describe(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_catalog *c;
    nl_store *store;
    const struct catalog_table *t;
    struct catalog_description d = {0};
    int rc = cli_catalog(x, a, false, &c, err);
    if (rc == NL_OK)
        rc = catalog_find(c, a->argv[0], &t, err);
    if (rc == NL_OK)
        rc = cli_store(x, a, &store, err);
    if (rc)
        return rc;
    rc = catalog_describe(t, store, &x->cancel, &d, err);
    if (rc == NL_OK)
        rc = wants_json(a) ? describe_as_json(&d, err) : describe_as_text(&d, err);
    if (rc == NL_OK && d.open_status) {
        /* What was declared is shown; that the data cannot be had is the command's error all the same. */
        rc = d.open_status;
        *err = d.open_error;
    }
    catalog_description_free(&d);
    return rc;
}

const struct cli_command cli_describe = {
    .path = "describe",
    .operands = "DATABASE.TABLE",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Show what a table promises, what its data has, and where the two disagree",
    .options =
        (const struct cli_option[]){
            CLI_OPTION_CATALOG, OPTION_TABLE_OR_JSON, CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}},
    .examples =
        (const struct cli_example[]){{"A table of the demo", "neuralake describe -c catalog.c demo_db.part"}, {0}},
    .run = run_describe,
};

/* ── check ── */

static void print_findings(const struct catalog_report *r)
{
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct catalog_finding *f = &r->findings[i];
        printf("%s: %s.%s: %s%s%s\n", f->severity == CATALOG_ERROR ? "error" : "notice", f->table->database,
               f->table->name, f->message, *f->hint ? "; " : "", f->hint);
    }
    printf("%zu table%s, %zu error%s, %zu notice%s\n", r->n_tables, r->n_tables == 1 ? "" : "s", r->n_errors,
           r->n_errors == 1 ? "" : "s", r->n_findings - r->n_errors, r->n_findings - r->n_errors == 1 ? "" : "s");
}

static int findings_as_json(const struct catalog_report *r, nl_error *err)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < r->n_findings; i++) {
        const struct catalog_finding *f = &r->findings[i];
        char *table = NULL;
        if (asprintf(&table, "%s.%s", f->table->database, f->table->name) < 0)
            table = NULL;
        list = add(list,
                   json_pack("{s:o, s:b, s:o, s:o}", "table", json_text(table), "error", f->severity == CATALOG_ERROR,
                             "message", json_text(f->message), "hint", *f->hint ? json_text(f->hint) : json_null()));
        free(table);
    }
    return print_json(json_pack("{s:I, s:I, s:o}", "tables", (json_int_t)r->n_tables, "errors", (json_int_t)r->n_errors,
                                "findings", list),
                      err);
}

static int run_check(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_catalog *c;
    nl_store *store;
    struct catalog_report report = {0};
    int rc = cli_catalog(x, a, false, &c, err);
    if (rc == NL_OK)
        rc = cli_store(x, a, &store, err);
    if (rc)
        return rc;
    rc = catalog_check(c, store, &x->cancel, &report, err);
    if (rc == NL_OK && wants_json(a))
        rc = findings_as_json(&report, err);
    else if (rc == NL_OK)
        print_findings(&report);
    if (rc == NL_OK && report.n_errors)
        rc = nl_fail(err, NL_INVALID, "the catalog is not sound: %zu error%s above", report.n_errors,
                     report.n_errors == 1 ? "" : "s");
    catalog_report_free(&report);
    return rc;
}

const struct cli_command cli_check = {
    .path = "check",
    .operands = "",
    .summary = "Check a catalog: every table can be opened, every documented column exists",
    .description = "Exits with 1 where there is an error; a notice is worth a look.",
    .options =
        (const struct cli_option[]){
            CLI_OPTION_CATALOG, OPTION_TABLE_OR_JSON, CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO, {0}},
    .run = run_check,
};
