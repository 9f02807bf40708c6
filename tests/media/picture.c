/* SPDX-License-Identifier: Apache-2.0 */
/* Still pictures: every kind that is decoded whole, orientation, damage. */
#include "media/make.h"
#include "support/picture.h"

#include <unistd.h>

#include <png.h>

/* Opens bytes as a file; the frame is NULL where that fails. */
static MienStatus read_bytes(const void *data, size_t size, MienMediaFrame **frame,
                             MienMediaInfo *info, MienError *error)
{
    const char *path = test_temporary("bytes");
    make_file(path, data, size);
    MienMediaReader *reader;
    *frame = NULL;
    MienStatus status = mien_media_reader_open(path, NULL, &reader, error);
    if (status != MIEN_OK) {
        assert_null(reader);
        assert_non_null(strstr(error->text, "bytes"));
        assert_null(strchr(error->text, '\n'));
        return status;
    }
    mien_media_reader_info(reader, info);
    assert_true(info->is_picture);
    assert_int_equal(info->n_frames, 1);
    assert_int_equal(mien_media_reader_read(reader, frame, error), MIEN_OK);
    MienMediaFrame *end;
    assert_int_equal(mien_media_reader_read(reader, &end, error), MIEN_OK);
    assert_null(end);
    mien_media_reader_destroy(reader);
    return status;
}

static void plain_pnm_is_read_as_it_is(void **state)
{
    (void)state;
    static const char file[] = "P6 # a comment\n2 3\n255\nabcdefghijklmnopqr";
    MienMediaFrame *frame;
    MienMediaInfo info;
    MienError error;
    assert_int_equal(read_bytes(file, sizeof(file) - 1, &frame, &info, &error), MIEN_OK);
    assert_int_equal(info.width, 2);
    assert_int_equal(info.height, 3);
    const MienImage *image = mien_media_frame_image(frame);
    assert_int_equal(image->format, MIEN_PIXEL_RGB24);
    assert_int_equal(image->strides_bytes[0], 6);
    assert_memory_equal(image->planes[0], "abcdefghijklmnopqr", 18);
    assert_int_equal(mien_media_frame_timestamp_us(frame), 0);
    mien_media_frame_destroy(frame);

    assert_int_equal(read_bytes("P5\n3\n1\n255\nxyz", 14, &frame, &info, &error), MIEN_OK);
    image = mien_media_frame_image(frame);
    assert_int_equal(image->format, MIEN_PIXEL_GRAY8);
    uint8_t rgb[9];
    assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 9), MIEN_OK);
    assert_memory_equal(rgb, "xxxyyyzzz", 9);
    mien_media_frame_destroy(frame);
}

static void other_pnm_is_read_through_ffmpeg(void **state)
{
    (void)state;
    MienMediaFrame *frame;
    MienMediaInfo info;
    MienError error;
    /* 16 bits a sample: 0x1234, 0xff00 */
    static const char deep[] = "P5\n2 1\n65535\n\x12\x34\xff\x00";
    assert_int_equal(read_bytes(deep, sizeof(deep) - 1, &frame, &info, &error), MIEN_OK);
    uint8_t rgb[6];
    assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 6), MIEN_OK);
    test_in_range(rgb[0], 0x11, 0x13);
    test_in_range(rgb[5], 0xfd, 0xff);
    mien_media_frame_destroy(frame);
    /* A bitmap: 1 is black. */
    assert_int_equal(read_bytes("P4\n8 1\n\xf0", 8, &frame, &info, &error), MIEN_OK);
    uint8_t row[24];
    assert_int_equal(mien_media_frame_to_rgb24(frame, row, 24), MIEN_OK);
    assert_int_equal(row[0], 0);
    assert_int_equal(row[23], 255);
    mien_media_frame_destroy(frame);
}

/* Where pixel (x, y) of the upright picture lies in a stored one of width x height, by EXIF's
 * definition of the orientation. */
static size_t stored_at(int orientation, int x, int y, int width, int height)
{
    int u = x, v = y;
    switch (orientation) {
    case 2:
        u = width - 1 - x;
        break;
    case 3:
        u = width - 1 - x;
        v = height - 1 - y;
        break;
    case 4:
        v = height - 1 - y;
        break;
    case 5:
        u = y;
        v = x;
        break;
    case 6:
        u = y;
        v = height - 1 - x;
        break;
    case 7:
        u = width - 1 - y;
        v = height - 1 - x;
        break;
    case 8:
        u = width - 1 - y;
        v = x;
        break;
    default:
        break;
    }
    return 3 * ((size_t)v * (size_t)width + (size_t)u);
}

