/* SPDX-License-Identifier: Apache-2.0 */
/* Video: colours, times, orientation, pipes, damage. */
#include "media/make.h"

#include <math.h>
#include <pthread.h>
#include <unistd.h>

/* --- colours --- */

/* BT.601, 709 or 2020 to RGB by the standards' own formulas, in double. */
static void yuv_to_rgb(const uint8_t yuv[3], MienColorMatrix matrix, bool full, uint8_t rgb[3])
{
    static const double k[3][2] = {{0.299, 0.114}, {0.2126, 0.0722}, {0.2627, 0.0593}};
    double kr = k[matrix][0], kb = k[matrix][1], kg = 1 - kr - kb;
    double y = full ? yuv[0] / 255.0 : (yuv[0] - 16) / 219.0;
    double cb = (yuv[1] - 128) / (full ? 255.0 : 224.0);
    double cr = (yuv[2] - 128) / (full ? 255.0 : 224.0);
    double c[3] = {y + 2 * (1 - kr) * cr,
                   y - 2 * kb * (1 - kb) / kg * cb - 2 * kr * (1 - kr) / kg * cr,
                   y + 2 * (1 - kb) * cb};
    for (int i = 0; i < 3; i++)
        rgb[i] = (uint8_t)lrint(255 * fmin(fmax(c[i], 0), 1));
}

static const uint8_t colours[6][3] = {{81, 90, 240},   {145, 54, 34},  {41, 240, 110},
                                      {200, 128, 128}, {60, 110, 150}, {180, 140, 100}};

/* A frame of 4:2:0 in which each stripe of 16 rows has one of the colours. */
static uint8_t *make_stripes(int width, int height, bool nv12, size_t *n_bytes)
{
    size_t half = (size_t)((width + 1) / 2);
    size_t luma_bytes = (size_t)width * (size_t)height;
    size_t chroma_bytes = half * (size_t)((height + 1) / 2);
    *n_bytes = luma_bytes + 2 * chroma_bytes;
    uint8_t *frame = malloc(*n_bytes);
    assert_non_null(frame);
    for (int y = 0; y < height; y++)
        memset(frame + (size_t)y * (size_t)width, colours[y / 16 % 6][0], (size_t)width);
    uint8_t *u = frame + luma_bytes;
    for (int y = 0; y < (height + 1) / 2; y++)
        for (size_t x = 0; x < half; x++) {
            size_t at = (size_t)y * half + x;
            u[nv12 ? 2 * at : at] = colours[y / 8 % 6][1];
            u[nv12 ? 2 * at + 1 : chroma_bytes + at] = colours[y / 8 % 6][2];
        }
    return frame;
}

/* Compares the middle row of each stripe. */
static void check_stripes(const MienMediaFrame *frame, int width, int height,
                          MienColorMatrix matrix, bool full)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 3 * width), MIEN_OK);
    for (int y = 7; y < height - 8; y += 16)
        for (int x = 0; x < width; x++) {
            uint8_t want[3];
            const uint8_t *got = rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
            yuv_to_rgb(colours[y / 16 % 6], matrix, full, want);
            if (max_difference(got, want, 3) > 2)
                fail_msg("row %d, column %d: %d %d %d, not %d %d %d", y, x, got[0], got[1], got[2],
                         want[0], want[1], want[2]);
        }
    free(rgb);
}

