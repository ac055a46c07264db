/* check.h: the words of our tests, over cmocka (which this header includes with all that it wants before it).
 *
 *     for (size_t i = 0; i < NL_LEN(cases); i++) {
 *         check_why("%s", cases[i].why);             printed with every failure from here on
 *         CHECK_OK(run(&cases[i], &err), err);
 *         CHECK_INT(err.code, NL_OK);
 *     }
 *
 * A failed check prints the case, the values and the place, and ends the test: call them from the test's own thread only.
 * Checks are never compiled away.
 */
#ifndef TEST_SUPPORT_CHECK_H
#define TEST_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <neuralake/error.h>

/* Which case runs now; cut at 500 bytes. "" ends it. Kept for each thread, and cleared by the next call. */
void check_why(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The checks' own work: use the macros. */
void check_true(bool ok, const char *text, const char *file, int line);
void check_int(int64_t got, int64_t want, const char *text, const char *file, int line);
void check_max(int64_t got, int64_t most, const char *text, const char *file, int line);
void check_near(double got, double want, double tolerance, const char *text, const char *file, int line);
void check_str(const char *got, const char *want, const char *text, const char *file, int line);
void check_has(const char *got, const char *part, const char *text, const char *file, int line);
void check_mem(const void *got, const void *want, size_t len, const char *text, const char *file, int line);
void check_ok(int rc, const nl_error *err, const char *text, const char *file, int line);
void check_fails(int rc, int want, const nl_error *err, const char *part, const char *text, const char *file, int line);

#define CHECK(ok)                     check_true((ok), #ok, __FILE__, __LINE__)
#define CHECK_INT(got, want)          check_int((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
#define CHECK_MAX(got, most)          check_max((int64_t)(got), (int64_t)(most), #got, __FILE__, __LINE__)
#define CHECK_NEAR(got, want, within) check_near((got), (want), (within), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want)          check_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_HAS(got, part)          check_has((got), (part), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, want, len)     check_mem((got), (want), (len), #got, __FILE__, __LINE__)
#ifdef __clang_analyzer__ /* which cannot see that a failed check does not return */
#undef CHECK
#define CHECK(ok) ((ok) ? (void)0 : __builtin_trap())
#endif
/* The call returned NL_OK; else its error (an nl_error, by name) is printed. */
#define CHECK_OK(rc, err) check_ok((rc), &(err), #rc, __FILE__, __LINE__)
/* The call returned code want, err says the same, its message is one line that has part (NULL: anything). */
#define CHECK_FAILS(rc, want, err, part) check_fails((rc), (want), &(err), (part), #rc, __FILE__, __LINE__)

#endif
