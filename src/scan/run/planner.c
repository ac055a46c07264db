/* run/planner.c: turn files into morsels, in order.
 *
 *     step:  no open file ──▶ wait for its footer ──▶ open, ask for what can be looked up (lookup.h)
 *            open file    ──▶ next row group: prune, plan, look up, wait for room, submit, queue
 *
 * A step that would have to wait says so, where waiting is not wanted: the caller of scan_files() plans as far as it can.
 */
#include "scan/run/planner.h"

#include <stdlib.h>

#include "scan/plan/prune.h"

enum step { STEP_MORE, STEP_WOULD_WAIT, STEP_END };

/* ── footers ── */

static void submit_one_tail(struct scan_schedule *s, const struct scan_file *what, struct scan_pending_tail *t)
{
    *t = (struct scan_pending_tail){0};
    if (what == s->table->first->what)
        return; /* open already */
    bool known = what->info.size || what->info.etag[0];
    int rc = nl_store_open(s->table->store, what->uri, known ? &what->info : NULL, &t->source, &t->error);
    if (!rc && nl_source_submit_tail(t->source, PQ_TAIL_GUESS, &t->fetch, &t->error)) {
        nl_source_close(t->source);
        t->source = NULL;
    }
}

static void submit_tails(struct scan_schedule *s)
{
    for (; s->submitted < s->n_files && s->submitted - s->file < SCAN_TAILS_AHEAD; s->submitted++)
        submit_one_tail(s, s->files[s->submitted], &s->tails[s->submitted % SCAN_TAILS_AHEAD]);
}

/* Open file i from its tail, which ends here, and ask for what can be looked up. What came of it stays in its place. */
static void open_ahead(struct scan_schedule *s, size_t i)
{
    struct scan_pending_tail *t = &s->tails[i % SCAN_TAILS_AHEAD];
    const struct scan_file *what = s->files[i];
    nl_source *source = t->source;
    nl_fetch *fetch = t->fetch;
    if (t->opened)
        return;
    t->opened = true;
    t->source = NULL;
    t->fetch = NULL;
    int rc = t->error.code;
    if (what == s->table->first->what) {
        t->open = scan_open_file_ref(s->table->first);
    } else if (!rc) {
        rc = scan_open_file_new(what, source, fetch, &s->stop, &t->open, &t->error);
        if (!rc)
            rc = scan_open_file_map(t->open, &s->table->schema, s->table->n_file_columns, &t->error);
    }
    if (!rc)
        scan_lookup_new(t->open, s->table, s->filter, &s->projection, &t->lookup, &t->error);
}

/* The next file is the open one from here on. */
static int open_next(struct scan_schedule *s, nl_error *err)
{
    struct scan_pending_tail *t = &s->tails[s->file % SCAN_TAILS_AHEAD];
    open_ahead(s, s->file);
    s->row_group = 0;
    s->open = t->open;
    s->lookup = t->lookup;
    t->open = NULL;
    t->lookup = NULL;
    if (t->error.code)
        *err = t->error;
    return t->error.code;
}

/* Before the planner waits for what is looked up in one file: ask for the same of the next ones. */
static void look_ahead(struct scan_schedule *s)
{
    for (size_t i = s->file + 1; i < s->submitted && i - s->file < SCAN_LOOKUPS_AHEAD; i++)
        open_ahead(s, i);
}

/* ── morsels ── */

static struct scan_morsel *new_morsel(struct scan_schedule *s)
{
    struct scan_morsel *m = calloc(1, sizeof *m);
    if (m)
        m->index = s->next_index++;
    return m;
}

/* Ask for the bytes that were planned. */
static int submit_morsel(struct scan_morsel *m, nl_error *err)
{
    m->fetches = calloc(m->plan.n + 1, sizeof *m->fetches);
    if (!m->fetches)
        return nl_fail_memory(err);
    int rc = nl_source_submit(m->file->source, m->plan.ranges, m->plan.n, m->fetches, err);
    if (rc) {
        free(m->fetches);
        m->fetches = NULL;
    }
    return rc;
}

static void queue(struct scan_schedule *s, struct scan_morsel *m)
{
    pthread_mutex_lock(&s->mutex);
    *s->end = m;
    s->end = &m->next;
    s->queued++;
    pthread_cond_signal(&s->ready_cond);
    pthread_mutex_unlock(&s->mutex);
}

