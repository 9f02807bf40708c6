/* SPDX-License-Identifier: Apache-2.0 */
/* Rectangles and detections: the coordinates that pass between crop, networks and tracking. */
#ifndef MIENI_IMAGE_GEOMETRY_H
#define MIENI_IMAGE_GEOMETRY_H

/*
 * A rotated rectangle. Centre and size are normalised by the upright picture's width and height; a
 * positive rotation turns clockwise as seen on screen.
 */
typedef struct MieniRect {
    float cx, cy;
    float width, height;
    float rotation; /* radians */
} MieniRect;

#define MIENI_N_KEYPOINTS                                                                          \
    6 /* eye (image left), eye (image right), nose tip, mouth, ear (image left), ear (right) */

/* A detected face. Coordinates are normalised: by the crop out of the network, by the picture after
 * projection. */
typedef struct MieniDetection {
    float score;
    float xmin, ymin, xmax, ymax;
    float keypoints[MIENI_N_KEYPOINTS][2]; /* x, y */
} MieniDetection;

#endif
