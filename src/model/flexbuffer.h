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

/* Opens the root, which must be a map. False if it is none, is damaged, or has more keys than any
 * operation has options. */
bool mieni_flex_map_open(MieniFlexMap *map, const uint8_t *data, size_t size);

/* Values by key; false if the key is missing, of another type, or damaged. */
bool mieni_flex_i32(const MieniFlexMap *map, const char *key, int32_t *value);
bool mieni_flex_f32(const MieniFlexMap *map, const char *key, float *value);

/* A vector of integers. */
typedef struct MieniFlexVector {
    const uint8_t *elements;
    size_t count;
    uint8_t element_bytes;
    bool is_signed;
} MieniFlexVector;

bool mieni_flex_vector_open(const MieniFlexMap *map, const char *key, MieniFlexVector *vector);

/* Element `index`; false if there are not as many, or it does not fit. */
bool mieni_flex_vector_i32(const MieniFlexVector *vector, size_t index, int32_t *value);

#endif