static void check_orientation(int width, int height, JpegKind kind)
{
    uint8_t *rgb = make_blocks(width, height);
    size_t size;
    uint8_t *jpeg = make_jpeg(rgb, width, height, kind, &size);
    free(rgb);
    /* What the same bytes give without the tag: orientation 9 does not exist. */
    uint8_t *plain = malloc(size);
    assert_non_null(plain);
    memcpy(plain, jpeg, size);
    uint8_t *tag = plain;
    while (memcmp(tag, "Exif", 4) != 0)
        tag++;
    tag[kind.exif_big_endian ? 25 : 24] = 9;
    MienMediaFrame *frame;
    MienMediaInfo info;
    MienError error;
    size_t n = (size_t)width * (size_t)height * 3;
    uint8_t *stored = malloc(n), *upright = malloc(n);
    assert_int_equal(read_bytes(plain, size, &frame, &info, &error), MIEN_OK);
    assert_int_equal(mien_media_frame_to_rgb24(frame, stored, 3 * width), MIEN_OK);
    mien_media_frame_destroy(frame);
    assert_int_equal(read_bytes(jpeg, size, &frame, &info, &error), MIEN_OK);
    bool turned = kind.exif >= 5;
    assert_int_equal(info.width, turned ? height : width);
    assert_int_equal(info.height, turned ? width : height);
    assert_int_equal(info.rotation_degrees, mien_media_frame_image(frame)->rotation_degrees);
    assert_int_equal(mien_media_frame_to_rgb24(frame, upright, 3 * info.width), MIEN_OK);
    mien_media_frame_destroy(frame);
    for (int y = 0; y < info.height; y++)
        for (int x = 0; x < info.width; x++) {
            const uint8_t *got = upright + 3 * ((size_t)y * (size_t)info.width + (size_t)x);
            const uint8_t *want = stored + stored_at(kind.exif, x, y, width, height);
            if (max_difference(got, want, 3) > 1)
                fail_msg("orientation %d, %dx%d: pixel %d, %d is %d %d %d, not %d %d %d", kind.exif,
                         width, height, x, y, got[0], got[1], got[2], want[0], want[1], want[2]);
        }
    free(jpeg);
    free(plain);
    free(stored);
    free(upright);
}

static void exif_orientation_is_applied(void **state)
{
    (void)state;
    static const int sizes[][2] = {{32, 16}, {33, 17}, {17, 40}, {1, 1}, {2, 3}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int orientation = 1; orientation <= 8; orientation++)
            for (int flags = 0; flags < 8; flags++) {
                JpegKind kind = {.half_chroma = flags & 1,
                                 .gray = (flags & 6) == 6,
                                 .progressive = (flags & 6) == 4,
                                 .exif = orientation,
                                 .exif_big_endian = flags & 2};
                check_orientation(sizes[i][0], sizes[i][1], kind);
            }
}

static void jpeg_keeps_its_own_format(void **state)
{
    (void)state;
    uint8_t *rgb = make_blocks(48, 32);
    static const struct {
        JpegKind kind;
        MienPixelFormat format;
    } cases[] = {{{.half_chroma = true}, MIEN_PIXEL_I420},
                 {{.half_chroma = false}, MIEN_PIXEL_RGB24},
                 {{.gray = true}, MIEN_PIXEL_GRAY8},
                 {{.half_chroma = true, .progressive = true}, MIEN_PIXEL_I420}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size;
        uint8_t *jpeg = make_jpeg(rgb, 48, 32, cases[i].kind, &size);
        MienMediaFrame *frame;
        MienMediaInfo info;
        MienError error;
        assert_int_equal(read_bytes(jpeg, size, &frame, &info, &error), MIEN_OK);
        const MienImage *image = mien_media_frame_image(frame);
        assert_int_equal(image->format, cases[i].format);
        if (image->format == MIEN_PIXEL_I420) {
            assert_int_equal(image->color_matrix, MIEN_MATRIX_BT601);
            assert_int_equal(image->color_range, MIEN_RANGE_FULL);
        }
        uint8_t got[48 * 32 * 3];
        assert_int_equal(mien_media_frame_to_rgb24(frame, got, 48 * 3), MIEN_OK);
        /* Half chroma is exact inside blocks only: look at their middle. */
        for (int y = 4; y < 32 && !cases[i].kind.gray; y += 8)
            for (int x = 4; x < 48; x += 8) {
                size_t at = 3 * ((size_t)y * 48 + (size_t)x);
                assert_true(max_difference(got + at, rgb + at, 3) <= 3);
            }
        mien_media_frame_destroy(frame);
        free(jpeg);
    }
    free(rgb);
}

