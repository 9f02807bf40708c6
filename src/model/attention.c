/* SPDX-License-Identifier: Apache-2.0 */
#include "model/attention.h"

static bool is_in_range(const MieniFlexVector *list, int32_t n_landmarks)
{
    int32_t landmark;
    for (size_t i = 0; i < list->count; i++)
        if (!mieni_flex_vector_i32(list, i, &landmark) || landmark < 0 || landmark >= n_landmarks)
            return false;
    return true;
}

const char *mieni_matrix_options_read(const MieniGraphOp *op, int32_t n_landmarks,
                                      MieniMatrixOptions *options)
{
    MieniFlexMap map;
    if (!mieni_flex_map_open(&map, op->custom_options, op->custom_options_bytes) ||
        !mieni_flex_i32(&map, "left_rotation_idx", &options->left) ||
        !mieni_flex_i32(&map, "right_rotation_idx", &options->right) ||
        !mieni_flex_i32(&map, "output_height", &options->out_height) ||
        !mieni_flex_i32(&map, "output_width", &options->out_width) ||
        !mieni_flex_f32(&map, "scale_x", &options->scale_x) ||
        !mieni_flex_f32(&map, "scale_y", &options->scale_y) ||
        !mieni_flex_f32(&map, "target_rotation_radians", &options->target_radians) ||
        !mieni_flex_vector_open(&map, "subset_idxs", &options->subset))
        return "its options are damaged or incomplete";
    bool sound =
        options->left >= 0 && options->left < n_landmarks && options->right >= 0 &&
        options->right < n_landmarks && options->out_height > 0 && options->out_height <= 1024 &&
        options->out_width > 0 && options->out_width <= 1024 && options->subset.count > 0 &&
        options->subset.count <= (size_t)n_landmarks && is_in_range(&options->subset, n_landmarks);
    return sound ? NULL : "its options name landmarks or sizes out of range";
}

bool mieni_sample_options_fit(const MieniGraphOp *op, int32_t height, int32_t width)
{
    MieniFlexMap map;
    int32_t h = 0, w = 0;
    return mieni_flex_map_open(&map, op->custom_options, op->custom_options_bytes) &&
           mieni_flex_i32(&map, "output_height", &h) && mieni_flex_i32(&map, "output_width", &w) &&
           h == height && w == width;
}
