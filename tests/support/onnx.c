/* SPDX-License-Identifier: Apache-2.0 */
#include "support/onnx.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool read_varint(OnnxSpan *message, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (!message->size)
            return false;
        uint8_t byte = *message->data++;
        message->size--;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

int onnx_next(OnnxSpan *message, OnnxField *field)
{
    uint64_t tag;
    if (!message->size)
        return 0;
    *field = (OnnxField){0};
    if (!read_varint(message, &tag))
        return -1;
    field->number = (uint32_t)(tag >> 3);
    field->wire = tag & 7;
    if (field->wire == 0)
        return read_varint(message, &field->value) ? 1 : -1;
    size_t size = 4;
    if (field->wire == 2) {
        if (!read_varint(message, &field->value) || field->value > message->size)
            return -1;
        size = (size_t)field->value;
    } else if (field->wire != 5 || message->size < 4) {
        return -1;
    }
    field->bytes = (OnnxSpan){message->data, size};
    message->data += size;
    message->size -= size;
    return 1;
}

int onnx_is(OnnxSpan span, const char *text)
{
    return span.size == strlen(text) && (!span.size || !memcmp(span.data, text, span.size));
}

static bool same(OnnxSpan a, OnnxSpan b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

static bool read_node(OnnxSpan message, OnnxNode *node)
{
    OnnxField field;
    int more;
    *node = (OnnxNode){.message = message};
    while ((more = onnx_next(&message, &field)) > 0) {
        if (field.number == 1 && node->n_inputs == ONNX_MAX_INPUTS)
            return false;
        if (field.number == 1)
            node->inputs[node->n_inputs++] = field.bytes;
        else if (field.number == 2)
            node->output = field.bytes;
        else if (field.number == 4)
            node->type = field.bytes;
    }
    return more == 0 && node->output.size && node->type.size;
}

static bool read_constant(OnnxSpan message, OnnxTensor *tensor)
{
    OnnxField field;
    int more;
    *tensor = (OnnxTensor){0};
    uint64_t n = 1;
    while ((more = onnx_next(&message, &field)) > 0) {
        if (field.number == 1) {
            if (tensor->rank == 4)
                return false;
            tensor->shape[tensor->rank++] = (int64_t)field.value;
            n *= field.value;
        } else if (field.number == 2) {
            tensor->type = (int64_t)field.value;
        } else if (field.number == 8) {
            tensor->name = field.bytes;
        } else if (field.number == 9) {
            tensor->raw = field.bytes;
        }
    }
    return more == 0 && tensor->name.size && (tensor->type == 1 || tensor->type == 7) &&
           tensor->raw.size == n * (tensor->type == 1 ? 4 : 8);
}

/* The first field of a number; an empty span if there is none. */
static OnnxSpan part(OnnxSpan message, uint32_t number)
{
    OnnxField field;
    while (onnx_next(&message, &field) > 0)
        if (field.number == number)
            return field.bytes;
    return (OnnxSpan){0};
}

static bool read_end(OnnxSpan message, OnnxTensor *end)
{
    OnnxSpan tensor = part(part(message, 2), 1), shape;
    OnnxField field;
    *end = (OnnxTensor){.name = part(message, 1)};
    shape = part(tensor, 2);
    if (onnx_next(&tensor, &field) <= 0 || field.number != 1)
        return false;
    end->type = (int64_t)field.value;
    while (onnx_next(&shape, &field) > 0) {
        OnnxField dimension;
        if (end->rank == 4 || onnx_next(&field.bytes, &dimension) <= 0)
            return false;
        end->shape[end->rank++] = dimension.number == 1 ? (int64_t)dimension.value : -1;
    }
    return end->name.size > 0;
}

static const char *read_graph(OnnxFile *file, OnnxSpan graph)
{
    OnnxField field;
    int more;
    while ((more = onnx_next(&graph, &field)) > 0) {
        bool sound = true;
        if (field.number == 1)
            sound = read_node(field.bytes, &file->nodes[file->n_nodes++]);
        else if (field.number == 5)
            sound = read_constant(field.bytes, &file->constants[file->n_constants++]);
        else if (field.number == 11)
            sound = file->n_inputs < 16 && read_end(field.bytes, &file->inputs[file->n_inputs++]);
        else if (field.number == 12)
            sound =
                file->n_outputs < 16 && read_end(field.bytes, &file->outputs[file->n_outputs++]);
        if (!sound)
            return "a part of the graph is damaged";
    }
    return more ? "the graph is damaged" : NULL;
}

/* Whether a name is written: by the first `n` nodes, as a constant, or as an input. */
static bool is_written(const OnnxFile *file, int n, OnnxSpan name)
{
    for (int i = n - 1; i >= 0; i--)
        if (same(file->nodes[i].output, name))
            return true;
    for (int i = 0; i < file->n_inputs; i++)
        if (same(file->inputs[i].name, name))
            return true;
    return onnx_constant(file, name) != NULL;
}

static const char *check(const OnnxFile *file)
{
    for (int i = 0; i < file->n_nodes; i++) {
        const OnnxNode *node = &file->nodes[i];
        for (int k = 0; k < node->n_inputs; k++)
            if (node->inputs[k].size && !is_written(file, i, node->inputs[k]))
                return "a node reads what nothing has written";
        if (is_written(file, i, node->output))
            return "a name is written twice";
    }
    for (int i = 0; i < file->n_constants; i++)
        if (onnx_constant(file, file->constants[i].name) != &file->constants[i])
            return "two constants have one name";
    for (int i = 0; i < file->n_outputs; i++)
        if (!is_written(file, file->n_nodes, file->outputs[i].name))
            return "nothing writes an output";
    return file->n_inputs && file->n_outputs ? NULL : "there are no inputs or no outputs";
}

const char *onnx_read(OnnxFile *file, const void *data, size_t size)
{
    OnnxSpan message = {data, size}, graph = {0}, entry;
    OnnxField field;
    int more;
    *file = (OnnxFile){0};
    while ((more = onnx_next(&message, &field)) > 0) {
        if (field.number == 7)
            graph = field.bytes;
        if (field.number == 8) {
            entry = field.bytes;
            if (onnx_next(&entry, &field) > 0 && field.number == 2)
                file->opset = (int64_t)field.value;
        } else if (field.number == 14 && file->n_metadata < 8) {
            file->metadata[file->n_metadata][0] = part(field.bytes, 1);
            file->metadata[file->n_metadata++][1] = part(field.bytes, 2);
        }
    }
    if (more || !graph.size)
        return "the file is damaged";
    size_t n_nodes = 1, n_constants = 1;
    for (OnnxSpan rest = graph; onnx_next(&rest, &field) > 0;) {
        n_nodes += field.number == 1;
        n_constants += field.number == 5;
    }
    file->nodes = calloc(n_nodes, sizeof(*file->nodes));
    file->constants = calloc(n_constants, sizeof(*file->constants));
    if (!file->nodes || !file->constants)
        return "there is no memory";
    const char *wrong = read_graph(file, graph);
    return wrong ? wrong : check(file);
}

void onnx_finish(OnnxFile *file)
{
    free(file->nodes);
    free(file->constants);
    *file = (OnnxFile){0};
}

int onnx_count(const OnnxFile *file, const char *type, const OnnxNode **node)
{
    int n = 0;
    for (int i = 0; i < file->n_nodes; i++)
        if (onnx_is(file->nodes[i].type, type) && n++ == 0 && node)
            *node = &file->nodes[i];
    return n;
}

/* The attribute's message; an empty span if the node has none of this name. */
static OnnxSpan attribute(const OnnxNode *node, const char *name)
{
    OnnxSpan message = node->message;
    OnnxField field;
    while (onnx_next(&message, &field) > 0)
        if (field.number == 5 && onnx_is(part(field.bytes, 1), name))
            return field.bytes;
    return (OnnxSpan){0};
}

int onnx_ints(const OnnxNode *node, const char *name, int max, int64_t *out)
{
    OnnxSpan message = attribute(node, name);
    OnnxField field;
    int n = 0;
    if (!message.size)
        return -1;
    while (onnx_next(&message, &field) > 0)
        if ((field.number == 3 || field.number == 8) && n < max)
            out[n++] = (int64_t)field.value;
    return n;
}

OnnxSpan onnx_text(const OnnxNode *node, const char *name)
{
    return part(attribute(node, name), 4);
}

const OnnxTensor *onnx_constant(const OnnxFile *file, OnnxSpan name)
{
    for (int i = 0; i < file->n_constants; i++)
        if (same(file->constants[i].name, name))
            return &file->constants[i];
    return NULL;
}