/* Codes a PNG with libpng's own defaults. */
static uint8_t *make_png(int color_type, int depth, bool interlaced, const uint8_t *rows,
                         size_t row_bytes, int width, int height, size_t *size)
{
    static const png_color palette[4] = {{1, 2, 3}, {40, 50, 60}, {70, 80, 90}, {250, 251, 252}};
    const char *path = test_temporary("made.png");
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, depth, color_type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    png_set_gAMA(png, info, 1.0); /* must not change any pixel */
    png_write_info(png, info);
    int n_passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < n_passes; pass++)
        for (int y = 0; y < height; y++)
            png_write_row(png, rows + (size_t)y * row_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return test_read_file(path, size);
}

static void png_of_every_kind_is_read(void **state)
{
    (void)state;
    static const struct {
        int color_type, depth;
        size_t row_bytes;
        uint8_t row[24];
        MienPixelFormat format;
        uint8_t rgb[9]; /* of the three pixels */
    } kinds[] = {
        {PNG_COLOR_TYPE_RGB,
         8,
         9,
         {1, 2, 3, 4, 5, 6, 7, 8, 9},
         MIEN_PIXEL_RGB24,
         {1, 2, 3, 4, 5, 6, 7, 8, 9}},
        {PNG_COLOR_TYPE_RGB_ALPHA,
         8,
         12,
         {1, 2, 3, 0, 4, 5, 6, 128, 7, 8, 9, 255},
         MIEN_PIXEL_RGBA32,
         {1, 2, 3, 4, 5, 6, 7, 8, 9}},
        {PNG_COLOR_TYPE_GRAY,
         8,
         3,
         {9, 99, 199},
         MIEN_PIXEL_GRAY8,
         {9, 9, 9, 99, 99, 99, 199, 199, 199}},
        {PNG_COLOR_TYPE_GRAY, 2, 1, {0x1b}, MIEN_PIXEL_GRAY8, {0, 0, 0, 85, 85, 85, 170, 170, 170}},
        {PNG_COLOR_TYPE_GRAY_ALPHA,
         8,
         6,
         {9, 0, 99, 1, 199, 2},
         MIEN_PIXEL_RGBA32,
         {9, 9, 9, 99, 99, 99, 199, 199, 199}},
        {PNG_COLOR_TYPE_PALETTE,
         2,
         1,
         {0xc4},
         MIEN_PIXEL_RGB24,
         {250, 251, 252, 1, 2, 3, 40, 50, 60}},
        {PNG_COLOR_TYPE_RGB,
         16,
         18,
         {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9},
         MIEN_PIXEL_RGB24,
         {1, 2, 3, 4, 5, 6, 7, 8, 9}},
        {PNG_COLOR_TYPE_GRAY,
         16,
         6,
         {9, 9, 99, 99, 199, 199},
         MIEN_PIXEL_GRAY8,
         {9, 9, 9, 99, 99, 99, 199, 199, 199}},
    };
    for (size_t i = 0; i < 2 * (sizeof(kinds) / sizeof(kinds[0])); i++) {
        size_t size, k = i / 2;
        uint8_t *png = make_png(kinds[k].color_type, kinds[k].depth, i % 2, kinds[k].row,
                                kinds[k].row_bytes, 3, 1, &size);
        MienMediaFrame *frame;
        MienMediaInfo info;
        MienError error;
        assert_int_equal(read_bytes(png, size, &frame, &info, &error), MIEN_OK);
        assert_int_equal(mien_media_frame_image(frame)->format, kinds[k].format);
        uint8_t rgb[9];
        assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 9), MIEN_OK);
        assert_memory_equal(rgb, kinds[k].rgb, 9);
        mien_media_frame_destroy(frame);
        free(png);
    }
}