/* Raw video that says nothing of its matrix. */
static void the_matrix_follows_the_size(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        MienColorMatrix matrix;
    } cases[] = {{64, 64, MIEN_MATRIX_BT601},
                 {63, 33, MIEN_MATRIX_BT601},
                 {31, 576, MIEN_MATRIX_BT601},
                 {32, 578, MIEN_MATRIX_BT709},
                 {1280, 48, MIEN_MATRIX_BT709}};
    for (size_t i = 0; i < 2 * (sizeof(cases) / sizeof(cases[0])); i++) {
        int width = cases[i / 2].width, height = cases[i / 2].height;
        bool full = i % 2;
        size_t n_bytes;
        uint8_t *frame_bytes = make_stripes(width, height, false, &n_bytes);
        char header[100];
        int header_bytes =
            snprintf(header, sizeof(header), "YUV4MPEG2 W%d H%d F25:1 C420%s\nFRAME\n", width,
                     height, full ? " XCOLORRANGE=FULL" : "jpeg");
        uint8_t *file = malloc((size_t)header_bytes + n_bytes);
        memcpy(file, header, (size_t)header_bytes);
        memcpy(file + header_bytes, frame_bytes, n_bytes);
        const char *path = test_temporary("stripes.y4m");
        make_file(path, file, (size_t)header_bytes + n_bytes);
        MienMediaInfo info;
        MienMediaFrame *frame = read_first(path, NULL, &info);
        const MienImage *image = mien_media_frame_image(frame);
        assert_false(info.is_picture);
        assert_false(info.has_audio);
        assert_int_equal(image->format, MIEN_PIXEL_I420);
        assert_int_equal(image->color_matrix, cases[i / 2].matrix);
        assert_int_equal(image->color_range, full ? MIEN_RANGE_FULL : MIEN_RANGE_LIMITED);
        check_stripes(frame, width, height, cases[i / 2].matrix, full);
        mien_media_frame_destroy(frame);
        MienMediaReaderOptions options;
        mien_media_reader_options_init(&options);
        options.rgb24 = true;
        frame = read_first(path, &options, &info);
        assert_int_equal(mien_media_frame_image(frame)->format, MIEN_PIXEL_RGB24);
        check_stripes(frame, width, height, cases[i / 2].matrix, full);
        mien_media_frame_destroy(frame);
        free(file);
        free(frame_bytes);
    }
}

static void pixel_formats_pass_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t bytes; /* of the 4 x 2 picture */
        MienPixelFormat format;
        int red, green, blue; /* where they stand in the first pixel; 16 bits: -1 */
    } cases[] = {
        {"gray", 8, MIEN_PIXEL_GRAY8, 0, 0, 0},    {"rgb24", 24, MIEN_PIXEL_RGB24, 0, 1, 2},
        {"bgr24", 24, MIEN_PIXEL_BGR24, 2, 1, 0},  {"rgba", 32, MIEN_PIXEL_RGBA32, 0, 1, 2},
        {"bgra", 32, MIEN_PIXEL_BGRA32, 2, 1, 0},  {"bgr0", 32, MIEN_PIXEL_BGRA32, 2, 1, 0},
        {"rgb48be", 48, MIEN_PIXEL_RGB24, 0, 2, 4}};
    uint8_t bytes[48];
    for (int i = 0; i < 48; i++)
        bytes[i] = (uint8_t)(7 + 5 * i);
    static const int times[] = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = test_temporary("raw.nut");
        make_raw(path, "nut", cases[i].name, 4, 2, bytes, cases[i].bytes, times, 1);
        MienMediaInfo info;
        MienMediaFrame *frame = read_first(path, NULL, &info);
        assert_int_equal(mien_media_frame_image(frame)->format, cases[i].format);
        uint8_t rgb[24];
        assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 12), MIEN_OK);
        uint8_t want[3] = {bytes[cases[i].red], bytes[cases[i].green], bytes[cases[i].blue]};
        assert_true(max_difference(rgb, want, 3) <= (cases[i].bytes == 48 ? 1 : 0));
        mien_media_frame_destroy(frame);
    }
}

static void yuv_of_other_kinds_is_converted(void **state)
{
    (void)state;
    static const int times[] = {0};
    enum { WIDTH = 40, HEIGHT = 96, N = WIDTH * HEIGHT };
    size_t n_bytes;
    uint8_t *nv12 = make_stripes(WIDTH, HEIGHT, true, &n_bytes);
    make_raw(test_temporary("nv12.nut"), "nut", "nv12", WIDTH, HEIGHT, nv12, n_bytes, times, 1);
    free(nv12);
    MienMediaInfo info;
    MienMediaFrame *frame = read_first(test_temporary("nv12.nut"), NULL, &info);
    assert_int_equal(mien_media_frame_image(frame)->format, MIEN_PIXEL_NV12);
    check_stripes(frame, WIDTH, HEIGHT, MIEN_MATRIX_BT601, false);
    mien_media_frame_destroy(frame);

    uint8_t *full = malloc(3 * N), *deep = malloc(6 * N);
    for (size_t plane = 0; plane < 3; plane++)
        for (size_t i = 0; i < N; i++) {
            unsigned value = colours[i / WIDTH / 16 % 6][plane];
            full[plane * N + i] = (uint8_t)value;
            deep[2 * (plane * N + i)] = (uint8_t)(value << 2);
            deep[2 * (plane * N + i) + 1] = (uint8_t)(value >> 6);
        }
    make_raw(test_temporary("444.nut"), "nut", "yuv444p", WIDTH, HEIGHT, full, 3 * N, times, 1);
    make_raw(test_temporary("10.nut"), "nut", "yuv444p10le", WIDTH, HEIGHT, deep, 6 * N, times, 1);
    free(full);
    free(deep);
    for (int i = 0; i < 2; i++) {
        frame = read_first(test_temporary(i ? "10.nut" : "444.nut"), NULL, &info);
        assert_int_equal(mien_media_frame_image(frame)->format, MIEN_PIXEL_RGB24);
        check_stripes(frame, WIDTH, HEIGHT, MIEN_MATRIX_BT601, false);
        mien_media_frame_destroy(frame);
    }
}

