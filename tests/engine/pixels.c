/* SPDX-License-Identifier: Apache-2.0 */
/* The same picture in every format, layout and rotation gives the same face. */
#include <math.h>

#include "engine/frames.h"

#define MAX_PLANES 3

/* How a picture is stored. */
typedef struct Layout {
    MienPixelFormat format;
    int32_t rotation; /* of the stored picture, MienImage.rotation_degrees */
    int32_t padding;  /* bytes between rows */
    bool flipped;     /* bottom row first in memory: negative strides */
    MienColorMatrix matrix;
    MienColorRange range;
} Layout;

typedef struct Stored {
    MienImage image;
    uint8_t *blocks[MAX_PLANES]; /* of exactly the bytes that belong to the picture */
} Stored;

static const char *const format_names[] = {"?",      "RGB24", "BGR24", "RGBA32",
                                           "BGRA32", "GRAY8", "NV12",  "I420"};

/* Red, green, blue of a place of the stored picture, which `rotation` clockwise makes `upright`. */
static const uint8_t *pixel_at(const MienImage *upright, int32_t rotation, int32_t x, int32_t y)
{
    int32_t right = upright->width - 1, bottom = upright->height - 1;
    int32_t from_x = rotation == 90    ? right - y
                     : rotation == 180 ? right - x
                     : rotation == 270 ? y
                                       : x;
    int32_t from_y = rotation == 90    ? x
                     : rotation == 180 ? bottom - y
                     : rotation == 270 ? bottom - x
                                       : y;
    return upright->planes[0] + from_y * upright->strides_bytes[0] + 3 * from_x;
}

/* One of Y, Cb, Cr (0, 1, 2) of a colour. Source: ITU-T H.273, section 8.3. */
static double component(const double rgb[3], int which, const Layout *layout)
{
    static const double weights[3][2] = {{0.299, 0.114}, {0.2126, 0.0722}, {0.2627, 0.0593}};
    double kr = weights[layout->matrix][0], kb = weights[layout->matrix][1];
    double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
    bool full = layout->range == MIEN_RANGE_FULL;
    if (which == 0)
        return full ? y : 16 + y * 219 / 255;
    double difference = which == 1 ? (rgb[2] - y) / (2 * (1 - kb)) : (rgb[0] - y) / (2 * (1 - kr));
    return 128 + (full ? difference : difference * 224 / 255);
}

/* A luma sample, or a chroma sample of 2x2 pixels (fewer at an odd edge). */
static uint8_t yuv_at(const MienImage *upright, const Layout *layout, const MienImage *stored,
                      int which, int32_t x, int32_t y)
{
    int32_t size = which ? 2 : 1;
    double sum[3] = {0}, n = 0;
    for (int32_t j = y * size; j < (y + 1) * size && j < stored->height; j++) {
        for (int32_t i = x * size; i < (x + 1) * size && i < stored->width; i++, n++) {
            const uint8_t *pixel = pixel_at(upright, layout->rotation, i, j);
            for (int k = 0; k < 3; k++)
                sum[k] += pixel[k];
        }
    }
    for (int k = 0; k < 3; k++)
        sum[k] /= n;
    double value = component(sum, which, layout);
    return (uint8_t)(fmin(fmax(value, 0), 255) + 0.5);
}

static void add_plane(Stored *stored, int index, int32_t rows, int32_t row_bytes,
                      const Layout *layout)
{
    ptrdiff_t stride = row_bytes + layout->padding;
    size_t size = (size_t)((rows - 1) * stride + row_bytes);
    uint8_t *block = malloc(size);
    assert_non_null(block);
    memset(block, 0xa5, size);
    stored->blocks[index] = block;
    stored->image.planes[index] = layout->flipped ? block + (rows - 1) * stride : block;
    stored->image.strides_bytes[index] = layout->flipped ? -stride : stride;
}

static uint8_t *row_of(const Stored *stored, int plane, int32_t y)
{
    /* The planes are this file's own blocks. */
    return (uint8_t *)(uintptr_t)stored->image.planes[plane] +
           y * stored->image.strides_bytes[plane];
}

