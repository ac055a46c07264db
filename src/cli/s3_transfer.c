/* s3_transfer.c: see s3_transfer.h. Each object or file appears whole or not at all, so what was interrupted goes on where it
 * stopped: what is there already has the right size and time. */
#include "cli/s3_transfer.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/io/pump.h"
#include "base/pool.h"
#include "base/str.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/s3_say.h"

enum { most_at_once = 64, memory_each = 64 << 20, memory_all = 256 << 20 };

/* ── what is there ── */

bool s3_filter_takes(const struct cli_args *a, const char *rel)
{
    bool takes = true;
    for (size_t i = 0; i < a->n_given; i++) {
        const struct cli_given *g = &a->given[i];
        bool include = !strcmp(g->option->name, "include");
        if ((include || !strcmp(g->option->name, "exclude")) && fnmatch(g->value, rel, FNM_NOESCAPE) == 0)
            takes = include;
    }
    return takes;
}

struct gathering {
    struct cli_context *x;
    const char *base;
    struct s3_items *items;
};

static int gather_one(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct gathering *g = ctx;
    struct s3_items *items = g->items;
    if (is_prefix || (nl_ends_with(uri, "/") && !items->folders))
        return NL_OK;
    if (items->n == items->cap) {
        size_t cap = items->cap ? 2 * items->cap : 64;
        struct s3_item *more = reallocarray(items->all, cap, sizeof *more);
        if (!more)
            return nl_fail_memory(err);
        items->all = more;
        items->cap = cap;
    }
    struct s3_item *item = &items->all[items->n];
    *item = (struct s3_item){.uri = nl_arena_strdup(&items->arena, uri), .info = *info};
    if (!item->uri)
        return nl_fail_memory(err);
    item->rel = nl_starts_with(item->uri, g->base) ? item->uri + strlen(g->base) : item->uri;
    item->rel += *item->rel == '/';
    if (!*item->rel)
        item->rel = cli_base_name(item->uri);
    items->n++;
    return nl_cancel_check(&g->x->cancel, err);
}

int s3_items_gather(struct cli_context *x, nl_store *store, const char *place, bool as_folder, bool missing_ok,
                    struct s3_items *out, nl_error *err)
{
    *out = (struct s3_items){.folders = out->folders};
    struct stat st;
    if (missing_ok && !cli_is_s3(place) && stat(place, &st))
        return NL_OK;
    bool bare = cli_is_s3(place) && (as_folder || !*cli_s3_key(place)) && !nl_ends_with(place, "/");
    const char *base = nl_arena_printf(&out->arena, "%s%s", place, bare ? "/" : "");
    struct gathering g = {x, base, out};
    int rc = base ? nl_store_list(store, base, true, gather_one, &g, err) : nl_fail_memory(err);
    if (rc)
        s3_items_free(out);
    return rc;
}

void s3_items_free(struct s3_items *items)
{
    free(items->all);
    nl_arena_free(&items->arena);
    *items = (struct s3_items){0};
}

/* ── what is to be done ── */

int s3_run_add(struct s3_run *r, const char *from, const char *to, const nl_object_info *info, nl_error *err)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        struct s3_action *more = reallocarray(r->actions, cap, sizeof *more);
        if (!more)
            return nl_fail_memory(err);
        r->actions = more;
        r->cap = cap;
    }
    struct s3_action *a = &r->actions[r->n];
    *a = (struct s3_action){.from = nl_arena_strdup(&r->arena, from), .known = info != NULL};
    if (info)
        a->info = *info;
    if (to)
        a->to = nl_arena_strdup(&r->arena, to);
    if (!a->from || (to && !a->to))
        return nl_fail_memory(err);
    r->n++;
    return NL_OK;
}

