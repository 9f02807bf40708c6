/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing protobuf messages into one growing block. A nested message is opened and closed; its
 * length is put in when it is closed. The first failure sticks and silences what follows.
 * Source: Protocol Buffers documentation, "Encoding".
 */
#ifndef MIENI_MODEL_PROTOBUF_H
#define MIENI_MODEL_PROTOBUF_H

#include "base/base.h"

/* Zeroed but for `limit`; free with mieni_protobuf_finish. */
typedef struct MieniProtobuf {
    uint8_t *data;
    size_t size, capacity;
    size_t limit;      /* bytes that it may become */
    MienStatus status; /* MIEN_E_NOMEM, or MIEN_E_UNSUPPORTED: larger than the limit */
} MieniProtobuf;

void mieni_protobuf_int(MieniProtobuf *message, int field, int64_t value);
void mieni_protobuf_f32(MieniProtobuf *message, int field, float value);
void mieni_protobuf_text(MieniProtobuf *message, int field, const char *text);

/* A field of `size` bytes, to be filled in before anything else is written; NULL after a failure.
 */
uint8_t *mieni_protobuf_bytes(MieniProtobuf *message, int field, size_t size);

/* Opens a nested message and returns what mieni_protobuf_end needs to close it. */
size_t mieni_protobuf_begin(MieniProtobuf *message, int field);
void mieni_protobuf_end(MieniProtobuf *message, size_t begin);

void mieni_protobuf_finish(MieniProtobuf *message);

#endif