static void fill_packed(Stored *stored, const MienImage *upright, const Layout *layout)
{
    static const struct {
        int bytes, red, green, blue;
    } orders[] = {[MIEN_PIXEL_RGB24] = {3, 0, 1, 2},
                  [MIEN_PIXEL_BGR24] = {3, 2, 1, 0},
                  [MIEN_PIXEL_RGBA32] = {4, 0, 1, 2},
                  [MIEN_PIXEL_BGRA32] = {4, 2, 1, 0},
                  [MIEN_PIXEL_GRAY8] = {1, 0, 0, 0}};
    int bytes = orders[layout->format].bytes;
    add_plane(stored, 0, stored->image.height, bytes * stored->image.width, layout);
    for (int32_t y = 0; y < stored->image.height; y++) {
        for (int32_t x = 0; x < stored->image.width; x++) {
            const uint8_t *from = pixel_at(upright, layout->rotation, x, y);
            uint8_t *to = row_of(stored, 0, y) + bytes * x;
            if (bytes == 4)
                to[3] = (uint8_t)(x + y); /* alpha that must not matter */
            to[orders[layout->format].blue] = from[2];
            to[orders[layout->format].red] = from[0];
            to[orders[layout->format].green] = from[1];
        }
    }
}

static void fill_yuv(Stored *stored, const MienImage *upright, const Layout *layout)
{
    const MienImage *image = &stored->image;
    int32_t half_width = (image->width + 1) / 2, half_height = (image->height + 1) / 2;
    bool nv12 = layout->format == MIEN_PIXEL_NV12;
    add_plane(stored, 0, image->height, image->width, layout);
    add_plane(stored, 1, half_height, nv12 ? 2 * half_width : half_width, layout);
    if (!nv12)
        add_plane(stored, 2, half_height, half_width, layout);
    for (int32_t y = 0; y < image->height; y++)
        for (int32_t x = 0; x < image->width; x++)
            row_of(stored, 0, y)[x] = yuv_at(upright, layout, image, 0, x, y);
    for (int32_t y = 0; y < half_height; y++) {
        for (int32_t x = 0; x < half_width; x++) {
            uint8_t u = yuv_at(upright, layout, image, 1, x, y);
            uint8_t v = yuv_at(upright, layout, image, 2, x, y);
            row_of(stored, 1, y)[nv12 ? 2 * x : x] = u;
            if (nv12)
                row_of(stored, 1, y)[2 * x + 1] = v;
            else
                row_of(stored, 2, y)[x] = v;
        }
    }
}

static Stored store(const MienImage *upright, const Layout *layout)
{
    Stored stored = {{0}, {NULL}};
    bool sideways = layout->rotation % 180 != 0;
    mien_image_init(&stored.image, layout->format, sideways ? upright->height : upright->width,
                    sideways ? upright->width : upright->height, NULL, 0);
    stored.image.rotation_degrees = layout->rotation;
    stored.image.color_matrix = layout->matrix;
    stored.image.color_range = layout->range;
    if (layout->format == MIEN_PIXEL_NV12 || layout->format == MIEN_PIXEL_I420)
        fill_yuv(&stored, upright, layout);
    else
        fill_packed(&stored, upright, layout);
    return stored;
}

static void finish_stored(Stored *stored)
{
    for (int i = 0; i < MAX_PLANES; i++)
        free(stored->blocks[i]);
}

/* Stores the picture and looks for the face in it; there is one. */
static MienResult *look(MienEngine *engine, const MienImage *upright, const Layout *layout)
{
    Stored stored = store(upright, layout);
    MienResult *result = fixture_keep(engine, &stored.image, 0);
    finish_stored(&stored);
    if (mien_result_n_faces(result) != 1)
        fail_msg("%s, rotation %d: %zu faces", format_names[layout->format], (int)layout->rotation,
                 mien_result_n_faces(result));
    return result;
}

