/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading FlatBuffers that nobody has vetted. Every access is checked against the file's end; a
 * value that is missing reads as its default. Source: FlatBuffers documentation, "Internals".
 */
#ifndef MIENI_MODEL_FLATBUFFER_H
#define MIENI_MODEL_FLATBUFFER_H

#include "base/base.h"

/* The file, and the first thing that was found wrong with it. After a failure reads give defaults
 * and empty vectors. */
typedef struct MieniFlat {
    const uint8_t *data;
    size_t size;
    const char *where;   /* what is being read now, for the error text */
    int32_t where_index; /* its number, or -1 */
    MienStatus status;
    MienError *error; /* may be NULL */
} MieniFlat;

/* A table: its own bytes and its vtable. An absent table has table_size 0. */
typedef struct MieniFlatTable {
    size_t at;
    size_t vtable;
    uint16_t vtable_size;
    uint16_t table_size;
} MieniFlatTable;

/* A vector of elements of one size: `count` of them are known to lie in the file. */
typedef struct MieniFlatVector {
    size_t at;
    uint32_t count;
} MieniFlatVector;

/* Notes that the file is damaged; the first call counts. */
void mieni_flat_fail(MieniFlat *flat, const char *what);

/* Notes that the file is sound but not for mien. */
void mieni_flat_unsupported(MieniFlat *flat, const char *what);

bool mieni_flat_ok(const MieniFlat *flat);

/* The table that the file begins with. */
MieniFlatTable mieni_flat_root(MieniFlat *flat);

bool mieni_flat_present(const MieniFlatTable *table);

/* Scalars of a table by field number. */
uint8_t mieni_flat_u8(MieniFlat *flat, const MieniFlatTable *table, int field, uint8_t absent);
int32_t mieni_flat_i32(MieniFlat *flat, const MieniFlatTable *table, int field, int32_t absent);
uint64_t mieni_flat_u64(MieniFlat *flat, const MieniFlatTable *table, int field, uint64_t absent);

/* A table, or a vector whose elements have `element_bytes`, that a field points to. */
MieniFlatTable mieni_flat_table(MieniFlat *flat, const MieniFlatTable *table, int field);
MieniFlatVector mieni_flat_vector(MieniFlat *flat, const MieniFlatTable *table, int field,
                                  size_t element_bytes);

/* Element `index` of a vector of tables, or of 32-bit numbers. */
MieniFlatTable mieni_flat_table_at(MieniFlat *flat, MieniFlatVector vector, uint32_t index);
int32_t mieni_flat_i32_at(const MieniFlat *flat, MieniFlatVector vector, uint32_t index);

#endif
