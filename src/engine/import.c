/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of the caller's memory that the device may read in place. The engine keeps a list of them
 * for a device that is opened again. */
#include <unistd.h>

#include "engine/engine_private.h"

static MienStatus refuse(MienEngine *engine, const char *text)
{
    return mieni_fail(&engine->error, MIEN_E_ARGUMENT, "argument", "%s", text);
}

static MieniImport *find_overlap(MienEngine *engine, const void *memory, size_t size_bytes)
{
    uintptr_t first = (uintptr_t)memory;
    for (size_t i = 0; i < MIENI_COUNT_OF(engine->imports); i++) {
        MieniImport *import = &engine->imports[i];
        uintptr_t begin = (uintptr_t)import->memory;
        if (import->memory && first < begin + import->size_bytes && begin < first + size_bytes)
            return import;
    }
    return NULL;
}

static MieniImport *find_room(MienEngine *engine)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(engine->imports); i++)
        if (!engine->imports[i].memory)
            return &engine->imports[i];
    return NULL;
}

static MienStatus hand_over(MienEngine *engine, void *memory, size_t size_bytes, MienError *error)
{
    const MieniBackend *backend = engine->choice.backend;
    if (!backend->import_memory)
        return mieni_fail(
            error, MIEN_E_UNSUPPORTED, "unsupported",
            "the device %s has no use for blocks of memory; it takes pictures as ever",
            engine->choice.id);
    return backend->import_memory(engine->choice.device, memory, size_bytes, error);
}

static MienStatus import(MienEngine *engine, void *memory, size_t size_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!memory || size_bytes == 0 || (uintptr_t)memory % page || size_bytes % page ||
        size_bytes > UINTPTR_MAX - (uintptr_t)memory)
        return refuse(engine, "a block of memory to be read in place must be whole pages");
    if (find_overlap(engine, memory, size_bytes))
        return refuse(engine, "a part of the block is read in place already");
    MieniImport *room = find_room(engine);
    if (!room)
        return refuse(engine, "too many blocks are read in place; put pictures into one block");
    MienStatus status = hand_over(engine, memory, size_bytes, &engine->error);
    if (status == MIEN_OK)
        *room = (MieniImport){memory, size_bytes};
    return status;
}

MienStatus mien_engine_import_memory(MienEngine *engine, void *memory, size_t size_bytes)
{
    if (!engine)
        return MIEN_E_ARGUMENT;
    if (engine->live)
        return mieni_live_refuse(engine->live,
                                 mieni_live_is_inside(engine->live) ? MIEN_E_BUSY : MIEN_E_ARGUMENT,
                                 "an engine in MIEN_MODE_LIVE_STREAM copies its frames");
    if (pthread_mutex_trylock(&engine->in_call) != 0)
        return MIEN_E_BUSY;
    MienStatus status = import(engine, memory, size_bytes);
    pthread_mutex_unlock(&engine->in_call);
    return status;
}

void mien_engine_release_memory(MienEngine *engine, void *memory)
{
    /* Fails where the same thread is in a call already: in a callback for the log. */
    if (!engine || !memory || engine->live || pthread_mutex_lock(&engine->in_call) != 0)
        return;
    MieniImport *known = find_overlap(engine, memory, 1);
    if (known && known->memory == memory) {
        if (engine->choice.device)
            engine->choice.backend->release_memory(engine->choice.device, memory);
        known->memory = NULL;
    }
    pthread_mutex_unlock(&engine->in_call);
}

void mieni_engine_import_again(MienEngine *engine)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(engine->imports); i++) {
        MienError error;
        MieniImport *import = &engine->imports[i];
        if (import->memory &&
            hand_over(engine, import->memory, import->size_bytes, &error) != MIEN_OK)
            mieni_log(&engine->log, MIEN_LOG_WARN, "engine", "%s", error.text);
    }
}
