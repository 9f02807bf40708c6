/* SPDX-License-Identifier: Apache-2.0 */
#include "engines.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "message.h"

/* What one device does of a batch. */
typedef struct Share {
    MienEngine *engine;
    size_t begin, n;
    const MienImage *images;
    const MienResult **results;
    MienStatus status;
    pthread_t thread;
    bool started;
} Share;

struct CliEngines {
    MienEngineOptions options;
    char *list; /* a copy, cut at its commas */
    size_t n;
    const char *devices[CLI_MAX_DEVICES];
    MienEngine *pictures[CLI_MAX_DEVICES];
    MienEngine *video;       /* of the first device */
    MienEngineInfo infos[2]; /* by MienMode */
    char *texts[2][6];       /* that infos of several devices point to */
};

static CliExit split_list(CliEngines *engines, const char *device)
{
    engines->list = strdup(device);
    if (!engines->list)
        return cli_fail(CLI_INTERNAL, "out of memory");
    for (char *at = engines->list, *end; at; at = end) {
        end = strchr(at, ',');
        if (end)
            *end++ = 0;
        if (!*at)
            return cli_fail(CLI_USAGE, "--device %s: a name between the commas is missing", device);
        if (engines->n == CLI_MAX_DEVICES)
            return cli_fail(CLI_USAGE, "--device: more than %d devices", CLI_MAX_DEVICES);
        for (size_t i = 0; i < engines->n; i++)
            if (strcmp(engines->devices[i], at) == 0)
                return cli_fail(CLI_USAGE, "--device %s: %s stands there twice", device, at);
        engines->devices[engines->n++] = at;
    }
    return CLI_OK;
}

CliExit cli_engines_create(const MienEngineOptions *options, CliEngines **out)
{
    CliEngines *engines = *out = calloc(1, sizeof(*engines));
    if (!engines)
        return cli_fail(CLI_INTERNAL, "out of memory");
    engines->options = *options;
    CliExit status = split_list(engines, options->device ? options->device : "cpu");
    if (status != CLI_OK) {
        cli_engines_destroy(engines);
        *out = NULL;
    }
    return status;
}

size_t cli_engines_n_devices(const CliEngines *engines)
{
    return engines->n;
}

static CliExit exit_of(MienStatus status)
{
    switch (status) {
    case MIEN_E_DEVICE:
        return CLI_DEVICE;
    case MIEN_E_FORMAT:
    case MIEN_E_UNSUPPORTED:
        return CLI_MODEL;
    default:
        return CLI_INTERNAL;
    }
}

static CliExit open_one(const CliEngines *engines, MienMode mode, const char *device,
                        MienEngine **engine)
{
    MienEngineOptions options = engines->options;
    options.mode = mode;
    options.device = device;
    MienError error = {0};
    MienStatus status = mien_engine_create(&options, engine, &error);
    /* Everything else was checked before: a bad argument is a name that no device has. */
    if (status == MIEN_E_DEVICE)
        return cli_refuse_device(device, &error);
    if (status != MIEN_OK)
        return cli_fail(status == MIEN_E_ARGUMENT ? CLI_USAGE : exit_of(status), "%s", error.text);
    return CLI_OK;
}

static MienEngineInfo info_of(const MienEngine *engine)
{
    MienEngineInfo info = {.struct_size = sizeof(info)};
    mien_engine_info(engine, &info);
    return info;
}

/* Two names may be those of one device: "cuda" and "cuda:0". And which device computes a picture
 * must not be seen in its results. */
static CliExit check_list(const CliEngines *engines, size_t n)
{
    MienEngineInfo last = info_of(engines->pictures[n]);
    for (size_t i = 0; i < n; i++) {
        MienEngineInfo info = info_of(engines->pictures[i]);
        if (strcmp(info.device_crop, last.device_crop) == 0)
            return cli_fail(CLI_USAGE, "--device: %s and %s are the same device",
                            engines->devices[i], engines->devices[n]);
        if (info.precision != last.precision)
            return cli_fail(CLI_USAGE,
                            "--precision auto: %s and %s choose differently; say fp32 or fp16",
                            engines->devices[i], engines->devices[n]);
    }
    return CLI_OK;
}

/* A field of several infos as a list, each text once. NULL if there is no memory. */
static char *join(const MienEngineInfo *infos, size_t n, size_t field, const char *between)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++)
        size += strlen(*(const char *const *)((const char *)&infos[i] + field)) + strlen(between);
    char *text = calloc(1, size);
    for (size_t i = 0; i < n && text; i++) {
        const char *next = *(const char *const *)((const char *)&infos[i] + field);
        bool is_new = *next != 0;
        for (size_t k = 0; k < i && is_new; k++)
            is_new = strcmp(*(const char *const *)((const char *)&infos[k] + field), next) != 0;
        if (is_new) {
            if (*text)
                strcat(text, between);
            strcat(text, next);
        }
    }
    return text;
}

