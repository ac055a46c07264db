/* extension.c: what a field's metadata add to its type: field ids, and the Arrow extension types that Parquet has a
 * logical type for. Other extensions are their storage. See type.h.
 *
 * Spec: Arrow, "Canonical Extension Types"; GeoArrow, "Extension types"; parquet-format, Geospatial.md.
 */
#include <string.h>

#include <jansson.h>

#include "arrow/metadata.h"
#include "base/str.h"
#include "parquet/write/type.h"

int pq_write_field_id(const struct ArrowSchema *field, struct pq_schema_element *e, nl_error *err)
{
    size_t len;
    const char *text = arrow_metadata_get(field, "PARQUET:field_id", &len);
    if (!text)
        return NL_OK;
    char digits[16];
    int64_t id = 0;
    if (len < sizeof digits) {
        memcpy(digits, text, len);
        digits[len] = 0;
    }
    if (len >= sizeof digits || !nl_parse_i64(digits, &id) || id < INT32_MIN || id > INT32_MAX)
        return nl_fail(err, NL_INVALID, "the field id \"%.*s\" is not a number of 32 bits", (int)(len < 64 ? len : 64),
                       text);
    e->has_field_id = true;
    e->field_id = (int32_t)id;
    return NL_OK;
}

/* Is it the coordinate system that Parquet means where none is written: longitude and latitude? */
static bool is_default_crs(const json_t *crs)
{
    const char *name = json_string_value(crs);
    if (name)
        return !strcmp(name, "OGC:CRS84") || !strcmp(name, "EPSG:4326");
    const json_t *id = json_object_get(crs, "id"), *code = json_object_get(id, "code");
    const char *authority = json_string_value(json_object_get(id, "authority"));
    if (!authority)
        return false;
    if (!strcmp(authority, "OGC"))
        return json_is_string(code) && !strcmp(json_string_value(code), "CRS84");
    return !strcmp(authority, "EPSG") &&
           (json_integer_value(code) == 4326 || (json_is_string(code) && !strcmp(json_string_value(code), "4326")));
}

/* The coordinate system into the logical type: a name as it is, one that is a number of the file's own data base behind
 * "srid:" (as read/geo.h takes it apart), PROJJSON as its text. */
static int keep_crs(struct pq_logical *l, const json_t *root, nl_arena *arena, nl_error *err)
{
    const json_t *crs = json_object_get(root, "crs");
    const char *type = json_string_value(json_object_get(root, "crs_type"));
    bool srid = type && !strcmp(type, "srid") && json_is_string(crs);
    if (!crs || json_is_null(crs) || (!srid && is_default_crs(crs)))
        return NL_OK;
    char *dumped = json_is_string(crs) ? NULL : json_dumps(crs, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *text = dumped ? dumped : json_string_value(crs);
    const char *kept = !text ? NULL : nl_arena_printf(arena, "%s%s", srid ? "srid:" : "", text);
    free(dumped);
    if (!kept)
        return nl_fail_memory(err);
    l->crs = (struct pq_slice){(const uint8_t *)kept, strlen(kept)};
    return NL_OK;
}

/* {"crs": …, "edges": "spherical"}: edges make it a GEOGRAPHY. */
static int geometry(const struct ArrowSchema *field, struct pq_logical *l, nl_arena *arena, nl_error *err)
{
    static const char *const edges[] = {"spherical", "vincenty", "thomas", "andoyer", "karney"};
    *l = (struct pq_logical){.kind = PQ_LOGICAL_GEOMETRY};
    size_t len;
    const char *text = arrow_metadata_get(field, "ARROW:extension:metadata", &len);
    if (!text || !len)
        return NL_OK;
    json_t *root = json_loadb(text, len, 0, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return nl_fail(err, NL_INVALID, "the metadata of geoarrow.wkb are not a JSON object");
    }
    const json_t *edge = json_object_get(root, "edges");
    int rc = NL_OK;
    if (edge && !json_is_null(edge) && !(json_is_string(edge) && !strcmp(json_string_value(edge), "planar"))) {
        l->kind = PQ_LOGICAL_GEOGRAPHY;
        l->algorithm = -1;
        for (size_t i = 0; json_is_string(edge) && i < NL_LEN(edges); i++)
            if (!strcmp(json_string_value(edge), edges[i]))
                l->algorithm = (int32_t)i;
        if (l->algorithm < 0)
            rc = nl_fail(err, NL_INVALID, "geoarrow.wkb with edges that Parquet does not know");
    }
    if (!rc)
        rc = keep_crs(l, root, arena, err);
    json_decref(root);
    return rc;
}

int pq_write_type_annotate(const struct ArrowSchema *field, struct pq_write_type *t, nl_arena *arena, nl_error *err)
{
    int rc = pq_write_field_id(field, &t->element, err);
    size_t len;
    const char *name = rc ? NULL : arrow_metadata_get(field, "ARROW:extension:name", &len);
    if (!name)
        return rc;
#define IS(NAME) (len == sizeof(NAME) - 1 && !memcmp(name, NAME, sizeof(NAME) - 1))
    struct pq_logical *l = &t->element.logical;
    if (IS("arrow.uuid") && t->kind == ARROW_FIXED_BINARY && t->width == 16) {
        l->kind = PQ_LOGICAL_UUID;
    } else if (IS("arrow.json") && t->kind == ARROW_STRING) {
        l->kind = PQ_LOGICAL_JSON;
        t->element.converted = PQ_CONVERTED_JSON;
    } else if (IS("geoarrow.wkb") && t->kind == ARROW_BINARY) {
        t->order = PQ_NO_ORDER;
        rc = geometry(field, l, arena, err);
    }
#undef IS
    return rc;
}
