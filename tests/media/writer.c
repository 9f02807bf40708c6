/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures and video out, read back; sound; outputs that fail. */
#include "media/make.h"

#include <math.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

static MienStatus write_one(const char *path, MienMediaFormat format, const uint8_t *pixels,
                            int width, int height, ptrdiff_t stride_bytes, MienError *error)
{
    MienMediaWriterOptions options;
    mien_media_writer_options_init(&options);
    options.format = format;
    options.width = width;
    options.height = height;
    MienMediaWriter *writer;
    MienStatus status = mien_media_writer_create(path, &options, &writer, error);
    if (status == MIEN_OK)
        status = mien_media_writer_write(writer, pixels, stride_bytes, 0, error);
    if (status == MIEN_OK)
        status = mien_media_writer_finish(writer, error);
    mien_media_writer_destroy(writer);
    return status;
}

static void endings_name_formats(void **state)
{
    (void)state;
    assert_int_equal(mien_media_format_of("a.png"), MIEN_MEDIA_PNG);
    assert_int_equal(mien_media_format_of("x.y/a.b.JPG"), MIEN_MEDIA_JPEG);
    assert_int_equal(mien_media_format_of("a.jpeg"), MIEN_MEDIA_JPEG);
    assert_int_equal(mien_media_format_of("a.Mp4"), MIEN_MEDIA_MP4);
    assert_int_equal(mien_media_format_of("a.png/b"), MIEN_MEDIA_NONE);
    assert_int_equal(mien_media_format_of(".png"), MIEN_MEDIA_NONE);
    assert_int_equal(mien_media_format_of("png"), MIEN_MEDIA_NONE);
    assert_int_equal(mien_media_format_of("a.pngx"), MIEN_MEDIA_NONE);
    assert_int_equal(mien_media_format_of(""), MIEN_MEDIA_NONE);
    assert_int_equal(mien_media_format_of(NULL), MIEN_MEDIA_NONE);
}

