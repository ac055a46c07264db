/* query.c: run SQL over a catalog and walk through the rows as an Arrow stream.
 *
 *     cc query.c $(pkg-config --cflags --libs neuralake) -o query
 *     ./query neuralake.yaml 'SELECT count(*) FROM shop.part'
 */
#include <stdio.h>

#include <neuralake/neuralake.h>

/* The names of the columns, then how many rows come. Values are in the batches' buffers: see read_parquet.c. */
static int walk(struct ArrowArrayStream *rows)
{
    struct ArrowSchema schema;
    int64_t n = 0;
    if (rows->get_schema(rows, &schema))
        return 1;
    for (int64_t i = 0; i < schema.n_children; i++)
        printf("%s%s (%s)", i ? ", " : "", schema.children[i]->name, schema.children[i]->format);
    printf("\n");
    schema.release(&schema);
    for (;;) {
        struct ArrowArray batch;
        if (rows->get_next(rows, &batch))
            return 1;
        if (!batch.release)
            break;
        n += batch.length;
        batch.release(&batch);
    }
    printf("%lld row%s\n", (long long)n, n == 1 ? "" : "s");
    return 0;
}

int main(int argc, char **argv)
{
    nl_error err = {0};
    nl_catalog *catalog = NULL;
    nl_store *store = NULL;
    nl_engine *engine = NULL;
    struct ArrowArrayStream rows = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: query CATALOG SQL\n");
        return 2;
    }
    int rc = nl_catalog_load(argv[1], &catalog, &err);
    if (rc == NL_OK)
        rc = nl_store_new(NULL, &store, &err);
    if (rc == NL_OK)
        rc = nl_engine_open(catalog, store, NULL, &engine, &err);
    if (rc == NL_OK)
        rc = nl_engine_query(engine, argv[2], &rows, &err);
    if (rc)
        fprintf(stderr, "query: %s%s%s\n", err.message, err.hint[0] ? "; " : "", err.hint);
    if (rc == NL_OK && walk(&rows)) {
        const char *why = rows.get_last_error(&rows);
        fprintf(stderr, "query: %s\n", why ? why : "the rows could not be read");
        rc = NL_IO;
    }
    if (rows.release)
        rows.release(&rows);
    nl_engine_close(engine);
    nl_store_free(store);
    nl_catalog_free(catalog);
    return rc ? 1 : 0;
}
