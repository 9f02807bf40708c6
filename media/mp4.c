/* SPDX-License-Identifier: Apache-2.0 */
#include "media/mp4.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include "media/convert.h"
#include "media/sound.h"

#define AVIO_BYTES (64 * 1024)

/* More would cost memory on large machines and gain nothing: drawing is slower than coding. */
#define ENCODER_THREADS 4

/* swscale's vector code reads behind the last pixel, but not this far. */
#define READ_PAD_BYTES 64

struct MieniMp4 {
    MieniOutput *output;
    AVFormatContext *format;
    AVIOContext *avio;
    AVCodecContext *encoder;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *sws;
    uint8_t *tail; /* [n_tail_rows][3 * width] and padding: the rows that end the caller's memory */
    int n_tail_rows;
    MieniSound *sound; /* NULL: silent */
    int width, height; /* of the pictures that come in; the codec's are even */
    int64_t delay_us;  /* the video begins this much after 0 */
    int64_t frame_us;  /* nominal */
    int64_t last_pts, last_us;
    bool has_last;
};

/* FFmpeg 7 made the bytes const. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int write_output(void *opaque, const uint8_t *data, int size)
#else
static int write_output(void *opaque, uint8_t *data, int size)
#endif
{
    MieniOutput *output = opaque;
    return mieni_output_write(output, data, (size_t)size) ? size : AVERROR(output->write_errno);
}

static int64_t seek_output(void *opaque, int64_t offset, int whence)
{
    MieniOutput *output = opaque;
    if (whence & AVSEEK_SIZE)
        return AVERROR(ENOSYS);
    int64_t at = lseek(output->fd, (off_t)offset, whence & ~AVSEEK_FORCE);
    return at >= 0 ? at : AVERROR(errno);
}

static MienStatus fail(const MieniMp4 *mp4, const char *what, int code, MienError *error)
{
    char buffer[128];
    if (mp4->output->write_errno)
        return mieni_output_fail(mp4->output, error);
    if (code == AVERROR(ENOMEM))
        return mieni_media_fail_nomem(error, mp4->output->name);
    return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "video-write", "cannot write %s: %s (%s)",
                            mp4->output->name, what, mieni_ffmpeg_reason(code, buffer));
}

static MienStatus open_container(MieniMp4 *mp4, MienError *error)
{
    int code = avformat_alloc_output_context2(&mp4->format, NULL, "mp4", NULL);
    if (code < 0)
        return fail(mp4, "this FFmpeg cannot write MP4 files", code, error);
    uint8_t *buffer = av_malloc(AVIO_BYTES);
    if (buffer)
        mp4->avio = avio_alloc_context(buffer, AVIO_BYTES, 1, mp4->output, NULL, write_output,
                                       mp4->output->seekable ? seek_output : NULL);
    if (!mp4->avio) {
        av_free(buffer);
        return fail(mp4, "memory", AVERROR(ENOMEM), error);
    }
    mp4->format->pb = mp4->avio;
    mp4->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    /* FFmpeg 4 calls Opus and FLAC in MP4 experimental. */
    mp4->format->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    return MIEN_OK;
}

/* As players guess it where they do not read the tags: see the reader. */
static MienColorMatrix choose_matrix(const MieniMp4 *mp4)
{
    return mp4->width >= 1280 || mp4->height > 576 ? MIEN_MATRIX_BT709 : MIEN_MATRIX_BT601;
}

static void describe_video(MieniMp4 *mp4, double frames_per_second, bool is_h264)
{
    AVCodecContext *encoder = mp4->encoder;
    bool is_709 = choose_matrix(mp4) == MIEN_MATRIX_BT709;
    encoder->width = (mp4->width + 1) / 2 * 2;
    encoder->height = (mp4->height + 1) / 2 * 2;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->color_range = AVCOL_RANGE_MPEG;
    encoder->colorspace = is_709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    encoder->color_primaries = is_709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    encoder->color_trc = is_709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    /* A whole number of ticks for all usual rates; MPEG-4 part 2 has 16 bits for it. */
    encoder->time_base = (AVRational){1, is_h264 ? 120000 : 60000};
    encoder->framerate = av_d2q(frames_per_second, 100000);
    encoder->thread_count = ENCODER_THREADS;
    if (mp4->format->oformat->flags & AVFMT_GLOBALHEADER)
        encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
}

