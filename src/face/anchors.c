/* SPDX-License-Identifier: Apache-2.0 */
/* The grid of places that a detector's rows are relative to. Source: docs/formulas.md, "Anchors".
 */
#include "face/face.h"

const MieniAnchorSpec mieni_anchors_short_range = {
    .input_size = 128, .n_layers = 4, .strides = {8, 16, 16, 16}, .interpolated = true};

const MieniAnchorSpec mieni_anchors_full_range = {
    .input_size = 192, .n_layers = 1, .strides = {4}, .interpolated = false};

int32_t mieni_anchors_generate(const MieniAnchorSpec *spec, MieniAnchor *anchors, int32_t capacity)
{
    int32_t n = 0;
    int32_t n_layers = MIENI_MIN(spec->n_layers, MIENI_ANCHORS_MAX_LAYERS);
    for (int32_t layer = 0, next; layer < n_layers; layer = next) {
        /* Layers in a row with the same stride share their cells. */
        int32_t stride = spec->strides[layer];
        for (next = layer + 1; next < n_layers && spec->strides[next] == stride;)
            next++;
        int32_t side = (spec->input_size + stride - 1) / stride;
        int32_t per_cell = (next - layer) * (spec->interpolated ? 2 : 1);
        for (int32_t y = 0; y < side; y++) {
            for (int32_t x = 0; x < side; x++) {
                for (int32_t i = 0; i < per_cell; i++, n++) {
                    if (n >= capacity)
                        continue;
                    anchors[n].x = ((float)x + 0.5f) / (float)side;
                    anchors[n].y = ((float)y + 0.5f) / (float)side;
                }
            }
        }
    }
    return n;
}
