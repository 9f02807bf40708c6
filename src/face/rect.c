/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rectangles from detections and landmarks, and the way back from a crop to the picture. All of it
 * in float32 and in MediaPipe's order of operations. Source: docs/formulas.md, "Rectangles".
 */
#include "face/face.h"

#include <float.h>
#include <math.h>

#include "base/trig.h"
#include "base/trigf.h"

#define ENLARGEMENT 1.5f

/* Landmarks at the outer corners of the eyes, image left and right. */
#define LEFT_CORNER 33
#define RIGHT_CORNER 263

MieniProjection mieni_projection_of(const MieniRect *rect)
{
    float sine, cosine;
    mieni_sincosf(rect->rotation, &sine, &cosine);
    return (MieniProjection){.origin = 0.5f,
                             .x = {cosine, -sine},
                             .y = {sine, cosine},
                             .scale = {rect->width, rect->height},
                             .offset = {rect->cx, rect->cy},
                             .depth = rect->width};
}

/* The two rows of an affine map of the plane. */
typedef struct Affine {
    float x[3], y[3];
} Affine;

/* From a region's crop to the picture, both normalised. */
static Affine affine_of(const MieniRect *region, int32_t width, int32_t height)
{
    double sine, cosine;
    mieni_sincos((double)region->rotation, &sine, &cosine);
    float c = (float)cosine, d = (float)sine;
    float a = region->width, b = region->height, e = region->cx, f = region->cy;
    float g = 1.0f / (float)width, h = 1.0f / (float)height;
    return (Affine){.x = {a * c * g, -b * d * g, (-0.5f * a * c + 0.5f * b * d + e) * g},
                    .y = {a * d * h, b * c * h, (-0.5f * b * c - 0.5f * a * d + f) * h}};
}

MieniProjection mieni_projection_in_picture(const MieniRect *region, int32_t width, int32_t height)
{
    Affine affine = affine_of(region, width, height);
    /* As long as the crop's unit of x is in the picture, in both its normalised directions. */
    double dx = (double)(affine.x[0] + affine.x[2] - affine.x[2]);
    double dy = (double)(affine.y[0] + affine.y[2] - affine.y[2]);
    return (MieniProjection){.x = {affine.x[0], affine.x[1]},
                             .y = {affine.y[0], affine.y[1]},
                             .scale = {1, 1},
                             .offset = {affine.x[2], affine.y[2]},
                             .depth = (float)sqrt(dx * dx + dy * dy)};
}

static void map_point(const Affine *affine, float *x, float *y)
{
    float old_x = *x, old_y = *y;
    *x = affine->x[0] * old_x + affine->x[1] * old_y + affine->x[2];
    *y = affine->y[0] * old_x + affine->y[1] * old_y + affine->y[2];
}

void mieni_detection_project(MieniDetection *detection, const MieniRect *region, int32_t width,
                             int32_t height)
{
    Affine affine = affine_of(region, width, height);
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++)
        map_point(&affine, &detection->keypoints[k][0], &detection->keypoints[k][1]);

    float x[4] = {detection->xmin, detection->xmax, detection->xmax, detection->xmin};
    float y[4] = {detection->ymin, detection->ymin, detection->ymax, detection->ymax};
    for (int i = 0; i < 4; i++)
        map_point(&affine, &x[i], &y[i]);
    float xmin = x[0], xmax = x[0], ymin = y[0], ymax = y[0];
    for (int i = 1; i < 4; i++) {
        xmin = MIENI_MIN(xmin, x[i]);
        xmax = MIENI_MAX(xmax, x[i]);
        ymin = MIENI_MIN(ymin, y[i]);
        ymax = MIENI_MAX(ymax, y[i]);
    }
    detection->xmin = xmin;
    detection->ymin = ymin;
    /* Not rounded through a size, so that whoever takes the size gets MediaPipe's. */
    detection->xmax = xmax;
    detection->ymax = ymax;
}

/* The turn that makes the line from one point to another level, in [-pi, pi). MediaPipe's package
 * with Face Mesh takes its arc tangent from the C library, the newer one brings one along that
 * rounds correctly. */
static float level_rotation(float x0, float y0, float x1, float y1, int32_t width, int32_t height,
                            bool tasks)
{
    float image_width = (float)width, image_height = (float)height;
    float dx = x1 * image_width - x0 * image_width, dy = y1 * image_height - y0 * image_height;
    float angle =
        0.0f - (tasks ? (float)mieni_atan2((double)-dy, (double)dx) : mieni_atan2f(-dy, dx));
    return (float)(angle - 2.0 * MIENI_PI * floor((angle + MIENI_PI) / (2.0 * MIENI_PI)));
}

/* Makes the rectangle square in pixels by its longer side. */
static void make_square(MieniRect *rect, int32_t width, int32_t height)
{
    float image_width = (float)width, image_height = (float)height;
    float side = MIENI_MAX(rect->width * image_width, rect->height * image_height);
    rect->width = side / image_width;
    rect->height = side / image_height;
}

static void enlarge(MieniRect *rect)
{
    rect->width *= ENLARGEMENT;
    rect->height *= ENLARGEMENT;
}

static MieniRect rect_around(float xmin, float ymin, float xmax, float ymax)
{
    float width = xmax - xmin, height = ymax - ymin;
    return (MieniRect){
        .cx = xmin + width / 2.0f, .cy = ymin + height / 2.0f, .width = width, .height = height};
}

MieniRect mieni_rect_from_detection(const MieniDetection *detection, int32_t width, int32_t height,
                                    bool tasks)
{
    MieniRect rect =
        rect_around(detection->xmin, detection->ymin, detection->xmax, detection->ymax);
    const float *left = detection->keypoints[0], *right = detection->keypoints[1];
    rect.rotation = level_rotation(left[0], left[1], right[0], right[1], width, height, tasks);
    if (!tasks)
        make_square(&rect, width, height);
    enlarge(&rect);
    return rect;
}

MieniRect mieni_rect_from_landmarks(const MienLandmark *landmarks, int32_t n, int32_t width,
                                    int32_t height, bool tasks)
{
    MieniRect rect = {0};
    if (n <= RIGHT_CORNER)
        return rect;
    /* MediaPipe's maxima start at the smallest positive float, not at the lowest one: a face that
     * lies left of or above the picture gets a box that reaches to 0. Kept, as results depend on
     * it. */
    float xmin = FLT_MAX, ymin = FLT_MAX, xmax = FLT_MIN, ymax = FLT_MIN;
    for (int32_t i = 0; i < n; i++) {
        xmin = landmarks[i].x < xmin ? landmarks[i].x : xmin;
        ymin = landmarks[i].y < ymin ? landmarks[i].y : ymin;
        xmax = landmarks[i].x > xmax ? landmarks[i].x : xmax;
        ymax = landmarks[i].y > ymax ? landmarks[i].y : ymax;
    }
    rect = rect_around(xmin, ymin, xmax, ymax);
    const MienLandmark *left = &landmarks[LEFT_CORNER], *right = &landmarks[RIGHT_CORNER];
    rect.rotation = level_rotation(left->x, left->y, right->x, right->y, width, height, tasks);
    make_square(&rect, width, height);
    enlarge(&rect);
    return rect;
}
