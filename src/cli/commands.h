/* commands.h: every command, one cmd_*.c a family; commands.c lists them in the order of the help. */
#ifndef NL_CLI_COMMANDS_H
#define NL_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct cli_command cli_demo, cli_query;
extern const struct cli_command cli_tables, cli_describe, cli_check;
extern const struct cli_command cli_generate;
extern const struct cli_command cli_s3_serve, cli_s3_env;
extern const struct cli_command cli_s3_mb, cli_s3_rb, cli_s3_ls, cli_s3_cp, cli_s3_mv, cli_s3_sync, cli_s3_cat,
    cli_s3_rm, cli_s3_stat, cli_s3_du, cli_s3_presign;
extern const struct cli_command cli_parquet_inspect, cli_parquet_head, cli_parquet_cat, cli_parquet_check,
    cli_parquet_rewrite;
extern const struct cli_command cli_cache_info, cli_cache_clear;

#endif