/* --- times, sizes, orientation --- */

static void times_count_from_the_first_frame_and_rise(void **state)
{
    (void)state;
    size_t n_bytes;
    uint8_t *bytes = make_stripes(16, 16, false, &n_bytes);
    static const int times[] = {5000, 5040, 5040, 5080, 5120};
    static const int64_t want[] = {0, 40000, 40001, 80000, 120000};
    const char *path = test_temporary("times.mkv");
    make_raw(path, "matroska", "yuv420p", 16, 16, bytes, n_bytes, times, 5);
    free(bytes);
    MienMediaReader *reader;
    MienError error;
    assert_int_equal(mien_media_reader_open(path, NULL, &reader, &error), MIEN_OK);
    MienMediaInfo info;
    mien_media_reader_info(reader, &info);
    assert_true(fabs(info.frames_per_second - 25) < 0.01);
    MienMediaFrame *frame;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
        assert_non_null(frame);
        assert_int_equal(mien_media_frame_timestamp_us(frame), want[i]);
        mien_media_frame_destroy(frame);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
        assert_null(frame);
    }
    mien_media_reader_destroy(reader);
}

/* A camera's stream of JPEG frames, whose size changes in the middle. */
static void frames_may_change_their_size(void **state)
{
    (void)state;
    uint8_t *small = make_blocks(48, 32), *large = make_blocks(80, 64);
    size_t size[2];
    uint8_t *jpeg[2] = {make_jpeg(small, 48, 32, (JpegKind){.half_chroma = true}, &size[0]),
                        make_jpeg(large, 80, 64, (JpegKind){.half_chroma = true}, &size[1])};
    uint8_t *file = malloc(3 * size[0] + size[1]);
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        memcpy(file + at, jpeg[i == 2], size[i == 2]);
        at += size[i == 2];
    }
    const char *path = test_temporary("camera.mjpeg");
    make_file(path, file, at);
    MienMediaReader *reader;
    MienMediaFrame *frame;
    MienMediaInfo info;
    MienError error;
    assert_int_equal(mien_media_reader_open(path, NULL, &reader, &error), MIEN_OK);
    mien_media_reader_info(reader, &info);
    assert_false(info.is_picture);
    assert_int_equal(info.width, 48);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
        assert_non_null(frame);
        const MienImage *image = mien_media_frame_image(frame);
        assert_int_equal(image->width, i == 2 ? 80 : 48);
        assert_int_equal(image->height, i == 2 ? 64 : 32);
        assert_int_equal(image->color_range, MIEN_RANGE_FULL);
        uint8_t *rgb = guarded_alloc(48 * 32 * 3);
        assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 3 * 48), MIEN_OK);
        guarded_free(rgb, 48 * 32 * 3);
        mien_media_frame_destroy(frame);
    }
    assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
    assert_null(frame);
    mien_media_reader_destroy(reader);
    free(file);
    free(small);
    free(large);
    free(jpeg[0]);
    free(jpeg[1]);
}

/* Writes a matrix into the track header of an MP4 file. Source: ISO/IEC 14496-12, 8.3.2. */
static void patch_matrix(const char *path, const int matrix[4])
{
    size_t size;
    char *file = test_read_file(path, &size);
    char *at = file;
    while (memcmp(at, "tkhd", 4) != 0)
        at++;
    at += 4 + 4 + 20 + 16; /* version 0: name, flags, times and id, layer and volume */
    static const int places[4] = {0, 1, 3, 4};
    for (int i = 0; i < 4; i++) {
        uint32_t value = (uint32_t)matrix[i] << 16;
        for (int b = 0; b < 4; b++)
            at[4 * places[i] + b] = (char)(value >> (24 - 8 * b));
    }
    make_file(path, file, size);
    free(file);
}

