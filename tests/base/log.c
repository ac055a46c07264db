/* tests/base/log.c: which lines are wanted, and what one looks like. */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "support/check.h"
#include "support/tmp.h"

static void levels_by_room(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        int store, scan; /* the highest level that is on; 0: none */
    } cases[] = {
        {NULL, 0, 0},
        {"", 0, 0},
        {"error", NL_LOG_ERROR, NL_LOG_ERROR},
        {"debug", NL_LOG_DEBUG, NL_LOG_DEBUG},
        {"store=debug", NL_LOG_DEBUG, 0},
        {"warn,store=debug", NL_LOG_DEBUG, NL_LOG_WARN},
        {"store=debug,warn", NL_LOG_DEBUG, NL_LOG_WARN},
        {"debug,store=off", 0, NL_LOG_DEBUG},
        {"nonsense,store=info", NL_LOG_INFO, 0},
        {"store=nonsense", 0, 0},
        {",,info,,", NL_LOG_INFO, NL_LOG_INFO},
        {"storeroom=debug,a-name-that-is-longer-than-any-room=debug", 0, 0},
        {"=debug", 0, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].spec ? cases[i].spec : "(not set)");
        nl_log_configure(cases[i].spec);
        for (int level = NL_LOG_ERROR; level <= NL_LOG_DEBUG; level++) {
            CHECK_INT(nl_log_on("store", (enum nl_log_level)level), level <= cases[i].store);
            CHECK_INT(nl_log_on("scan", (enum nl_log_level)level), level <= cases[i].scan);
        }
    }
    char many[2000] = "";
    for (int i = 0; i < 100; i++) {
        char room[16];
        snprintf(room, sizeof(room), "r%d=debug,", i);
        strncat(many, room, sizeof(many) - strlen(many) - 1);
    }
    nl_log_configure(many); /* more than there is room for: the rest is not kept */
    CHECK(nl_log_on("r0", NL_LOG_DEBUG) && !nl_log_on("r99", NL_LOG_DEBUG));
    nl_log_configure(NULL);
}

/* What a call writes to standard error. The caller frees. */
static char *captured(const char *dir, void (*call)(void))
{
    char *path = tmp_path(dir, "stderr");
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    FILE *f = freopen(path, "w", stderr);
    CHECK(f != NULL);
    call();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    char *text = tmp_read(path, NULL);
    free(path);
    return text;
}

static void two_lines(void)
{
    nl_log("store", NL_LOG_DEBUG, "GET %s: %d", "a\nb", 206);
    nl_log("store", NL_LOG_ERROR, "%s", "second");
}

static void long_line(void)
{
    nl_log("store", NL_LOG_INFO, "%5000d", 7);
}

static void a_line_is_a_line(void **state)
{
    nl_log_configure("debug");
    nl_clock_set_wall(1767225600123456789);
    char *text = captured(*state, two_lines);
    CHECK_STR(text, "2026-01-01T00:00:00.123456Z debug store: GET a\\x0Ab: 206\n"
                    "2026-01-01T00:00:00.123456Z error store: second\n");
    free(text);
    text = captured(*state, long_line);
    size_t len = strlen(text);
    CHECK(len > 1500 && len < 2000 && strchr(text, '\n') == text + len - 1);
    free(text);
    nl_log_configure("store=warn");
    text = captured(*state, long_line);
    CHECK_STR(text, "");
    free(text);
    nl_clock_set_wall(0);
    nl_log_configure(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_by_room),
        cmocka_unit_test_setup_teardown(a_line_is_a_line, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("base_log", tests, NULL, NULL);
}
