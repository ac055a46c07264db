/* message.h: DuckDB's error texts as ours: one line, with a code.
 *
 *     Binder Error: Referenced column "idd" not found in FROM clause!           Binder Error: Referenced column "idd" not
 *     Candidate bindings: "id"                                           ──▶    found in FROM clause! Candidate bindings: "id"
 *                                                                               (line 1)
 *     LINE 1: select idd from part
 *                    ^
 */
#ifndef NL_SQL_MESSAGE_H
#define NL_SQL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* type: a duckdb_error_type, or 0 where DuckDB does not say (then the text's first words tell). Returns the code. */
int sql_message(nl_error *err, int type, const char *text);
/* The name in "Table with name X does not exist", into out (cut at its size). False: the text says something else. */
bool sql_message_missing_table(const char *text, char *out, size_t size);

#endif