static void container_orientation_is_applied(void **state)
{
    (void)state;
    enum { W = 64, H = 48 };
    static const int matrices[8][4] = {{1, 0, 0, 1},  {0, 1, -1, 0}, {-1, 0, 0, -1},
                                       {0, -1, 1, 0}, {-1, 0, 0, 1}, {1, 0, 0, -1},
                                       {0, 1, 1, 0},  {0, -1, -1, 0}};
    const char *path = test_temporary("turned.mp4");
    make_mp4(path, W, H, 2, NULL);
    MienMediaInfo info;
    MienMediaFrame *frame = read_first(path, NULL, &info);
    uint8_t stored[W * H * 3], upright[W * H * 3];
    assert_int_equal(mien_media_frame_to_rgb24(frame, stored, 3 * W), MIEN_OK);
    mien_media_frame_destroy(frame);
    for (int i = 0; i < 8; i++) {
        const int *m = matrices[i];
        patch_matrix(path, m);
        frame = read_first(path, NULL, &info);
        bool turned = m[0] == 0;
        assert_int_equal(info.width, turned ? H : W);
        assert_int_equal(info.height, turned ? W : H);
        assert_int_equal(mien_media_frame_to_rgb24(frame, upright, 3 * info.width), MIEN_OK);
        mien_media_frame_destroy(frame);
        for (int q = 0; q < H; q++)
            for (int p = 0; p < W; p++) {
                int x = m[0] * p + m[2] * q, y = m[1] * p + m[3] * q;
                x += x < 0 || (x == 0 && m[0] + m[2] < 0) ? info.width - 1 : 0;
                y += y < 0 || (y == 0 && m[1] + m[3] < 0) ? info.height - 1 : 0;
                const uint8_t *got = upright + 3 * (y * info.width + x);
                const uint8_t *want = stored + 3 * (q * W + p);
                /* Chroma is interpolated in another direction. */
                if (max_difference(got, want, 3) > 2)
                    fail_msg("matrix %d, stored pixel %d, %d", i, p, q);
            }
    }
}

/* --- pipes --- */

typedef struct Feed {
    int fd;
    const char *data;
    size_t size;
} Feed;

static void *feed_pipe(void *argument)
{
    Feed *feed = argument;
    size_t at = 0;
    while (at < feed->size) {
        size_t left = feed->size - at;
        ssize_t n = write(feed->fd, feed->data + at, left < 3000 ? left : 3000);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    close(feed->fd);
    return NULL;
}

/* Reads a file through standard input, as a pipe. */
static MienStatus read_piped(const char *path, size_t size, int *n_frames, MienError *error)
{
    size_t whole;
    char *data = test_read_file(path, &whole);
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    Feed feed = {ends[1], data, size ? size : whole};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &feed), 0);
    MienStatus status = read_all("-", n_frames, error);
    char rest[4096];
    while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
        continue;
    pthread_join(thread, NULL);
    dup2(kept, STDIN_FILENO);
    close(kept);
    free(data);
    return status;
}

static void standard_input_may_be_a_pipe(void **state)
{
    (void)state;
    int n_frames;
    MienError error;
    uint8_t *rgb = make_blocks(300, 200);
    size_t size, n_bytes;
    uint8_t *jpeg = make_jpeg(rgb, 300, 200, (JpegKind){0}, &size);
    make_file(test_temporary("a.jpg"), jpeg, size);
    assert_int_equal(read_piped(test_temporary("a.jpg"), 0, &n_frames, &error), MIEN_OK);
    assert_int_equal(n_frames, 1);
    assert_int_equal(read_piped(test_temporary("a.jpg"), size - 9, &n_frames, &error),
                     MIEN_E_FORMAT);
    assert_non_null(strstr(error.text, "standard input"));
    free(jpeg);
    free(rgb);
    /* Its table of contents stands at the end. */
    make_mp4(test_temporary("a.mp4"), 64, 48, 40, NULL);
    assert_int_equal(read_piped(test_temporary("a.mp4"), 0, &n_frames, &error), MIEN_OK);
    assert_int_equal(n_frames, 40);
    uint8_t *bytes = make_stripes(128, 128, false, &n_bytes);
    static const int times[] = {0, 40, 80, 120};
    make_raw(test_temporary("a.mkv"), "matroska", "yuv420p", 128, 128, bytes, n_bytes, times, 4);
    free(bytes);
    assert_int_equal(read_piped(test_temporary("a.mkv"), 0, &n_frames, &error), MIEN_OK);
    assert_int_equal(n_frames, 4);
    assert_int_equal(read_piped(test_temporary("a.mkv"), 60000, &n_frames, &error), MIEN_E_FORMAT);
    assert_int_equal(n_frames, 2);
    assert_string_equal(error.reason, "input-truncated");
}

