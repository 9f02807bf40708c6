/* SPDX-License-Identifier: Apache-2.0 */
#include "support/golden.h"

#include "support/test.h"

static const size_t type_bytes[] = {4, 1, 4, 2};

struct Golden {
    size_t n_tensors;
    GoldenTensor *tensors;
};

typedef struct Cursor {
    const unsigned char *at, *end;
    const char *path;
} Cursor;

static const unsigned char *take(Cursor *cursor, size_t n)
{
    if ((size_t)(cursor->end - cursor->at) < n)
        fail_msg("%s is cut short", cursor->path);
    const unsigned char *at = cursor->at;
    cursor->at += n;
    return at;
}

static uint32_t take_u32(Cursor *cursor)
{
    uint32_t value;
    memcpy(&value, take(cursor, 4), 4);
    return value;
}

static void read_tensor(Cursor *cursor, GoldenTensor *tensor)
{
    uint16_t length;
    memcpy(&length, take(cursor, 2), 2);
    assert_true(length < sizeof(tensor->name));
    memcpy(tensor->name, take(cursor, length), length);
    tensor->type = (GoldenType)*take(cursor, 1);
    tensor->rank = *take(cursor, 1);
    assert_true((size_t)tensor->type < 4 && tensor->rank <= 8);
    tensor->n_elements = 1;
    for (int i = 0; i < tensor->rank; i++) {
        tensor->dims[i] = take_u32(cursor);
        tensor->n_elements *= tensor->dims[i];
    }
    size_t bytes = tensor->n_elements * type_bytes[tensor->type];
    const unsigned char *data = take(cursor, bytes);
    tensor->data = malloc(bytes + 1);
    assert_non_null(tensor->data);
    memcpy(tensor->data, data, bytes);
}

Golden *golden_read(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof(path), "%s/tests/golden/%s", MIEN_SOURCE_DIR, name);
    size_t size;
    unsigned char *file = test_read_file(path, &size);
    Cursor cursor = {file, file + size, path};
    if (memcmp(take(&cursor, 8), "MIENGLD1", 8) != 0)
        fail_msg("%s is no golden file", path);
    Golden *golden = calloc(1, sizeof(*golden));
    assert_non_null(golden);
    golden->n_tensors = take_u32(&cursor);
    golden->tensors = calloc(golden->n_tensors + 1, sizeof(*golden->tensors));
    assert_non_null(golden->tensors);
    for (size_t i = 0; i < golden->n_tensors; i++)
        read_tensor(&cursor, &golden->tensors[i]);
    free(file);
    return golden;
}

const GoldenTensor *golden_find(const Golden *golden, const char *name)
{
    for (size_t i = 0; i < golden->n_tensors; i++)
        if (strcmp(golden->tensors[i].name, name) == 0)
            return &golden->tensors[i];
    return NULL;
}

const GoldenTensor *golden_get(const Golden *golden, const char *name, GoldenType type)
{
    const GoldenTensor *tensor = golden_find(golden, name);
    if (!tensor)
        fail_msg("the golden file has no tensor %s", name);
    if (tensor->type != type)
        fail_msg("golden tensor %s has type %d, not %d", name, (int)tensor->type, (int)type);
    return tensor;
}

void golden_destroy(Golden *golden)
{
    if (!golden)
        return;
    for (size_t i = 0; i < golden->n_tensors; i++)
        free(golden->tensors[i].data);
    free(golden->tensors);
    free(golden);
}
