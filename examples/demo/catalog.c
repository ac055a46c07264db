/* catalog.c: the demo's catalog as C code. neuralake.yaml beside it says the same in YAML.
 *
 *     neuralake tables -c examples/demo/catalog.c
 */
#include <neuralake/catalog.h>

/* One fact a line, as one reads it: */
/* clang-format off */

NL_PARQUET_TABLE(part,
    .name = "part",
    .uri = "s3://neuralake-bucket/parts.parquet",
    .partitioning = NL_NOT_PARTITIONED,
    .description = "The parts that we sell, one row a part.",
    .columns = NL_COLUMNS({"p_partkey", "Key of the part, from 1.", NL_BIGINT},
                          {"p_name", "What the part is called.", NL_VARCHAR},
                          {"p_brand", "The brand that makes it; three brands share all parts.", NL_VARCHAR},
                          {"p_retailprice", "Price of one piece, in dollars.", NL_DOUBLE}),
    .filters = NL_TEXTS("p_partkey", "p_brand"),
    .data_input = "neuralake generate parts",
    .latency_info = "Written once; it does not change.",
    .example_notebook = "SELECT p_brand, avg(p_retailprice) FROM demo_db.part GROUP BY p_brand",
    .owner = "the demo",
    .tags = NL_TEXTS("demo", "sample"));

/* Who supplies the parts of a brand. Any C code can stand here: a device, a protocol, a calculation. */
static const struct {
    int64_t key;
    const char *name, *brand;
} suppliers[] = {
    {1, "Supplier#1", "Brand#1"},
    {2, "Supplier#2", "Brand#2"},
    {3, "Supplier#3", "Brand#3"},
};

static int supplier_rows(nl_rows *rows)
{
    for (size_t i = 0; i < sizeof suppliers / sizeof suppliers[0]; i++) {
        nl_rows_begin(rows);
        nl_rows_int(rows, suppliers[i].key);
        nl_rows_text(rows, suppliers[i].name);
        nl_rows_text(rows, suppliers[i].brand);
        nl_rows_end(rows);
    }
    return NL_ROWS_DONE;
}

NL_FUNCTION_TABLE(supplier,
    .name = "supplier",
    .rows = supplier_rows,
    .description = "Who supplies the parts of a brand.",
    .columns = NL_COLUMNS({"s_suppkey", "Key of the supplier, from 1.", NL_BIGINT},
                          {"s_name", "What the supplier is called.", NL_VARCHAR},
                          {"s_brand", "The brand whose parts it supplies; joins with part.p_brand.", NL_VARCHAR}),
    .data_input = "the catalog itself",
    .latency_info = "Changes with the catalog.",
    .example_notebook = "SELECT s_name, p_name FROM demo_db.part JOIN demo_db.supplier ON s_brand = p_brand",
    .owner = "the demo",
    .tags = NL_TEXTS("demo"));

NL_DATABASE(demo_db,
    .description = "Five parts and who supplies them.",
    .tables = NL_TABLES(&part, &supplier));

NL_CATALOG(&demo_db);
