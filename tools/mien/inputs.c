/* SPDX-License-Identifier: Apache-2.0 */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "message.h"
#include "store.h"

bool cli_is_media_name(const char *name)
{
    static const char *const endings[] = {
        "jpg",  "jpeg", "png", "bmp", "webp", "tif",  "tiff", "gif", "ppm",  "pgm", "pnm",
        "jp2",  "mp4",  "m4v", "mov", "mkv",  "webm", "avi",  "mpg", "mpeg", "ts",  "mts",
        "m2ts", "wmv",  "flv", "ogv", "3gp",  "y4m",  "mxf",  "vob", NULL};
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        return false;
    for (const char *const *ending = endings; *ending; ending++)
        if (!strcasecmp(dot + 1, *ending))
            return true;
    return false;
}

/* Takes over `path` and `fault`. */
static bool add(CliInputs *inputs, char *path, char *fault)
{
    if (path && inputs->n == inputs->capacity) {
        size_t capacity = inputs->capacity ? 2 * inputs->capacity : 16;
        CliInput *items = realloc(inputs->items, capacity * sizeof(*items));
        if (items) {
            inputs->items = items;
            inputs->capacity = capacity;
        }
    }
    if (!path || inputs->n == inputs->capacity) {
        free(path);
        free(fault);
        return false;
    }
    inputs->items[inputs->n++] = (CliInput){path, fault};
    return true;
}

static bool add_fault(CliInputs *inputs, const char *path, const char *what, const char *advice)
{
    size_t size = strlen(path) + strlen(what) + strlen(advice) + 4;
    char *fault = malloc(size);
    if (!fault)
        return false;
    snprintf(fault, size, "%s: %s%s", path, what, advice);
    return add(inputs, strdup(path), fault);
}

static int compare_paths(const void *a, const void *b)
{
    const CliInput *left = a, *right = b;
    return strcmp(left->path, right->path);
}

static bool add_folder(CliInputs *inputs, const char *folder)
{
    DIR *directory = opendir(folder);
    if (!directory)
        return add_fault(inputs, folder, strerror(errno), "");
    size_t first = inputs->n;
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' || !cli_is_media_name(entry->d_name))
            continue;
        char *path = cli_join(folder, entry->d_name);
        struct stat status;
        if (path && (stat(path, &status) != 0 || !S_ISREG(status.st_mode)))
            free(path);
        else
            good = add(inputs, path, NULL);
    }
    closedir(directory);
    if (good && inputs->n == first)
        return add_fault(inputs, folder, "no pictures or videos in this folder",
                         " (folders below it are not searched)");
    if (good)
        qsort(inputs->items + first, inputs->n - first, sizeof(*inputs->items), compare_paths);
    return good;
}

/* A path, or a folder's content. */
static bool add_path(CliInputs *inputs, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return add_folder(inputs, path);
    return add(inputs, strdup(path), NULL);
}

static bool add_pattern(CliInputs *inputs, const char *pattern)
{
    glob_t found;
    int status = glob(pattern, 0, NULL, &found);
    if (status == GLOB_NOMATCH)
        return add_fault(inputs, pattern, "no file matches this pattern", "");
    if (status != 0)
        return add_fault(inputs, pattern, "this pattern cannot be searched", "");
    bool good = true;
    for (size_t i = 0; i < found.gl_pathc && good; i++)
        good = add_path(inputs, found.gl_pathv[i]);
    globfree(&found);
    return good;
}

CliExit cli_inputs_expand(CliInputs *inputs, const CliList *operands)
{
    *inputs = (CliInputs){0};
    bool stdin_used = false;
    for (size_t i = 0; i < operands->n; i++) {
        const char *operand = operands->items[i];
        struct stat status;
        bool good;
        if (!*operand)
            return cli_fail(CLI_USAGE, "run: an INPUT is empty");
        if (!strcmp(operand, "-")) {
            if (stdin_used)
                return cli_fail(CLI_USAGE, "run: standard input (-) can be read only once");
            stdin_used = true;
            good = add(inputs, strdup("-"), NULL);
        } else if (stat(operand, &status) != 0 && operand[strcspn(operand, "*?[")]) {
            good = add_pattern(inputs, operand);
        } else {
            good = add_path(inputs, operand);
        }
        if (!good)
            return cli_fail(CLI_INTERNAL, "out of memory");
    }
    return CLI_OK;
}

void cli_inputs_free(CliInputs *inputs)
{
    for (size_t i = 0; i < inputs->n; i++) {
        free(inputs->items[i].path);
        free(inputs->items[i].fault);
    }
    free(inputs->items);
    *inputs = (CliInputs){0};
}
