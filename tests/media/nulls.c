/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NULL where a pointer is wanted, and options of a wrong size: every function of libmien-media.
 * tests/house/abi.py looks that none is left out.
 */
#include "media/make.h"

#define W 16
#define H 8

static const uint8_t pixels[W * H * 3];

static void readers(void **state)
{
    (void)state;
    MienMediaReader *reader = NULL;
    MienMediaFrame *frame = NULL;
    MienMediaInfo info;
    MienError error = {0};
    mien_media_reader_options_init(NULL);
    assert_int_equal(mien_media_reader_open(NULL, NULL, &reader, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_reader_open("x", NULL, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_reader_read(NULL, &frame, &error), MIEN_E_ARGUMENT);
    assert_string_equal(error.reason, "argument");
    memset(&info, 0x55, sizeof(info));
    mien_media_reader_info(NULL, &info);
    assert_true(info.width == 0 && info.n_frames == 0);
    mien_media_reader_info(NULL, NULL);
    mien_media_reader_destroy(NULL);

    const char *path = test_temporary("clip.mp4");
    make_mp4(path, W, H, 2, NULL);
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    options.struct_size--;
    assert_int_equal(mien_media_reader_open(path, &options, &reader, &error), MIEN_E_ARGUMENT);
    assert_null(reader);
    assert_int_equal(mien_media_reader_open(path, NULL, &reader, NULL), MIEN_OK);
    mien_media_reader_info(reader, NULL);
    assert_int_equal(mien_media_reader_read(reader, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_reader_read(reader, &frame, NULL), MIEN_OK);
    assert_non_null(frame); /* the call before took nothing */
    assert_int_equal(mien_media_frame_timestamp_us(frame), 0);
    assert_int_equal(mien_media_frame_to_rgb24(frame, NULL, 3 * W), MIEN_E_ARGUMENT);
    mien_media_frame_destroy(frame);
    mien_media_reader_destroy(reader);
}

static void frames(void **state)
{
    (void)state;
    uint8_t written[3];
    assert_null(mien_media_frame_image(NULL));
    assert_int_equal(mien_media_frame_timestamp_us(NULL), 0);
    assert_int_equal(mien_media_frame_to_rgb24(NULL, written, 3), MIEN_E_ARGUMENT);
    mien_media_frame_destroy(NULL);
}

static void writers(void **state)
{
    (void)state;
    MienMediaWriter *writer = NULL;
    MienMediaWriterOptions options;
    MienError error = {0};
    mien_media_writer_options_init(NULL);
    mien_media_writer_options_init(&options);
    options.format = MIEN_MEDIA_PNG;
    options.width = W;
    options.height = H;
    const char *path = test_temporary("out.png");
    assert_int_equal(mien_media_format_of(NULL), MIEN_MEDIA_NONE);
    assert_int_equal(mien_media_writer_create(NULL, &options, &writer, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_create(path, NULL, &writer, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_create(path, &options, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_write(NULL, pixels, 3 * W, 0, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_finish(NULL, &error), MIEN_E_ARGUMENT);
    mien_media_writer_destroy(NULL);
    options.struct_size = 0;
    assert_int_equal(mien_media_writer_create(path, &options, &writer, &error), MIEN_E_ARGUMENT);
    options.struct_size = sizeof(options);
    assert_int_equal(mien_media_writer_create(path, &options, &writer, NULL), MIEN_OK);
    assert_int_equal(mien_media_writer_write(writer, NULL, 3 * W, 0, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_write(writer, pixels, 3 * W, 0, NULL), MIEN_OK);
    assert_int_equal(mien_media_writer_finish(writer, NULL), MIEN_OK);
    mien_media_writer_destroy(writer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers),
        cmocka_unit_test(frames),
        cmocka_unit_test(writers),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
