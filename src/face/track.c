/* SPDX-License-Identifier: Apache-2.0 */
/* Which faces go on, which are new. Source: docs/formulas.md, "Association". */
#include "face/face.h"

/* Rectangles are compared as if they were not turned. */
static float overlap(const MieniRect *a, const MieniRect *b)
{
    float box_a[4] = {a->cx - a->width / 2.0f, a->cy - a->height / 2.0f, a->cx + a->width / 2.0f,
                      a->cy + a->height / 2.0f};
    float box_b[4] = {b->cx - b->width / 2.0f, b->cy - b->height / 2.0f, b->cx + b->width / 2.0f,
                      b->cy + b->height / 2.0f};
    return mieni_iou(box_a, box_b);
}

/* Appends a track in place of all that it overlaps; returns the new number. */
static int32_t append(MieniTrack *merged, int32_t n, const MieniTrack *track, float min_iou)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < n; i++)
        if (!(overlap(&merged[i].rect, &track->rect) > min_iou))
            merged[kept++] = merged[i];
    merged[kept++] = *track;
    return kept;
}

int32_t mieni_track_associate(const MieniTrack *detected, int32_t n_detected,
                              const MieniTrack *tracked, int32_t n_tracked, float min_iou,
                              MieniTrack *merged)
{
    int32_t n = 0;
    for (int32_t i = 0; i < n_detected; i++)
        n = append(merged, n, &detected[i], min_iou);
    for (int32_t i = 0; i < n_tracked; i++)
        n = append(merged, n, &tracked[i], min_iou);
    return n;
}
