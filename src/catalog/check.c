/* check.c: describe every table, keep what is wrong. */
#include "catalog/check.h"

#include <stdlib.h>

#include "catalog/describe.h"

static int add(struct catalog_report *r, const struct catalog_table *t, enum catalog_severity severity,
               const char *message, const char *hint, nl_error *err)
{
    if (r->n_findings == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 16;
        struct catalog_finding *bigger = reallocarray(r->findings, cap, sizeof *bigger);
        if (!bigger)
            return nl_fail_memory(err);
        r->findings = bigger;
        r->cap = cap;
    }
    struct catalog_finding f = {t, severity, nl_arena_strdup(&r->arena, message), nl_arena_strdup(&r->arena, hint)};
    if (!f.message || !f.hint)
        return nl_fail_memory(err);
    r->findings[r->n_findings++] = f;
    r->n_errors += severity == CATALOG_ERROR;
    return NL_OK;
}

static int add_description(struct catalog_report *r, const struct catalog_description *d, nl_error *err)
{
    if (d->open_status)
        return add(r, d->table, CATALOG_ERROR, d->open_error.message, d->open_error.hint, err);
    if (d->needs_arguments)
        return add(r, d->table, CATALOG_NOTICE, "not opened: it has parameters that a query must give", "", err);
    int rc = NL_OK;
    for (size_t i = 0; i < d->n_disagreements && !rc; i++) {
        const struct catalog_disagreement *x = &d->disagreements[i];
        rc = add(r, d->table, catalog_is_error(x->kind) ? CATALOG_ERROR : CATALOG_NOTICE, x->text, "", err);
    }
    return rc;
}

int catalog_check(const nl_catalog *c, nl_store *store, nl_cancel *cancel, struct catalog_report *out, nl_error *err)
{
    *out = (struct catalog_report){0};
    for (size_t i = 0; i < catalog_n_tables(c); i++) {
        struct catalog_description d;
        int rc = nl_cancel_check(cancel, err);
        if (!rc)
            rc = catalog_describe(catalog_table_at(c, i), store, cancel, &d, err);
        if (rc)
            return rc;
        rc = add_description(out, &d, err);
        catalog_description_free(&d);
        if (rc)
            return rc;
        out->n_tables++;
    }
    return NL_OK;
}

void catalog_report_free(struct catalog_report *r)
{
    free(r->findings);
    nl_arena_free(&r->arena);
    *r = (struct catalog_report){0};
}
