/* SPDX-License-Identifier: Apache-2.0 */
#include "export.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "message.h"
#include "store.h"
#include "target.h"
#include "writer.h"

#define ENDING ".tflite"

/* One file to be written. */
typedef struct Job {
    size_t network;
    char *path;
    CliTarget target;
    size_t size_bytes;
} Job;

/* The length of a name without its folders and its ending; `*name` moves behind the folders. */
static int stem_length(const char **name)
{
    const char *slash = strrchr(*name, '/');
    *name = slash ? slash + 1 : *name;
    size_t n = strlen(*name), n_ending = strlen(ENDING);
    return (int)(n > n_ending && !strcmp(*name + n - n_ending, ENDING) ? n - n_ending : n);
}

static bool is_named(const MienModel *model, size_t network, const char *name)
{
    const char *own = mien_model_network_name(model, network);
    return !strcmp(own, name) ||
           (!strncmp(own, name, strlen(name)) && !strcmp(own + strlen(name), ENDING));
}

/* "a, b, c", cut where it would be too long. */
static void list_names(const MienModel *model, char *text, size_t size)
{
    *text = 0;
    for (size_t i = 0; i < mien_model_n_networks(model); i++) {
        const char *name = mien_model_network_name(model, i);
        int length = stem_length(&name);
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%.*s", i ? ", " : "", length, name);
    }
}

/* Marks what is asked for: [n_networks]. */
static CliExit choose(const MienModel *model, const CliExport *wanted, bool is_folder, bool *chosen)
{
    size_t n = mien_model_n_networks(model), n_chosen = 0;
    bool is_bundle = *mien_model_network_name(model, 0) != 0;
    char names[400];
    list_names(model, names, sizeof(names));
    if (wanted->network && !is_bundle)
        return cli_fail(CLI_USAGE, "%s is one network; leave out --network", wanted->file);
    for (size_t i = 0; i < n; i++) {
        chosen[i] = !wanted->network || is_named(model, i, wanted->network);
        n_chosen += chosen[i];
    }
    if (n_chosen == 0)
        return cli_fail(CLI_USAGE, "%s has no network %s; it has %s", wanted->file, wanted->network,
                        names);
    if (n_chosen > 1 && !is_folder)
        return cli_fail(CLI_USAGE,
                        "%s has %zu networks: choose one with --network (%s), or let --onnx name a "
                        "folder",
                        wanted->file, n, names);
    return CLI_OK;
}

