/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the FlexBuffer maps in which custom operations keep their options. Every access is
 * checked. Source: FlatBuffers documentation, "FlexBuffers".
 */
#ifndef MIENI_MODEL_FLEXBUFFER_H
#define MIENI_MODEL_FLEXBUFFER_H

#include "base/base.h"

typedef struct MieniFlexMap {
    const uint8_t *data;
    size_t size;
    size_t values, keys; /* first value slot, first key slot */
    size_t types;        /* one byte a value */
    uint8_t value_bytes, key_bytes;
    size_t count;
} MieniFlexMap;

/* Opens the root, which must be a map. False if it is none or is damaged. */
bool mieni_flex_map_open(MieniFlexMap *map, const uint8_t *data, size_t size);

/* Values by key; false if the key is missing, of another type, or damaged. */
bool mieni_flex_i32(const MieniFlexMap *map, const char *key, int32_t *value);
bool mieni_flex_f32(const MieniFlexMap *map, const char *key, float *value);

/* A vector of integers: its length, and then its elements (index must be below the length). */
bool mieni_flex_vector_length(const MieniFlexMap *map, const char *key, size_t *length);
bool mieni_flex_vector_i32(const MieniFlexMap *map, const char *key, size_t index, int32_t *value);

#endif
