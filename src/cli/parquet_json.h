/* parquet_json.h: everything that a Parquet file's footer says, as one JSON object. */
#ifndef NL_CLI_PARQUET_JSON_H
#define NL_CLI_PARQUET_JSON_H

#include <neuralake/parquet.h>

/* Print it on standard output. */
int cli_print_parquet_json(const nl_parquet_file *file, const char *uri, nl_error *err);

#endif
