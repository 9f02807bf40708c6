/* SPDX-License-Identifier: Apache-2.0 */
#include "image/warp.h"

#include <float.h>
#include <string.h>

#include "base/base.h"

#define N 8 /* unknowns of a homography */

/* warpPerspective works block by block: positions are sums of one at a block's left edge. */
#define BLOCK_PIXELS 1024
#define BLOCK_ROWS 16

static double absolute(double value)
{
    return value < 0 ? -value : value;
}

static void swap_rows(double *a, double *b)
{
    double row[N + 1];
    memcpy(row, a, sizeof(row));
    memcpy(a, b, sizeof(row));
    memcpy(b, row, sizeof(row));
}

/* Gauss with the largest pivot of a column, on a[i][0..7] x = a[i][8]. */
static bool solve(double a[N][N + 1], double x[N])
{
    for (int i = 0; i < N; i++) {
        int pivot = i;
        for (int row = i + 1; row < N; row++)
            if (absolute(a[row][i]) > absolute(a[pivot][i]))
                pivot = row;
        if (!(absolute(a[pivot][i]) >= 100 * DBL_EPSILON)) /* true for NaN */
            return false;
        if (pivot != i)
            swap_rows(a[pivot], a[i]);
        double factor = -1 / a[i][i];
        for (int row = i + 1; row < N; row++) {
            double times = a[row][i] * factor;
            for (int column = i + 1; column <= N; column++)
                a[row][column] += times * a[i][column];
        }
    }
    for (int i = N - 1; i >= 0; i--) {
        double sum = a[i][N];
        for (int column = i + 1; column < N; column++)
            sum -= a[i][column] * x[column];
        x[i] = sum / a[i][i];
    }
    return true;
}

/* The two equations of a corner, rows i and i + 4: where (x, y) of the picture is in the crop. */
static void put_corner(double a[N][N + 1], int i, const float from[2], float to_x, float to_y)
{
    double x = (double)from[0], y = (double)from[1];
    const double first[N + 1] = {
        x, y, 1, 0, 0, 0, (double)(-from[0] * to_x), (double)(-from[1] * to_x), (double)to_x};
    const double second[N + 1] = {
        0, 0, 0, x, y, 1, (double)(-from[0] * to_y), (double)(-from[1] * to_y), (double)to_y};
    memcpy(a[i], first, sizeof(first));
    memcpy(a[i + 4], second, sizeof(second));
}

/* From picture to crop. */
static bool find_homography(const MieniCorners *corners, float width, float height, double h[9])
{
    double a[N][N + 1];
    put_corner(a, 0, corners->bottom_left, 0, height);
    put_corner(a, 1, corners->top_left, 0, 0);
    put_corner(a, 2, corners->top_right, width, 0);
    put_corner(a, 3, corners->bottom_right, width, height);
    h[8] = 1;
    return solve(a, h);
}

/* a b - c d */
static double minor_of(double a, double b, double c, double d)
{
    return a * b - c * d;
}

static bool invert(const double m[9], double to[9])
{
    double determinant = m[0] * minor_of(m[4], m[8], m[5], m[7]) -
                         m[1] * minor_of(m[3], m[8], m[5], m[6]) +
                         m[2] * minor_of(m[3], m[7], m[4], m[6]);
    double d = 1 / determinant;
    if (!(absolute(d) <= DBL_MAX))
        return false;
    to[0] = minor_of(m[4], m[8], m[5], m[7]) * d;
    to[1] = minor_of(m[2], m[7], m[1], m[8]) * d;
    to[2] = minor_of(m[1], m[5], m[2], m[4]) * d;
    to[3] = minor_of(m[5], m[6], m[3], m[8]) * d;
    to[4] = minor_of(m[0], m[8], m[2], m[6]) * d;
    to[5] = minor_of(m[2], m[3], m[0], m[5]) * d;
    to[6] = minor_of(m[3], m[7], m[4], m[6]) * d;
    to[7] = minor_of(m[1], m[6], m[0], m[7]) * d;
    to[8] = minor_of(m[0], m[4], m[1], m[3]) * d;
    return true;
}

bool mieni_warp_init(MieniWarp *warp, const MieniCorners *corners, int32_t width, int32_t height)
{
    double to_crop[9];
    warp->width = width;
    warp->height = height;
    return find_homography(corners, (float)width, (float)height, to_crop) &&
           invert(to_crop, warp->m);
}

void mieni_warp_position(const MieniWarp *warp, int32_t column, int32_t row, double position[2])
{
    const double *m = warp->m;
    int32_t block_rows = MIENI_MIN(BLOCK_ROWS, warp->height);
    int32_t block_columns = MIENI_MIN(BLOCK_PIXELS / block_rows, warp->width);
    double first = column / block_columns * block_columns, more = column % block_columns;
    double y = row;
    double start_x = m[0] * first + m[1] * y + m[2];
    double start_y = m[3] * first + m[4] * y + m[5];
    double scale = m[6] * first + m[7] * y + m[8];
    scale = 32 / (scale + m[6] * more);
    position[0] = (start_x + m[0] * more) * scale;
    position[1] = (start_y + m[3] * more) * scale;
}