static const int sizes[][2] = {{1, 1}, {2, 1}, {3, 5}, {64, 48}, {65, 49}, {17, 640}};
enum { N_SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static void pictures_come_back(void **state)
{
    (void)state;
    for (int i = 0; i < N_SIZES; i++) {
        int width = sizes[i][0], height = sizes[i][1];
        size_t n = (size_t)width * (size_t)height * 3;
        uint8_t *pixels = make_blocks(width, height), *back = malloc(n);
        for (int k = 0; k < 2; k++) {
            MienMediaFormat format = k ? MIEN_MEDIA_JPEG : MIEN_MEDIA_PNG;
            const char *path = test_temporary("picture");
            MienError error;
            assert_int_equal(write_one(path, format, pixels, width, height, 3 * width, &error),
                             MIEN_OK);
            MienMediaInfo info;
            MienMediaFrame *frame = read_first(path, NULL, &info);
            assert_int_equal(info.width, width);
            assert_int_equal(info.height, height);
            assert_int_equal(mien_media_frame_to_rgb24(frame, back, 3 * width), MIEN_OK);
            assert_true(max_difference(pixels, back, n) <= (k ? 10 : 0));
            mien_media_frame_destroy(frame);
        }
        free(pixels);
        free(back);
    }
}

static void rows_may_have_gaps_and_run_upwards(void **state)
{
    (void)state;
    enum { W = 16, H = 16, STRIDE = 3 * W + 7 };
    uint8_t *pixels = make_blocks(W, H), wide[STRIDE * H], back[W * H * 3];
    memset(wide, 99, sizeof(wide));
    for (int y = 0; y < H; y++)
        memcpy(wide + (H - 1 - y) * STRIDE, pixels + y * 3 * W, 3 * W);
    static const MienMediaFormat formats[] = {MIEN_MEDIA_PNG, MIEN_MEDIA_JPEG, MIEN_MEDIA_MP4};
    for (int i = 0; i < 3; i++) {
        const char *path = test_temporary("upwards");
        MienError error;
        assert_int_equal(
            write_one(path, formats[i], wide + (H - 1) * STRIDE, W, H, -STRIDE, &error), MIEN_OK);
        MienMediaInfo info;
        MienMediaFrame *frame = read_first(path, NULL, &info);
        assert_int_equal(mien_media_frame_to_rgb24(frame, back, 3 * W), MIEN_OK);
        mien_media_frame_destroy(frame);
        size_t middle = 3 * (4 * W + 4); /* of the first block */
        assert_true(max_difference(back + middle, pixels + middle, 3) <= 12);
        assert_true(formats[i] != MIEN_MEDIA_PNG || memcmp(back, pixels, sizeof(back)) == 0);
    }
    free(pixels);
}

/* Each size; colours in the middle of blocks, also beyond the switch to BT.709. */
static void video_comes_back(void **state)
{
    (void)state;
    static const int more[][2] = {{1280, 24}, {40, 600}};
    for (int i = 0; i < N_SIZES + 2; i++) {
        int width = i < N_SIZES ? sizes[i][0] : more[i - N_SIZES][0];
        int height = i < N_SIZES ? sizes[i][1] : more[i - N_SIZES][1];
        const char *path = test_temporary("video.mp4");
        make_mp4(path, width, height, 3, NULL);
        MienMediaInfo info;
        MienMediaFrame *frame = read_first(path, NULL, &info);
        assert_int_equal(info.width, (width + 1) / 2 * 2);
        assert_int_equal(info.height, (height + 1) / 2 * 2);
        assert_int_equal(info.n_frames, 3);
        assert_false(info.has_audio);
        const MienImage *image = mien_media_frame_image(frame);
        assert_int_equal(image->color_matrix,
                         width >= 1280 || height > 576 ? MIEN_MATRIX_BT709 : MIEN_MATRIX_BT601);
        assert_int_equal(image->color_range, MIEN_RANGE_LIMITED);
        uint8_t *pixels = make_blocks(width, height);
        uint8_t *back = malloc((size_t)info.width * (size_t)info.height * 3);
        assert_int_equal(mien_media_frame_to_rgb24(frame, back, 3 * info.width), MIEN_OK);
        for (int y = 3; y < height; y += 8)
            for (int x = 3; x < width; x += 8) {
                const uint8_t *got = back + 3 * (y * info.width + x);
                const uint8_t *want = pixels + 3 * (y * width + x);
                if (max_difference(got, want, 3) > 14)
                    fail_msg("%dx%d, pixel %d, %d: %d %d %d, not %d %d %d", width, height, x, y,
                             got[0], got[1], got[2], want[0], want[1], want[2]);
            }
        mien_media_frame_destroy(frame);
        free(pixels);
        free(back);
        int n_frames;
        MienError error;
        assert_int_equal(read_all(path, &n_frames, &error), MIEN_OK);
        assert_int_equal(n_frames, 3);
    }
}

static void frame_times_are_kept(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 33367, 66733, 66734, 66735, 500000, 7200000000};
    enum { N = sizeof(times) / sizeof(times[0]) };
    const char *path = test_temporary("times.mp4");
    MienMediaWriterOptions options;
    mien_media_writer_options_init(&options);
    options.format = MIEN_MEDIA_MP4;
    options.width = options.height = 16;
    options.frames_per_second = 29.97;
    MienMediaWriter *writer;
    MienError error;
    assert_int_equal(mien_media_writer_create(path, &options, &writer, &error), MIEN_OK);
    uint8_t *pixels = make_blocks(16, 16);
    for (int i = 0; i < N; i++)
        assert_int_equal(mien_media_writer_write(writer, pixels, 48, times[i], &error), MIEN_OK);
    assert_int_equal(mien_media_writer_write(writer, pixels, 48, times[N - 1], &error),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_finish(writer, &error), MIEN_OK);
    assert_int_equal(mien_media_writer_finish(writer, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_write(writer, pixels, 48, INT64_C(9000000000), &error),
                     MIEN_E_ARGUMENT);
    mien_media_writer_destroy(writer);
    free(pixels);
    MienMediaReader *reader;
    assert_int_equal(mien_media_reader_open(path, NULL, &reader, &error), MIEN_OK);
    MienMediaFrame *frame;
    for (int i = 0; i < N; i++) {
        assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
        assert_non_null(frame);
        /* A tick is 8.3 us, and two frames in one tick move apart. */
        assert_true(llabs(mien_media_frame_timestamp_us(frame) - times[i]) <= 17);
        mien_media_frame_destroy(frame);
    }
    mien_media_reader_destroy(reader);
}

/* --- sound --- */

typedef struct Sound {
    int n_packets;
    size_t n_bytes;
    uint32_t sum;
    enum AVCodecID codec;
    double start, end, video_start; /* seconds */
} Sound;

/* What the first audio stream of a file holds. */
static Sound measure_sound(const char *path)
{
    Sound sound = {.start = -1};
    AVFormatContext *format = NULL;
    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    int index = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    int video = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (video >= 0 && format->streams[video]->start_time != AV_NOPTS_VALUE)
        sound.video_start =
            (double)format->streams[video]->start_time * av_q2d(format->streams[video]->time_base);
    AVPacket *packet = av_packet_alloc();
    while (index >= 0 && av_read_frame(format, packet) >= 0) {
        if (packet->stream_index == index) {
            double unit = av_q2d(format->streams[index]->time_base);
            sound.codec = format->streams[index]->codecpar->codec_id;
            if (!sound.n_packets++)
                sound.start = (double)packet->pts * unit;
            sound.end = (double)(packet->pts + packet->duration) * unit;
            sound.n_bytes += (size_t)packet->size;
            for (int i = 0; i < packet->size; i++)
                sound.sum = sound.sum * 31 + packet->data[i];
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    avformat_close_input(&format);
    return sound;
}

/* Share of a file's decoded sound (first channel, 0.1 s to 0.9 s) that is a sine of 441 Hz. */
static double share_of_sine(const char *path)
{
    AVFormatContext *format = NULL;
    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    int index = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    assert_true(index >= 0);
    const AVCodecParameters *parameters = format->streams[index]->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    AVCodecContext *decoder = avcodec_alloc_context3(codec);
    avcodec_parameters_to_context(decoder, parameters);
    assert_int_equal(avcodec_open2(decoder, codec, NULL), 0);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    double total = 0, in_phase = 0, quadrature = 0;
    int n = 0;
    while (av_read_frame(format, packet) >= 0) {
        if (packet->stream_index == index)
            assert_int_equal(avcodec_send_packet(decoder, packet), 0);
        av_packet_unref(packet);
        while (avcodec_receive_frame(decoder, frame) == 0) {
            assert_int_equal(frame->format, AV_SAMPLE_FMT_FLTP);
            for (int i = 0; i < frame->nb_samples; i++, n++) {
                double value = ((const float *)(const void *)frame->data[0])[i];
                double phase = 2 * 3.14159265358979 * 441 * n / frame->sample_rate;
                if (n < frame->sample_rate / 10 || n >= frame->sample_rate / 10 * 9)
                    continue;
                total += value * value;
                in_phase += value * sin(phase);
                quadrature += value * cos(phase);
            }
        }
    }
    int rate = decoder->sample_rate;
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
    avformat_close_input(&format);
    assert_true(n > rate / 10 * 9);
    double counted = rate / 10 * 8;
    return 2 * (in_phase * in_phase + quadrature * quadrature) / counted / total;
}

static void plain_sound_becomes_aac(void **state)
{
    (void)state;
    char wav[600], path[600];
    snprintf(wav, sizeof(wav), "%s", test_temporary("sine.wav"));
    snprintf(path, sizeof(path), "%s", test_temporary("sine.mp4"));
    for (int channels = 1; channels <= 3; channels++) {
        make_wav(wav, channels, 44100);
        make_mp4(path, 64, 48, 25, wav);
        Sound sound = measure_sound(path);
        assert_int_equal(sound.codec, AV_CODEC_ID_AAC);
        assert_true(fabs(sound.end - 1.0) < 0.03);
        double share = share_of_sine(path);
        test_in_range(lrint(1000 * share), 990, 1001);
        int n_frames;
        MienError error;
        assert_int_equal(read_all(path, &n_frames, &error), MIEN_OK);
        assert_int_equal(n_frames, 25);
    }
}

static void coded_sound_is_copied(void **state)
{
    (void)state;
    char wav[600], from[600], path[600];
    snprintf(wav, sizeof(wav), "%s", test_temporary("sine.wav"));
    snprintf(from, sizeof(from), "%s", test_temporary("from.mp4"));
    snprintf(path, sizeof(path), "%s", test_temporary("copy.mp4"));
    make_wav(wav, 2, 88200);
    make_mp4(from, 64, 48, 60, wav);
    make_mp4(path, 32, 32, 60, from);
    Sound a = measure_sound(from), b = measure_sound(path);
    assert_true(a.n_packets > 80);
    assert_int_equal(a.n_packets, b.n_packets);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_int_equal(a.sum, b.sum);
    assert_true(fabs((a.start - a.video_start) - (b.start - b.video_start)) < 0.001);
    /* A shorter video ends its sound with it. */
    make_mp4(path, 32, 32, 25, from);
    b = measure_sound(path);
    assert_true(b.end < 1.05 && b.end > 0.95);
    /* A source without sound is no error. */
    make_mp4(from, 32, 32, 5, NULL);
    make_mp4(path, 32, 32, 5, from);
    assert_int_equal(measure_sound(path).n_packets, 0);
}

static void bad_sound_is_an_error(void **state)
{
    (void)state;
    MienMediaWriterOptions options;
    mien_media_writer_options_init(&options);
    options.format = MIEN_MEDIA_MP4;
    options.width = options.height = 16;
    MienMediaWriter *writer;
    MienError error;
    options.audio_from = "-";
    assert_int_equal(mien_media_writer_create(test_temporary("x.mp4"), &options, &writer, &error),
                     MIEN_E_ARGUMENT);
    assert_null(writer);
    options.audio_from = "/nowhere/at/all";
    assert_int_equal(mien_media_writer_create(test_temporary("x.mp4"), &options, &writer, &error),
                     MIEN_E_IO);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
}

static void the_shared_clip_keeps_its_sound(void **state)
{
    (void)state;
    const char *from = test_need_data("testdata/short_hamilton_clip.mp4");
    const char *path = test_temporary("clip.mp4");
    MienMediaReader *reader;
    MienMediaWriter *writer;
    MienMediaInfo info;
    MienError error;
    assert_int_equal(mien_media_reader_open(from, NULL, &reader, &error), MIEN_OK);
    mien_media_reader_info(reader, &info);
    MienMediaWriterOptions options;
    mien_media_writer_options_init(&options);
    options.format = MIEN_MEDIA_MP4;
    options.width = info.width;
    options.height = info.height;
    options.frames_per_second = info.frames_per_second;
    options.audio_from = from;
    assert_int_equal(mien_media_writer_create(path, &options, &writer, &error), MIEN_OK);
    uint8_t *rgb = malloc(640 * 360 * 3);
    MienMediaFrame *frame;
    while (mien_media_reader_read(reader, &frame, &error) == MIEN_OK && frame) {
        assert_int_equal(mien_media_frame_to_rgb24(frame, rgb, 3 * 640), MIEN_OK);
        assert_int_equal(mien_media_writer_write(writer, rgb, 3 * 640,
                                                 mien_media_frame_timestamp_us(frame), &error),
                         MIEN_OK);
        mien_media_frame_destroy(frame);
    }
    assert_int_equal(mien_media_writer_finish(writer, &error), MIEN_OK);
    mien_media_writer_destroy(writer);
    mien_media_reader_destroy(reader);
    free(rgb);
    Sound a = measure_sound(from), b = measure_sound(path);
    assert_int_equal(a.n_packets, 431);
    assert_int_equal(b.n_packets, 431);
    assert_int_equal(a.sum, b.sum);
    assert_true(fabs((a.start - a.video_start) - (b.start - b.video_start)) < 0.002);
    MienMediaFrame *first = read_first(path, NULL, &info);
    mien_media_frame_destroy(first);
    assert_int_equal(info.n_frames, 275);
    assert_true(fabs(info.frames_per_second - 29.97) < 0.01);
    assert_true(info.has_audio);
    int n_frames;
    assert_int_equal(read_all(path, &n_frames, &error), MIEN_OK);
    assert_int_equal(n_frames, 275);
}

/* --- outputs that cannot be gone back in, or fail --- */

typedef struct Drain {
    const char *from, *to;
} Drain;

static void *drain_pipe(void *argument)
{
    const Drain *drain = argument;
    FILE *from = fopen(drain->from, "rb"), *to = fopen(drain->to, "wb");
    int c;
    while ((c = getc(from)) != EOF)
        putc(c, to);
    fclose(from);
    fclose(to);
    return NULL;
}

static void a_pipe_gets_fragments(void **state)
{
    (void)state;
    char pipe_path[600], copy_path[600], wav[600];
    snprintf(pipe_path, sizeof(pipe_path), "%s", test_temporary("pipe"));
    snprintf(copy_path, sizeof(copy_path), "%s", test_temporary("piped.mp4"));
    snprintf(wav, sizeof(wav), "%s", test_temporary("sine.wav"));
    make_wav(wav, 2, 44100 * 2);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    Drain drain = {pipe_path, copy_path};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, drain_pipe, &drain), 0);
    make_mp4(pipe_path, 64, 48, 50, wav);
    pthread_join(thread, NULL);
    int n_frames;
    MienError error;
    assert_int_equal(read_all(copy_path, &n_frames, &error), MIEN_OK);
    assert_int_equal(n_frames, 50);
    Sound sound = measure_sound(copy_path);
    assert_true(fabs(sound.end - 2) < 0.05);
    test_in_range(lrint(1000 * share_of_sine(copy_path)), 990, 1001);
}

static void a_full_disk_is_reported(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0)
        test_skip("no /dev/full");
    static const MienMediaFormat formats[] = {MIEN_MEDIA_PNG, MIEN_MEDIA_JPEG, MIEN_MEDIA_MP4};
    uint8_t *pixels = make_blocks(16, 16);
    for (int i = 0; i < 3; i++) {
        MienError error;
        assert_int_equal(write_one("/dev/full", formats[i], pixels, 16, 16, 48, &error), MIEN_E_IO);
        assert_non_null(strstr(error.text, "/dev/full"));
        assert_non_null(strstr(error.text, "No space left"));
        assert_int_equal(write_one("/nowhere/at/all.png", formats[i], pixels, 16, 16, 48, &error),
                         MIEN_E_IO);
        assert_non_null(strstr(error.text, "/nowhere/at/all.png"));
    }
    free(pixels);
}

