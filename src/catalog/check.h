/* check.h: is a catalog sound? Every table can be opened, every documented column and filter exists. */
#ifndef NL_CATALOG_CHECK_H
#define NL_CATALOG_CHECK_H

#include "catalog/catalog.h"

enum catalog_severity {
    CATALOG_NOTICE, /* worth a look: an undocumented column, a table that needs arguments to be opened */
    CATALOG_ERROR,  /* the contract is broken */
};
struct catalog_finding {
    const struct catalog_table *table;
    enum catalog_severity severity;
    const char *message; /* one line */
    const char *hint;    /* what to do; "" where nothing is to be said */
};
struct catalog_report {
    nl_arena arena;
    struct catalog_finding *findings; /* in the order of the tables */
    size_t n_findings, cap;
    size_t n_errors;
    size_t n_tables; /* that were looked at */
};

/* Check all tables; one that fails does not keep the others from being checked. Only memory and cancelling fail, and then
 * *out holds what was found until then. Free it in any case. */
int catalog_check(const nl_catalog *c, nl_store *store, nl_cancel *cancel, struct catalog_report *out, nl_error *err);
void catalog_report_free(struct catalog_report *r);

#endif