/* A part of the portrait with the face in it, of this size. */
static MienImage make_upright(int32_t width, int32_t height)
{
    MienImage portrait = frames_portrait();
    int32_t x = portrait.width > 800 ? 290 : 60; /* the faces of the two portraits there are */
    return frames_window(&portrait, x, x == 290 ? 60 : 0, width, height);
}

static MienEngine *open_engine(void)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    return fixture_engine(&options);
}

/* The largest distance of two landmarks, as a share of the distance between the eyes' outer
 * corners. */
static double worst_distance(const MienResult *a, const MienResult *b, const MienImage *image)
{
    enum { LEFT_CORNER = 33, RIGHT_CORNER = 263 };
    const MienLandmark *p = mien_result_face(a, 0)->landmarks;
    const MienLandmark *q = mien_result_face(b, 0)->landmarks;
    double worst = 0, width = image->width, height = image->height;
    for (int32_t i = 0; i < mien_result_face(a, 0)->n_landmarks; i++)
        worst = fmax(worst, hypot((p[i].x - q[i].x) * width, (p[i].y - q[i].y) * height));
    return worst / hypot((q[LEFT_CORNER].x - q[RIGHT_CORNER].x) * width,
                         (q[LEFT_CORNER].y - q[RIGHT_CORNER].y) * height);
}

static void orders_of_colours_do_not_matter(void **state)
{
    (void)state;
    MienImage upright = make_upright(401, 423);
    MienEngine *engine = open_engine();
    MienResult *want = fixture_keep(engine, &upright, 0);
    for (int format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_BGRA32; format++) {
        MienResult *got = look(engine, &upright, &(Layout){.format = (MienPixelFormat)format});
        assert_same_result(format_names[format], got, want);
        mien_result_destroy(got);
    }
    /* It would show: with red and blue exchanged it is another picture. */
    MienImage exchanged = upright;
    exchanged.format = MIEN_PIXEL_BGR24;
    assert_false(same_result(fixture_process(engine, &exchanged, 0), want));
    mien_result_destroy(want);
    mien_engine_destroy(engine);
}

static void gray_is_equal_red_green_and_blue(void **state)
{
    (void)state;
    MienImage upright = make_upright(402, 421);
    MienEngine *engine = open_engine();
    MienResult *in_colour = fixture_keep(engine, &upright, 0);
    Stored gray = store(&upright, &(Layout){.format = MIEN_PIXEL_RGB24});
    for (size_t i = 0; i < (size_t)upright.width * (size_t)upright.height; i++)
        gray.blocks[0][3 * i] = gray.blocks[0][3 * i + 2] = gray.blocks[0][3 * i + 1];
    MienResult *want = fixture_keep(engine, &gray.image, 0);
    MienResult *got = look(engine, &gray.image, &(Layout){.format = MIEN_PIXEL_GRAY8});
    assert_same_result("GRAY8", got, want);
    assert_false(same_result(got, in_colour));
    assert_true(worst_distance(got, in_colour, &upright) < 0.06);
    finish_stored(&gray);
    mien_result_destroy(want);
    mien_result_destroy(got);
    mien_result_destroy(in_colour);
    mien_engine_destroy(engine);
}

/* Every matrix and range, read as what it is, gives nearly the landmarks of the RGB picture. */
static void colour_description_is_heeded(void **state)
{
    (void)state;
    MienImage upright = make_upright(401, 419);
    MienEngine *engine = open_engine();
    MienResult *rgb = fixture_keep(engine, &upright, 0), *first = NULL;
    for (int i = 0; i < 6; i++) {
        Layout layout = {.format = MIEN_PIXEL_NV12,
                         .matrix = (MienColorMatrix)(i % 3),
                         .range = (MienColorRange)(i / 3)};
        MienResult *nv12 = look(engine, &upright, &layout);
        double worst = worst_distance(nv12, rgb, &upright);
        if (worst > 0.01)
            fail_msg("matrix %d, range %d: off by %g", i % 3, i / 3, worst);
        layout.format = MIEN_PIXEL_I420;
        MienResult *i420 = look(engine, &upright, &layout);
        assert_same_result("I420", i420, nv12);
        mien_result_destroy(i420);
        /* None is taken for another. */
        if (first)
            assert_false(same_result(nv12, first));
        mien_result_destroy(first);
        first = nv12;
    }
    mien_result_destroy(first);
    mien_result_destroy(rgb);
    mien_engine_destroy(engine);
}

