/* SPDX-License-Identifier: Apache-2.0 */
#include "media/make.h"

#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jpeglib.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>

void make_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

uint8_t *make_blocks(int width, int height)
{
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(pixels);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint8_t *at = pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);
            at[0] = (uint8_t)(40 + 37 * (x / 8) % 180);
            at[1] = (uint8_t)(40 + 53 * (y / 8) % 180);
            at[2] = (uint8_t)(60 + 29 * (x / 8 + 2 * (y / 8)) % 150);
        }
    return pixels;
}

static size_t guarded_bytes(size_t size, size_t page)
{
    return (size + page - 1) / page * page + page;
}

uint8_t *guarded_alloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = guarded_bytes(size, page);
    int zero = open("/dev/zero", O_RDWR);
    assert_true(zero >= 0);
    uint8_t *base = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    close(zero);
    assert_ptr_not_equal(base, MAP_FAILED);
    assert_int_equal(mprotect(base + whole - page, page, PROT_NONE), 0);
    return base + whole - page - size;
}

void guarded_free(uint8_t *memory, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = guarded_bytes(size, page);
    munmap(memory + size + page - whole, whole);
}

int max_difference(const uint8_t *a, const uint8_t *b, size_t n)
{
    int worst = 0;
    for (size_t i = 0; i < n; i++)
        if (abs(a[i] - b[i]) > worst)
            worst = abs(a[i] - b[i]);
    return worst;
}

static void write_exif(struct jpeg_compress_struct *jpeg, int orientation, bool big_endian)
{
    /* One directory with one entry: tag 0x0112, type SHORT, count 1, the value, padding. */
    uint8_t little[] = {'E',  'x', 'i', 'f', 0, 0, 'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0,
                        0x12, 1,   3,   0,   1, 0, 0,   0,   0,   0, 0, 0, 0, 0, 0, 0};
    uint8_t big[] = {'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8, 0, 1,
                     1,   0x12, 0,   3,   0, 0, 0,   1,   0, 0,   0, 0, 0, 0, 0, 0};
    little[24] = big[25] = (uint8_t)orientation;
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, big_endian ? big : little, sizeof(little));
}

uint8_t *make_jpeg(const uint8_t *rgb, int width, int height, JpegKind kind, size_t *size)
{
    return make_jpeg_of_rows(rgb, 3 * (size_t)width, width, height, kind, size);
}

uint8_t *make_jpeg_of_rows(const uint8_t *rgb, size_t stride_bytes, int width, int height,
                           JpegKind kind, size_t *size)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long n_bytes = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &n_bytes);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    if (kind.gray)
        jpeg_set_colorspace(&jpeg, JCS_GRAYSCALE);
    jpeg_set_quality(&jpeg, 100, TRUE);
    int factor = kind.half_chroma ? 2 : 1;
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = factor;
    if (kind.progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (kind.exif)
        write_exif(&jpeg, kind.exif, kind.exif_big_endian);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + jpeg.next_scanline * stride_bytes);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    *size = n_bytes;
    return data;
}

