/* object.c: a compiled catalog (a .so): check its entry, turn its declarations into the model.
 *
 * The declarations stay where the compiler put them: the model's strings point into the library, which the catalog holds
 * (model.h, M5). Nothing of it runs here: the entry is data.
 */
#include <dlfcn.h>
#include <string.h>

#include "catalog/function.h"
#include "catalog/load.h"
#include "catalog/model.h"
#include "catalog/parquet.h"
#include "catalog/type.h"

/* A declaration's fields that all kinds have, wherever they lie in it. */
struct common {
    NL_TABLE_DOCUMENTATION;
};
#define COMMON_OF(t)                                                                                                   \
    {                                                                                                                  \
        (t)->name, (t)->description, (t)->columns, (t)->filters, (t)->data_input, (t)->latency_info,                   \
            (t)->example_notebook, (t)->owner, (t)->tags, (t)->deprecated                                              \
    }

/* A type that must be one of ours, or (NL_TYPE_NOT_STATED) none. */
static int read_type(enum nl_type type, const char *what, const char *name, const char **format, nl_error *err)
{
    *format = catalog_type_format(type);
    if (*format || type == NL_TYPE_NOT_STATED)
        return NL_OK;
    return nl_fail(err, NL_INVALID, "%s %s has type %d, which is none of enum nl_type", what, name ? name : "",
                   (int)type);
}

static int read_common(nl_catalog *c, const struct common *d, struct catalog_table *t, nl_error *err)
{
    struct catalog_column_doc *columns = nl_arena_array(&c->arena, d->columns.count, sizeof *columns);
    if (!columns)
        return nl_fail_memory(err);
    for (size_t i = 0; i < d->columns.count; i++) {
        const struct nl_column *from = &d->columns.items[i];
        columns[i] = (struct catalog_column_doc){from->name, from->description, NULL};
        int rc = read_type(from->type, "column", from->name, &columns[i].format, err);
        if (rc)
            return rc;
    }
    t->description = d->description;
    t->columns = columns;
    t->n_columns = d->columns.count;
    t->filters = d->filters.items;
    t->n_filters = d->filters.count;
    t->metadata = (struct catalog_metadata){
        .data_input = d->data_input,
        .latency_info = d->latency_info,
        .example_notebook = d->example_notebook,
        .owner = d->owner,
        .deprecated = d->deprecated,
        .tags = d->tags.items,
        .n_tags = d->tags.count,
    };
    return NL_OK;
}

static int read_parquet(nl_catalog *c, const struct nl_parquet_table *d, struct catalog_table *t, nl_error *err)
{
    const struct nl_partitioning *p = &d->partitioning;
    struct catalog_parquet *parquet = nl_arena_alloc(&c->arena, sizeof *parquet);
    struct scan_partition_column *columns = nl_arena_array(&c->arena, p->count, sizeof *columns);
    if (!parquet || !columns)
        return nl_fail_memory(err);
    for (size_t i = 0; i < p->count; i++) {
        columns[i].name = p->columns[i].name;
        int rc = read_type(p->columns[i].type, "partition column", columns[i].name, &columns[i].format, err);
        if (rc)
            return rc;
    }
    if (p->scheme == NL_SCHEME_NOT_STATED)
        return model_partitioning_forgotten(t->name, false, err);
    parquet->partitioning = (struct catalog_partitioning){p->scheme, columns, p->count};
    int rc = model_resolve_uri(c, d->uri, &parquet->uri, err);
    t->kind = &catalog_parquet_kind;
    t->declaration = parquet;
    return rc;
}

static int read_function(nl_catalog *c, const struct nl_function_table *d, struct catalog_table *t, nl_error *err)
{
    struct catalog_function *function = nl_arena_alloc(&c->arena, sizeof *function);
    struct catalog_parameter *parameters = nl_arena_array(&c->arena, d->parameters.count, sizeof *parameters);
    if (!function || !parameters)
        return nl_fail_memory(err);
    for (size_t i = 0; i < d->parameters.count; i++) {
        const struct nl_parameter *from = &d->parameters.items[i];
        parameters[i] = (struct catalog_parameter){from->name, NULL, from->description, from->default_value};
        int rc = read_type(from->type, "parameter", from->name, &parameters[i].format, err);
        if (rc)
            return rc;
    }
    *function = (struct catalog_function){d->rows, d->stream};
    t->parameters = parameters;
    t->n_parameters = d->parameters.count;
    t->kind = &catalog_function_kind;
    t->declaration = function;
    return NL_OK;
}

