/* tests/parquet/read/geo.c: coordinate systems and edges in GeoArrow's words. */
#include "parquet/read/geo.h"

#include "base/str.h"
#include "support/check.h"

static void crs_and_edges(void **state)
{
    (void)state;
    static const struct {
        int kind, algorithm;
        const char *crs, *want;
    } cases[] = {
        {PQ_LOGICAL_GEOMETRY, 0, NULL, "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}"},
        {PQ_LOGICAL_GEOMETRY, 0, "", "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}"},
        {PQ_LOGICAL_GEOMETRY, 0, "EPSG:\"3857\"", "{\"crs\":\"EPSG:\\\"3857\\\"\"}"},
        {PQ_LOGICAL_GEOMETRY, 0, "srid:5070", "{\"crs\":\"5070\",\"crs_type\":\"srid\"}"},
        {PQ_LOGICAL_GEOMETRY, 0, "srid:", "{\"crs\":\"srid:\"}"},
        {PQ_LOGICAL_GEOMETRY, 0, " {\"id\": 1}", "{\"crs\": {\"id\": 1},\"crs_type\":\"projjson\"}"},
        {PQ_LOGICAL_GEOMETRY, 0, "{\"id\": ", "{\"crs\":\"{\\\"id\\\": \"}"},
        {PQ_LOGICAL_GEOGRAPHY, 0, "x", "{\"crs\":\"x\",\"edges\":\"spherical\"}"},
        {PQ_LOGICAL_GEOGRAPHY, 4, "x", "{\"crs\":\"x\",\"edges\":\"karney\"}"},
        {PQ_LOGICAL_GEOGRAPHY, 5, "x", NULL},
        {PQ_LOGICAL_GEOGRAPHY, -1, "x", NULL},
        {PQ_LOGICAL_STRING, 0, NULL, NULL},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const char *crs = cases[i].crs;
        struct pq_logical l = {.kind = (int16_t)cases[i].kind,
                               .algorithm = cases[i].algorithm,
                               .crs = {(const uint8_t *)crs, crs ? strlen(crs) : 0}};
        nl_buf out = {0};
        nl_error err = {0};
        bool known;
        check_why("%zu: %s", i, crs ? crs : "none");
        CHECK_OK(pq_geo_metadata(&l, &known, &out, &err), err);
        CHECK_INT(known, cases[i].want != NULL);
        CHECK_STR(out.data ? out.data : "", cases[i].want ? cases[i].want : "");
        nl_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(crs_and_edges)};
    return cmocka_run_group_tests_name("parquet_geo", tests, NULL, NULL);
}
