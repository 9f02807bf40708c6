/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of each stream of frames between calls. */
#include "engine/engine_private.h"

MieniStream *mieni_stream_find(MienEngine *engine, uint32_t id)
{
    for (size_t i = 0; i < engine->n_streams; i++)
        if (engine->streams[i].id == id)
            return &engine->streams[i];
    return NULL;
}

static size_t cells_of(const MienEngine *engine)
{
    return (size_t)engine->shape.n_landmarks * 3;
}

static bool create_state(const MienEngine *engine, MieniStreamState *state)
{
    size_t n = (size_t)engine->max_tracks, n_cells = cells_of(engine);
    memset(state, 0, sizeof(*state));
    state->tracks = mieni_alloc(n, sizeof(*state->tracks));
    if (!state->tracks || !(engine->smooth_beta > 0))
        return state->tracks != NULL;
    state->smoothers = mieni_alloc(n, sizeof(*state->smoothers));
    state->cells = mieni_alloc(n * n_cells, sizeof(*state->cells));
    if (!state->smoothers || !state->cells)
        return false;
    for (size_t i = 0; i < n; i++)
        state->smoothers[i].cells = state->cells + i * n_cells;
    return true;
}

void mieni_stream_state_finish(MieniStreamState *state)
{
    mieni_free(state->tracks);
    mieni_free(state->smoothers);
    mieni_free(state->cells);
}

MienStatus mieni_stream_add(MienEngine *engine, uint32_t id)
{
    MieniStream *streams = mieni_realloc(engine->streams, engine->n_streams, engine->n_streams + 1,
                                         sizeof(*engine->streams));
    if (!streams)
        return mieni_fail_nomem(&engine->error);
    engine->streams = streams;
    MieniStream *stream = &streams[engine->n_streams];
    *stream = (MieniStream){.id = id};
    if (!create_state(engine, &stream->state) || !create_state(engine, &stream->working)) {
        mieni_stream_state_finish(&stream->state);
        mieni_stream_state_finish(&stream->working);
        return mieni_fail_nomem(&engine->error);
    }
    engine->n_streams++;
    return MIEN_OK;
}

static void copy_smoother(MieniSmoother *to, const MieniSmoother *from, size_t n_cells)
{
    MieniSmoothCell *cells = to->cells;
    memcpy(cells, from->cells, n_cells * sizeof(*cells));
    *to = *from;
    to->cells = cells;
}

void mieni_stream_copy_state(const MienEngine *engine, MieniStreamState *to,
                             const MieniStreamState *from)
{
    to->has_time = from->has_time;
    to->timestamp_us = from->timestamp_us;
    to->next_face_id = from->next_face_id;
    to->n_tracks = from->n_tracks;
    memcpy(to->tracks, from->tracks, (size_t)from->n_tracks * sizeof(*to->tracks));
    for (int32_t i = 0; i < from->n_tracks && from->smoothers; i++) {
        int32_t slot = from->tracks[i].slot;
        copy_smoother(&to->smoothers[slot], &from->smoothers[slot], cells_of(engine));
    }
}