/* Nothing more will come. */
static void end_queue(struct scan_schedule *s)
{
    pthread_mutex_lock(&s->mutex);
    s->done = true;
    pthread_cond_broadcast(&s->ready_cond);
    pthread_mutex_unlock(&s->mutex);
}

/* Is there room for so many bytes (D1)? The mutex is held. */
static bool has_room(const struct scan_schedule *s, uint64_t bytes)
{
    if (s->waiting && !s->head)
        return true;
    bool fits = s->in_flight == 0 || (s->in_flight <= s->budget && bytes <= s->budget - s->in_flight);
    return fits && s->queued < SCAN_MORSELS_AHEAD;
}

/* Charge the budget; false: there is no room and waiting is not wanted, or the scan was stopped. */
static bool take_room(struct scan_schedule *s, struct scan_morsel *m, bool may_wait)
{
    pthread_mutex_lock(&s->mutex);
    while (may_wait && !has_room(s, m->plan.bytes) && !nl_cancelled(&s->stop))
        pthread_cond_wait(&s->room_cond, &s->mutex);
    m->charged = has_room(s, m->plan.bytes);
    if (m->charged)
        s->in_flight += m->plan.bytes;
    pthread_mutex_unlock(&s->mutex);
    return m->charged;
}

/* Is row group g of the open file worth reading? Counts it. */
static bool worth_reading(struct scan_schedule *s, size_t g)
{
    struct scan_unit unit = {s->open->what->partition_values, s->table->n_file_columns, s->open->file, s->open->map, g};
    bool wanted = nl_parquet_row_group_rows(s->open->file, g) > 0 && scan_unit_may_match(s->filter, &unit);
    pthread_mutex_lock(&s->mutex);
    s->stats.row_groups++;
    s->stats.row_groups_pruned += !wanted;
    pthread_mutex_unlock(&s->mutex);
    return wanted;
}

/* Queue an error at its place in the order, and end (D2). */
static enum step fail_here(struct scan_schedule *s, struct scan_morsel *m, const nl_error *error)
{
    if (!m)
        m = new_morsel(s);
    if (m) {
        m->error = *error;
        queue(s, m);
    }
    pthread_mutex_lock(&s->mutex);
    s->no_memory = !m;
    pthread_mutex_unlock(&s->mutex);
    return STEP_END;
}

/* ── row groups ── */

/* Narrow a planned morsel by what page indexes, bloom filters and dictionaries say. *wanted: a row may be left. */
static int narrow(struct scan_schedule *s, struct scan_morsel *m, bool *wanted, nl_error *err)
{
    struct scan_found found;
    *wanted = true;
    int rc = s->lookup ? scan_lookup_group(s->lookup, m->row_group, &s->stop, &found, err) : NL_OK;
    if (rc || !s->lookup || (!found.excluded && !found.offsets))
        return rc;
    int64_t rows = nl_parquet_row_group_rows(m->file->file, m->row_group);
    *wanted = !found.excluded && found.n;
    if (*wanted && found.rows[0].count < rows)
        rc = scan_plan_rows(m->file->file, m->row_group, found.offsets, found.rows, found.n, &m->plan, err);
    else
        free(found.rows);
    pthread_mutex_lock(&s->mutex);
    s->stats.row_groups_pruned += !*wanted;
    s->stats.row_groups_excluded += found.excluded;
    s->stats.pages += m->plan.pages;
    s->stats.pages_pruned += m->plan.pages_pruned;
    pthread_mutex_unlock(&s->mutex);
    return rc;
}

/* Plan one row group of the open file: s->planned; NULL where lookups leave no row of it. */
static enum step plan_group(struct scan_schedule *s, size_t g)
{
    nl_error err = {0};
    bool wanted = true;
    struct scan_morsel *m = new_morsel(s);
    if (!m) {
        nl_fail_memory(&err);
        return fail_here(s, NULL, &err);
    }
    m->row_group = g;
    m->file = scan_open_file_ref(s->open);
    int rc = scan_plan_morsel(s->open->file, g, &s->projection, &s->table->schema, s->open->map, &m->plan, &err);
    if (!rc)
        rc = narrow(s, m, &wanted, &err);
    if (rc) {
        nl_note(&err, "%s", s->open->what->uri);
        return fail_here(s, m, &err);
    }
    if (wanted) {
        s->planned = m;
    } else {
        s->next_index--;
        scan_morsel_free(m);
    }
    return STEP_MORE;
}