static MienStatus open_encoder(MieniMp4 *mp4, double frames_per_second, MienError *error)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    bool is_h264 = codec != NULL;
    if (!codec)
        codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!codec)
        return fail(mp4, "this FFmpeg has neither libx264 nor mpeg4", AVERROR_ENCODER_NOT_FOUND,
                    error);
    mp4->encoder = avcodec_alloc_context3(codec);
    if (!mp4->encoder)
        return fail(mp4, "memory", AVERROR(ENOMEM), error);
    describe_video(mp4, frames_per_second, is_h264);
    AVDictionary *options = NULL;
    if (is_h264) {
        av_dict_set(&options, "preset", "veryfast", 0);
        av_dict_set(&options, "crf", "18", 0);
    } else {
        mp4->encoder->flags |= AV_CODEC_FLAG_QSCALE;
        mp4->encoder->global_quality = 3 * FF_QP2LAMBDA;
    }
    int code = avcodec_open2(mp4->encoder, codec, &options);
    av_dict_free(&options);
    if (code < 0)
        return fail(mp4, "the video encoder refuses this size", code, error);
    mp4->stream = avformat_new_stream(mp4->format, NULL);
    if (!mp4->stream || avcodec_parameters_from_context(mp4->stream->codecpar, mp4->encoder) < 0)
        return fail(mp4, "memory", AVERROR(ENOMEM), error);
    mp4->stream->time_base = mp4->encoder->time_base;
    mp4->stream->avg_frame_rate = mp4->encoder->framerate;
    return MIEN_OK;
}

static MienStatus open_pictures(MieniMp4 *mp4, MienError *error)
{
    mp4->frame = av_frame_alloc();
    mp4->packet = av_packet_alloc();
    mp4->sws = sws_getContext(mp4->width, mp4->height, AV_PIX_FMT_RGB24, mp4->width, mp4->height,
                              AV_PIX_FMT_YUV420P, MIENI_SWS_FLAGS, NULL, NULL, NULL);
    size_t row_bytes = 3 * (size_t)mp4->width;
    int n_rows = 1 + (int)(READ_PAD_BYTES / row_bytes);
    mp4->n_tail_rows = n_rows < mp4->height ? n_rows : mp4->height;
    mp4->tail = malloc((size_t)mp4->n_tail_rows * row_bytes + READ_PAD_BYTES);
    if (!mp4->frame || !mp4->packet || !mp4->sws || !mp4->tail)
        return fail(mp4, "memory", AVERROR(ENOMEM), error);
    const int *matrix = sws_getCoefficients(mieni_sws_colorspace(choose_matrix(mp4)));
    (void)sws_setColorspaceDetails(mp4->sws, matrix, 1, matrix, 0, 0, 1 << 16, 1 << 16);
    mp4->frame->format = AV_PIX_FMT_YUV420P;
    mp4->frame->width = mp4->encoder->width;
    mp4->frame->height = mp4->encoder->height;
    mp4->frame->color_range = mp4->encoder->color_range;
    mp4->frame->colorspace = mp4->encoder->colorspace;
    int code = av_frame_get_buffer(mp4->frame, 0);
    return code < 0 ? fail(mp4, "memory", code, error) : MIEN_OK;
}

static MienStatus write_header(MieniMp4 *mp4, MienError *error)
{
    AVDictionary *options = NULL;
    /* What cannot be gone back in is written piece by piece. */
    if (!mp4->output->seekable)
        av_dict_set(&options, "movflags", "frag_keyframe+delay_moov+default_base_moof", 0);
    int code = avformat_write_header(mp4->format, &options);
    av_dict_free(&options);
    return code < 0 ? fail(mp4, "the MP4 header was refused", code, error) : MIEN_OK;
}

MienStatus mieni_mp4_create(MieniOutput *output, const MienMediaWriterOptions *options,
                            MieniMp4 **mp4, MienError *error)
{
    mieni_ffmpeg_silence();
    mieni_ffmpeg_forget_log();
    MieniMp4 *made = calloc(1, sizeof(*made));
    *mp4 = NULL;
    if (!made)
        return mieni_media_fail_nomem(error, output->name);
    made->output = output;
    made->width = options->width;
    made->height = options->height;
    made->frame_us = (int64_t)(1e6 / options->frames_per_second);
    MienStatus status = open_container(made, error);
    if (status == MIEN_OK)
        status = open_encoder(made, options->frames_per_second, error);
    if (status == MIEN_OK)
        status = open_pictures(made, error);
    if (status == MIEN_OK && options->audio_from)
        status = mieni_sound_open(options->audio_from, made->format, &made->sound, &made->delay_us,
                                  error);
    if (status == MIEN_OK)
        status = write_header(made, error);
    if (status != MIEN_OK) {
        mieni_mp4_destroy(made);
        return status;
    }
    *mp4 = made;
    return MIEN_OK;
}

/* Moves what the encoder has ready into the file. */
static int write_packets(MieniMp4 *mp4)
{
    for (;;) {
        int code = avcodec_receive_packet(mp4->encoder, mp4->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF)
            return mp4->output->write_errno ? AVERROR(mp4->output->write_errno) : 0;
        if (code < 0)
            return code;
        /* FFmpeg 4 sets none: the file would end with the last frame's start, and without it. */
        if (mp4->packet->duration <= 0)
            mp4->packet->duration =
                av_rescale_q(mp4->frame_us, (AVRational){1, 1000000}, mp4->encoder->time_base);
        av_packet_rescale_ts(mp4->packet, mp4->encoder->time_base, mp4->stream->time_base);
        mp4->packet->stream_index = mp4->stream->index;
        code = av_interleaved_write_frame(mp4->format, mp4->packet);
        if (code < 0)
            return code;
    }
}

