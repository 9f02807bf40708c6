/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn on a picture with faces. */
#ifndef MIEN_TOOL_OVERLAY_H
#define MIEN_TOOL_OVERLAY_H

#include "draw.h"
#include "mien/result.h"

typedef enum CliOverlay {
    CLI_OVERLAY_MESH = 1,
    CLI_OVERLAY_CONTOURS = 2,
    CLI_OVERLAY_IRISES = 4,
    CLI_OVERLAY_BOX = 8,
    CLI_OVERLAY_ID = 16,
    CLI_OVERLAY_POSE = 32
} CliOverlay;

#define CLI_OVERLAY_DEFAULT "mesh,contours,irises"

/* Reads a list like CLI_OVERLAY_DEFAULT into a set of CliOverlay; false if a word is unknown. */
bool cli_overlay_parse(const char *list, unsigned *parts);

/* Draws the faces; false if there is no memory. */
bool cli_overlay_draw(CliCanvas *canvas, const MienResult *result, unsigned parts);

#endif
