/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay.h"

#include <math.h>
#include <string.h>

static const CliInk mesh_ink = {226, 232, 238, 0.5f};
static const CliInk box_ink = {255, 255, 255, 0.85f};

/* The subject's left is green, the right is orange. */
static const struct {
    MienTopology topology;
    CliInk ink;
} contours[] = {
    {MIEN_TOPOLOGY_FACE_OVAL, {244, 246, 250, 0.85f}},
    {MIEN_TOPOLOGY_LIPS, {255, 106, 128, 0.9f}},
    {MIEN_TOPOLOGY_LEFT_EYE, {78, 224, 150, 0.95f}},
    {MIEN_TOPOLOGY_LEFT_EYEBROW, {78, 224, 150, 0.8f}},
    {MIEN_TOPOLOGY_RIGHT_EYE, {255, 168, 64, 0.95f}},
    {MIEN_TOPOLOGY_RIGHT_EYEBROW, {255, 168, 64, 0.8f}},
};

static const struct {
    MienTopology topology;
    CliInk ink;
} irises[] = {
    {MIEN_TOPOLOGY_LEFT_IRIS, {72, 208, 255, 0.95f}},
    {MIEN_TOPOLOGY_RIGHT_IRIS, {72, 208, 255, 0.95f}},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

bool cli_overlay_parse(const char *list, unsigned *parts)
{
    static const char *const names[] = {"mesh", "contours", "irises", "box", "id", "pose"};
    *parts = 0;
    if (!strcmp(list, "none"))
        return true;
    for (;;) {
        size_t length = strcspn(list, ",");
        size_t i = 0;
        while (i < COUNT_OF(names) &&
               (strlen(names[i]) != length || strncmp(names[i], list, length) != 0))
            i++;
        if (i == COUNT_OF(names))
            return false;
        *parts |= 1u << i;
        if (!list[length])
            return true;
        list += length + 1;
    }
}

/* A face in pixels, with line widths that suit its size. */
typedef struct Sketch {
    CliCanvas *canvas;
    const MienFace *face;
    float unit; /* pixels; 1 for a face 300 pixels wide */
    float margin;
} Sketch;

static float x_of(const Sketch *s, int i)
{
    return s->face->landmarks[i].x * (float)s->canvas->width;
}

static float y_of(const Sketch *s, int i)
{
    return s->face->landmarks[i].y * (float)s->canvas->height;
}

static bool begin(const Sketch *s)
{
    const MienFace *face = s->face;
    return cli_layer_begin(s->canvas, face->box_x - s->margin, face->box_y - s->margin,
                           face->box_x + face->box_width + s->margin,
                           face->box_y + face->box_height + s->margin);
}

static bool draw_edges(const Sketch *s, MienTopology topology, float width, CliInk ink)
{
    size_t n;
    const MienEdge *edges = mien_topology_edges(topology, &n);
    if (!begin(s))
        return false;
    for (size_t i = 0; i < n; i++)
        if (edges[i].from < s->face->n_landmarks && edges[i].to < s->face->n_landmarks)
            cli_layer_line(s->canvas, x_of(s, edges[i].from), y_of(s, edges[i].from),
                           x_of(s, edges[i].to), y_of(s, edges[i].to), width);
    cli_layer_end(s->canvas, ink);
    return true;
}

/* The four landmarks of an iris lie on its rim: a circle looks more like it than a square. */
static bool draw_iris(const Sketch *s, MienTopology topology, float width, CliInk ink)
{
    size_t n;
    const MienEdge *edges = mien_topology_edges(topology, &n);
    float x = 0, y = 0, radius = 0;
    for (size_t i = 0; i < n; i++) {
        if (edges[i].from >= s->face->n_landmarks)
            return true;
        x += x_of(s, edges[i].from) / (float)n;
        y += y_of(s, edges[i].from) / (float)n;
    }
    for (size_t i = 0; i < n; i++)
        radius += hypotf(x_of(s, edges[i].from) - x, y_of(s, edges[i].from) - y) / (float)n;
    if (!begin(s))
        return false;
    cli_layer_circle(s->canvas, x, y, radius, width);
    cli_layer_end(s->canvas, ink);
    return true;
}

static bool draw_box(const Sketch *s, float width, bool box, bool id)
{
    const MienFace *face = s->face;
    float left = face->box_x, top = face->box_y;
    float right = left + face->box_width, bottom = top + face->box_height;
    if (!begin(s))
        return false;
    if (box) {
        cli_layer_line(s->canvas, left, top, right, top, width);
        cli_layer_line(s->canvas, right, top, right, bottom, width);
        cli_layer_line(s->canvas, right, bottom, left, bottom, width);
        cli_layer_line(s->canvas, left, bottom, left, top, width);
    }
    if (id) {
        float scale = fmaxf(s->unit * 3, 1.6f);
        cli_layer_number(s->canvas, left + 2 * scale, top + 2 * scale, scale, face->face_id);
    }
    cli_layer_end(s->canvas, box_ink);
    return true;
}

/* The axes of the head from the tip of the nose: x red, to the face's left; y green, up; z blue,
 * where it looks. */
static bool draw_pose(const Sketch *s, float width)
{
    static const CliInk inks[3] = {
        {255, 72, 72, 0.95f}, {64, 220, 96, 0.95f}, {72, 140, 255, 0.95f}};
    enum { NOSE = 1 };
    const MienFace *face = s->face;
    const float *m = face->transform;
    if (!m)
        return true;
    float length = 0.45f * face->box_width;
    float scale = sqrtf(m[0] * m[0] + m[4] * m[4] + m[8] * m[8]);
    float x = x_of(s, NOSE), y = y_of(s, NOSE);
    for (int axis = 0; axis < 3; axis++) {
        float to_x = x + length * m[axis] / scale, to_y = y - length * m[4 + axis] / scale;
        if (!cli_layer_begin(s->canvas, fminf(x, to_x) - s->margin, fminf(y, to_y) - s->margin,
                             fmaxf(x, to_x) + s->margin, fmaxf(y, to_y) + s->margin))
            return false;
        cli_layer_line(s->canvas, x, y, to_x, to_y, 1.6f * width);
        cli_layer_end(s->canvas, inks[axis]);
    }
    return true;
}

static bool draw_face(CliCanvas *canvas, const MienFace *face, unsigned parts)
{
    float unit = fminf(fmaxf(face->box_width / 300, 0.3f), 8);
    Sketch s = {canvas, face, unit, 4 + 4 * unit};
    bool good = true;
    if (parts & CLI_OVERLAY_MESH)
        good = draw_edges(&s, MIEN_TOPOLOGY_TESSELATION, fmaxf(0.9f * unit, 0.7f), mesh_ink);
    float width = fmaxf(2 * unit, 1.3f);
    if (parts & CLI_OVERLAY_CONTOURS)
        for (size_t i = 0; i < COUNT_OF(contours) && good; i++)
            good = draw_edges(&s, contours[i].topology, width, contours[i].ink);
    if (parts & CLI_OVERLAY_IRISES)
        for (size_t i = 0; i < COUNT_OF(irises) && good; i++)
            good = draw_iris(&s, irises[i].topology, width, irises[i].ink);
    if (good && parts & (CLI_OVERLAY_BOX | CLI_OVERLAY_ID))
        good = draw_box(&s, width, parts & CLI_OVERLAY_BOX, parts & CLI_OVERLAY_ID);
    if (good && parts & CLI_OVERLAY_POSE)
        good = draw_pose(&s, width);
    return good;
}

bool cli_overlay_draw(CliCanvas *canvas, const MienResult *result, unsigned parts)
{
    for (size_t i = 0; i < mien_result_n_faces(result); i++)
        if (!draw_face(canvas, mien_result_face(result, i), parts))
            return false;
    return true;
}
