/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the FlatBuffer. Each table is written before what it points to, since offsets lead
 * forwards; all fields are present. Describing networks is in flatmodel.c.
 */
#include "support/flatbuilder.h"

#include "base/base.h"
#include "support/test.h"

static void reserve(FbFile *file, size_t bytes)
{
    if (file->size + bytes <= file->capacity)
        return;
    file->capacity = 2 * (file->size + bytes);
    file->data = realloc(file->data, file->capacity);
    assert_non_null(file->data);
}

static size_t append(FbFile *file, const void *data, size_t bytes, size_t alignment)
{
    reserve(file, bytes + alignment);
    while (file->size % alignment)
        file->data[file->size++] = 0;
    size_t at = file->size;
    if (data && bytes)
        memcpy(file->data + at, data, bytes);
    else
        memset(file->data + at, 0, bytes);
    file->size += bytes;
    return at;
}

void fb_put_u8(FbFile *file, size_t at, uint8_t value)
{
    assert_true(at < file->size);
    file->data[at] = value;
}

void fb_put_u16(FbFile *file, size_t at, uint16_t value)
{
    fb_put_u8(file, at, (uint8_t)value);
    fb_put_u8(file, at + 1, (uint8_t)(value >> 8));
}

void fb_put_u32(FbFile *file, size_t at, uint32_t value)
{
    fb_put_u16(file, at, (uint16_t)value);
    fb_put_u16(file, at + 2, (uint16_t)(value >> 16));
}

