/* SPDX-License-Identifier: Apache-2.0 */
#include "model/flatbuffer.h"

#include <stdio.h>

/* FlatBuffers are little-endian; these work on any machine and at any alignment. */
static uint16_t load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t load_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static MienStatus fail(MieniFlat *flat, MienStatus status, const char *reason, const char *what)
{
    if (flat->status != MIEN_OK)
        return flat->status;
    flat->status = status;
    char place[96];
    if (flat->where_index >= 0)
        snprintf(place, sizeof(place), "%s %d", flat->where, (int)flat->where_index);
    else
        snprintf(place, sizeof(place), "%s", flat->where);
    return mieni_fail(flat->error, status, reason, "%s: %s", place, what);
}

void mieni_flat_fail(MieniFlat *flat, const char *what)
{
    fail(flat, MIEN_E_FORMAT, "model-damaged", what);
}

void mieni_flat_unsupported(MieniFlat *flat, const char *what)
{
    fail(flat, MIEN_E_UNSUPPORTED, "model-unsupported", what);
}

bool mieni_flat_ok(const MieniFlat *flat)
{
    return flat->status == MIEN_OK;
}

static bool inside(const MieniFlat *flat, size_t at, size_t bytes)
{
    return at <= flat->size && bytes <= flat->size - at;
}

static MieniFlatTable table_at(MieniFlat *flat, size_t at)
{
    static const MieniFlatTable none = {0};
    if (!inside(flat, at, 4)) {
        mieni_flat_fail(flat, "a table lies outside the file");
        return none;
    }
    /* The vtable is `at` minus a signed offset; in 64 bits neither sign can wrap. */
    int64_t vtable = (int64_t)at - (int32_t)load_u32(flat->data + at);
    if (vtable < 0 || !inside(flat, (size_t)vtable, 4)) {
        mieni_flat_fail(flat, "a vtable lies outside the file");
        return none;
    }
    MieniFlatTable table = {at, (size_t)vtable, load_u16(flat->data + vtable),
                            load_u16(flat->data + vtable + 2)};
    if (table.vtable_size < 4 || !inside(flat, table.vtable, table.vtable_size) ||
        table.table_size < 4 || !inside(flat, at, table.table_size)) {
        mieni_flat_fail(flat, "a table is cut short");
        return none;
    }
    return table;
}

MieniFlatTable mieni_flat_root(MieniFlat *flat)
{
    if (!inside(flat, 0, 8)) {
        mieni_flat_fail(flat, "the file is shorter than a header");
        return (MieniFlatTable){0};
    }
    return table_at(flat, load_u32(flat->data));
}

bool mieni_flat_present(const MieniFlatTable *table)
{
    return table->table_size != 0;
}

/* Where a field's bytes are, or 0 if the field is absent. */
static size_t field_at(MieniFlat *flat, const MieniFlatTable *table, int field, size_t bytes)
{
    size_t slot = 4 + 2 * (size_t)field;
    if (!mieni_flat_ok(flat) || !mieni_flat_present(table) || slot + 2 > table->vtable_size)
        return 0;
    uint16_t offset = load_u16(flat->data + table->vtable + slot);
    if (offset == 0)
        return 0;
    if (offset < 4 || offset + bytes > table->table_size) {
        mieni_flat_fail(flat, "a field lies outside its table");
        return 0;
    }
    return table->at + offset;
}

uint8_t mieni_flat_u8(MieniFlat *flat, const MieniFlatTable *table, int field, uint8_t absent)
{
    size_t at = field_at(flat, table, field, 1);
    return at ? flat->data[at] : absent;
}

int32_t mieni_flat_i32(MieniFlat *flat, const MieniFlatTable *table, int field, int32_t absent)
{
    size_t at = field_at(flat, table, field, 4);
    return at ? (int32_t)load_u32(flat->data + at) : absent;
}

uint64_t mieni_flat_u64(MieniFlat *flat, const MieniFlatTable *table, int field, uint64_t absent)
{
    size_t at = field_at(flat, table, field, 8);
    return at ? load_u32(flat->data + at) | (uint64_t)load_u32(flat->data + at + 4) << 32 : absent;
}

/* Where the offset stored in a field leads, or 0. */
static size_t follow(MieniFlat *flat, const MieniFlatTable *table, int field)
{
    size_t at = field_at(flat, table, field, 4);
    if (!at)
        return 0;
    uint32_t offset = load_u32(flat->data + at);
    if (!inside(flat, at, offset) || offset < 4) {
        mieni_flat_fail(flat, "an offset leads outside the file");
        return 0;
    }
    return at + offset;
}

MieniFlatTable mieni_flat_table(MieniFlat *flat, const MieniFlatTable *table, int field)
{
    size_t at = follow(flat, table, field);
    return at ? table_at(flat, at) : (MieniFlatTable){0};
}

MieniFlatVector mieni_flat_vector(MieniFlat *flat, const MieniFlatTable *table, int field,
                                  size_t element_bytes)
{
    static const MieniFlatVector none = {0};
    size_t at = follow(flat, table, field);
    if (!at)
        return none;
    if (!inside(flat, at, 4)) {
        mieni_flat_fail(flat, "a vector lies outside the file");
        return none;
    }
    MieniFlatVector vector = {at + 4, load_u32(flat->data + at)};
    if (vector.count > (flat->size - vector.at) / element_bytes) {
        mieni_flat_fail(flat, "a vector is longer than the file");
        return none;
    }
    return vector;
}

MieniFlatTable mieni_flat_table_at(MieniFlat *flat, MieniFlatVector vector, uint32_t index)
{
    if (index >= vector.count)
        return (MieniFlatTable){0};
    size_t at = vector.at + 4 * (size_t)index;
    uint32_t offset = load_u32(flat->data + at);
    if (!inside(flat, at, offset) || offset < 4) {
        mieni_flat_fail(flat, "an offset leads outside the file");
        return (MieniFlatTable){0};
    }
    return table_at(flat, at + offset);
}

int32_t mieni_flat_i32_at(const MieniFlat *flat, MieniFlatVector vector, uint32_t index)
{
    return index < vector.count ? (int32_t)load_u32(flat->data + vector.at + 4 * (size_t)index) : 0;
}
