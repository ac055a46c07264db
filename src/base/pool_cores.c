/* pool_cores.c: how many cores this process may use: its affinity, and the CPU quota of its control groups.
 *
 * A container with "cpus: 2" on a machine of 64 cores sees 64 in its affinity, and 2 in cpu.max:
 *
 *     /proc/self/cgroup               0::/user.slice/job
 *     /sys/fs/cgroup/user.slice/job/cpu.max   200000 100000     quota and period in microseconds, or "max 100000"
 *     /sys/fs/cgroup/user.slice/cpu.max       max 100000        the smallest of all levels counts
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io/sink.h"
#include "base/pool.h"
#include "base/str.h"

/* Cores of the affinity mask; 0 where it cannot be asked. The set grows until the kernel's fits. */
static size_t affinity_cores(void)
{
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (!set)
            return 0;
        size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        bool known = sched_getaffinity(0, size, set) == 0;
        size_t n = known ? (size_t)CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (known)
            return n;
    }
    return 0;
}

/* Whole cores, rounded up, that "QUOTA PERIOD" allows; SIZE_MAX for "max" and for what cannot be read. */
static size_t quota_cores(const char *text)
{
    char *end;
    long long quota = strtoll(text, &end, 10), period = strtoll(end, NULL, 10);
    if (quota <= 0 || period <= 0)
        return SIZE_MAX;
    return (size_t)((quota - 1) / period + 1);
}

/* The smallest quota from the group up to the root. path is "/user.slice/job" and is cut on the way. */
static size_t cgroup_cores(const char *mount, char *path)
{
    size_t least = SIZE_MAX;
    for (;;) {
        char file[PATH_MAX];
        nl_buf text = {0};
        int n = snprintf(file, sizeof(file), "%s%s/cpu.max", mount, path);
        if (n > 0 && (size_t)n < sizeof(file) && nl_read_file(file, 256, &text, NULL) == NL_OK && text.data) {
            size_t cores = quota_cores(text.data);
            least = cores < least ? cores : least;
        }
        nl_buf_free(&text);
        char *slash = strrchr(path, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

size_t nl_cores(void)
{
    size_t cores = affinity_cores(), quota = SIZE_MAX;
    nl_buf groups = {0};
    if (nl_read_file("/proc/self/cgroup", 65536, &groups, NULL) == NL_OK && groups.data) {
        char *line = strstr(groups.data, "0::/"); /* the one hierarchy of version 2 */
        if (line) {
            line[strcspn(line, "\n")] = '\0';
            quota = cgroup_cores("/sys/fs/cgroup", line + strlen("0::"));
        }
    }
    nl_buf_free(&groups);
    if (quota < cores)
        cores = quota;
    return cores ? cores : 1;
}
