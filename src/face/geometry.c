/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a head stands before the camera: the similarity that takes MediaPipe's canonical face to the
 * landmarks, which are put into metric space with a guess of their distance that is made better
 * twice. In double, on a few points: microseconds. Source: docs/formulas.md, "Pose".
 */
#include <math.h>

#include "base/trig.h"
#include "face/face.h"
#include "face/geometry_tables.h"

#define N_BASIS MIENI_COUNT_OF(procrustes_basis)

/* Less than this, in normalised units, is no face but a point. */
#define MIN_EXTENT 1e-3

/* MediaPipe's bound below which it gives up. */
#define TINY 1e-9

typedef struct Similarity {
    double scale;
    double rotation[3][3];
    double translation[3];
    double quaternion[4]; /* x, y, z, w */
} Similarity;

/* The landmarks before the camera, one unit in front of it. */
typedef struct Screen {
    const MienLandmark *landmarks;
    double width, height; /* of the picture one unit in front of the camera */
    double mean_z;
} Screen;

/* One plane rotation of Jacobi's method, which makes a[p][q] vanish. */
static void rotate(double a[4][4], double vectors[4][4], int p, int q)
{
    if (a[p][q] == 0)
        return;
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 4; k++) {
        double kp = a[k][p], kq = a[k][q];
        a[k][p] = c * kp - s * kq;
        a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < 4; k++) {
        double pk = a[p][k], qk = a[q][k];
        a[p][k] = c * pk - s * qk;
        a[q][k] = s * pk + c * qk;
        double vp = vectors[k][p], vq = vectors[k][q];
        vectors[k][p] = c * vp - s * vq;
        vectors[k][q] = s * vp + c * vq;
    }
}

/* The eigenvector of the largest eigenvalue of a symmetric matrix, which is overwritten. Source:
 * C. G. J. Jacobi, 1846; sweeps in rows, until nothing is left beside the diagonal. */
static void largest_eigenvector(double a[4][4], double out[4])
{
    enum { MAX_SWEEPS = 30 };
    double vectors[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        double off = 0, all = 0;
        for (int p = 0; p < 4; p++) {
            all += fabs(a[p][p]);
            for (int q = p + 1; q < 4; q++)
                off += fabs(a[p][q]);
        }
        if (!(off > 1e-30 * all))
            break;
        for (int p = 0; p < 3; p++)
            for (int q = p + 1; q < 4; q++)
                rotate(a, vectors, p, q);
    }
    int best = 0;
    for (int k = 1; k < 4; k++)
        if (a[k][k] > a[best][best])
            best = k;
    for (int k = 0; k < 4; k++)
        out[k] = vectors[k][best];
}

static void set_rotation(Similarity *similarity)
{
    const double *q = similarity->quaternion;
    double x = q[0], y = q[1], z = q[2], w = q[3];
    const double rotation[3][3] = {
        {1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)},
        {2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)},
        {2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}};
    memcpy(similarity->rotation, rotation, sizeof(rotation));
}

/*
 * The rotation that turns vectors a best onto b, from the sums of w a b^T: the eigenvector of a
 * symmetric matrix, as a quaternion. Source: B. K. P. Horn, "Closed-form solution of absolute
 * orientation using unit quaternions", JOSA A 4(4), 1987.
 */
static void find_rotation(double s[3][3], Similarity *similarity)
{
    double n[4][4] = {
        {s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]},
        {s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]},
        {s[2][0] - s[0][2], s[0][1] + s[1][0], s[1][1] - s[0][0] - s[2][2], s[1][2] + s[2][1]},
        {s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], s[2][2] - s[0][0] - s[1][1]}};
    double q[4];
    largest_eigenvector(n, q);
    double sign = q[0] < 0 ? -1 : 1;
    const double quaternion[4] = {sign * q[1], sign * q[2], sign * q[3], sign * q[0]};
    memcpy(similarity->quaternion, quaternion, sizeof(quaternion));
    set_rotation(similarity);
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void turn(const Similarity *similarity, const double in[3], double out[3])
{
    for (int k = 0; k < 3; k++)
        out[k] = dot(similarity->rotation[k], in);
}

/* The similarity that takes the canonical basis points best to `to`, with MediaPipe's weights,
 * which do not add up to 1. False where there is none. */
static bool find_similarity(double to[N_BASIS][3], Similarity *similarity)
{
    double weights = 0, mean[3] = {0}, sums[3][3] = {{0}}, norm = 0;
    double from[N_BASIS][3];
    for (size_t i = 0; i < N_BASIS; i++) {
        double weight = (double)procrustes_basis[i].weight;
        weights += weight;
        for (int k = 0; k < 3; k++) {
            from[i][k] = (double)canonical_vertices[procrustes_basis[i].landmark][k];
            mean[k] += weight * from[i][k];
        }
    }
    for (int k = 0; k < 3; k++)
        mean[k] /= weights;
    for (size_t i = 0; i < N_BASIS; i++)
        for (int k = 0; k < 3; k++)
            for (int m = 0; m < 3; m++)
                sums[k][m] +=
                    (double)procrustes_basis[i].weight * (from[i][k] - mean[k]) * to[i][m];
    for (int k = 0; k < 3; k++)
        norm += dot(sums[k], sums[k]);
    if (!(sqrt(norm) > TINY))
        return false;
    find_rotation(sums, similarity);

    double above = 0, below = 0;
    for (size_t i = 0; i < N_BASIS; i++) {
        double weight = (double)procrustes_basis[i].weight, turned[3];
        const double off[3] = {from[i][0] - mean[0], from[i][1] - mean[1], from[i][2] - mean[2]};
        turn(similarity, off, turned);
        above += weight * dot(turned, to[i]);
        below += weight * dot(off, from[i]);
    }
    similarity->scale = above / below;
    if (!(similarity->scale > TINY))
        return false;
    double moved[3] = {0};
    for (size_t i = 0; i < N_BASIS; i++) {
        double turned[3];
        turn(similarity, from[i], turned);
        for (int k = 0; k < 3; k++)
            moved[k] +=
                (double)procrustes_basis[i].weight * (to[i][k] - similarity->scale * turned[k]);
    }
    for (int k = 0; k < 3; k++)
        similarity->translation[k] = moved[k] / weights;
    return true;
}