static void a_cut_picture_is_an_error(void **state)
{
    (void)state;
    uint8_t *rgb = make_blocks(160, 120);
    for (size_t i = 0; i < 160 * 120 * 3; i++)
        rgb[i] = (uint8_t)(rgb[i] + i * i % 13); /* so that the files are not tiny */
    for (int kind = 0; kind < 5; kind++) {
        size_t size;
        uint8_t *file =
            kind == 4
                ? make_png(PNG_COLOR_TYPE_RGB, 8, true, rgb, 480, 160, 120, &size)
                : make_jpeg(rgb, 160, 120,
                            (JpegKind){.half_chroma = kind & 1, .progressive = kind & 2}, &size);
        assert_true(size > 3000);
        MienMediaFrame *frame;
        MienMediaInfo info;
        MienError error;
        for (size_t cut = 1; cut < size; cut += cut < 700 ? 7 : 1000)
            assert_int_equal(read_bytes(file, cut, &frame, &info, &error), MIEN_E_FORMAT);
        for (size_t less = 1; less < 20; less++)
            assert_int_equal(read_bytes(file, size - less, &frame, &info, &error), MIEN_E_FORMAT);
        assert_string_equal(error.reason, "input-truncated");
        assert_int_equal(read_bytes(file, size, &frame, &info, &error), MIEN_OK);
        mien_media_frame_destroy(frame);
        free(file);
    }
    free(rgb);
    MienMediaFrame *frame;
    MienMediaInfo info;
    MienError error;
    assert_int_equal(read_bytes("P6 2 3 255 abcdefghijklmnopq", 28, &frame, &info, &error),
                     MIEN_E_FORMAT);
    assert_string_equal(error.reason, "input-truncated");
}

/* Damage need not be seen, but must not do harm. */
static void a_damaged_picture_does_no_harm(void **state)
{
    (void)state;
    uint8_t *rgb = make_blocks(64, 48);
    for (int kind = 0; kind < 5; kind++) {
        size_t size;
        uint8_t *file =
            kind == 4
                ? make_png(PNG_COLOR_TYPE_RGB, 8, false, rgb, 192, 64, 48, &size)
                : make_jpeg(rgb, 64, 48,
                            (JpegKind){.half_chroma = kind & 1, .progressive = kind & 2, .exif = 5},
                            &size);
        for (size_t i = 0; i < size; i += 3) {
            uint8_t kept = file[i];
            file[i] ^= (uint8_t)(1 + i % 255);
            const char *path = test_temporary("bytes");
            make_file(path, file, size);
            int n_frames;
            MienError error;
            MienStatus status = read_all(path, &n_frames, &error);
            /* A PNG knows of every byte; those of gAMA, at 33, are of no account, nor, to some
             * versions of libpng, is the sum of its end. */
            if (kind == 4 && (i < 33 || i >= 33 + 16) && i < size - 4)
                assert_int_not_equal(status, MIEN_OK);
            file[i] = kept;
        }
        free(file);
    }
    free(rgb);
}

