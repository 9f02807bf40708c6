/* SPDX-License-Identifier: Apache-2.0 */
/* Raw rows of a detector to boxes. Source: docs/formulas.md, "Boxes". */
#include "kernels/ref/ref.h"

#include <math.h>

#define ROW_FLOATS (4 + 2 * MIENI_N_KEYPOINTS) /* x, y, width, height, then the key points */

static bool finite_and_sized(const MieniDetection *box)
{
    if (!(box->xmax - box->xmin >= 0) || !(box->ymax - box->ymin >= 0))
        return false;
    if (!isfinite(box->xmin) || !isfinite(box->ymin) || !isfinite(box->xmax) ||
        !isfinite(box->ymax))
        return false;
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++)
        if (!isfinite(box->keypoints[k][0]) || !isfinite(box->keypoints[k][1]))
            return false;
    return true;
}

/* raw: [ROW_FLOATS], pixels of the crop relative to the anchor. */
static MieniDetection decode_box(const float *raw, const MieniAnchor *anchor, float side,
                                 float score)
{
    float x = raw[0] / side + anchor->x, y = raw[1] / side + anchor->y;
    float width = raw[2] / side, height = raw[3] / side;
    MieniDetection box = {.score = score,
                          .xmin = x - width / 2.0f,
                          .ymin = y - height / 2.0f,
                          .xmax = x + width / 2.0f,
                          .ymax = y + height / 2.0f};
    /* MediaPipe passes boxes on as corner and size: what that rounds is rounded here too. */
    box.xmax = box.xmin + (box.xmax - box.xmin);
    box.ymax = box.ymin + (box.ymax - box.ymin);
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++) {
        box.keypoints[k][0] = raw[4 + 2 * k] / side + anchor->x;
        box.keypoints[k][1] = raw[5 + 2 * k] / side + anchor->y;
    }
    return box;
}

int32_t mieni_decode_boxes_ref(const float *regressors, const float *scores,
                               const MieniAnchor *anchors, int32_t n, float side, float min_score,
                               MieniDetection *out)
{
    int32_t n_out = 0;
    for (int32_t i = 0; i < n; i++) {
        float logit = scores[i] < -100.0f ? -100.0f : scores[i] > 100.0f ? 100.0f : scores[i];
        float score = 1.0f / (1.0f + expf(-logit));
        if (!(score >= min_score)) /* NaN goes, too */
            continue;
        MieniDetection box =
            decode_box(regressors + (ptrdiff_t)i * ROW_FLOATS, &anchors[i], side, score);
        if (finite_and_sized(&box))
            out[n_out++] = box;
    }
    return n_out;
}
