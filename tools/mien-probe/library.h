/* SPDX-License-Identifier: Apache-2.0 */
/* Driver libraries, loaded by name as every program does; of a fake machine, from its folders. */
#ifndef MIEN_PROBE_LIBRARY_H
#define MIEN_PROBE_LIBRARY_H

#include <stddef.h>

/* Notes ID.path, or that it is absent and why (ID.error). Returns a handle, or NULL. */
void *library_open(const char *root, const char *id, const char *name);

/* The same for a file of this machine. */
void *library_open_file(const char *id, const char *path);

/* A function of a library, stored in the function pointer at `function`; NULL if it has none. The
 * detour over memcpy is what ISO C allows for a void pointer that is a function. */
void library_function(void *library, const char *name, void *function);

/* A table of functions to look up: false if one is missing, whose name is then in *missing. */
typedef struct LibraryFunction {
    const char *name;
    size_t offset; /* of the pointer in the table */
    int optional;
} LibraryFunction;

int library_functions(void *library, const LibraryFunction *functions, size_t n, void *table,
                      const char **missing);

#endif
