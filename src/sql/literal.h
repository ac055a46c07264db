/* literal.h: a constant of a condition as a value of the column that it is compared with. Exact, or not at all. */
#ifndef NL_SQL_LITERAL_H
#define NL_SQL_LITERAL_H

#include "arrow/arrow.h"
#include "filter/filter.h"

/* text: the constant without quotes ("3", "-1.50", "2024-02-29", "Part#1"), quoted: whether it had them.
 * False where it is no value of the type, not exactly one, or where comparing stored values is not what SQL does. The
 * bytes of a string are text's. */
bool sql_literal(const char *text, bool quoted, const struct arrow_type *t, nl_value *out);

#endif