static CliExit set_info(CliEngines *engines, MienMode mode)
{
    static const size_t fields[] = {
        offsetof(MienEngineInfo, device_crop),        offsetof(MienEngineInfo, device_detector),
        offsetof(MienEngineInfo, device_landmarks),   offsetof(MienEngineInfo, isa),
        offsetof(MienEngineInfo, device_blendshapes), offsetof(MienEngineInfo, device_choice),
    };
    MienEngineInfo all[CLI_MAX_DEVICES];
    size_t n = mode == MIEN_MODE_VIDEO ? 1 : engines->n;
    for (size_t i = 0; i < n; i++)
        all[i] = info_of(mode == MIEN_MODE_VIDEO ? engines->video : engines->pictures[i]);
    MienEngineInfo *info = &engines->infos[mode];
    *info = all[0];
    info->device_requested = engines->options.device ? engines->options.device : "cpu";
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        char *text = join(all, n, fields[i], i == 5 ? "; " : ",");
        if (!text)
            return cli_fail(CLI_INTERNAL, "out of memory");
        engines->texts[mode][i] = text;
        *(const char **)((char *)info + fields[i]) = text;
    }
    return CLI_OK;
}

CliExit cli_engines_open(CliEngines *engines, MienMode mode)
{
    bool is_video = mode == MIEN_MODE_VIDEO;
    if (engines->infos[mode].struct_size)
        return CLI_OK;
    CliExit status = CLI_OK;
    if (is_video)
        status = open_one(engines, mode, engines->devices[0], &engines->video);
    for (size_t i = 0; i < engines->n && !is_video && status == CLI_OK; i++) {
        status = open_one(engines, mode, engines->devices[i], &engines->pictures[i]);
        if (status == CLI_OK)
            status = check_list(engines, i);
    }
    if (status == CLI_OK)
        status = set_info(engines, mode);
    if (status != CLI_OK)
        return status;
    const MienEngineInfo *info = &engines->infos[mode];
    if (*info->device_choice && !engines->infos[!mode].struct_size)
        cli_note("device %s: %s", info->device_requested, info->device_choice);
    if (is_video && engines->n > 1)
        cli_note("a followed video is the work of one device: %s (--static shares its frames)",
                 info->device_crop);
    return CLI_OK;
}

const MienEngineInfo *cli_engines_info(const CliEngines *engines, MienMode mode)
{
    return &engines->infos[mode];
}

void cli_engines_reset(CliEngines *engines)
{
    mien_engine_reset(engines->video);
}

static CliExit failed(const MienEngine *engine, const char *source, MienStatus status)
{
    const char *text = mien_engine_message(engine);
    if (status == MIEN_E_DEVICE)
        return cli_device_failed(source, text, mien_engine_reason(engine));
    return cli_fail(exit_of(status), "%s: %s", source, *text ? text : mien_status_text(status));
}

CliExit cli_engines_follow(CliEngines *engines, const char *source, const MienImage *image,
                           int64_t timestamp_us, const MienResult **result)
{
    MienStatus status = mien_engine_process(engines->video, image, timestamp_us, result);
    return status == MIEN_OK ? CLI_OK : failed(engines->video, source, status);
}

static void *compute(void *argument)
{
    Share *share = argument;
    if (share->n)
        share->status =
            mien_engine_process_batch(share->engine, share->n, share->images + share->begin, NULL,
                                      NULL, share->results + share->begin);
    return NULL;
}

CliExit cli_engines_look(CliEngines *engines, size_t n, const char *const *sources,
                         const MienImage *images, const MienResult **results)
{
    Share shares[CLI_MAX_DEVICES];
    for (size_t i = 0; i < engines->n; i++) {
        size_t begin = n * i / engines->n, end = n * (i + 1) / engines->n;
        shares[i] = (Share){.engine = engines->pictures[i],
                            .begin = begin,
                            .n = end - begin,
                            .images = images,
                            .results = results};
        /* The caller's thread has the last share, and those that get no thread. */
        if (shares[i].n && i + 1 < engines->n)
            shares[i].started = pthread_create(&shares[i].thread, NULL, compute, &shares[i]) == 0;
    }
    for (size_t i = 0; i < engines->n; i++)
        if (!shares[i].started)
            compute(&shares[i]);
    for (size_t i = 0; i < engines->n; i++)
        if (shares[i].started)
            pthread_join(shares[i].thread, NULL);
    for (size_t i = 0; i < engines->n; i++)
        if (shares[i].status != MIEN_OK)
            return failed(shares[i].engine, sources[shares[i].begin], shares[i].status);
    return CLI_OK;
}

int64_t cli_engines_n_reopened(const CliEngines *engines)
{
    int64_t n = engines->video ? info_of(engines->video).n_reopened : 0;
    for (size_t i = 0; i < engines->n; i++)
        n += engines->pictures[i] ? info_of(engines->pictures[i]).n_reopened : 0;
    return n;
}

void cli_engines_destroy(CliEngines *engines)
{
    if (!engines)
        return;
    mien_engine_destroy(engines->video);
    for (size_t i = 0; i < engines->n; i++)
        mien_engine_destroy(engines->pictures[i]);
    for (int mode = 0; mode < 2; mode++)
        for (size_t i = 0; i < sizeof(engines->texts[mode]) / sizeof(char *); i++)
            free(engines->texts[mode][i]);
    free(engines->list);
    free(engines);
}