/* Padding between rows and rows from bottom to top change nothing; nothing but pixels is read. */
static void strides_do_not_matter(void **state)
{
    (void)state;
    MienImage upright = make_upright(399, 421);
    MienEngine *engine = open_engine();
    for (int format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_I420; format++) {
        Layout layout = {.format = (MienPixelFormat)format};
        MienResult *want = look(engine, &upright, &layout);
        for (int variant = 1; variant < 4; variant++) {
            layout.padding = variant & 1 ? 13 : 0;
            layout.flipped = variant & 2;
            MienResult *got = look(engine, &upright, &layout);
            assert_same_result(format_names[format], got, want);
            mien_result_destroy(got);
        }
        mien_result_destroy(want);
    }
    mien_engine_destroy(engine);
}

/* A picture stored lying on its side or upside down gives the same, in upright coordinates. */
static void rotation_is_undone(void **state)
{
    (void)state;
    /* Even sides, so that chroma blocks turn into chroma blocks. */
    MienImage upright = make_upright(400, 420);
    MienEngine *engine = open_engine();
    for (int format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_I420; format++) {
        Layout layout = {.format = (MienPixelFormat)format};
        MienResult *want = look(engine, &upright, &layout);
        for (layout.rotation = 90; layout.rotation < 360; layout.rotation += 90) {
            layout.padding = 7;
            MienResult *got = look(engine, &upright, &layout);
            assert_same_result(format_names[format], got, want);
            mien_result_destroy(got);
        }
        mien_result_destroy(want);
    }
    mien_engine_destroy(engine);
}

/* Spoils one field of a picture of a format. */
typedef struct Spoiler {
    MienPixelFormat format;
    void (*spoil)(MienImage *image);
    const char *word;
} Spoiler;

#define SPOIL(name, statement)                                                                     \
    static void name(MienImage *image)                                                             \
    {                                                                                              \
        statement;                                                                                 \
    }
SPOIL(size_wrong, image->struct_size += 8)
SPOIL(format_0, image->format = (MienPixelFormat)0)
SPOIL(format_8, image->format = (MienPixelFormat)8)
SPOIL(format_negative, image->format = (MienPixelFormat)-1)
SPOIL(width_0, image->width = 0)
SPOIL(width_negative, image->width = INT32_MIN)
SPOIL(width_large, image->width = MIEN_IMAGE_MAX_SIDE + 1)
SPOIL(height_0, image->height = 0)
SPOIL(height_large, image->height = INT32_MAX)
SPOIL(plane_0, image->planes[0] = NULL)
SPOIL(plane_1, image->planes[1] = NULL)
SPOIL(plane_2, image->planes[2] = NULL)
SPOIL(stride_0_short, image->strides_bytes[0]--)
SPOIL(stride_0_none, image->strides_bytes[0] = 0)
SPOIL(stride_0_back, image->strides_bytes[0] = 1 - image->strides_bytes[0])
SPOIL(stride_0_far, image->strides_bytes[0] = PTRDIFF_MAX)
SPOIL(stride_0_far_back, image->strides_bytes[0] = PTRDIFF_MIN)
SPOIL(stride_1_short, image->strides_bytes[1]--)
SPOIL(stride_2_short, image->strides_bytes[2]--)
SPOIL(rotation_45, image->rotation_degrees = 45)
SPOIL(rotation_360, image->rotation_degrees = 360)
SPOIL(rotation_negative, image->rotation_degrees = -90)
SPOIL(matrix_3, image->color_matrix = (MienColorMatrix)3)
SPOIL(matrix_negative, image->color_matrix = (MienColorMatrix)-1)
SPOIL(range_2, image->color_range = (MienColorRange)2)
#undef SPOIL

