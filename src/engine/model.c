/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* madvise: glibc's posix_madvise lets no page go */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu/sha256.h"
#include "engine/engine_private.h"
#include "model/onnx.h"
#include "model/task.h"

static bool has_suffix(const char *text, const char *suffix)
{
    size_t n = strlen(text), n_suffix = strlen(suffix);
    return n >= n_suffix && strcmp(text + n - n_suffix, suffix) == 0;
}

static MienStatus add_network(MienModel *model, const char *name, const void *data, size_t size,
                              MienError *error)
{
    MieniNetwork *network = &model->networks[model->n_networks];
    MienStatus status = mieni_graph_read(data, size, &network->graph, error);
    if (status != MIEN_OK)
        return status;
    snprintf(network->name, sizeof(network->name), "%s", name);
    model->n_networks++;
    return MIEN_OK;
}

static MienStatus read_bundle(MienModel *model, MienError *error)
{
    MieniTask task;
    MienStatus status = mieni_task_read(&task, model->data, model->size_bytes, error);
    for (size_t i = 0; i < task.n_members && status == MIEN_OK; i++) {
        const MieniTaskMember *member = &task.members[i];
        if (!has_suffix(member->name, ".tflite"))
            continue;
        if (model->n_networks == MIENI_MODEL_MAX_NETWORKS)
            return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                              "the bundle holds more than %d networks", MIENI_MODEL_MAX_NETWORKS);
        status = add_network(model, member->name, member->data, member->size_bytes, error);
    }
    if (status == MIEN_OK && model->n_networks == 0)
        return mieni_fail(error, MIEN_E_FORMAT, "model-damaged", "the bundle holds no network");
    return status;
}

static MienStatus read_networks(MienModel *model, MienError *error)
{
    if (mieni_task_probe(model->data, model->size_bytes))
        return read_bundle(model, error);
    MienStatus status = add_network(model, "", model->data, model->size_bytes, error);
    /* A bundle may hold networks that nobody asks for; a file that is one network must be able to
     * run. */
    return status == MIEN_OK ? mieni_graph_check_ops(model->networks[0].graph, error) : status;
}

static void free_model(MienModel *model)
{
    for (size_t i = 0; i < model->n_networks; i++)
        mieni_graph_destroy(model->networks[i].graph);
    if (model->is_mapped)
        munmap((void *)(uintptr_t)model->data, model->size_bytes);
    else
        mieni_free((void *)(uintptr_t)model->data);
    pthread_mutex_destroy(&model->mutex);
    mieni_free(model);
}

/* Takes over `data`, whatever happens. */
static MienStatus create_model(const void *data, size_t size_bytes, bool is_mapped, MienModel **out,
                               MienError *error)
{
    MienModel *model = mieni_alloc(1, sizeof(*model));
    if (!model) {
        if (is_mapped)
            munmap((void *)(uintptr_t)data, size_bytes);
        else
            mieni_free((void *)(uintptr_t)data);
        return mieni_fail_nomem(error);
    }
    model->n_references = 1;
    model->data = data;
    model->size_bytes = size_bytes;
    model->is_mapped = is_mapped;
    pthread_mutex_init(&model->mutex, NULL);
    MienStatus status = read_networks(model, error);
    if (status != MIEN_OK) {
        free_model(model);
        return status;
    }
    *out = model;
    return MIEN_OK;
}

MienStatus mien_model_load_memory(const void *data, size_t size_bytes, MienModel **model,
                                  MienError *error)
{
    if (model)
        *model = NULL;
    if (!model || !data)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "a pointer is NULL");
    void *copy = mieni_alloc(size_bytes, 1);
    if (!copy)
        return mieni_fail_nomem(error);
    memcpy(copy, data, size_bytes);
    return create_model(copy, size_bytes, false, model, error);
}

MienStatus mieni_fail_in(MienError *error, MienStatus status, const char *where)
{
    if (!error || status == MIEN_E_NOMEM)
        return status;
    const MienError inner = *error;
    int room = (int)sizeof(error->text) / 2;
    return mieni_fail(error, status, inner.reason, "%.*s: %.*s", room, where, room - 4, inner.text);
}

