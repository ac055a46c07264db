/* condition.h: the filter above a scan, as EXPLAIN writes it, into the filter tree of the scan.
 *
 *     ((id >= 3) AND prefix(p_name, 'Part') AND (upper(p_brand) = 'X'))   ──▶   id >= 3 AND p_name >= 'Part' AND p_name < 'Paru'
 *
 * Q1  The result is implied by the text: what is not understood certainly (a function, a cast of the column, a value that
 *     the column's type does not hold exactly) is left out of an AND and makes an OR unknown.
 * Q2  Nesting deeper than 40 is not understood; nothing recurses further.
 */
#ifndef NL_SQL_CONDITION_H
#define NL_SQL_CONDITION_H

#include "arrow/arrow.h"
#include "filter/filter.h"

/* The scan's columns, by the names that the text has. The filter names them by their place here. */
struct sql_columns {
    const char *const *names;
    const struct arrow_type *types;
    size_t n;
};

/* Is this name certain to be read back from a condition as one word that is no keyword? */
bool sql_name_is_plain(const char *name);
/* NULL: nothing is certain. The filter lives in the arena. */
struct filter *sql_condition_parse(nl_arena *a, const char *text, const struct sql_columns *columns);

#endif