int s3_run_plan_one(struct s3_run *r, const char *from, const char *to, nl_error *err)
{
    nl_buf target = {0};
    nl_object_info info;
    struct stat st;
    bool known = false;
    int rc = NL_OK;
    if (cli_is_s3(from) && r->dry) {
        rc = nl_store_head(r->store, from, &info, err);
        known = !rc;
    } else if (!cli_is_s3(from) && !stat(from, &st) && S_ISREG(st.st_mode)) {
        info = (nl_object_info){.size = (uint64_t)st.st_size, .modified = st.st_mtime};
        known = true;
    } else if (!cli_is_s3(from) && r->dry) {
        rc = nl_store_head(r->store, from, &info, err);
    }
    if (!rc)
        rc = cli_target_of(from, to, &target, err);
    if (!rc)
        rc = s3_run_add(r, from, target.data, known ? &info : NULL, err);
    nl_buf_free(&target);
    return rc;
}

void s3_run_free(struct s3_run *r)
{
    free(r->actions);
    nl_arena_free(&r->arena);
    s3_headers_free(&r->headers);
}

/* ── doing it ── */

/* What the workers share, under mutex. */
struct work {
    struct s3_run *run;
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    size_t memory; /* that is spoken for */
    uint64_t total, done;
    size_t copies, finished;
    char what[64]; /* how many are left */
    struct cli_progress progress;
    size_t failed;
    nl_error first;
};

/* One action's own. */
struct job {
    struct work *work;
    const struct s3_action *action;
    uint64_t told; /* bytes that the progress knows of */
    uint64_t size; /* of the object, once it is known */
};

/* Under mutex. */
static void tell_left(struct work *w)
{
    size_t left = w->copies - w->finished;
    snprintf(w->what, sizeof w->what, "%zu file%s left", left, left == 1 ? "" : "s");
}

static int on_progress(void *ctx, uint64_t done, uint64_t total, nl_error *err)
{
    struct job *j = ctx;
    struct work *w = j->work;
    pthread_mutex_lock(&w->mutex);
    if (!j->action->known && !j->told) /* now it is */
        w->total += total;
    w->done += done - j->told;
    j->told = done;
    tell_left(w);
    cli_progress_step(&w->progress, w->done, w->total, err);
    pthread_mutex_unlock(&w->mutex);
    return NL_OK;
}

/* Large objects take memory on their way: so many at a time that it stays bounded. */
static size_t take_memory(struct work *w, const struct s3_action *a)
{
    size_t want = !a->known || a->info.size > memory_each / 2 ? memory_each : (size_t)a->info.size * 2;
    pthread_mutex_lock(&w->mutex);
    while (w->memory + want > memory_all)
        pthread_cond_wait(&w->freed, &w->mutex);
    w->memory += want;
    pthread_mutex_unlock(&w->mutex);
    return want;
}

/* Bytes from here to there; a file that was fetched gets the object's time, by which a later sync knows it. */
static int copy_bytes(struct job *j, nl_error *err)
{
    const struct s3_action *a = j->action;
    struct s3_run *r = j->work->run;
    nl_source *source;
    nl_sink *sink;
    int rc = nl_store_open(r->store, a->from, a->known && cli_is_s3(a->from) ? &a->info : NULL, &source, err);
    if (rc)
        return rc;
    uint64_t size = nl_source_size(source);
    /* What is moved has no other copy: it is on the disk before the source goes. */
    nl_put_options o = {.size_hint = size == NL_SIZE_UNKNOWN ? 0 : size, .not_synced = !r->move};
    s3_headers_put(&r->headers, a->from, a->to, &o);
    rc = nl_store_create(r->store, a->to, &o, &sink, err);
    if (!rc) {
        rc = nl_pump(source, sink, &r->x->cancel, on_progress, j, err);
        if (rc)
            nl_sink_abort(sink);
        else
            rc = nl_sink_commit(sink, err);
    }
    int64_t modified = source->modified;
    j->size = nl_source_size(source);
    nl_source_close(source);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)modified}};
    const char *path = nl_starts_with(a->to, "file://") ? a->to + strlen("file://") : a->to;
    if (!rc && !cli_is_s3(a->to) && modified)
        utimensat(AT_FDCWD, path, times, 0);
    return rc;
}

static int copy_inside(const struct s3_run *r, const struct s3_action *a, nl_error *err)
{
    nl_put_options o = {0};
    s3_headers_put(&r->headers, a->from, a->to, &o);
    return nl_store_copy_known(r->store, a->from, a->known ? &a->info : NULL, a->to, &o, err);
}

