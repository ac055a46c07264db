/* log.c: one write() a line, so that lines of several threads and processes do not mix.
 *
 *     2026-01-31T12:00:00.123456Z debug store: GET /lake/parts.parquet: 206
 */
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { MAX_ROOMS = 32, MAX_ROOM_NAME = 24 };

/* Written once (or by nl_log_configure before there are threads), read by all. */
static struct {
    int level; /* of the rooms that are not named */
    size_t n_rooms;
    struct {
        char name[MAX_ROOM_NAME];
        int level;
    } rooms[MAX_ROOMS];
} config;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *const level_names[] = {"off", "error", "warn", "info", "debug"};

/* The level of a name, or -1. */
static int level_of(const char *name, size_t len)
{
    for (size_t i = 0; i < NL_LEN(level_names); i++)
        if (strlen(level_names[i]) == len && memcmp(level_names[i], name, len) == 0)
            return (int)i;
    return -1;
}

/* One "level" or "room=level". What is neither is passed over: a wrong variable must not stop a program. */
static void parse_item(const char *item, size_t len)
{
    const char *eq = memchr(item, '=', len);
    size_t name_len = eq ? (size_t)(eq - item) : 0;
    const char *level_name = eq ? eq + 1 : item;
    int level = level_of(level_name, len - (size_t)(level_name - item));
    if (level < 0 || name_len >= MAX_ROOM_NAME)
        return;
    if (!eq) {
        config.level = level;
    } else if (config.n_rooms < MAX_ROOMS) {
        memcpy(config.rooms[config.n_rooms].name, item, name_len);
        config.rooms[config.n_rooms].name[name_len] = '\0';
        config.rooms[config.n_rooms++].level = level;
    }
}

static void parse(const char *spec)
{
    config.level = 0;
    config.n_rooms = 0;
    while (spec && *spec) {
        size_t len = strcspn(spec, ",");
        parse_item(spec, len);
        spec += len + (spec[len] == ',');
    }
}

static void parse_environment(void)
{
    parse(getenv("NEURALAKE_LOG"));
}

void nl_log_configure(const char *spec)
{
    pthread_once(&once, parse_environment);
    parse(spec);
}

bool nl_log_on(const char *room, enum nl_log_level level)
{
    pthread_once(&once, parse_environment);
    for (size_t i = 0; i < config.n_rooms; i++)
        if (strcmp(config.rooms[i].name, room) == 0)
            return (int)level <= config.rooms[i].level;
    return (int)level <= config.level;
}

/* "2026-01-31T12:00:00.123456Z level room: " */
static size_t line_head(char *out, size_t cap, const char *room, enum nl_log_level level)
{
    int64_t now = nl_wall_ns();
    time_t seconds = now / 1000000000;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(out, cap, "%Y-%m-%dT%H:%M:%S", &tm);
    return n + (size_t)snprintf(out + n, cap - n, ".%06dZ %s %.*s: ", (int)(now % 1000000000 / 1000),
                                level_names[level], MAX_ROOM_NAME, room);
}

void nl_log_line(const char *room, enum nl_log_level level, const char *fmt, ...)
{
    char text[1600], line[2000];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0)
        return;
    size_t len = line_head(line, sizeof(line), room, level);
    len += nl_printable(text, strnlen(text, sizeof(text)), line + len, sizeof(line) - len - 1);
    line[len++] = '\n';
    /* Where standard error is full or closed, nobody can be told. */
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}
