/* tmp.h: a temporary folder for each test, made and removed; small helpers for files in it.
 *
 * A helper that cannot do its work prints why and ends the program: a test without its folder proves nothing.
 */
#ifndef TEST_SUPPORT_TMP_H
#define TEST_SUPPORT_TMP_H

#include <stdbool.h>
#include <stddef.h>

/* A new empty folder (mode 0700) below TMPDIR or /tmp. Yours: end it with tmp_remove(). */
char *tmp_make(void);
/* Remove the folder with all that is in it, and free its name. NULL is fine. */
void tmp_remove(char *dir);
/* cmocka's setup and teardown: *state is the folder's name. */
int tmp_setup(void **state);
int tmp_teardown(void **state);

/* dir/name. Yours: free(). */
char *tmp_path(const char *dir, const char *name);
/* Write a file (len bytes), replacing what is there. */
void tmp_write(const char *path, const void *data, size_t len);
/* The same for a text. */
void tmp_write_text(const char *path, const char *text);
/* A whole file, with a zero byte after it; NULL where it is missing. len may be NULL. Yours: free(). */
char *tmp_read(const char *path, size_t *len);
/* Is there a file or folder of this name? */
bool tmp_exists(const char *path);
/* How many entries has the folder, hidden ones too? */
size_t tmp_entries(const char *dir);

#endif
