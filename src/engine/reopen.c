/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the device of an engine, and opening it again when it was lost. */
#include <stdio.h>
#include <time.h>

#include "engine/engine_private.h"

static MieniDeviceOptions device_options(const MienEngine *engine)
{
    return (MieniDeviceOptions){.threads = engine->options.threads,
                                .cpu_mask = engine->options.cpu_mask,
                                .precision = engine->options.precision,
                                .log = &engine->log};
}

static void note_device(MienEngine *engine)
{
    snprintf(engine->isa, sizeof(engine->isa), "%s",
             engine->choice.backend->isa(engine->choice.device));
    engine->precision = mieni_device_precision(engine->choice.backend, engine->choice.device);
}

MienStatus mieni_engine_open_device(MienEngine *engine, MienError *error)
{
    MieniDeviceOptions options = device_options(engine);
    MienStatus status = mieni_registry_open(engine->requested, engine->options.allow_software,
                                            &options, &engine->choice, error);
    if (status == MIEN_OK)
        note_device(engine);
    return status;
}

/* Milliseconds before each try: a driver that resets a device takes its time. */
static const int pauses_ms[] = {0, 250, 1000};

static void wait_ms(int ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (ms > 0 && nanosleep(&time, &time) != 0)
        continue;
}

static void close_device(MienEngine *engine)
{
    mieni_engine_destroy_plans(engine);
    engine->choice.backend->close(engine->choice.device);
    engine->choice.device = NULL;
}

MienStatus mieni_engine_reopen(MienEngine *engine, int attempt, MienError *error)
{
    MieniDeviceOptions options = device_options(engine);
    options.precision = engine->precision; /* also where the device had the choice */
    mieni_log(&engine->log, MIEN_LOG_WARN, "engine", "%s", error->text);
    MienStatus status = MIEN_E_DEVICE;
    for (int i = attempt; i < (int)MIENI_COUNT_OF(pauses_ms) && status == MIEN_E_DEVICE; i++) {
        close_device(engine);
        wait_ms(pauses_ms[i]);
        status = mieni_registry_reopen(&engine->choice, &options, error);
        if (status == MIEN_OK)
            status = mieni_engine_create_plans(engine, error);
        if (status == MIEN_OK)
            mieni_engine_import_again(engine);
    }
    if (status != MIEN_OK) {
        close_device(engine);
        return status;
    }
    note_device(engine);
    engine->n_reopened++;
    mieni_log(&engine->log, MIEN_LOG_WARN, "engine", "device %s was opened again",
              engine->choice.id);
    return MIEN_OK;
}
