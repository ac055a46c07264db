/* geo.c: coordinate systems and edges from Parquet's words to GeoArrow's. */
#include "parquet/read/geo.h"

#include <string.h>

#include <jansson.h>

#include "arrow/text/text.h"
#include "base/str.h"

static const char srid[] = "srid:";

/* Is the text a JSON object? Jansson bounds its own depth. */
static bool is_object(const struct pq_slice *s)
{
    size_t at = 0;
    while (at < s->len && strchr(" \t\r\n", s->data[at]) && s->data[at])
        at++;
    if (at == s->len || s->data[at] != '{')
        return false;
    json_t *json = json_loadb((const char *)s->data, s->len, 0, NULL);
    json_decref(json);
    return json != NULL;
}

static int put_crs(const struct pq_slice *crs, nl_buf *out, nl_error *err)
{
    if (!crs->data || !crs->len)
        return nl_buf_puts(out, "\"OGC:CRS84\",\"crs_type\":\"authority_code\"", err);
    if (is_object(crs)) {
        int rc = nl_buf_append(out, crs->data, crs->len, err);
        return rc ? rc : nl_buf_puts(out, ",\"crs_type\":\"projjson\"", err);
    }
    size_t prefix = sizeof srid - 1;
    bool number = crs->len > prefix && !memcmp(crs->data, srid, prefix);
    const char *text = (const char *)crs->data + (number ? prefix : 0);
    int rc = text_json_string(text, crs->len - (number ? prefix : 0), out, err);
    return rc || !number ? rc : nl_buf_puts(out, ",\"crs_type\":\"srid\"", err);
}

int pq_geo_metadata(const struct pq_logical *l, bool *known, nl_buf *out, nl_error *err)
{
    static const char *const edges[] = {"spherical", "vincenty", "thomas", "andoyer", "karney"};
    bool geography = l->kind == PQ_LOGICAL_GEOGRAPHY;
    *known = geography ? l->algorithm >= 0 && (size_t)l->algorithm < NL_LEN(edges) : l->kind == PQ_LOGICAL_GEOMETRY;
    if (!*known)
        return NL_OK;
    size_t before = out->len;
    int rc = nl_buf_puts(out, "{\"crs\":", err);
    if (rc == NL_OK)
        rc = put_crs(&l->crs, out, err);
    if (rc == NL_OK && geography)
        rc = nl_buf_printf(out, err, ",\"edges\":\"%s\"", edges[l->algorithm]);
    if (rc == NL_OK)
        rc = nl_buf_putc(out, '}', err);
    if (rc && out->data)
        out->data[out->len = before] = '\0';
    return rc;
}