MienStatus mien_model_load_file(const char *path, MienModel **model, MienError *error)
{
    if (model)
        *model = NULL;
    if (!model || !path)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "a pointer is NULL");
    /* O_NONBLOCK: a pipe without a writer is refused below, not waited for. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) {
        int code = errno;
        if (file >= 0)
            close(file);
        return mieni_fail(error, MIEN_E_IO, "model-unreadable", "%s: %s", path, strerror(code));
    }
    if (!S_ISREG(info.st_mode) || info.st_size == 0) {
        close(file);
        return mieni_fail(error, MIEN_E_FORMAT, "model-damaged", "%s: %s", path,
                          S_ISREG(info.st_mode) ? "the file is empty" : "this is no regular file");
    }
    size_t size = (size_t)info.st_size;
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    int code = errno;
    close(file);
    if (data == MAP_FAILED)
        return mieni_fail(error, MIEN_E_IO, "model-unreadable", "%s: %s", path, strerror(code));
    MienStatus status = create_model(data, size, true, model, error);
    return status == MIEN_OK ? status : mieni_fail_in(error, status, path);
}

void mieni_model_release_pages(const MienModel *model)
{
    if (model && model->is_mapped)
        madvise((void *)(uintptr_t)model->data, model->size_bytes, MADV_DONTNEED);
}

MienModel *mien_model_retain(MienModel *model)
{
    if (!model)
        return NULL;
    pthread_mutex_lock(&model->mutex);
    model->n_references++;
    pthread_mutex_unlock(&model->mutex);
    return model;
}

void mien_model_destroy(MienModel *model)
{
    if (!model)
        return;
    pthread_mutex_lock(&model->mutex);
    bool last = --model->n_references == 0;
    pthread_mutex_unlock(&model->mutex);
    if (last)
        free_model(model);
}

const char *mien_model_sha256(const MienModel *model)
{
    /* The hash is a cache: the model is immutable to everyone else. */
    MienModel *cache = (MienModel *)(uintptr_t)model;
    if (!model)
        return "";
    pthread_mutex_lock(&cache->mutex);
    if (!*cache->sha256) {
        mieni_sha256_hex(model->data, model->size_bytes, cache->sha256);
        mieni_model_release_pages(model); /* an engine may have packed them already */
    }
    pthread_mutex_unlock(&cache->mutex);
    return model->sha256;
}

size_t mien_model_n_networks(const MienModel *model)
{
    return model ? model->n_networks : 0;
}

const char *mien_model_network_name(const MienModel *model, size_t network)
{
    return model && network < model->n_networks ? model->networks[network].name : NULL;
}

MienStatus mien_model_inspect(const MienModel *model, size_t network,
                              int (*write)(void *user, const char *line), void *user)
{
    if (!model || !write || network >= model->n_networks)
        return MIEN_E_ARGUMENT;
    const MieniNetwork *of = &model->networks[network];
    MienError error;
    MieniPlan *plan;
    MienStatus status = mieni_plan_create(of->graph, &plan, &error);
    if (*of->name) {
        char line[96];
        snprintf(line, sizeof(line), "network: %s", of->name);
        if (write(user, line) != 0) {
            mieni_plan_destroy(plan);
            return MIEN_OK;
        }
    }
    mieni_plan_print(of->graph, plan, write, user);
    mieni_plan_destroy(plan);
    if (status != MIEN_OK) {
        char line[sizeof(error.text) + 32];
        snprintf(line, sizeof(line), "cannot be run: %s", error.text);
        write(user, line);
    }
    return status == MIEN_E_NOMEM ? status : MIEN_OK;
}

const char *mien_model_name(const MienModel *model)
{
    size_t n;
    const MienCatalogEntry *entries = mien_model_catalog(&n);
    const char *sha256 = mien_model_sha256(model);
    for (size_t i = 0; i < n; i++)
        if (strcmp(entries[i].sha256, sha256) == 0 ||
            (entries[i].wheel_sha256 && strcmp(entries[i].wheel_sha256, sha256) == 0))
            return entries[i].name;
    return NULL;
}

MienStatus mien_model_write_onnx(const MienModel *model, size_t network,
                                 int (*write)(void *user, const void *data, size_t size_bytes),
                                 void *user, MienError *error)
{
    if (!model || !write || network >= model->n_networks)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument",
                          "a pointer is NULL, or there is no such network");
    const MieniNetwork *of = &model->networks[network];
    const char *name = mien_model_name(model);
    const MienCatalogEntry *entry = mien_model_catalog_find(name);
    const MieniOnnxSource source = {.name = *of->name ? of->name
                                            : name    ? name
                                                      : "network",
                                    .model = name,
                                    .sha256 = mien_model_sha256(model),
                                    .licence = entry ? entry->licence : NULL};
    MieniProtobuf file = {0};
    MienStatus status = mieni_onnx_write(of->graph, &source, &file, error);
    if (status != MIEN_OK && *of->name)
        status = mieni_fail_in(error, status, of->name);
    if (status == MIEN_OK && write(user, file.data, file.size) != 0)
        status =
            mieni_fail(error, MIEN_E_IO, "write-stopped", "the ONNX file could not be written");
    mieni_protobuf_finish(&file);
    return status;
}