static void run_job(void *arg)
{
    struct job *j = arg;
    struct work *w = j->work;
    struct s3_run *r = w->run;
    const struct s3_action *a = j->action;
    nl_error err = {0};
    size_t memory = take_memory(w, a);
    int rc = nl_cancel_check(&r->x->cancel, &err);
    if (!rc && cli_is_s3(a->from) && cli_is_s3(a->to))
        rc = copy_inside(r, a, &err);
    else if (!rc)
        rc = copy_bytes(j, &err);
    if (!rc && r->move)
        rc = nl_store_delete(r->store, a->from, &err);
    pthread_mutex_lock(&w->mutex);
    w->memory -= memory;
    w->finished++;
    pthread_cond_broadcast(&w->freed);
    if (rc && !w->failed++)
        w->first = err;
    if (!rc) {
        cli_progress_end(&w->progress);
        s3_say(r, a, j->size);
        fflush(stdout);
    }
    pthread_mutex_unlock(&w->mutex);
}

static uint64_t size_of(const struct s3_action *a)
{
    return a->known ? a->info.size : NL_SIZE_UNKNOWN;
}

/* The copies among the actions. */
static int copy_all(struct work *w, struct job *jobs, nl_error *err)
{
    struct s3_run *r = w->run;
    nl_pool *pool;
    int rc = nl_pool_new(r->n < most_at_once ? r->n : most_at_once, &pool, err);
    if (rc)
        return rc;
    cli_progress_begin(&w->progress, w->what);
    w->progress.on &= !r->no_progress;
    for (size_t i = 0; !rc && i < r->n; i++)
        if (r->actions[i].to) {
            jobs[i] = (struct job){.work = w, .action = &r->actions[i], .size = size_of(&r->actions[i])};
            rc = nl_pool_submit(pool, run_job, &jobs[i], err);
        }
    nl_pool_free(pool); /* runs what is queued */
    cli_progress_end(&w->progress);
    return rc;
}

static int was_removed(void *ctx, const char *uri, const nl_error *failed, nl_error *err)
{
    struct work *w = ctx;
    if (!failed)
        s3_say(w->run, &(struct s3_action){.from = uri}, NL_SIZE_UNKNOWN);
    else if (!w->failed++)
        w->first = *failed;
    return nl_cancel_check(&w->run->x->cancel, err);
}

static int remove_all(struct work *w, nl_error *err)
{
    struct s3_run *r = w->run;
    const char **uris = calloc(r->n, sizeof *uris);
    size_t n = 0;
    if (!uris)
        return nl_fail_memory(err);
    for (size_t i = 0; i < r->n; i++)
        if (!r->actions[i].to)
            uris[n++] = r->actions[i].from;
    int rc = nl_store_delete_many(r->store, uris, n, was_removed, w, err);
    free(uris);
    return rc;
}

int s3_run_all(struct s3_run *r, nl_error *err)
{
    if (r->dry) {
        for (size_t i = 0; i < r->n; i++)
            s3_say(r, &r->actions[i], size_of(&r->actions[i]));
        return NL_OK;
    }
    if (!r->n)
        return NL_OK;
    struct work w = {.run = r};
    for (size_t i = 0; i < r->n; i++) {
        w.copies += r->actions[i].to != NULL;
        w.total += r->actions[i].to && r->actions[i].known ? r->actions[i].info.size : 0;
    }
    struct job *jobs = calloc(r->n, sizeof *jobs);
    if (!jobs)
        return nl_fail_memory(err);
    pthread_mutex_init(&w.mutex, NULL);
    pthread_cond_init(&w.freed, NULL);
    int rc = w.copies ? copy_all(&w, jobs, err) : NL_OK;
    if (!rc && !nl_cancelled(&r->x->cancel) && w.copies < r->n)
        rc = remove_all(&w, err);
    if (!rc && w.failed) {
        rc = w.first.code;
        if (err)
            *err = w.first;
        if (w.failed > 1 && rc != NL_CANCELLED)
            nl_note(err, "%zu of %zu failed; the first", w.failed, r->n);
    }
    pthread_mutex_destroy(&w.mutex);
    pthread_cond_destroy(&w.freed);
    free(jobs);
    return rc;
}
