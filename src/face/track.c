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

/* Appends a track in place of all that it overlaps; returns the new number. A detection takes over
 * from the tracked face that it overlaps most. */
static int32_t append(MieniTrack *merged, int32_t n, MieniTrack track, float min_iou)
{
    int32_t kept = 0;
    float most = 0;
    bool is_new = track.face_id < 0;
    for (int32_t i = 0; i < n; i++) {
        float shared = overlap(&merged[i].rect, &track.rect);
        if (!(shared > min_iou)) {
            merged[kept++] = merged[i];
        } else if (is_new && merged[i].face_id >= 0 && shared > most) {
            most = shared;
            MieniRect rect = track.rect;
            track = merged[i];
            track.rect = rect;
        }
    }
    merged[kept++] = track;
    return kept;
}

int32_t mieni_track_associate(const MieniTrack *first, int32_t n_first, const MieniTrack *second,
                              int32_t n_second, float min_iou, MieniTrack *merged)
{
    int32_t n = 0;
    for (int32_t i = 0; i < n_first; i++)
        n = append(merged, n, first[i], min_iou);
    for (int32_t i = 0; i < n_second; i++)
        n = append(merged, n, second[i], min_iou);
    return n;
}