static int ask_twice(void *user)
{
    return ++*(int *)user >= 2;
}

static void waiting_can_be_ended(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDIN_FILENO), n_asked = 0;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[0], STDIN_FILENO);
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    options.interrupted = ask_twice;
    options.user = &n_asked;
    MienMediaReader *reader;
    MienError error;
    assert_int_equal(mien_media_reader_open("-", &options, &reader, &error), MIEN_E_BUSY);
    assert_int_equal(n_asked, 2);
    /* The same while a container is being read. */
    assert_int_equal(write(ends[1],
                           "RIFF\xff\xff\xff\x7f"
                           "AVI LIST",
                           16),
                     16);
    n_asked = 0;
    assert_int_equal(mien_media_reader_open("-", &options, &reader, &error), MIEN_E_BUSY);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(ends[0]);
    close(ends[1]);
}

/* --- damage --- */

static void a_cut_video_gives_its_frames_and_then_an_error(void **state)
{
    (void)state;
    size_t n_bytes, size;
    uint8_t *bytes = make_stripes(64, 64, false, &n_bytes);
    static const int times[] = {0, 40, 80, 120, 160, 200, 240, 280};
    make_raw(test_temporary("whole"), "matroska", "yuv420p", 64, 64, bytes, n_bytes, times, 8);
    free(bytes);
    char *file = test_read_file(test_temporary("whole"), &size);
    int n_frames, most = 0;
    MienError error;
    for (size_t cut = 1; cut < size; cut += cut < 500 ? 9 : 1000) {
        make_file(test_temporary("cut"), file, cut);
        assert_int_equal(read_all(test_temporary("cut"), &n_frames, &error), MIEN_E_FORMAT);
        assert_true(n_frames >= most);
        most = n_frames;
    }
    assert_true(most >= 7);
    free(file);

    make_mp4(test_temporary("whole"), 320, 240, 60, NULL);
    file = test_read_file(test_temporary("whole"), &size);
    for (size_t cut = 1; cut < size; cut += 1000) {
        make_file(test_temporary("cut"), file, cut);
        assert_int_equal(read_all(test_temporary("cut"), &n_frames, &error), MIEN_E_FORMAT);
    }
    free(file);
}

static void a_damaged_video_does_no_harm(void **state)
{
    (void)state;
    size_t size;
    make_mp4(test_temporary("whole"), 96, 64, 30, NULL);
    char *file = test_read_file(test_temporary("whole"), &size);
    int n_errors = 0, n_tries = 0;
    for (size_t i = 0; i < size; i += size / 150) {
        char kept[4];
        size_t n = size - i < 4 ? size - i : 4;
        memcpy(kept, file + i, n);
        for (size_t k = 0; k < n; k++)
            file[i + k] = (char)(file[i + k] ^ (0x5a + (int)k));
        make_file(test_temporary("damaged"), file, size);
        memcpy(file + i, kept, n);
        int n_frames;
        MienError error;
        n_errors += read_all(test_temporary("damaged"), &n_frames, &error) != MIEN_OK;
        n_tries++;
    }
    /* Much damage only changes what the coded bits mean, and no decoder can tell. */
    test_in_range(n_errors, 5, n_tries);
    free(file);
}

