/* SPDX-License-Identifier: Apache-2.0 */
#include "model/flexbuffer.h"

enum {
    TYPE_INT = 1,
    TYPE_UINT = 2,
    TYPE_FLOAT = 3,
    TYPE_MAP = 9,
    TYPE_VECTOR_INT = 11,
    TYPE_VECTOR_UINT = 12
};

/* Keys are looked up one after the other: a hostile map must not make that long. */
#define MAX_KEYS 64

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static uint64_t load_number(const uint8_t *data, uint8_t bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)data[i] << (8 * i);
    return value;
}

/* The same; false if it does not lie in the buffer. */
static bool load(const MieniFlexMap *map, size_t at, uint8_t bytes, uint64_t *value)
{
    if (at > map->size || bytes > map->size - at)
        return false;
    *value = load_number(map->data + at, bytes);
    return true;
}

/* Offsets point backwards from the slot that holds them. */
static bool follow(const MieniFlexMap *map, size_t slot, uint8_t bytes, size_t *target)
{
    uint64_t offset;
    if (!load(map, slot, bytes, &offset) || offset > slot)
        return false;
    *target = slot - (size_t)offset;
    return true;
}

static bool is_width(uint64_t bytes)
{
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

bool mieni_flex_map_open(MieniFlexMap *map, const uint8_t *data, size_t size)
{
    memset(map, 0, sizeof(*map));
    map->data = data;
    map->size = size;
    if (!data || size < 3 || !is_width(data[size - 1]) || data[size - 2] >> 2 != TYPE_MAP)
        return false;
    uint8_t root_bytes = data[size - 1];
    size_t root = size - 2 - MIENI_MIN(root_bytes, size - 2);
    map->value_bytes = (uint8_t)(1 << (data[size - 2] & 3));
    size_t width = map->value_bytes;

    uint64_t count, key_bytes;
    if (!follow(map, root, root_bytes, &map->values) || map->values < 3 * width ||
        !load(map, map->values - width, map->value_bytes, &count) ||
        !load(map, map->values - 2 * width, map->value_bytes, &key_bytes) || !is_width(key_bytes) ||
        !follow(map, map->values - 3 * width, map->value_bytes, &map->keys))
        return false;
    map->key_bytes = (uint8_t)key_bytes;
    if (count > MAX_KEYS || map->values + (size_t)count * (width + 1) > size ||
        map->keys + (size_t)count * map->key_bytes > size)
        return false;
    map->count = (size_t)count;
    map->types = map->values + map->count * width;
    return true;
}

static bool key_equals(const MieniFlexMap *map, size_t index, const char *key)
{
    size_t at;
    size_t length = strlen(key) + 1;
    return follow(map, map->keys + index * map->key_bytes, map->key_bytes, &at) &&
           length <= map->size - at && memcmp(map->data + at, key, length) == 0;
}

/* The slot and packed type of a key's value. */
static bool find(const MieniFlexMap *map, const char *key, size_t *slot, uint8_t *type)
{
    for (size_t i = 0; i < map->count; i++) {
        if (!key_equals(map, i, key))
            continue;
        *slot = map->values + i * map->value_bytes;
        *type = map->data[map->types + i];
        return true;
    }
    return false;
}

/* A number of `bytes` bytes as int32; false if it does not fit. */
static bool to_i32(uint64_t raw, uint8_t bytes, bool is_signed, int32_t *value)
{
    if (!is_signed) {
        *value = (int32_t)(raw & INT32_MAX);
        return raw <= INT32_MAX;
    }
    if (bytes < 8 && raw >> (8 * bytes - 1) & 1)
        raw |= UINT64_MAX << (8 * bytes);
    int64_t wide;
    memcpy(&wide, &raw, sizeof(wide));
    *value = (int32_t)wide;
    return *value == wide;
}

bool mieni_flex_i32(const MieniFlexMap *map, const char *key, int32_t *value)
{
    size_t slot;
    uint8_t type;
    uint64_t raw;
    if (!find(map, key, &slot, &type) || (type >> 2 != TYPE_INT && type >> 2 != TYPE_UINT))
        return false;
    return load(map, slot, map->value_bytes, &raw) &&
           to_i32(raw, map->value_bytes, type >> 2 == TYPE_INT, value);
}

bool mieni_flex_f32(const MieniFlexMap *map, const char *key, float *value)
{
    size_t slot;
    uint8_t type;
    uint64_t raw;
    if (!find(map, key, &slot, &type) || type >> 2 != TYPE_FLOAT ||
        !load(map, slot, map->value_bytes, &raw))
        return false;
    if (map->value_bytes == 4) {
        uint32_t bits = (uint32_t)raw;
        memcpy(value, &bits, 4);
        return true;
    }
    double wide;
    memcpy(&wide, &raw, 8);
    *value = (float)wide;
    return map->value_bytes == 8;
}

bool mieni_flex_vector_open(const MieniFlexMap *map, const char *key, MieniFlexVector *vector)
{
    size_t slot, elements;
    uint8_t type;
    uint64_t count;
    if (!find(map, key, &slot, &type) ||
        (type >> 2 != TYPE_VECTOR_INT && type >> 2 != TYPE_VECTOR_UINT))
        return false;
    uint8_t bytes = (uint8_t)(1 << (type & 3));
    if (!follow(map, slot, map->value_bytes, &elements) || elements < bytes ||
        !load(map, elements - bytes, bytes, &count) || count > (map->size - elements) / bytes)
        return false;
    *vector = (MieniFlexVector){.elements = map->data + elements,
                                .count = (size_t)count,
                                .element_bytes = bytes,
                                .is_signed = type >> 2 == TYPE_VECTOR_INT};
    return true;
}

bool mieni_flex_vector_i32(const MieniFlexVector *vector, size_t index, int32_t *value)
{
    return index < vector->count &&
           to_i32(
               load_number(vector->elements + index * vector->element_bytes, vector->element_bytes),
               vector->element_bytes, vector->is_signed, value);
}
