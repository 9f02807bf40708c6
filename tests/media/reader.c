/* SPDX-License-Identifier: Apache-2.0 */
#include "mien/media.h"
#include "support/picture.h"
#include "support/test.h"

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static MienStatus open_bytes(const void *data, size_t size, MienMediaReader **reader,
                             MienError *error)
{
    const char *path = test_temporary("bytes");
    write_file(path, data, size);
    return mien_media_reader_open(path, NULL, reader, error);
}

static void reads_plain_pnm_without_a_copy(void **state)
{
    (void)state;
    static const char file[] = "P6 # comment\n2 3\n255\nabcdefghijklmnopqr";
    MienMediaReader *reader;
    MienError error;
    assert_int_equal(open_bytes(file, sizeof(file) - 1, &reader, &error), MIEN_OK);
    MienMediaInfo info;
    mien_media_reader_info(reader, &info);
    assert_true(info.is_picture);
    assert_int_equal(info.width, 2);
    assert_int_equal(info.height, 3);
    assert_int_equal(info.n_frames, 1);
    MienMediaFrame *frame, *end;
    assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
    assert_int_equal(mien_media_reader_read(reader, &end, &error), MIEN_OK);
    assert_null(end);
    mien_media_reader_destroy(reader);
    const MienImage *image = mien_media_frame_image(frame);
    assert_int_equal(image->format, MIEN_PIXEL_RGB24);
    assert_memory_equal(image->planes[0], "abcdefghijklmnopqr", 18);
    assert_int_equal(mien_media_frame_timestamp_us(frame), 0);
    mien_media_frame_destroy(frame);
}

static void a_cut_picture_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"testdata/aflw-test.jpg", "testdata/obama.jpg",
                                        "testdata/alex-lacamoire.png"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = test_need_data(names[i]);
        size_t size;
        char *data = test_read_file(path, &size);
        MienMediaReader *reader;
        MienError error;
        for (size_t cut = 10; cut < size; cut += size / 37) {
            assert_int_equal(open_bytes(data, cut, &reader, &error), MIEN_E_FORMAT);
            assert_null(reader);
            assert_non_null(strstr(error.text, "bytes"));
        }
        assert_int_equal(open_bytes(data, size - 1, &reader, &error), MIEN_E_FORMAT);
        assert_int_equal(open_bytes(data, size, &reader, &error), MIEN_OK);
        mien_media_reader_destroy(reader);
        free(data);
    }
}

static void reads_shared_pictures(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width, height;
    } pictures[] = {{"testdata/aflw-test.jpg", 450, 450},
                    {"testdata/obama.jpg", 910, 1137},
                    {"testdata/alex-lacamoire.png", 424, 394}};
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
        int width, height;
        uint8_t *pixels = test_read_rgb24(test_need_data(pictures[i].name), &width, &height);
        assert_int_equal(width, pictures[i].width);
        assert_int_equal(height, pictures[i].height);
        free(pixels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain_pnm_without_a_copy),
        cmocka_unit_test(a_cut_picture_is_an_error),
        cmocka_unit_test(reads_shared_pictures),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
