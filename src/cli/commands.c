/* commands.c: the list of commands. */
#include "cli/commands.h"

#include "base/str.h"

const struct cli_command *const cli_commands[] = {
    &cli_demo,         &cli_query,       &cli_tables,        &cli_describe,        &cli_check,
    &cli_generate,     &cli_s3_serve,    &cli_s3_env,        &cli_s3_mb,           &cli_s3_rb,
    &cli_s3_ls,        &cli_s3_cp,       &cli_s3_mv,         &cli_s3_sync,         &cli_s3_cat,
    &cli_s3_rm,        &cli_s3_stat,     &cli_s3_du,         &cli_s3_presign,      &cli_parquet_inspect,
    &cli_parquet_head, &cli_parquet_cat, &cli_parquet_check, &cli_parquet_rewrite, &cli_cache_info,
    &cli_cache_clear,
};
const size_t cli_n_commands = NL_LEN(cli_commands);