/* Odd sizes are made even by repeating the last column and row; chroma has them already. */
static void pad_luma(MieniMp4 *mp4)
{
    uint8_t *luma = mp4->frame->data[0];
    ptrdiff_t stride = mp4->frame->linesize[0];
    if (mp4->width % 2)
        for (int y = 0; y < mp4->height; y++)
            luma[y * stride + mp4->width] = luma[y * stride + mp4->width - 1];
    if (mp4->height % 2)
        memcpy(luma + mp4->height * stride, luma + (mp4->height - 1) * stride,
               (size_t)mp4->frame->width);
}

static void convert_rows(MieniMp4 *mp4, const uint8_t *pixels, ptrdiff_t stride_bytes, int first,
                         int n_rows)
{
    const uint8_t *const from[4] = {pixels};
    const int strides[4] = {(int)stride_bytes};
    if (n_rows > 0)
        sws_scale(mp4->sws, from, strides, first, n_rows, mp4->frame->data, mp4->frame->linesize);
}

/* Converts the picture, its last rows in memory from a padded copy: what lies behind them is not
 * ours to read. Rows that run upwards end with the first one. */
static void convert(MieniMp4 *mp4, const uint8_t *pixels, ptrdiff_t stride_bytes)
{
    int n_tail = mp4->n_tail_rows, n_rest = mp4->height - n_tail;
    bool is_upwards = stride_bytes < 0;
    ptrdiff_t row_bytes = 3 * (ptrdiff_t)mp4->width;
    const uint8_t *ending = is_upwards ? pixels : pixels + n_rest * stride_bytes;
    for (int y = 0; y < n_tail; y++)
        memcpy(mp4->tail + y * row_bytes, ending + y * stride_bytes, (size_t)row_bytes);
    if (is_upwards)
        convert_rows(mp4, mp4->tail, row_bytes, 0, n_tail);
    convert_rows(mp4, is_upwards ? pixels + n_tail * stride_bytes : pixels, stride_bytes,
                 is_upwards ? n_tail : 0, n_rest);
    if (!is_upwards)
        convert_rows(mp4, mp4->tail, row_bytes, n_rest, n_tail);
}

static int encode(MieniMp4 *mp4, const uint8_t *pixels, ptrdiff_t stride_bytes, int64_t time_us)
{
    int code = av_frame_make_writable(mp4->frame);
    if (code < 0)
        return code;
    convert(mp4, pixels, stride_bytes);
    pad_luma(mp4);
    int64_t pts = av_rescale_q(time_us, (AVRational){1, 1000000}, mp4->encoder->time_base);
    if (mp4->has_last && pts <= mp4->last_pts)
        pts = mp4->last_pts + 1;
    mp4->frame->pts = mp4->last_pts = pts;
    mp4->has_last = true;
    mp4->last_us = time_us;
    code = avcodec_send_frame(mp4->encoder, mp4->frame);
    return code < 0 ? code : write_packets(mp4);
}

MienStatus mieni_mp4_write(MieniMp4 *mp4, const uint8_t *pixels, ptrdiff_t stride_bytes,
                           int64_t timestamp_us, MienError *error)
{
    mieni_ffmpeg_forget_log();
    if (stride_bytes > INT_MAX || stride_bytes < INT_MIN)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "cannot write %s: a row of %td bytes is too long",
                                mp4->output->name, stride_bytes);
    int64_t time_us = timestamp_us + mp4->delay_us;
    int code = 0;
    if (mp4->sound)
        code = mieni_sound_write_until(mp4->sound, mp4->format, time_us);
    if (code >= 0)
        code = encode(mp4, pixels, stride_bytes, time_us);
    return code < 0 ? fail(mp4, "encoding has failed", code, error) : MIEN_OK;
}

MienStatus mieni_mp4_finish(MieniMp4 *mp4, MienError *error)
{
    mieni_ffmpeg_forget_log();
    int code = avcodec_send_frame(mp4->encoder, NULL);
    if (code >= 0)
        code = write_packets(mp4);
    if (code >= 0 && mp4->sound)
        code = mieni_sound_write_until(mp4->sound, mp4->format, mp4->last_us + mp4->frame_us);
    if (code >= 0)
        code = av_write_trailer(mp4->format);
    avio_flush(mp4->avio);
    if (code < 0 || mp4->output->write_errno)
        return fail(mp4, "the file could not be completed", code, error);
    return MIEN_OK;
}

void mieni_mp4_destroy(MieniMp4 *mp4)
{
    if (!mp4)
        return;
    mieni_sound_destroy(mp4->sound);
    sws_freeContext(mp4->sws);
    free(mp4->tail);
    av_frame_free(&mp4->frame);
    av_packet_free(&mp4->packet);
    avcodec_free_context(&mp4->encoder);
    avformat_free_context(mp4->format);
    mieni_avio_free(&mp4->avio);
    free(mp4);
}
