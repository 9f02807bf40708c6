/* SPDX-License-Identifier: Apache-2.0 */
/* mien-probe as it stays alive and tells, again and again, how the GPUs do. */
#ifndef MIENI_DOCTOR_STREAM_H
#define MIENI_DOCTOR_STREAM_H

#include "doctor/facts.h"
#include "doctor/machine.h"
#include "mien/watch.h"

typedef struct MieniStream MieniStream;

/* Starts the helper; one that cannot be started is a state and no failure. `program` NULL: beside
 * the library. */
MienStatus mieni_stream_create(const MieniMachine *machine, const char *program,
                               int32_t interval_ms, int32_t timeout_ms, MieniStream **stream);

/*
 * Takes what the helper said last, and waits up to `patience_ms` if it has said nothing new.
 * `facts` is set to them, NULL if there are none to be trusted any more; they are the stream's,
 * until the next call. `text` has what is the matter, or is empty.
 */
MienStatus mieni_stream_read(MieniStream *stream, int32_t patience_ms, MienWatchDriver *state,
                             const MieniFacts **facts, const char **text);

/* Kills the helper. NULL is fine. */
void mieni_stream_destroy(MieniStream *stream);

#endif
