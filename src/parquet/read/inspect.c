/* inspect.c: accessors over an open file, and its types in the specification's own words. */
#include "parquet/read/inspect.h"

#include <inttypes.h>

#include "base/str.h"

const struct pq_file_meta *pq_inspect_meta(const nl_parquet_file *f)
{
    return &f->meta;
}

const struct pq_schema *pq_inspect_schema(const nl_parquet_file *f)
{
    return &f->schema;
}

uint64_t pq_inspect_size(const nl_parquet_file *f)
{
    return f->size;
}

uint64_t pq_inspect_footer_size(const nl_parquet_file *f)
{
    return f->footer.len;
}

int pq_inspect_chunk(const nl_parquet_file *f, size_t row_group, size_t leaf, nl_arena *arena,
                     struct pq_column_chunk *out, nl_error *err)
{
    if (row_group >= f->meta.n_row_groups || leaf >= f->schema.n_leaves)
        return nl_fail(err, NL_INVALID, "row group %zu of %zu, leaf %zu of %zu", row_group, f->meta.n_row_groups, leaf,
                       f->schema.n_leaves);
    int rc = pq_row_group_chunk(&f->meta.row_groups[row_group], leaf, arena, out, err);
    if (rc)
        nl_note(err, "row group %zu, leaf %zu", row_group, leaf);
    return rc;
}

int pq_inspect_path(const nl_parquet_file *f, size_t leaf, nl_buf *out, nl_error *err)
{
    if (leaf >= f->schema.n_leaves)
        return nl_fail(err, NL_INVALID, "leaf %zu of %zu", leaf, f->schema.n_leaves);
    return pq_leaf_path(&f->schema, leaf, out, err);
}

static const char *logical_name(int16_t kind)
{
    static const char *const names[] = {[PQ_LOGICAL_STRING] = "STRING",      [PQ_LOGICAL_MAP] = "MAP",
                                        [PQ_LOGICAL_LIST] = "LIST",          [PQ_LOGICAL_ENUM] = "ENUM",
                                        [PQ_LOGICAL_DECIMAL] = "DECIMAL",    [PQ_LOGICAL_DATE] = "DATE",
                                        [PQ_LOGICAL_TIME] = "TIME",          [PQ_LOGICAL_TIMESTAMP] = "TIMESTAMP",
                                        [PQ_LOGICAL_INTEGER] = "INTEGER",    [PQ_LOGICAL_UNKNOWN] = "UNKNOWN",
                                        [PQ_LOGICAL_JSON] = "JSON",          [PQ_LOGICAL_BSON] = "BSON",
                                        [PQ_LOGICAL_UUID] = "UUID",          [PQ_LOGICAL_FLOAT16] = "FLOAT16",
                                        [PQ_LOGICAL_VARIANT] = "VARIANT",    [PQ_LOGICAL_GEOMETRY] = "GEOMETRY",
                                        [PQ_LOGICAL_GEOGRAPHY] = "GEOGRAPHY"};
    bool known = kind > 0 && (size_t)kind < sizeof names / sizeof *names && names[kind];
    return known ? names[kind] : "unknown logical type";
}

/* "GEOMETRY", "GEOMETRY(EPSG:3857)", "GEOGRAPHY(OGC:CRS84,KARNEY)"; a long coordinate system (PROJJSON) is cut. */
static int located_text(const struct pq_logical *l, const char *name, nl_buf *out, nl_error *err)
{
    static const char *const edges[] = {"SPHERICAL", "VINCENTY", "THOMAS", "ANDOYER", "KARNEY"};
    bool curved = l->kind == PQ_LOGICAL_GEOGRAPHY, some = l->crs.len || (curved && l->algorithm);
    size_t most = 48;
    char crs[200];
    nl_printable((const char *)l->crs.data, l->crs.len < most ? l->crs.len : most, crs, sizeof crs);
    int rc = nl_buf_printf(out, err, " (%s%s%s%s", name, some ? "(" : "", l->crs.len || !some ? crs : "OGC:CRS84",
                           l->crs.len > most ? "…" : "");
    if (rc == NL_OK && curved && some)
        rc = nl_buf_printf(out, err, ",%s", (size_t)l->algorithm < NL_LEN(edges) ? edges[l->algorithm] : "unknown");
    return rc ? rc : nl_buf_puts(out, some ? "))" : ")", err);
}

static int logical_text(const struct pq_logical *l, nl_buf *out, nl_error *err)
{
    static const char *const units[] = {"?", "MILLIS", "MICROS", "NANOS"};
    const char *name = logical_name(l->kind);
    switch (l->kind) {
    case PQ_LOGICAL_DECIMAL:
        return nl_buf_printf(out, err, " (%s(%" PRId32 ",%" PRId32 "))", name, l->precision, l->scale);
    case PQ_LOGICAL_TIME:
    case PQ_LOGICAL_TIMESTAMP:
        return nl_buf_printf(out, err, " (%s(%s,%s))", name, units[l->unit], l->utc ? "true" : "false");
    case PQ_LOGICAL_GEOMETRY:
    case PQ_LOGICAL_GEOGRAPHY:
        return located_text(l, name, out, err);
    case PQ_LOGICAL_INTEGER:
        return nl_buf_printf(out, err, " (%s(%d,%s))", name, l->bit_width, l->is_signed ? "true" : "false");
    default:
        return nl_buf_printf(out, err, " (%s)", name);
    }
}

static const char *converted_name(enum pq_converted c)
{
    static const char *const names[] = {"UTF8",
                                        "MAP",
                                        "MAP_KEY_VALUE",
                                        "LIST",
                                        "ENUM",
                                        "DECIMAL",
                                        "DATE",
                                        "TIME_MILLIS",
                                        "TIME_MICROS",
                                        "TIMESTAMP_MILLIS",
                                        "TIMESTAMP_MICROS",
                                        "UINT_8",
                                        "UINT_16",
                                        "UINT_32",
                                        "UINT_64",
                                        "INT_8",
                                        "INT_16",
                                        "INT_32",
                                        "INT_64",
                                        "JSON",
                                        "BSON",
                                        "INTERVAL"};
    return c >= 0 && (size_t)c < sizeof names / sizeof *names ? names[c] : "unknown converted type";
}

int pq_inspect_type(const struct pq_schema_element *e, nl_buf *out, nl_error *err)
{
    int rc;
    if (!e->has_type || e->n_children > 0)
        rc = nl_buf_puts(out, "group", err);
    else if (e->type == PQ_FIXED_LEN_BYTE_ARRAY)
        rc = nl_buf_printf(out, err, "%s(%" PRId32 ")", pq_type_name(e->type), e->type_length);
    else
        rc = nl_buf_puts(out, pq_type_name(e->type), err);
    if (rc)
        return rc;
    bool interval = e->logical.kind == PQ_LOGICAL_UNKNOWN && e->converted == PQ_CONVERTED_INTERVAL; /* parquet-java's */
    if (e->logical.kind != PQ_LOGICAL_NONE && !interval)
        return logical_text(&e->logical, out, err);
    if (e->converted == PQ_CONVERTED_NONE)
        return NL_OK;
    if (e->converted == PQ_CONVERTED_DECIMAL)
        return nl_buf_printf(out, err, " (DECIMAL(%" PRId32 ",%" PRId32 "))", e->precision, e->scale);
    return nl_buf_printf(out, err, " (%s)", converted_name(e->converted));
}
