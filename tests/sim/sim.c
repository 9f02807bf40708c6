/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

long sim_number(const char *name, long otherwise)
{
    const char *value = getenv(name);
    return value && *value ? strtol(value, NULL, 0) : otherwise;
}

const char *sim_text(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value ? value : otherwise;
}

void sim_copy(char *to, unsigned long size, const char *name, const char *otherwise)
{
    snprintf(to, size, "%s", sim_text(name, otherwise));
}

int sim_item(const char *list, char separator, int n, char *item, unsigned long size)
{
    const char between[] = {separator, '\0'};
    for (; *list; n--) {
        size_t length = strcspn(list, between);
        if (n == 0) {
            snprintf(item, size, "%.*s", (int)length, list);
            return 1;
        }
        list += length + (list[length] == separator);
    }
    return 0;
}

static void nonsense(long n_lines)
{
    for (long i = 0; i < n_lines; i++)
        fputs("\xff\xfe nonsense\t\t\x1b[31m that is no fact\n", stdout);
    fflush(stdout);
}

void sim_fault(const char *where)
{
    const char *fault = getenv("MIEN_SIM_FAULT");
    size_t n = strlen(where);
    if (!fault || strncmp(fault, where, n) != 0 || fault[n] != ':')
        return;
    static long n_calls;
    if (++n_calls < sim_number("MIEN_SIM_FAULT_AT", 1))
        return;
    const char *what = fault + n + 1;
    if (!strcmp(what, "hang"))
        for (;;)
            pause();
    if (!strcmp(what, "crash"))
        raise(SIGSEGV);
    if (!strcmp(what, "vanish"))
        unlink(sim_text("MIEN_SIM_FILE", ""));
    if (!strcmp(what, "exit"))
        _exit(7);
    if (!strcmp(what, "garbage"))
        nonsense(3);
    if (!strcmp(what, "flood"))
        nonsense(1000000);
}
