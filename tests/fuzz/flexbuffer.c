/* SPDX-License-Identifier: Apache-2.0 */
/* Options of custom operations, read as the planner reads them. */
#include "model/flexbuffer.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {
        "left_rotation_idx", "output_height", "scale_x", "subset_idxs", "k", ""};
    MieniFlexMap map;
    if (!mieni_flex_map_open(&map, data, size))
        return 0;
    for (size_t i = 0; i < MIENI_COUNT_OF(keys); i++) {
        int32_t number;
        float real;
        MieniFlexVector vector;
        bool is_number = mieni_flex_i32(&map, keys[i], &number);
        bool is_real = mieni_flex_f32(&map, keys[i], &real);
        bool is_vector = mieni_flex_vector_open(&map, keys[i], &vector);
        if (is_number + is_real + is_vector > 1)
            fuzz_fail("'%s' has several types", keys[i]);
        if (!is_vector)
            continue;
        if (vector.count > size || mieni_flex_vector_i32(&vector, vector.count, &number))
            fuzz_fail("a vector is longer than its buffer");
        for (size_t k = 0; k < vector.count; k++)
            mieni_flex_vector_i32(&vector, k, &number);
    }
    return 0;
}
