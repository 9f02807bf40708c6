/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anti-aliased shapes on RGB pictures. Shapes are collected in a mask, where overlaps do not add
 * up, and blended in one colour: crossing lines of a translucent mesh leave no dots. Coordinates
 * are in pixels; whole numbers are pixel centres.
 */
#ifndef MIEN_TOOL_DRAW_H
#define MIEN_TOOL_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CliCanvas {
    uint8_t *pixels; /* [height][width][3] R, G, B */
    int32_t width, height;
    size_t capacity; /* bytes of `pixels` */
    uint8_t *mask;   /* [bottom - top][right - left] coverage, 255: all */
    size_t mask_capacity;
    int32_t left, top, right, bottom; /* what the mask covers */
} CliCanvas;

typedef struct CliInk {
    uint8_t r, g, b;
    float alpha;
} CliInk;

/* Makes room for a picture; false if there is no memory. */
bool cli_canvas_resize(CliCanvas *canvas, int32_t width, int32_t height);

/* Begins an empty layer that covers a rectangle, clipped to the picture; false if there is no
 * memory. */
bool cli_layer_begin(CliCanvas *canvas, float left, float top, float right, float bottom);

/* Adds a line with round ends. */
void cli_layer_line(CliCanvas *canvas, float x0, float y0, float x1, float y1, float width);

/* Adds the outline of a circle. */
void cli_layer_circle(CliCanvas *canvas, float x, float y, float radius, float width);

/* Adds decimal digits, 7 * `scale` high, with their top left corner at x, y. */
void cli_layer_number(CliCanvas *canvas, float x, float y, float scale, int32_t number);

/* Blends the layer onto the picture. */
void cli_layer_end(CliCanvas *canvas, CliInk ink);

void cli_canvas_free(CliCanvas *canvas);

#endif