static void sound_alone_is_no_video(void **state)
{
    (void)state;
    int n_frames;
    MienError error;
    char wav[600];
    snprintf(wav, sizeof(wav), "%s", test_temporary("a.wav"));
    make_wav(wav, 1, 4410);
    assert_int_equal(read_all(wav, &n_frames, &error), MIEN_E_FORMAT);
    assert_string_equal(error.reason, "no-picture");
    uint8_t *rgb = make_blocks(32, 32);
    size_t size;
    uint8_t *jpeg = make_jpeg(rgb, 32, 32, (JpegKind){0}, &size);
    make_album(test_temporary("album.mkv"), wav, jpeg, size);
    free(rgb);
    free(jpeg);
    assert_int_equal(read_all(test_temporary("album.mkv"), &n_frames, &error), MIEN_E_FORMAT);
    assert_string_equal(error.reason, "no-picture");
}

/* A text that makes FFmpeg open other files must not: pictures may come from strangers. */
static void no_other_file_is_opened(void **state)
{
    (void)state;
    char kept[4096], path[600];
    assert_non_null(getcwd(kept, sizeof(kept)));
    make_mp4(test_temporary("other.mp4"), 32, 32, 3, NULL);
    snprintf(path, sizeof(path), "%s", test_temporary("list"));
    *strrchr(path, '/') = 0;
    assert_int_equal(chdir(path), 0);
    static const char *const lists[] = {
        "ffconcat version 1.0\nfile other.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.mp4\n#EXT-X-ENDLIST\n",
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        int n_frames;
        MienError error;
        make_file("list", lists[i], strlen(lists[i]));
        assert_int_equal(read_all("list", &n_frames, &error), MIEN_E_FORMAT);
    }
    int n_frames;
    MienError error;
    assert_int_equal(read_all("other.mp4", &n_frames, &error), MIEN_OK);
    assert_int_equal(chdir(kept), 0);
}

static void the_shared_clip_is_read(void **state)
{
    (void)state;
    const char *path = test_need_data("testdata/short_hamilton_clip.mp4");
    MienMediaReader *reader;
    MienError error;
    MienMediaReaderOptions options;
    for (int threads = 0; threads < 3; threads++) {
        mien_media_reader_options_init(&options);
        options.threads = threads;
        assert_int_equal(mien_media_reader_open(path, &options, &reader, &error), MIEN_OK);
        MienMediaInfo info;
        mien_media_reader_info(reader, &info);
        assert_false(info.is_picture);
        assert_true(info.has_audio);
        assert_int_equal(info.width, 640);
        assert_int_equal(info.height, 360);
        assert_int_equal(info.n_frames, 275);
        assert_true(fabs(info.frames_per_second - 29.97) < 0.001);
        assert_true(llabs(info.duration_us - 9175843) < 1000);
        MienMediaFrame *frame;
        int n = 0;
        while (mien_media_reader_read(reader, &frame, &error) == MIEN_OK && frame) {
            const MienImage *image = mien_media_frame_image(frame);
            assert_int_equal(image->format, MIEN_PIXEL_I420);
            assert_int_equal(image->color_matrix, MIEN_MATRIX_BT709); /* by its tag */
            assert_int_equal(image->color_range, MIEN_RANGE_LIMITED);
            int64_t us = mien_media_frame_timestamp_us(frame);
            assert_true(llabs(us - (int64_t)(n / 29.97 * 1e6)) < 200);
            mien_media_frame_destroy(frame);
            n++;
        }
        assert_int_equal(n, 275);
        mien_media_reader_destroy(reader);
    }
    int n_frames;
    assert_int_equal(read_piped(path, 0, &n_frames, &error), MIEN_OK);
    assert_int_equal(n_frames, 275);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_follows_the_size),
        cmocka_unit_test(pixel_formats_pass_as_they_are),
        cmocka_unit_test(yuv_of_other_kinds_is_converted),
        cmocka_unit_test(times_count_from_the_first_frame_and_rise),
        cmocka_unit_test(frames_may_change_their_size),
        cmocka_unit_test(container_orientation_is_applied),
        cmocka_unit_test(standard_input_may_be_a_pipe),
        cmocka_unit_test(waiting_can_be_ended),
        cmocka_unit_test(a_cut_video_gives_its_frames_and_then_an_error),
        cmocka_unit_test(a_damaged_video_does_no_harm),
        cmocka_unit_test(sound_alone_is_no_video),
        cmocka_unit_test(no_other_file_is_opened),
        cmocka_unit_test(the_shared_clip_is_read),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