static int read_table(nl_catalog *c, const struct nl_table *from, struct catalog_table *t, nl_error *err)
{
    const struct common parquet = from->parquet ? (struct common)COMMON_OF(from->parquet) : (struct common){0};
    const struct common function = from->function ? (struct common)COMMON_OF(from->function) : (struct common){0};
    const struct common *d = from->parquet ? &parquet : &function;
    t->name = d->name ? d->name : from->id;
    int rc = read_common(c, d, t, err);
    if (rc)
        return rc;
    return from->parquet ? read_parquet(c, from->parquet, t, err) : read_function(c, from->function, t, err);
}

static int add_table(nl_catalog *c, const struct nl_table *from, nl_error *err)
{
    if (!from || !from->parquet == !from->function)
        return nl_fail(err, NL_INVALID, "a table of the list is not made by NL_PARQUET_TABLE or NL_FUNCTION_TABLE");
    struct catalog_table t = {.declared_at = nl_arena_printf(&c->arena, "%s:%d", from->file, from->line)};
    if (!t.declared_at)
        return nl_fail_memory(err);
    int rc = read_table(c, from, &t, err);
    if (rc) {
        nl_note(err, "%s", t.declared_at);
        return rc;
    }
    return model_add_table(c, &t, err);
}

static int add_database(nl_catalog *c, const struct nl_database *d, nl_error *err)
{
    if (!d)
        return nl_fail(err, NL_INVALID, "a database of the list is NULL");
    char *at = nl_arena_printf(&c->arena, "%s:%d", d->file, d->line);
    if (!at)
        return nl_fail_memory(err);
    int rc = model_add_database(c, d->name ? d->name : d->id, d->description, at, err);
    for (size_t i = 0; i < d->tables.count && !rc; i++)
        rc = add_table(c, d->tables.items[i], err);
    return rc;
}

/* The version is read before anything that depends on it. */
static int check_entry(const char *path, const struct nl_catalog_entry *entry, nl_error *err)
{
    static const char magic[8] = NL_CATALOG_MAGIC;
    if (!entry) {
        nl_fail(err, NL_INVALID, "%s is not a catalog: it exports no %s", path, NL_CATALOG_SYMBOL);
        nl_hint(err, "a C catalog ends with NL_CATALOG(&database, ...)");
        return NL_INVALID;
    }
    if (memcmp(entry->magic, magic, sizeof magic) != 0)
        return nl_fail(err, NL_INVALID, "%s is not a catalog: its %s is something else", path, NL_CATALOG_SYMBOL);
    if (entry->abi != NL_CATALOG_ABI || entry->size != sizeof *entry) {
        nl_fail(err, NL_UNSUPPORTED,
                "%s was compiled for version %u of the catalog's C interface, this is version %u (Neuralake %s)", path,
                entry->abi, NL_CATALOG_ABI, NL_VERSION);
        nl_hint(err, "compile it again with this Neuralake's headers");
        return NL_UNSUPPORTED;
    }
    return NL_OK;
}

static int read_object(const char *path, const char *object, nl_catalog *c, nl_error *err)
{
    c->library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (!c->library) {
        const char *why = dlerror();
        return nl_fail(err, NL_INVALID, "%s cannot be loaded: %s", path, why ? why : "the loader does not say why");
    }
    const struct nl_catalog_entry *entry = dlsym(c->library, NL_CATALOG_SYMBOL);
    int rc = check_entry(path, entry, err);
    for (size_t i = 0; !rc && i < entry->count; i++)
        rc = add_database(c, entry->databases[i], err);
    return rc;
}

int catalog_from_object(const char *path, const char *object, nl_catalog **out, nl_error *err)
{
    int rc = model_new(path, out, err);
    if (rc)
        return rc;
    rc = read_object(path, object, *out, err);
    if (rc) {
        nl_catalog_free(*out);
        *out = NULL;
    }
    return rc;
}