/* FOLDER/NETWORK.onnx; a .tflite file gives its own name. NULL and said why if there is none. */
static char *path_in_folder(const MienModel *model, size_t network, const CliExport *wanted)
{
    const char *own = mien_model_network_name(model, network);
    const char *name = *own ? own : wanted->file;
    int length = stem_length(&name);
    /* Names in a bundle come from outside, and must not lead out of the folder. */
    if ((*own && name != own) || *name == '.') {
        cli_fail(CLI_MODEL,
                 "%s: network '%s' has no name for a file; choose it with --network and let --onnx "
                 "name a file",
                 wanted->file, own);
        return NULL;
    }
    size_t size = (size_t)length + sizeof(".onnx");
    char *file = malloc(size);
    char *path = NULL;
    if (file) {
        snprintf(file, size, "%.*s.onnx", length, name);
        path = cli_join(wanted->onnx, file);
    }
    free(file);
    if (!path)
        cli_fail(CLI_INTERNAL, "out of memory");
    return path;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

typedef struct Sink {
    CliWriter *writer;
    size_t size_bytes;
} Sink;

static int put(void *user, const void *data, size_t size_bytes)
{
    Sink *sink = user;
    cli_put_bytes(sink->writer, data, size_bytes);
    sink->size_bytes += size_bytes;
    return sink->writer->error;
}

/* Writes under the temporary name. */
static CliExit write_job(const MienModel *model, const CliExport *wanted, Job *job)
{
    static CliWriter writer;
    if (same_file(job->path, wanted->file))
        return cli_fail(CLI_USAGE, "--onnx %s would overwrite the model; choose another name",
                        job->path);
    CliExit status = cli_target_open(&job->target, job->path);
    if (status != CLI_OK)
        return status;
    int descriptor = cli_target_descriptor(&job->target);
    if (descriptor < 0)
        return cli_target_failed(&job->target, errno);
    cli_writer_init(&writer, descriptor);
    Sink sink = {.writer = &writer};
    MienError error = {0};
    MienStatus written = mien_model_write_onnx(model, job->network, put, &sink, &error);
    cli_writer_flush(&writer);
    int failure = writer.error;
    if (close(descriptor) != 0 && !failure)
        failure = errno;
    job->size_bytes = sink.size_bytes;
    if (failure)
        return cli_target_failed(&job->target, failure);
    if (written == MIEN_E_NOMEM)
        return cli_fail(CLI_INTERNAL, "%s: out of memory", wanted->file);
    if (written != MIEN_OK)
        return cli_fail(CLI_MODEL, "%s: %s", wanted->file, error.text);
    return cli_interrupt_exit();
}

/* All are written before the first gets its final name. */
static CliExit write_all(const MienModel *model, const CliExport *wanted, Job *jobs, size_t n)
{
    CliExit status = CLI_OK;
    for (size_t i = 0; i < n && status == CLI_OK; i++)
        status = write_job(model, wanted, &jobs[i]);
    for (size_t i = 0; i < n && status == CLI_OK; i++)
        status = cli_target_commit(&jobs[i].target);
    for (size_t i = 0; i < n && status == CLI_OK; i++)
        cli_note("%s: %zu bytes", strcmp(jobs[i].path, "-") != 0 ? jobs[i].path : "standard output",
                 jobs[i].size_bytes);
    return status;
}

static CliExit name_job(const MienModel *model, const CliExport *wanted, bool is_folder, Job *jobs,
                        size_t n, size_t network)
{
    jobs[n] = (Job){.network = network, .target = {.slot = -1}};
    jobs[n].path = is_folder ? path_in_folder(model, network, wanted) : strdup(wanted->onnx);
    if (!jobs[n].path)
        return CLI_MODEL;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(jobs[i].path, jobs[n].path))
            return cli_fail(CLI_MODEL, "%s: two networks would both be written to %s", wanted->file,
                            jobs[n].path);
    return CLI_OK;
}

CliExit cli_export(const MienModel *model, const CliExport *wanted)
{
    struct stat info;
    size_t n = mien_model_n_networks(model), n_jobs = 0, length = strlen(wanted->onnx);
    bool is_folder = (length && wanted->onnx[length - 1] == '/') ||
                     (stat(wanted->onnx, &info) == 0 && S_ISDIR(info.st_mode));
    bool *chosen = calloc(n, sizeof(*chosen));
    Job *jobs = calloc(n, sizeof(*jobs));
    CliExit status = chosen && jobs ? choose(model, wanted, is_folder, chosen)
                                    : cli_fail(CLI_INTERNAL, "out of memory");
    for (size_t i = 0; i < n && status == CLI_OK; i++)
        if (chosen[i])
            status = name_job(model, wanted, is_folder, jobs, n_jobs++, i);
    bool made_folder = false;
    if (status == CLI_OK && is_folder) {
        made_folder = mkdir(wanted->onnx, 0777) == 0;
        if (!made_folder && errno != EEXIST)
            status = cli_fail(CLI_OUTPUT, "cannot make the folder %s: %s", wanted->onnx,
                              strerror(errno));
    }
    cli_interrupt_init();
    if (status == CLI_OK)
        status = write_all(model, wanted, jobs, n_jobs);
    for (size_t i = 0; i < n_jobs; i++) {
        cli_target_close(&jobs[i].target);
        free(jobs[i].path);
    }
    /* Fails where there is something in it, as it should. */
    if (made_folder && status != CLI_OK)
        rmdir(wanted->onnx);
    free(jobs);
    free(chosen);
    return status;
}