static void devices_are_written_directly(void **state)
{
    (void)state;
    uint8_t *pixels = make_blocks(16, 16);
    MienError error;
    int ends[2], kept = dup(STDOUT_FILENO);
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    MienStatus status = write_one("-", MIEN_MEDIA_PNG, pixels, 16, 16, 48, &error);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(ends[1]);
    assert_int_equal(status, MIEN_OK);
    uint8_t file[4096];
    ssize_t n = read(ends[0], file, sizeof(file));
    close(ends[0]);
    test_in_range(n, 60, 1000);
    make_file(test_temporary("from-pipe.png"), file, (size_t)n);
    MienMediaInfo info;
    MienMediaFrame *frame = read_first(test_temporary("from-pipe.png"), NULL, &info);
    uint8_t back[16 * 16 * 3];
    assert_int_equal(mien_media_frame_to_rgb24(frame, back, 48), MIEN_OK);
    assert_memory_equal(back, pixels, sizeof(back));
    mien_media_frame_destroy(frame);
    free(pixels);
}

/* swscale's vector code is careless about what lies behind a row; it must not be the caller's
 * memory that it is careless with. */
static void the_callers_memory_is_not_overrun(void **state)
{
    (void)state;
    char path[600];
    snprintf(path, sizeof(path), "%s", test_temporary("guarded.mp4"));
    for (int width = 1; width < 70; width++) {
        int height = 1 + width % 4;
        size_t n = (size_t)width * (size_t)height * 3;
        uint8_t *pixels = guarded_alloc(n);
        MienError error;
        assert_int_equal(write_one(path, MIEN_MEDIA_MP4, pixels, width, height, 3 * width, &error),
                         MIEN_OK);
        guarded_free(pixels, n);
        MienMediaInfo info;
        MienMediaFrame *frame = read_first(path, NULL, &info);
        n = (size_t)info.width * (size_t)info.height * 3;
        pixels = guarded_alloc(n);
        assert_int_equal(mien_media_frame_to_rgb24(frame, pixels, 3 * info.width), MIEN_OK);
        guarded_free(pixels, n);
        mien_media_frame_destroy(frame);
    }
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    MienMediaWriterOptions options, good;
    mien_media_writer_options_init(&good);
    good.format = MIEN_MEDIA_PNG;
    good.width = good.height = 4;
    MienMediaWriter *writer;
    MienError error;
    const char *path = test_temporary("never");
    for (int i = 0; i < 6; i++) {
        options = good;
        if (i == 0)
            options.format = MIEN_MEDIA_NONE;
        if (i == 1)
            options.width = 0;
        if (i == 2)
            options.height = 40000;
        if (i >= 3)
            options.format = MIEN_MEDIA_MP4;
        if (i >= 3)
            options.frames_per_second = i == 3 ? 0 : i == 4 ? NAN : -1;
        assert_int_equal(mien_media_writer_create(path, &options, &writer, &error),
                         MIEN_E_ARGUMENT);
        assert_null(writer);
        assert_int_equal(access(path, F_OK), -1); /* nothing was made */
    }
    assert_int_equal(mien_media_writer_create(path, &good, &writer, &error), MIEN_OK);
    uint8_t pixels[48] = {0};
    assert_int_equal(mien_media_writer_finish(writer, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_write(writer, pixels, 11, 0, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_write(writer, NULL, 12, 0, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_write(writer, pixels, 12, 0, &error), MIEN_OK);
    assert_int_equal(mien_media_writer_write(writer, pixels, 12, 1, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_media_writer_finish(writer, &error), MIEN_OK);
    mien_media_writer_destroy(writer);
    mien_media_writer_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings_name_formats),
        cmocka_unit_test(pictures_come_back),
        cmocka_unit_test(rows_may_have_gaps_and_run_upwards),
        cmocka_unit_test(video_comes_back),
        cmocka_unit_test(frame_times_are_kept),
        cmocka_unit_test(plain_sound_becomes_aac),
        cmocka_unit_test(coded_sound_is_copied),
        cmocka_unit_test(bad_sound_is_an_error),
        cmocka_unit_test(the_shared_clip_keeps_its_sound),
        cmocka_unit_test(a_pipe_gets_fragments),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(devices_are_written_directly),
        cmocka_unit_test(the_callers_memory_is_not_overrun),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
