/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "mien/result.h"

#include "face/topology_tables.h"

#define EDGES(name)                                                                                \
    {                                                                                              \
        name##_edges, MIENI_COUNT_OF(name##_edges)                                                 \
    }

static const struct {
    const MienEdge *edges;
    size_t n_edges;
} sets[] = {
    [MIEN_TOPOLOGY_LIPS] = EDGES(lips),
    [MIEN_TOPOLOGY_LEFT_EYE] = EDGES(left_eye),
    [MIEN_TOPOLOGY_LEFT_EYEBROW] = EDGES(left_eyebrow),
    [MIEN_TOPOLOGY_LEFT_IRIS] = EDGES(left_iris),
    [MIEN_TOPOLOGY_RIGHT_EYE] = EDGES(right_eye),
    [MIEN_TOPOLOGY_RIGHT_EYEBROW] = EDGES(right_eyebrow),
    [MIEN_TOPOLOGY_RIGHT_IRIS] = EDGES(right_iris),
    [MIEN_TOPOLOGY_FACE_OVAL] = EDGES(face_oval),
    [MIEN_TOPOLOGY_NOSE] = EDGES(nose),
    [MIEN_TOPOLOGY_CONTOURS] = EDGES(contours),
    [MIEN_TOPOLOGY_TESSELATION] = EDGES(tesselation),
};

const MienEdge *mien_topology_edges(MienTopology topology, size_t *n_edges)
{
    bool known = (size_t)topology < MIENI_COUNT_OF(sets);
    if (n_edges)
        *n_edges = known ? sets[topology].n_edges : 0;
    return known ? sets[topology].edges : NULL;
}

const uint16_t (*mien_topology_triangles(size_t *n_triangles))[3]
{
    if (n_triangles)
        *n_triangles = MIENI_COUNT_OF(triangles);
    return triangles;
}