uint32_t fb_get_u32(const FbFile *file, size_t at)
{
    assert_true(at + 4 <= file->size);
    const uint8_t *p = file->data + at;
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

MIENI_PRINTF(3, 4) static void mark(FbFile *file, size_t at, const char *format, ...)
{
    if (file->n_marks == file->marks_capacity) {
        file->marks_capacity = 2 * file->marks_capacity + 64;
        file->marks = realloc(file->marks, file->marks_capacity * sizeof(*file->marks));
        assert_non_null(file->marks);
    }
    FbMark *entry = &file->marks[file->n_marks++];
    entry->at = at;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(entry->name, sizeof(entry->name), format, arguments);
    va_end(arguments);
}

size_t fb_find(const FbFile *file, const char *name)
{
    for (size_t i = 0; i < file->n_marks; i++)
        if (strcmp(file->marks[i].name, name) == 0)
            return file->marks[i].at;
    fail_msg("the file has no part named %s", name);
    return 0;
}

void fb_file_free(FbFile *file)
{
    free(file->data);
    free(file->marks);
    memset(file, 0, sizeof(*file));
}

/* A field of a table: its name for the marks, and its bytes (0: absent). */
typedef struct Field {
    const char *name;
    uint8_t bytes;
} Field;

typedef struct Table {
    size_t at;
    size_t fields[8];
} Table;

static Table write_table(FbFile *file, const char *name, size_t n_fields, const Field *fields)
{
    assert_true(n_fields <= 8);
    Table table = {0};
    size_t vtable = append(file, NULL, 4 + 2 * n_fields, 2);
    size_t offset = 4;
    for (size_t i = 0; i < n_fields; i++) {
        if (!fields[i].bytes)
            continue;
        size_t alignment = MIENI_MIN(fields[i].bytes, 4);
        offset = (offset + alignment - 1) / alignment * alignment;
        fb_put_u16(file, vtable + 4 + 2 * i, (uint16_t)offset);
        table.fields[i] = offset;
        offset += fields[i].bytes;
    }
    fb_put_u16(file, vtable, (uint16_t)(4 + 2 * n_fields));
    fb_put_u16(file, vtable + 2, (uint16_t)offset);
    table.at = append(file, NULL, offset, 4);
    fb_put_u32(file, table.at, (uint32_t)(table.at - vtable));
    mark(file, table.at, "%s", name);
    mark(file, vtable, "%s:vtable", name);
    for (size_t i = 0; i < n_fields; i++) {
        if (!fields[i].bytes)
            continue;
        table.fields[i] += table.at;
        mark(file, table.fields[i], "%s.%s", name, fields[i].name);
    }
    return table;
}

static void point(FbFile *file, size_t slot, size_t target)
{
    fb_put_u32(file, slot, (uint32_t)(target - slot));
}

/* A vector that a field points to; returns where its elements begin. */
static size_t write_vector(FbFile *file, size_t slot, const char *name, const void *elements,
                           size_t count, size_t element_bytes)
{
    size_t at = append(file, NULL, 4, 4);
    fb_put_u32(file, at, (uint32_t)count);
    size_t first = append(file, elements, count * element_bytes, 1);
    if (slot)
        point(file, slot, at);
    mark(file, at, "%s[]", name);
    return first;
}

static void write_text(FbFile *file, size_t slot, const char *name, const char *text)
{
    write_vector(file, slot, name, text, strlen(text), 1);
    append(file, NULL, 1, 1);
}

/* Numbers of 1, 2 or 4 bytes, in a table of one field. */
static void write_index_vector(FbFile *file, size_t slot, const char *name, uint8_t type, int32_t n,
                               const int32_t *values)
{
    static const Field field[] = {{"values", 4}};
    size_t bytes = type == 1 ? 4 : type == 2 ? 2 : 1;
    Table holder = write_table(file, name, 1, field);
    point(file, slot, holder.at);
    char vector[40];
    snprintf(vector, sizeof(vector), "%s.values", name);
    size_t at = write_vector(file, holder.fields[0], vector, NULL, (size_t)n, bytes);
    for (int32_t i = 0; i < n; i++)
        for (size_t k = 0; k < bytes; k++)
            fb_put_u8(file, at + (size_t)i * bytes + k, (uint8_t)((uint32_t)values[i] >> (8 * k)));
}

static void write_dimension(FbFile *file, size_t slot, int32_t tensor, int32_t i,
                            const FbSparsity *sparsity)
{
    static const Field dense[] = {{"format", 1}, {"dense_size", 4}};
    static const Field compressed[] = {{"format", 1},   {"dense_size", 4},   {"segments_type", 1},
                                       {"segments", 4}, {"indices_type", 1}, {"indices", 4}};
    bool is_compressed = sparsity->format[i] != 0;
    char name[40];
    snprintf(name, sizeof(name), "dimension %d.%d", (int)tensor, (int)i);
    Table table =
        write_table(file, name, is_compressed ? 6 : 2, is_compressed ? compressed : dense);
    point(file, slot, table.at);
    fb_put_u8(file, table.fields[0], sparsity->format[i]);
    fb_put_u32(file, table.fields[1], (uint32_t)sparsity->dense_size[i]);
    if (!is_compressed)
        return;
    fb_put_u8(file, table.fields[2], sparsity->index_type);
    fb_put_u8(file, table.fields[4], sparsity->index_type);
    snprintf(name, sizeof(name), "segments %d", (int)tensor);
    write_index_vector(file, table.fields[3], name, sparsity->index_type, sparsity->n_segments,
                       sparsity->segments);
    snprintf(name, sizeof(name), "indices %d", (int)tensor);
    write_index_vector(file, table.fields[5], name, sparsity->index_type, sparsity->n_indices,
                       sparsity->indices);
}

static void write_sparsity(FbFile *file, size_t slot, int32_t tensor, const FbSparsity *sparsity)
{
    static const Field fields[] = {{"order", 4}, {"blocks", 4}, {"dimensions", 4}};
    static const int32_t blocks[FB_MAX_RANK] = {0};
    char name[40];
    snprintf(name, sizeof(name), "sparsity %d", (int)tensor);
    Table table = write_table(file, name, 3, fields);
    point(file, slot, table.at);
    size_t rank = (size_t)sparsity->rank;
    write_vector(file, table.fields[0], "order", sparsity->order, rank, 4);
    write_vector(file, table.fields[1], "blocks", blocks, (size_t)sparsity->n_blocks, 4);
    size_t slots = write_vector(file, table.fields[2], "dimensions", NULL, rank, 4);
    for (int32_t i = 0; i < sparsity->rank; i++)
        write_dimension(file, slots + 4 * (size_t)i, tensor, i, sparsity);
}

static void write_tensor(FbFile *file, size_t slot, int32_t index, const FbTensor *tensor,
                         uint32_t buffer)
{
    bool sparse = tensor->sparsity.present;
    const Field fields[] = {{"shape", 4},
                            {"type", 1},
                            {"buffer", 4},
                            {"name", 4},
                            {"unused", 0},
                            {"variable", 0},
                            {"sparsity", sparse ? 4 : 0}};
    char name[40], vector[48];
    snprintf(name, sizeof(name), "tensor %d", (int)index);
    Table table = write_table(file, name, sparse ? 7 : 4, fields);
    point(file, slot, table.at);
    fb_put_u8(file, table.fields[1], tensor->type);
    fb_put_u32(file, table.fields[2], buffer);
    snprintf(vector, sizeof(vector), "%s.shape", name);
    write_vector(file, table.fields[0], vector, tensor->shape, (size_t)tensor->rank, 4);
    snprintf(vector, sizeof(vector), "%s.name", name);
    write_text(file, table.fields[3], vector, tensor->name);
    if (sparse)
        write_sparsity(file, table.fields[6], index, &tensor->sparsity);
}

static void write_options(FbFile *file, size_t slot, int32_t index, const FbOp *op)
{
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    Field fields[8];
    for (int i = 0; i < 8; i++)
        fields[i] = (Field){names[i], 0};
    size_t n = 0;
    for (int32_t i = 0; i < op->n_options; i++) {
        fields[op->options[i].field].bytes = op->options[i].bytes;
        n = MIENI_MAX(n, (size_t)op->options[i].field + 1);
    }
    char name[40];
    snprintf(name, sizeof(name), "options %d", (int)index);
    Table table = write_table(file, name, n, fields);
    point(file, slot, table.at);
    for (int32_t i = 0; i < op->n_options; i++) {
        const FbOption *option = &op->options[i];
        if (option->bytes == 1)
            fb_put_u8(file, table.fields[option->field], (uint8_t)option->value);
        else
            fb_put_u32(file, table.fields[option->field], (uint32_t)option->value);
    }
}

static void write_op(FbFile *file, size_t slot, int32_t index, const FbOp *op)
{
    const Field fields[] = {{"code", 4},
                            {"inputs", 4},
                            {"outputs", 4},
                            {"options_type", 1},
                            {"options", op->n_options ? 4 : 0},
                            {"custom", op->custom_options ? 4 : 0}};
    char name[40], vector[48];
    snprintf(name, sizeof(name), "op %d", (int)index);
    Table table = write_table(file, name, 6, fields);
    point(file, slot, table.at);
    fb_put_u32(file, table.fields[0], (uint32_t)index);
    snprintf(vector, sizeof(vector), "%s.inputs", name);
    write_vector(file, table.fields[1], vector, op->inputs, (size_t)op->n_inputs, 4);
    snprintf(vector, sizeof(vector), "%s.outputs", name);
    write_vector(file, table.fields[2], vector, op->outputs, (size_t)op->n_outputs, 4);
    if (op->n_options)
        write_options(file, table.fields[4], index, op);
    snprintf(vector, sizeof(vector), "%s.custom", name);
    if (op->custom_options)
        write_vector(file, table.fields[5], vector, op->custom_options, op->custom_options_bytes,
                     1);
}

/* Every operator has a code of its own. */
static void write_code(FbFile *file, size_t slot, int32_t index, const FbOp *op)
{
    const Field fields[] = {
        {"old", 1}, {"custom", op->custom ? 4 : 0}, {"version", 4}, {"builtin", 4}};
    char name[40];
    snprintf(name, sizeof(name), "code %d", (int)index);
    Table table = write_table(file, name, 4, fields);
    point(file, slot, table.at);
    fb_put_u8(file, table.fields[0], (uint8_t)MIENI_MIN(op->code, 127));
    fb_put_u32(file, table.fields[3], (uint32_t)op->code);
    char vector[48];
    snprintf(vector, sizeof(vector), "%s.custom", name);
    if (op->custom)
        write_text(file, table.fields[1], vector, op->custom);
}

static void write_subgraph(FbFile *file, size_t slot, const FbModel *model)
{
    static const Field fields[] = {{"tensors", 4}, {"inputs", 4}, {"outputs", 4}, {"operators", 4}};
    Table table = write_table(file, "subgraph", 4, fields);
    point(file, slot, table.at);
    size_t slots = write_vector(file, table.fields[0], "subgraph.tensors", NULL,
                                (size_t)(model->n_tensors + model->n_echoes), 4);
    uint32_t buffer = 0; /* buffer 0 is empty */
    for (int32_t i = 0; i < model->n_tensors; i++) {
        bool constant = model->tensors[i].data_bytes != 0;
        buffer += constant;
        write_tensor(file, slots + 4 * (size_t)i, i, &model->tensors[i], constant ? buffer : 0);
    }
    for (int32_t i = model->n_tensors; i < model->n_tensors + model->n_echoes; i++) {
        char last[40];
        snprintf(last, sizeof(last), "tensor %d", (int)model->n_tensors - 1);
        point(file, slots + 4 * (size_t)i, fb_find(file, last));
    }
    write_vector(file, table.fields[1], "subgraph.inputs", model->inputs, (size_t)model->n_inputs,
                 4);
    write_vector(file, table.fields[2], "subgraph.outputs", model->outputs,
                 (size_t)model->n_outputs, 4);
    slots =
        write_vector(file, table.fields[3], "subgraph.operators", NULL, (size_t)model->n_ops, 4);
    for (int32_t i = 0; i < model->n_ops; i++)
        write_op(file, slots + 4 * (size_t)i, i, &model->ops[i]);
}

static void write_buffers(FbFile *file, size_t slot, const FbModel *model)
{
    static const Field inside[] = {{"data", 4}};
    static const Field outside[] = {{"data", 0}, {"offset", 8}, {"size", 8}};
    size_t n = 1;
    for (int32_t i = 0; i < model->n_tensors; i++)
        n += model->tensors[i].data_bytes != 0;
    size_t slots = write_vector(file, slot, "model.buffers", NULL, n, 4);
    point(file, slots, write_table(file, "buffer 0", 0, NULL).at);
    size_t index = 0;
    for (int32_t i = 0; i < model->n_tensors; i++) {
        const FbTensor *tensor = &model->tensors[i];
        if (!tensor->data_bytes)
            continue;
        char name[40], vector[48];
        snprintf(name, sizeof(name), "buffer %zu", ++index);
        Table table = tensor->far_away ? write_table(file, name, 3, outside)
                                       : write_table(file, name, 1, inside);
        point(file, slots + 4 * index, table.at);
        snprintf(vector, sizeof(vector), "%s.data", name);
        if (!tensor->far_away) {
            write_vector(file, table.fields[0], vector, tensor->data, tensor->data_bytes, 1);
            continue;
        }
        fb_put_u32(file, table.fields[1],
                   (uint32_t)append(file, tensor->data, tensor->data_bytes, 4));
        fb_put_u32(file, table.fields[2], (uint32_t)tensor->data_bytes);
    }
}

FbFile fb_write(const FbModel *model)
{
    static const Field fields[] = {
        {"version", 4}, {"codes", 4}, {"subgraphs", 4}, {"description", 0}, {"buffers", 4}};
    FbFile file = {0};
    append(&file, "\0\0\0\0TFL3", 8, 4);
    mark(&file, 0, "root");
    Table root = write_table(&file, "model", 5, fields);
    fb_put_u32(&file, 0, (uint32_t)root.at);
    fb_put_u32(&file, root.fields[0], model->version);
    size_t slots =
        write_vector(&file, root.fields[1], "model.codes", NULL, (size_t)model->n_ops, 4);
    for (int32_t i = 0; i < model->n_ops; i++)
        write_code(&file, slots + 4 * (size_t)i, i, &model->ops[i]);
    slots = write_vector(&file, root.fields[2], "model.subgraphs", NULL, 1, 4);
    write_subgraph(&file, slots, model);
    write_buffers(&file, root.fields[4], model);
    /* Exactly as large as it is, so that a sanitizer sees what lies behind. */
    file.data = realloc(file.data, file.size);
    assert_non_null(file.data);
    file.capacity = file.size;
    return file;
}
