/* tests/parquet/read/inspect.c: types in the words of inspection. */
#include "parquet/read/inspect.h"

#include "base/str.h"
#include "support/check.h"

#define TEXT(s)                                                                                                        \
    {                                                                                                                  \
        (const uint8_t *)(s), sizeof(s) - 1                                                                            \
    }

static void types_in_words(void **state)
{
    (void)state;
    static const struct {
        struct pq_schema_element e;
        const char *want;
    } cases[] = {
        {{.has_type = true, .type = PQ_INT32, .converted = PQ_CONVERTED_NONE}, "INT32"},
        {{.n_children = 1, .converted = PQ_CONVERTED_LIST}, "group (LIST)"},
        {{.has_type = true, .type = PQ_FIXED_LEN_BYTE_ARRAY, .type_length = 12, .converted = PQ_CONVERTED_INTERVAL},
         "FIXED_LEN_BYTE_ARRAY(12) (INTERVAL)"},
        {{.has_type = true,
          .type = PQ_FIXED_LEN_BYTE_ARRAY,
          .type_length = 12,
          .converted = PQ_CONVERTED_INTERVAL,
          .logical = {.kind = PQ_LOGICAL_UNKNOWN}},
         "FIXED_LEN_BYTE_ARRAY(12) (INTERVAL)"},
        {{.has_type = true, .type = PQ_INT32, .logical = {.kind = PQ_LOGICAL_UNKNOWN}}, "INT32 (UNKNOWN)"},
        {{.has_type = true, .type = PQ_INT64, .logical = {.kind = 99}}, "INT64 (unknown logical type)"},
        {{.has_type = true, .type = PQ_INT64, .logical = {.kind = PQ_LOGICAL_TIMESTAMP, .unit = PQ_NANOS, .utc = true}},
         "INT64 (TIMESTAMP(NANOS,true))"},
        {{.has_type = true, .type = PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_GEOMETRY}}, "BYTE_ARRAY (GEOMETRY)"},
        {{.has_type = true, .type = PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_GEOMETRY, .crs = TEXT("srid:5070")}},
         "BYTE_ARRAY (GEOMETRY(srid:5070))"},
        {{.has_type = true, .type = PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_GEOGRAPHY}},
         "BYTE_ARRAY (GEOGRAPHY)"},
        {{.has_type = true, .type = PQ_BYTE_ARRAY, .logical = {.kind = PQ_LOGICAL_GEOGRAPHY, .algorithm = 4}},
         "BYTE_ARRAY (GEOGRAPHY(OGC:CRS84,KARNEY))"},
        {{.has_type = true,
          .type = PQ_BYTE_ARRAY,
          .logical = {.kind = PQ_LOGICAL_GEOGRAPHY, .algorithm = -1, .crs = TEXT("EPSG:4269")}},
         "BYTE_ARRAY (GEOGRAPHY(EPSG:4269,unknown))"},
        {{.has_type = true,
          .type = PQ_BYTE_ARRAY,
          .logical = {.kind = PQ_LOGICAL_GEOMETRY,
                      .crs = TEXT("{\"type\": \"GeographicCRS\", \"name\": \"a long one, and more\"}")}},
         "BYTE_ARRAY (GEOMETRY({\"type\": \"GeographicCRS\", \"name\": \"a long one, a…))"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf out = {0};
        nl_error err = {0};
        check_why("%s", cases[i].want);
        CHECK_OK(pq_inspect_type(&cases[i].e, &out, &err), err);
        CHECK_STR(out.data, cases[i].want);
        nl_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(types_in_words)};
    return cmocka_run_group_tests_name("parquet_inspect", tests, NULL, NULL);
}
