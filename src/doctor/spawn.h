/* SPDX-License-Identifier: Apache-2.0 */
/* Starting mien-probe, and getting rid of it. */
#ifndef MIENI_DOCTOR_SPAWN_H
#define MIENI_DOCTOR_SPAWN_H

#include <sys/types.h>

#include "doctor/machine.h"

/* Milliseconds on the monotonic clock. */
int64_t mieni_now_ms(void);

/* The file that this code was loaded from. `path` has MIENI_PATH_MAX bytes. */
bool mieni_spawn_own_file(char *path);

/* Where mien-probe is: beside the library, which is the file `own`, or in the folder that it is
 * installed to. `program` has MIENI_PATH_MAX bytes. */
bool mieni_spawn_find(const char *own, char *program);

/* The machine's environment with the drivers' own caches switched off; free the array alone. NULL
 * without memory. */
char **mieni_spawn_environment(const MieniMachine *machine);

/* A pipe whose ends no child inherits, and whose reading does not block. Returns an errno. */
int mieni_spawn_pipe(int fds[2]);

/* Starts arguments[0] in a process group of its own, reading from `input` (-1: nothing) and writing
 * to `output`. Returns an errno. */
int mieni_spawn(char *const *arguments, char **environment, int input, int output, pid_t *pid);

/* Waits for a process until `deadline`; false if it is still there, or somebody else waited. */
bool mieni_reap(pid_t pid, int *status, int64_t deadline);

#endif