static void the_smallest_and_largest_are_valid(void **state)
{
    (void)state;
    MienMediaFrame *frame;
    MienMediaInfo info;
    MienError error;
    uint8_t rgb[3];
    assert_int_equal(read_bytes("P6 1 1 255 abc", 14, &frame, &info, &error), MIEN_OK);
    assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 3), MIEN_OK);
    assert_memory_equal(rgb, "abc", 3);
    mien_media_frame_destroy(frame);

    /* Larger than FFmpeg takes. Gray, and each row the same, for the sake of time. */
    enum { SIDE = 16384 };
    uint8_t *row = calloc(3, SIDE);
    row[SIDE - 1] = row[3 * SIDE - 1] = row[3 * SIDE - 2] = row[3 * SIDE - 3] = 255;
    for (int i = 0; i < 2; i++) {
        size_t size;
        uint8_t *file = i ? make_png(PNG_COLOR_TYPE_GRAY, 8, false, row, 0, SIDE, SIDE, &size)
                          : make_jpeg_of_rows(row, 0, SIDE, SIDE, (JpegKind){.gray = true}, &size);
        assert_int_equal(read_bytes(file, size, &frame, &info, &error), MIEN_OK);
        free(file);
        assert_int_equal(info.width, SIDE);
        assert_int_equal(info.height, SIDE);
        const MienImage *image = mien_media_frame_image(frame);
        assert_int_equal(image->format, MIEN_PIXEL_GRAY8);
        const uint8_t *last = image->planes[0] + (SIDE - 1) * image->strides_bytes[0];
        test_in_range(last[0], 0, 5);
        test_in_range(last[SIDE - 1], 250, 255);
        mien_media_frame_destroy(frame);
    }
    free(row);
    assert_int_equal(read_bytes("P6 32768 1 255 abc", 18, &frame, &info, &error),
                     MIEN_E_UNSUPPORTED);
    assert_string_equal(error.reason, "picture-too-large");
}

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    MienMediaReader *reader;
    MienError error;
    char path[600];
    snprintf(path, sizeof(path), "%s", test_temporary("text.mp4"));
    static const char *const texts[] = {"hello\n",
                                        "#EXTM3U\n#EXTINF:1,\nfile.mp4\n",
                                        "ffconcat version 1.0\nfile 'other.png'\n",
                                        "\x1b[1;31mred\x1b[0m\n\x1b[2J\x1b[10;10Hterminal\n",
                                        "WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n",
                                        "P6",
                                        "P6 0 1 255 ",
                                        "P6 99999999999999999999 1 255 ",
                                        "GIF89a",
                                        "RIFF\x10\x00\x00\x00WEBPVP8 ",
                                        "\xff\xd8\xff",
                                        "\x89PNG\r\n\x1a\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        /* The NULs of some are part of them only up to the first: that is all they need. */
        make_file(path, texts[i], strlen(texts[i]));
        int n_frames;
        assert_int_equal(read_all(path, &n_frames, &error), MIEN_E_FORMAT);
        assert_non_null(strstr(error.text, "text.mp4"));
    }
    make_file(path, "", 0);
    assert_int_equal(mien_media_reader_open(path, NULL, &reader, &error), MIEN_E_FORMAT);
    assert_non_null(strstr(error.text, "empty"));
    assert_int_equal(mien_media_reader_open("/", NULL, &reader, &error), MIEN_E_IO);
    assert_non_null(strstr(error.text, "folder"));
    assert_int_equal(mien_media_reader_open(test_temporary("none\n.png"), NULL, &reader, &error),
                     MIEN_E_IO);
    assert_non_null(strstr(error.text, "No such file"));
    assert_null(strchr(error.text, '\n'));
    assert_int_equal(mien_media_reader_open(NULL, NULL, &reader, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_reader_open("x", NULL, NULL, NULL), MIEN_E_ARGUMENT);
    mien_media_reader_destroy(NULL);
    mien_media_frame_destroy(NULL);
}

static void shared_pictures_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width, height;
    } pictures[] = {{"testdata/aflw-test.jpg", 450, 450},
                    {"testdata/obama.jpg", 910, 1137},
                    {"testdata/two_people.jpg", 1126, 661},
                    {"testdata/alex-lacamoire.png", 424, 394}};
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        const char *path = test_need_data(pictures[i].name);
        int width, height, n_frames;
        uint8_t *pixels = test_read_rgb24(path, &width, &height);
        assert_int_equal(width, pictures[i].width);
        assert_int_equal(height, pictures[i].height);
        free(pixels);
        size_t size;
        char *data = test_read_file(path, &size);
        for (size_t cut = size / 29; cut < size; cut += size / 29) {
            const char *cut_path = test_temporary("cut");
            make_file(cut_path, data, cut);
            MienError error;
            assert_int_equal(read_all(cut_path, &n_frames, &error), MIEN_E_FORMAT);
        }
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_pnm_is_read_as_it_is),
        cmocka_unit_test(other_pnm_is_read_through_ffmpeg),
        cmocka_unit_test(exif_orientation_is_applied),
        cmocka_unit_test(jpeg_keeps_its_own_format),
        cmocka_unit_test(png_of_every_kind_is_read),
        cmocka_unit_test(a_cut_picture_is_an_error),
        cmocka_unit_test(a_damaged_picture_does_no_harm),
        cmocka_unit_test(the_smallest_and_largest_are_valid),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(shared_pictures_are_read),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
