/* SPDX-License-Identifier: Apache-2.0 */
#include "model/protobuf.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { MAX_VARINT = 10, FIRST_CAPACITY = 4096 };

static uint8_t *grow(MieniProtobuf *message, size_t n)
{
    if (message->status != MIEN_OK)
        return NULL;
    if (n > message->limit || message->size > message->limit - n) {
        message->status = MIEN_E_UNSUPPORTED;
        return NULL;
    }
    size_t needed = message->size + n;
    if (needed > message->capacity) {
        size_t capacity = MIENI_MAX(message->capacity, (size_t)FIRST_CAPACITY);
        while (capacity < needed)
            capacity *= 2;
        uint8_t *data = mieni_realloc(message->data, message->capacity, capacity, 1);
        if (!data) {
            message->status = MIEN_E_NOMEM;
            return NULL;
        }
        message->data = data;
        message->capacity = capacity;
    }
    uint8_t *room = message->data + message->size;
    message->size = needed;
    return room;
}

/* Seven bits a byte, the lowest first; all but the last have the highest bit. */
static size_t encode(uint64_t value, uint8_t to[MAX_VARINT])
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        to[n++] = (uint8_t)(value | 0x80);
    to[n++] = (uint8_t)value;
    return n;
}

static void put_varint(MieniProtobuf *message, uint64_t value)
{
    uint8_t bytes[MAX_VARINT];
    size_t n = encode(value, bytes);
    uint8_t *room = grow(message, n);
    if (room)
        memcpy(room, bytes, n);
}

static void put_tag(MieniProtobuf *message, int field, int wire)
{
    put_varint(message, (uint64_t)field << 3 | (uint64_t)wire);
}

void mieni_protobuf_int(MieniProtobuf *message, int field, int64_t value)
{
    put_tag(message, field, WIRE_VARINT);
    put_varint(message, (uint64_t)value);
}

void mieni_protobuf_f32(MieniProtobuf *message, int field, float value)
{
    put_tag(message, field, WIRE_32);
    uint8_t *room = grow(message, sizeof(value));
    if (room)
        memcpy(room, &value, sizeof(value));
}

uint8_t *mieni_protobuf_bytes(MieniProtobuf *message, int field, size_t size)
{
    put_tag(message, field, WIRE_BYTES);
    put_varint(message, size);
    return grow(message, size);
}

void mieni_protobuf_text(MieniProtobuf *message, int field, const char *text)
{
    size_t n = strlen(text);
    uint8_t *room = mieni_protobuf_bytes(message, field, n);
    if (room)
        memcpy(room, text, n);
}

size_t mieni_protobuf_begin(MieniProtobuf *message, int field)
{
    put_tag(message, field, WIRE_BYTES);
    return message->size;
}

void mieni_protobuf_end(MieniProtobuf *message, size_t begin)
{
    uint8_t bytes[MAX_VARINT];
    size_t length = message->size - begin;
    size_t n = encode(length, bytes);
    if (!grow(message, n))
        return;
    memmove(message->data + begin + n, message->data + begin, length);
    memcpy(message->data + begin, bytes, n);
}

void mieni_protobuf_finish(MieniProtobuf *message)
{
    mieni_free(message->data);
    memset(message, 0, sizeof(*message));
}