void make_mp4(const char *path, int width, int height, int n_frames, const char *audio_from)
{
    MienMediaWriterOptions options;
    mien_media_writer_options_init(&options);
    options.format = MIEN_MEDIA_MP4;
    options.width = width;
    options.height = height;
    options.frames_per_second = 25;
    options.audio_from = audio_from;
    MienMediaWriter *writer;
    MienError error;
    if (mien_media_writer_create(path, &options, &writer, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    uint8_t *pixels = make_blocks(width, height);
    size_t n = (size_t)width * (size_t)height * 3;
    uint32_t noise = 1;
    for (int i = 0; i < n_frames; i++) {
        for (size_t k = 0; i > 0 && k < n; k++) { /* the first frame stays as it is */
            noise = noise * 1664525 + 1013904223;
            pixels[k] = (uint8_t)(pixels[k] + (noise >> 27) - 15);
        }
        if (mien_media_writer_write(writer, pixels, 3 * width, i * INT64_C(40000), &error) !=
            MIEN_OK)
            fail_msg("%s", error.text);
    }
    free(pixels);
    if (mien_media_writer_finish(writer, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    mien_media_writer_destroy(writer);
}

static void put(uint8_t *at, unsigned value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void make_wav(const char *path, int n_channels, int n_samples)
{
    size_t data_bytes = (size_t)n_samples * (size_t)n_channels * 2;
    uint8_t *file = calloc(1, 44 + data_bytes);
    assert_non_null(file);
    memcpy(file, "RIFF....WAVEfmt ", 16);
    put(file + 4, (unsigned)(36 + data_bytes), 4);
    put(file + 16, 16, 4);
    put(file + 20, 1, 2);
    put(file + 22, (unsigned)n_channels, 2);
    put(file + 24, 44100, 4);
    put(file + 28, 44100 * 2 * (unsigned)n_channels, 4);
    put(file + 32, 2 * (unsigned)n_channels, 2);
    put(file + 34, 16, 2);
    memcpy(file + 36, "data", 4);
    put(file + 40, (unsigned)data_bytes, 4);
    for (int i = 0; i < n_samples; i++)
        for (int c = 0; c < n_channels; c++)
            put(file + 44 + 2 * ((size_t)i * (size_t)n_channels + (size_t)c),
                (unsigned)(int)lrint(8000 * sin(2 * 3.14159265358979 * i / 100)), 2);
    make_file(path, file, 44 + data_bytes);
    free(file);
}

void make_raw(const char *path, const char *container, const char *pixel_format, int width,
              int height, const uint8_t *frame, size_t frame_bytes, const int *times_ms,
              int n_frames)
{
    AVFormatContext *format = NULL;
    assert_true(avformat_alloc_output_context2(&format, NULL, container, path) >= 0);
    AVStream *stream = avformat_new_stream(format, NULL);
    assert_non_null(stream);
    stream->time_base = (AVRational){1, 1000};
    stream->avg_frame_rate = (AVRational){25, 1};
    stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    stream->codecpar->codec_id = AV_CODEC_ID_RAWVIDEO;
    stream->codecpar->format = av_get_pix_fmt(pixel_format);
    stream->codecpar->codec_tag = avcodec_pix_fmt_to_codec_tag(stream->codecpar->format);
    stream->codecpar->width = width;
    stream->codecpar->height = height;
    assert_true(avio_open(&format->pb, path, AVIO_FLAG_WRITE) >= 0);
    assert_true(avformat_write_header(format, NULL) >= 0);
    for (int i = 0; i < n_frames; i++) {
        AVPacket *packet = av_packet_alloc();
        assert_non_null(packet);
        assert_int_equal(av_new_packet(packet, (int)frame_bytes), 0);
        memcpy(packet->data, frame, frame_bytes);
        packet->flags |= AV_PKT_FLAG_KEY;
        packet->pts = packet->dts =
            av_rescale_q(times_ms[i], (AVRational){1, 1000}, stream->time_base);
        assert_true(av_write_frame(format, packet) >= 0);
        av_packet_free(&packet);
    }
    assert_int_equal(av_write_trailer(format), 0);
    avio_closep(&format->pb);
    avformat_free_context(format);
}

void make_album(const char *path, const char *wav, const uint8_t *cover, size_t cover_bytes)
{
    AVFormatContext *from = NULL, *format = NULL;
    assert_int_equal(avformat_open_input(&from, wav, NULL, NULL), 0);
    assert_true(avformat_alloc_output_context2(&format, NULL, "matroska", path) >= 0);
    AVStream *sound = avformat_new_stream(format, NULL);
    AVStream *picture = avformat_new_stream(format, NULL);
    assert_non_null(picture);
    assert_true(avcodec_parameters_copy(sound->codecpar, from->streams[0]->codecpar) >= 0);
    sound->codecpar->codec_tag = 0;
    picture->codecpar->codec_type = AVMEDIA_TYPE_ATTACHMENT;
    picture->codecpar->extradata = av_mallocz(cover_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    assert_non_null(picture->codecpar->extradata);
    memcpy(picture->codecpar->extradata, cover, cover_bytes);
    picture->codecpar->extradata_size = (int)cover_bytes;
    av_dict_set(&picture->metadata, "filename", "cover.jpg", 0);
    av_dict_set(&picture->metadata, "mimetype", "image/jpeg", 0);
    assert_true(avio_open(&format->pb, path, AVIO_FLAG_WRITE) >= 0);
    assert_true(avformat_write_header(format, NULL) >= 0);
    AVPacket *packet = av_packet_alloc();
    while (av_read_frame(from, packet) >= 0) {
        av_packet_rescale_ts(packet, from->streams[0]->time_base, sound->time_base);
        assert_true(av_write_frame(format, packet) >= 0);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    assert_int_equal(av_write_trailer(format), 0);
    avio_closep(&format->pb);
    avformat_free_context(format);
    avformat_close_input(&from);
}

MienMediaFrame *read_first(const char *path, const MienMediaReaderOptions *options,
                           MienMediaInfo *info)
{
    MienMediaReader *reader;
    MienMediaFrame *frame = NULL;
    MienError error;
    if (mien_media_reader_open(path, options, &reader, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    mien_media_reader_info(reader, info);
    assert_int_equal(mien_media_reader_read(reader, &frame, &error), MIEN_OK);
    assert_non_null(frame);
    mien_media_reader_destroy(reader);
    return frame;
}

static void check_error(MienStatus status, const MienError *error)
{
    assert_int_equal(error->status, status);
    assert_true(error->reason[0] != 0);
    assert_true(error->text[0] != 0);
    assert_null(strchr(error->text, '\n'));
}

MienStatus read_all(const char *path, int *n_frames, MienError *error)
{
    MienMediaReader *reader;
    *n_frames = 0;
    MienStatus status = mien_media_reader_open(path, NULL, &reader, error);
    if (status != MIEN_OK) {
        assert_null(reader);
        check_error(status, error);
        return status;
    }
    MienMediaFrame *frame;
    int64_t last_us = -1;
    while ((status = mien_media_reader_read(reader, &frame, error)) == MIEN_OK && frame) {
        assert_true(mien_media_frame_timestamp_us(frame) > last_us);
        last_us = mien_media_frame_timestamp_us(frame);
        mien_media_frame_destroy(frame);
        (*n_frames)++;
    }
    assert_null(frame);
    assert_true(*n_frames > 0);
    if (status != MIEN_OK)
        check_error(status, error);
    mien_media_reader_destroy(reader);
    return status;
}
