/* SPDX-License-Identifier: Apache-2.0 */
#include "image/view.h"

#define REASON "image-invalid"

int mieni_plane_sizes(const MienImage *image, MieniPlaneSize sizes[3])
{
    int32_t width = image->width, height = image->height;
    int32_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    sizes[0] = (MieniPlaneSize){height, width};
    switch (image->format) {
    case MIEN_PIXEL_RGB24:
    case MIEN_PIXEL_BGR24:
        sizes[0].row_bytes = 3 * width;
        return 1;
    case MIEN_PIXEL_RGBA32:
    case MIEN_PIXEL_BGRA32:
        sizes[0].row_bytes = 4 * width;
        return 1;
    case MIEN_PIXEL_GRAY8:
        return 1;
    case MIEN_PIXEL_NV12:
        sizes[1] = (MieniPlaneSize){half_height, 2 * half_width};
        return 2;
    case MIEN_PIXEL_I420:
        sizes[1] = sizes[2] = (MieniPlaneSize){half_height, half_width};
        return 3;
    }
    return 0;
}

static MienStatus check_plane(const MienImage *image, int index, MieniPlaneSize size,
                              MienError *error)
{
    ptrdiff_t stride = image->strides_bytes[index];
    if (!image->planes[index])
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "planes[%d] of the picture is NULL: point it at the first row", index);
    if (size.rows == 1)
        return MIEN_OK; /* the stride is never used */
    if (stride < size.row_bytes && stride > -size.row_bytes)
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "strides_bytes[%d] is %td, but a row has %d bytes", index, stride,
                          (int)size.row_bytes);
    const ptrdiff_t limit = PTRDIFF_MAX / MIEN_IMAGE_MAX_SIDE;
    if (stride > limit || stride < -limit)
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "strides_bytes[%d] is %td, more than memory can hold", index, stride);
    return MIEN_OK;
}

static MienStatus check_fields(const MienImage *image, MienError *error)
{
    if (image->struct_size != sizeof(*image))
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "struct_size of the picture is %zu, not %zu: set it with mien_image_init",
                          image->struct_size, sizeof(*image));
    const struct {
        const char *name;
        int32_t value;
    } sides[] = {{"width", image->width}, {"height", image->height}};
    for (size_t i = 0; i < MIENI_COUNT_OF(sides); i++)
        if (sides[i].value < 1 || sides[i].value > MIEN_IMAGE_MAX_SIDE)
            return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                              "%s of the picture is %d, not 1 to %d pixels: scale it first",
                              sides[i].name, (int)sides[i].value, MIEN_IMAGE_MAX_SIDE);
    MieniPlaneSize sizes[3];
    int n_planes = mieni_plane_sizes(image, sizes);
    if (n_planes == 0)
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "format of the picture is %d, which is no MIEN_PIXEL_ value",
                          (int)image->format);
    for (int i = 0; i < n_planes; i++) {
        MienStatus status = check_plane(image, i, sizes[i], error);
        if (status != MIEN_OK)
            return status;
    }
    const struct {
        const char *name;
        int32_t value;
    } turns[] = {{"rotation_degrees", image->rotation_degrees},
                 {"detector_rotation_degrees", image->detector_rotation_degrees}};
    for (size_t i = 0; i < MIENI_COUNT_OF(turns); i++)
        if (turns[i].value % 90 != 0 || turns[i].value < 0 || turns[i].value > 270)
            return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                              "%s of the picture is %d, not 0, 90, 180 or 270", turns[i].name,
                              (int)turns[i].value);
    if (n_planes > 1 && (unsigned)image->color_matrix > (unsigned)MIEN_MATRIX_BT2020)
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "color_matrix of the picture is %d, which is no MIEN_MATRIX_ value",
                          (int)image->color_matrix);
    if (n_planes > 1 && (unsigned)image->color_range > (unsigned)MIEN_RANGE_FULL)
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON,
                          "color_range of the picture is %d, which is no MIEN_RANGE_ value",
                          (int)image->color_range);
    return MIEN_OK;
}

/* Gives a value to what the caller may leave open: planes beyond those of the format, and the
 * stride of a single row. */
