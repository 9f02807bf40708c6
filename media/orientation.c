/* SPDX-License-Identifier: Apache-2.0 */
#include "media/media.h"

#include <stdlib.h>

/*
 * EXIF says which edges of the upright picture row 0 and column 0 are. With the stored picture
 * turned upside down where it is mirrored, only a turn is left. Source: EXIF 2.32, 4.6.4,
 * Orientation.
 */
MieniOrientation mieni_orientation_of_exif(int orientation)
{
    static const MieniOrientation table[9] = {
        {false, 0}, {false, 0},  {true, 180}, {false, 180}, {true, 0},
        {true, 90}, {false, 90}, {true, 270}, {false, 270},
    };
    return table[orientation >= 1 && orientation <= 8 ? orientation : 1];
}

MieniOrientation mieni_orientation_of_matrix(const int32_t matrix[9])
{
    /* The stored x axis becomes (a, b) and the stored y axis (c, d), y pointing down. */
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    MieniOrientation orientation = {a * d - b * c < 0, 0};
    if (abs((int)(a / 2)) >= abs((int)(b / 2)))
        orientation.rotation_degrees = a < 0 ? 180 : 0;
    else
        orientation.rotation_degrees = b < 0 ? 270 : 90;
    return orientation;
}

static bool has_subsampled_rows(const MienImage *image)
{
    return image->format == MIEN_PIXEL_NV12 || image->format == MIEN_PIXEL_I420;
}

MienStatus mieni_frame_orient(MienMediaFrame **frame, MieniOrientation orientation,
                              MienError *error)
{
    MienImage *image = &(*frame)->image;
    if (orientation.flip && has_subsampled_rows(image) && image->height % 2 != 0) {
        MienStatus status = mieni_frame_make_rgb24(frame, error);
        if (status != MIEN_OK)
            return status;
        image = &(*frame)->image;
    }
    image->rotation_degrees = orientation.rotation_degrees;
    if (!orientation.flip)
        return MIEN_OK;
    for (int plane = 0; plane < 3 && image->planes[plane]; plane++) {
        bool is_chroma = plane > 0;
        ptrdiff_t rows = is_chroma ? (image->height + 1) / 2 : image->height;
        image->planes[plane] += (rows - 1) * image->strides_bytes[plane];
        image->strides_bytes[plane] = -image->strides_bytes[plane];
    }
    return MIEN_OK;
}
