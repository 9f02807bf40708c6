/* SPDX-License-Identifier: Apache-2.0 */
/* MIEN_MODE_LIVE_STREAM: a queue of frames, and the thread that looks at them. */
#ifndef MIENI_ENGINE_LIVE_H
#define MIENI_ENGINE_LIVE_H

#include "mien/engine.h"

typedef struct MieniLive MieniLive;

/* Starts the thread; the engine is complete. */
MienStatus mieni_live_create(MienEngine *engine, MienError *error);

/* Whether the caller is the thread itself, that is, the callback. */
bool mieni_live_is_inside(const MieniLive *live);

/* Keeps the text of a failure for whoever asks outside of the callback, and returns `status`. */
MienStatus mieni_live_refuse(MieniLive *live, MienStatus status, const char *text);
const char *mieni_live_message(const MieniLive *live);
const char *mieni_live_reason(const MieniLive *live);

/* Drops what waits and forgets the streams; inside the callback when it has returned. */
void mieni_live_reset(MieniLive *live);

/* Ends the thread and frees all of `live`. False inside the callback: then the thread destroys the
 * engine itself when the callback has returned. */
bool mieni_live_destroy(MieniLive *live);

/* How many threads wait inside of send, flush or reset. For tests. */
int32_t mieni_live_n_guests(MieniLive *live);

#endif