/* Submit the planned morsel once there is room for it. */
static enum step submit_planned(struct scan_schedule *s, bool may_wait)
{
    nl_error err = {0};
    struct scan_morsel *m = s->planned;
    if (!m)
        return STEP_MORE;
    if (!take_room(s, m, may_wait))
        return STEP_WOULD_WAIT;
    s->planned = NULL;
    if (submit_morsel(m, &err))
        return fail_here(s, m, &err);
    queue(s, m);
    return STEP_MORE;
}

/* The next row group of the open file. */
static enum step step_group(struct scan_schedule *s, bool may_wait)
{
    s->judged = s->judged || worth_reading(s, s->row_group);
    if (s->judged && !s->planned) {
        bool waits = scan_lookup_waits(s->lookup, s->row_group);
        if (waits && !may_wait)
            return STEP_WOULD_WAIT;
        if (waits)
            look_ahead(s);
        enum step result = plan_group(s, s->row_group);
        if (result != STEP_MORE)
            return result;
    }
    enum step result = submit_planned(s, may_wait);
    if (result != STEP_MORE)
        return result;
    s->judged = false;
    s->row_group++;
    return STEP_MORE;
}

static void close_file(struct scan_schedule *s)
{
    scan_lookup_free(s->lookup);
    s->lookup = NULL;
    scan_open_file_unref(s->open);
    s->open = NULL;
}

static enum step step(struct scan_schedule *s, bool may_wait)
{
    if (s->file == s->n_files)
        return STEP_END;
    submit_tails(s);
    if (!s->open) {
        nl_error err = {0};
        if (!may_wait && s->files[s->file] != s->table->first->what)
            return STEP_WOULD_WAIT;
        if (open_next(s, &err) || !s->open)
            return fail_here(s, NULL, &err);
    }
    if (s->row_group < nl_parquet_row_groups(s->open->file))
        return step_group(s, may_wait);
    close_file(s);
    s->file++;
    return STEP_MORE;
}

static enum step run_steps(struct scan_schedule *s, bool may_wait)
{
    enum step result = STEP_MORE;
    while (result == STEP_MORE && !nl_cancelled(&s->stop))
        result = step(s, may_wait);
    return result;
}

static void *plan_thread(void *arg)
{
    struct scan_schedule *s = arg;
    run_steps(s, true);
    end_queue(s);
    return NULL;
}

/* ── start and end ── */

/* The files whose paths can match, into s->files. */
static int prune_files(struct scan_schedule *s, nl_error *err)
{
    const struct scan_table *t = s->table;
    s->files = calloc(t->n_files, sizeof *s->files);
    if (!s->files)
        return nl_fail_memory(err);
    for (size_t i = 0; i < t->n_files; i++) {
        struct scan_unit unit = {t->files[i].partition_values, t->n_file_columns, NULL, NULL, 0};
        if (!t->n_partitions || scan_unit_may_match(s->filter, &unit))
            s->files[s->n_files++] = &t->files[i];
    }
    s->stats.files = t->n_files;
    s->stats.files_pruned = t->n_files - s->n_files;
    return NL_OK;
}

int scan_schedule_start(struct scan_schedule *s, const struct scan_table *table, const struct filter *filter,
                        struct scan_projection projection, uint64_t budget, nl_error *err)
{
    s->table = table;
    s->filter = filter;
    s->projection = projection;
    s->budget = budget;
    s->end = &s->head;
    s->failed_at = UINT64_MAX;
    nl_cancel_init(&s->stop);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->ready_cond, NULL);
    pthread_cond_init(&s->room_cond, NULL);

    int rc = prune_files(s, err);
    if (!rc && run_steps(s, false) != STEP_WOULD_WAIT) {
        end_queue(s);
        return NL_OK;
    }
    if (!rc && pthread_create(&s->thread, NULL, plan_thread, s))
        rc = nl_fail(err, NL_NO_MEMORY, "no thread could be started");
    s->has_thread = !rc;
    if (rc)
        scan_schedule_free(s);
    return rc;
}

void scan_planner_end(struct scan_schedule *s)
{
    if (s->planned)
        scan_morsel_free(s->planned);
    s->planned = NULL;
    close_file(s);
    for (size_t i = 0; i < SCAN_TAILS_AHEAD; i++) {
        nl_fetch_drop(s->tails[i].fetch);
        nl_source_close(s->tails[i].source);
        scan_lookup_free(s->tails[i].lookup);
        scan_open_file_unref(s->tails[i].open);
    }
}