/* A landmark one unit in front of the camera; x to the right, y up, z away from it. */
static void to_screen(const Screen *screen, size_t i, double out[3])
{
    const MienLandmark *landmark = &screen->landmarks[i];
    out[0] = (double)landmark->x * screen->width - screen->width / 2;
    out[1] = (1 - (double)landmark->y) * screen->height - screen->height / 2;
    out[2] = (double)landmark->z * screen->width;
}

/* The same in space, for a face 1 / scale times as far and as large. */
static void to_space(const Screen *screen, size_t i, double scale, double out[3])
{
    double point[3];
    to_screen(screen, i, point);
    double z = (point[2] - screen->mean_z + 1) / scale;
    out[0] = point[0] * z;
    out[1] = point[1] * z;
    out[2] = -z;
}

static bool has_extent(const MienLandmark *landmarks)
{
    double x = 0, y = 0;
    for (int i = 0; i < MIENI_N_MESH; i++) {
        x += (double)landmarks[i].x / MIENI_N_MESH;
        y += (double)landmarks[i].y / MIENI_N_MESH;
    }
    for (int i = 0; i < MIENI_N_MESH; i++) {
        double dx = (double)landmarks[i].x - x, dy = (double)landmarks[i].y - y;
        if (sqrt(dx * dx + dy * dy) > MIN_EXTENT)
            return true;
    }
    return false;
}

/* MediaPipe's two guesses of the scale, and the similarity that they lead to. */
static bool find_pose(const Screen *screen, double *scale, Similarity *similarity)
{
    double points[N_BASIS][3];
    for (size_t i = 0; i < N_BASIS; i++) {
        to_screen(screen, procrustes_basis[i].landmark, points[i]);
        points[i][2] = -points[i][2];
    }
    *scale = 1;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < N_BASIS && round > 0; i++)
            to_space(screen, procrustes_basis[i].landmark, *scale, points[i]);
        if (!find_similarity(points, similarity))
            return false;
        if (round < 2)
            *scale *= similarity->scale;
    }
    return true;
}

/* Angles of rotation = Ry(yaw) Rx(pitch) Rz(roll). */
static void set_angles(const Similarity *similarity, MieniPose *pose)
{
    const double(*r)[3] = similarity->rotation;
    double degrees = 180 / MIENI_PI, level = sqrt(r[1][0] * r[1][0] + r[1][1] * r[1][1]);
    pose->yaw = (float)(mieni_atan2(r[0][2], r[2][2]) * degrees);
    pose->pitch = (float)(mieni_atan2(-r[1][2], level) * degrees);
    pose->roll = (float)(mieni_atan2(r[1][0], r[1][1]) * degrees);
}

bool mieni_pose_solve(const MienLandmark *landmarks, int32_t width, int32_t height,
                      float fov_degrees, MieniPose *pose, float (*metric)[3])
{
    if (!has_extent(landmarks))
        return false;
    double sine, cosine, scale;
    mieni_sincos((double)fov_degrees / 2 * MIENI_PI / 180, &sine, &cosine);
    Screen screen = {.landmarks = landmarks, .height = 2 * sine / cosine};
    screen.width = screen.height * width / height;
    for (int i = 0; i < MIENI_N_MESH; i++)
        screen.mean_z += (double)landmarks[i].z * screen.width / MIENI_N_MESH;
    Similarity similarity;
    if (!find_pose(&screen, &scale, &similarity))
        return false;

    bool finite = true;
    memset(pose, 0, sizeof(*pose));
    for (int row = 0; row < 3; row++) {
        for (int column = 0; column < 3; column++)
            pose->matrix[4 * row + column] =
                (float)(similarity.scale * similarity.rotation[row][column]);
        pose->matrix[4 * row + 3] = (float)similarity.translation[row];
    }
    pose->matrix[15] = 1;
    for (int i = 0; i < 16; i++)
        finite = finite && isfinite(pose->matrix[i]);
    for (int k = 0; k < 4; k++)
        pose->quaternion[k] = (float)similarity.quaternion[k];
    set_angles(&similarity, pose);

    /* The landmarks in the space of the canonical face: back through the similarity. */
    for (int i = 0; i < MIENI_N_MESH && metric; i++) {
        double point[3];
        to_space(&screen, (size_t)i, scale, point);
        for (int k = 0; k < 3; k++)
            point[k] = (point[k] - similarity.translation[k]) / similarity.scale;
        for (int k = 0; k < 3; k++)
            metric[i][k] = (float)(similarity.rotation[0][k] * point[0] +
                                   similarity.rotation[1][k] * point[1] +
                                   similarity.rotation[2][k] * point[2]);
    }
    return finite;
}