static const Spoiler spoilers[] = {
    {MIEN_PIXEL_RGB24, size_wrong, "struct_size"},
    {MIEN_PIXEL_RGB24, format_0, "format"},
    {MIEN_PIXEL_RGB24, format_8, "format"},
    {MIEN_PIXEL_RGB24, format_negative, "format"},
    {MIEN_PIXEL_BGR24, width_0, "width"},
    {MIEN_PIXEL_BGR24, width_negative, "width"},
    {MIEN_PIXEL_BGR24, width_large, "width"},
    {MIEN_PIXEL_GRAY8, height_0, "height"},
    {MIEN_PIXEL_GRAY8, height_large, "height"},
    {MIEN_PIXEL_RGBA32, plane_0, "planes[0]"},
    {MIEN_PIXEL_NV12, plane_1, "planes[1]"},
    {MIEN_PIXEL_I420, plane_2, "planes[2]"},
    {MIEN_PIXEL_BGRA32, stride_0_short, "strides_bytes[0]"},
    {MIEN_PIXEL_GRAY8, stride_0_none, "strides_bytes[0]"},
    {MIEN_PIXEL_RGB24, stride_0_back, "strides_bytes[0]"},
    {MIEN_PIXEL_RGB24, stride_0_far, "strides_bytes[0]"},
    {MIEN_PIXEL_RGB24, stride_0_far_back, "strides_bytes[0]"},
    {MIEN_PIXEL_NV12, stride_1_short, "strides_bytes[1]"},
    {MIEN_PIXEL_I420, stride_2_short, "strides_bytes[2]"},
    {MIEN_PIXEL_RGB24, rotation_45, "rotation_degrees"},
    {MIEN_PIXEL_RGB24, rotation_360, "rotation_degrees"},
    {MIEN_PIXEL_RGB24, rotation_negative, "rotation_degrees"},
    {MIEN_PIXEL_NV12, matrix_3, "color_matrix"},
    {MIEN_PIXEL_I420, matrix_negative, "color_matrix"},
    {MIEN_PIXEL_NV12, range_2, "color_range"},
};

static void wrong_pictures_are_refused_by_field(void **state)
{
    (void)state;
    static uint8_t pixels[4 * 20 * 20];
    MienEngine *engine = open_engine();
    for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++) {
        MienImage image;
        mien_image_init(&image, spoilers[i].format, 20, 20, pixels, 0);
        fixture_process(engine, &image, 0);
        spoilers[i].spoil(&image);
        const MienResult *result = NULL;
        if (mien_engine_process(engine, &image, 0, &result) != MIEN_E_ARGUMENT)
            fail_msg("case %zu, %s: taken", i, spoilers[i].word);
        assert_null(result);
        assert_line(mien_engine_message(engine), spoilers[i].word);
    }
    mien_engine_destroy(engine);
}

/* What a format has no use for is not looked at. */
static void fields_of_other_formats_are_ignored(void **state)
{
    (void)state;
    static uint8_t pixels[3 * 20 * 20];
    MienEngine *engine = open_engine();
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, 20, 20, pixels, 0);
    image.planes[1] = image.planes[2] = (const uint8_t *)&image;
    image.strides_bytes[1] = image.strides_bytes[2] = PTRDIFF_MIN;
    image.color_matrix = (MienColorMatrix)99;
    image.color_range = (MienColorRange)-5;
    fixture_process(engine, &image, 0);
    /* A single row needs no stride. */
    image.height = 1;
    image.strides_bytes[0] = PTRDIFF_MIN;
    fixture_process(engine, &image, 0);
    mien_engine_destroy(engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_of_colours_do_not_matter),
        cmocka_unit_test(gray_is_equal_red_green_and_blue),
        cmocka_unit_test(colour_description_is_heeded),
        cmocka_unit_test(strides_do_not_matter),
        cmocka_unit_test(rotation_is_undone),
        cmocka_unit_test(wrong_pictures_are_refused_by_field),
        cmocka_unit_test(fields_of_other_formats_are_ignored),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