static void settle_planes(MienImage *image)
{
    MieniPlaneSize sizes[3];
    int n_planes = mieni_plane_sizes(image, sizes);
    for (int i = 0; i < 3; i++) {
        if (i >= n_planes) {
            image->planes[i] = NULL;
            image->strides_bytes[i] = 0;
        } else if (sizes[i].rows == 1) {
            image->strides_bytes[i] = sizes[i].row_bytes;
        }
    }
}

static int32_t fixed16(double value)
{
    return (int32_t)(value * 65536.0 + (value < 0 ? -0.5 : 0.5));
}

/*
 * By definition Y = Kr R + Kg G + Kb B with Kr + Kg + Kb = 1, and the colour differences are
 * Cb = (B - Y) / (2 (1 - Kb)) and Cr = (R - Y) / (2 (1 - Kr)). Solved for R, G, B:
 *   R = Y + 2 (1 - Kr) Cr,  B = Y + 2 (1 - Kb) Cb,
 *   G = (Y - Kr R - Kb B) / Kg = Y - 2 Kr (1 - Kr) / Kg Cr - 2 Kb (1 - Kb) / Kg Cb
 * Full range stores Y, Cb, Cr in 255 steps; limited range Y in 219 from 16 and Cb, Cr in 224; both
 * have Cb = Cr = 0 at 128. Source: ITU-T H.273 (07/2021), section 8.3, equations 38 to 46.
 */
static void set_coefficients(MieniView *view)
{
    static const struct {
        double kr, kb;
    } matrices[] = {
        [MIEN_MATRIX_BT601] = {0.299, 0.114},
        [MIEN_MATRIX_BT709] = {0.2126, 0.0722},
        [MIEN_MATRIX_BT2020] = {0.2627, 0.0593},
    };
    double kr = matrices[view->image.color_matrix].kr, kb = matrices[view->image.color_matrix].kb;
    double kg = 1.0 - kr - kb;
    bool full = view->image.color_range == MIEN_RANGE_FULL;
    double luma = full ? 1.0 : 255.0 / 219.0, chroma = full ? 1.0 : 255.0 / 224.0;
    view->y_offset = full ? 0 : 16;
    view->y_gain = fixed16(luma);
    view->r_v = fixed16(chroma * 2.0 * (1.0 - kr));
    view->b_u = fixed16(chroma * 2.0 * (1.0 - kb));
    view->g_v = fixed16(chroma * -2.0 * kr * (1.0 - kr) / kg);
    view->g_u = fixed16(chroma * -2.0 * kb * (1.0 - kb) / kg);
}

MienStatus mieni_view_init(MieniView *view, const MienImage *image, MienError *error)
{
    memset(view, 0, sizeof(*view));
    if (!image)
        return mieni_fail(error, MIEN_E_ARGUMENT, REASON, "the picture is NULL");
    MienStatus status = check_fields(image, error);
    if (status != MIEN_OK)
        return status;
    view->image = *image;
    settle_planes(&view->image);
    bool sideways = image->rotation_degrees == 90 || image->rotation_degrees == 270;
    view->upright_width = sideways ? image->height : image->width;
    view->upright_height = sideways ? image->width : image->height;
    if (image->format == MIEN_PIXEL_NV12 || image->format == MIEN_PIXEL_I420)
        set_coefficients(view);
    return MIEN_OK;
}

size_t mieni_view_bytes(const MieniView *view)
{
    MieniPlaneSize sizes[3];
    int n_planes = mieni_plane_sizes(&view->image, sizes);
    size_t bytes = 0;
    for (int i = 0; i < n_planes; i++)
        bytes += (size_t)sizes[i].rows * (size_t)sizes[i].row_bytes;
    return bytes;
}

void mieni_view_copy(const MieniView *view, uint8_t *pixels, MienImage *copy)
{
    MieniPlaneSize sizes[3];
    int n_planes = mieni_plane_sizes(&view->image, sizes);
    *copy = view->image;
    for (int i = 0; i < n_planes; i++) {
        copy->planes[i] = pixels;
        copy->strides_bytes[i] = sizes[i].row_bytes;
        for (int32_t y = 0; y < sizes[i].rows; y++, pixels += sizes[i].row_bytes)
            memcpy(pixels, view->image.planes[i] + y * view->image.strides_bytes[i],
                   (size_t)sizes[i].row_bytes);
    }
}
