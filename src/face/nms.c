/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted non-maximum suppression. Source: docs/formulas.md, "Suppression". */
#include "face/face.h"

float mieni_iou(const float a[4], const float b[4])
{
    float xmin = MIENI_MAX(a[0], b[0]), ymin = MIENI_MAX(a[1], b[1]);
    float xmax = MIENI_MIN(a[2], b[2]), ymax = MIENI_MIN(a[3], b[3]);
    if (!(xmin <= xmax && ymin <= ymax))
        return 0.0f;
    float shared = (xmax - xmin) * (ymax - ymin);
    float all = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared;
    return all > 0.0f ? shared / all : 0.0f;
}

static float overlap(const MieniDetection *a, const MieniDetection *b)
{
    float box_a[4] = {a->xmin, a->ymin, a->xmax, a->ymax};
    float box_b[4] = {b->xmin, b->ymin, b->xmax, b->ymax};
    return mieni_iou(box_a, box_b);
}

/* Merges two sorted runs, the left one first where scores are equal. */
static void merge_runs(const MieniDetection *from, int32_t begin, int32_t middle, int32_t end,
                       MieniDetection *to)
{
    int32_t left = begin, right = middle;
    for (int32_t i = begin; i < end; i++) {
        bool take_right = left == middle || (right < end && from[right].score > from[left].score);
        to[i] = from[take_right ? right++ : left++];
    }
}

/* Sorts by descending score, stably, in n log n whatever the scores are. The result is in `to`. */
static void sort_by_score(MieniDetection *from, int32_t n, MieniDetection *to)
{
    MieniDetection *source = from, *target = to;
    for (int64_t run = 1; run < n; run *= 2) {
        for (int64_t begin = 0; begin < n; begin += 2 * run)
            merge_runs(source, (int32_t)begin, (int32_t)MIENI_MIN(begin + run, n),
                       (int32_t)MIENI_MIN(begin + 2 * run, n), target);
        MieniDetection *swap = source;
        source = target;
        target = swap;
    }
    if (source != to)
        memcpy(to, source, sizeof(*to) * (size_t)n);
}

/* Adds `detection` to a sum of boxes and key points, weighted by its score. */
static void accumulate(MieniDetection *sum, const MieniDetection *detection)
{
    float score = detection->score;
    sum->score += score;
    sum->xmin += detection->xmin * score;
    sum->ymin += detection->ymin * score;
    sum->xmax += detection->xmax * score;
    sum->ymax += detection->ymax * score;
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++)
        for (int axis = 0; axis < 2; axis++)
            sum->keypoints[k][axis] += detection->keypoints[k][axis] * score;
}

static MieniDetection average(const MieniDetection *sum, float score)
{
    MieniDetection mean = {.score = score,
                           .xmin = sum->xmin / sum->score,
                           .ymin = sum->ymin / sum->score,
                           .xmax = sum->xmax / sum->score,
                           .ymax = sum->ymax / sum->score};
    mean.xmax = mean.xmin + (mean.xmax - mean.xmin);
    mean.ymax = mean.ymin + (mean.ymax - mean.ymin);
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++)
        for (int axis = 0; axis < 2; axis++)
            mean.keypoints[k][axis] = sum->keypoints[k][axis] / sum->score;
    return mean;
}

int32_t mieni_nms_weighted(MieniDetection *detections, int32_t n, float min_iou,
                           MieniDetection *scratch)
{
    if (n <= 0)
        return 0;
    sort_by_score(detections, n, scratch);
    int32_t n_out = 0;
    while (n > 0) {
        MieniDetection top = scratch[0], sum = {.score = 0};
        int32_t n_rest = 0;
        for (int32_t i = 0; i < n; i++) {
            if (overlap(&scratch[i], &top) > min_iou)
                accumulate(&sum, &scratch[i]);
            else
                scratch[n_rest++] = scratch[i];
        }
        /* A box without area does not even overlap itself: MediaPipe keeps it and stops there. */
        bool alone = n_rest == n;
        detections[n_out++] = alone || !(sum.score > 0) ? top : average(&sum, top.score);
        if (alone)
            break;
        n = n_rest;
    }
    return n_out;
}
