/* SPDX-License-Identifier: Apache-2.0 */
#include "media/video.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Frame time where the file does not say: that of 25 frames a second. */
#define DEFAULT_FRAME_US 40000

/* A time that falls back by more than this is a new beginning, not a slip. */
#define MAX_SLIP_US 1000000

struct MieniVideo {
    MieniInput *input;
    AVFormatContext *format;
    AVStream *stream;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *av;
    bool has_key;       /* the decoder got a key frame */
    bool draining;      /* the decoder gets no more packets */
    MienStatus failure; /* found; to be told after the frames before it */
    MienError failure_text;
    int64_t n_frames; /* read so far */
    int64_t frame_us; /* nominal */
    bool has_origin;
    int64_t origin; /* time of the first frame, in the stream's unit */
    int64_t last_us;
};

/* The stream that people mean: not a cover, then the default one, then the largest. */
static AVStream *choose_stream(AVFormatContext *format)
{
    AVStream *best = NULL;
    int64_t best_score = -1;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        const AVCodecParameters *codec = stream->codecpar;
        stream->discard = AVDISCARD_ALL;
        if (codec->codec_type != AVMEDIA_TYPE_VIDEO ||
            stream->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS))
            continue;
        int64_t score = (int64_t)codec->width * codec->height;
        if (stream->disposition & AV_DISPOSITION_DEFAULT)
            score += (int64_t)1 << 62;
        if (score > best_score) {
            best = stream;
            best_score = score;
        }
    }
    if (best)
        best->discard = AVDISCARD_DEFAULT;
    return best;
}

static MienStatus open_decoder(MieniVideo *video, int n_threads, MienError *error)
{
    const AVCodecParameters *parameters = video->stream->codecpar;
    const char *name = video->input->name;
    const AVCodec *decoder = avcodec_find_decoder(parameters->codec_id);
    if (!decoder)
        return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "no-decoder",
                                "%s: this FFmpeg has no decoder for %s; convert the file or "
                                "install a fuller FFmpeg",
                                name, avcodec_get_name(parameters->codec_id));
    video->codec = avcodec_alloc_context3(decoder);
    if (!video->codec || avcodec_parameters_to_context(video->codec, parameters) < 0)
        return mieni_media_fail_nomem(error, name);
    video->codec->thread_count = n_threads;
    video->codec->pkt_timebase = video->stream->time_base;
    char buffer[128];
    int code = avcodec_open2(video->codec, decoder, NULL);
    if (code < 0)
        return mieni_media_fail(error, MIEN_E_FORMAT, "input-damaged",
                                "%s: the %s decoder refuses it (%s)", name, decoder->name,
                                mieni_ffmpeg_reason(code, buffer));
    return MIEN_OK;
}

static AVRational frame_rate(const AVStream *stream)
{
    AVRational rate = stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0)
        rate = stream->r_frame_rate;
    return rate.num > 0 && rate.den > 0 ? rate : (AVRational){0, 1};
}

static MienStatus open_video(MieniVideo *video, int n_threads, MienError *error)
{
    MienStatus status = mieni_demuxer_open(video->input, &video->format, error);
    if (status != MIEN_OK)
        return status;
    const char *name = video->input->name;
    video->stream = choose_stream(video->format);
    if (!video->stream)
        return mieni_media_fail(error, MIEN_E_FORMAT, "no-picture",
                                "%s has neither a picture nor a video in it", name);
    const AVCodecParameters *parameters = video->stream->codecpar;
    if (parameters->width > 0 && parameters->height > 0)
        status = mieni_media_check_size(parameters->width, parameters->height, name, error);
    if (status == MIEN_OK)
        status = open_decoder(video, n_threads, error);
    if (status != MIEN_OK)
        return status;
    video->packet = av_packet_alloc();
    video->av = av_frame_alloc();
    if (!video->packet || !video->av)
        return mieni_media_fail_nomem(error, name);
    AVRational rate = frame_rate(video->stream);
    int64_t frame_us = rate.num ? av_rescale(1000000, rate.den, rate.num) : 0;
    video->frame_us = frame_us > 0 ? frame_us : DEFAULT_FRAME_US;
    return MIEN_OK;
}

MienStatus mieni_video_open(MieniInput *input, int n_threads, MieniVideo **video, MienError *error)
{
    *video = calloc(1, sizeof(**video));
    if (!*video)
        return mieni_media_fail_nomem(error, input->name);
    (*video)->input = input;
    MienStatus status = open_video(*video, n_threads, error);
    if (status != MIEN_OK) {
        mieni_video_destroy(*video);
        *video = NULL;
    }
    return status;
}

/* Notes the first failure; it is told when the frames before it have been read. */
static void note_failure(MieniVideo *video, int code)
{
    MieniInput *input = video->input;
    char buffer[128];
    if (video->failure != MIEN_OK)
        return;
    if (input->was_interrupted || input->read_errno || code == AVERROR(ENOMEM))
        video->failure = mieni_demuxer_fail(input, code, &video->failure_text);
    else if (video->n_frames == 0)
        video->failure = mieni_media_fail(&video->failure_text, MIEN_E_FORMAT, "input-damaged",
                                          "%s is damaged: no picture in it can be decoded (%s)",
                                          input->name, mieni_ffmpeg_reason(code, buffer));
    else if (avio_feof(video->format->pb))
        video->failure =
            mieni_media_fail(&video->failure_text, MIEN_E_FORMAT, "input-truncated",
                             "%s is cut short: it breaks off after frame %lld; get the file again",
                             input->name, (long long)video->n_frames);
    else
        video->failure =
            mieni_media_fail(&video->failure_text, MIEN_E_FORMAT, "input-damaged",
                             "%s is damaged after frame %lld (%s); get the file again", input->name,
                             (long long)video->n_frames, mieni_ffmpeg_reason(code, buffer));
}

static void begin_drain(MieniVideo *video)
{
    if (!video->draining)
        (void)avcodec_send_packet(video->codec, NULL);
    video->draining = true;
}

/*
 * Notes that a packet could not be decoded. Before the first key frame that is how a recording
 * that begins in the middle looks, and nothing is lost yet. Later the frames that the decoder still
 * holds are good, unless other threads have gone on decoding what follows.
 */
static void on_decode_failure(MieniVideo *video, int code)
{
    if (!video->has_key && !video->draining && code != AVERROR(ENOMEM))
        return;
    note_failure(video, code);
    if (video->codec->active_thread_type & FF_THREAD_FRAME)
        avcodec_flush_buffers(video->codec);
    begin_drain(video);
}

/* Hands one packet to the decoder, or tells it that there are no more. */
static void feed(MieniVideo *video)
{
    AVPacket *packet = video->packet;
    int code;
    for (;;) {
        code = av_read_frame(video->format, packet);
        if (code == AVERROR(EAGAIN) && !video->input->was_interrupted)
            continue;
        if (code < 0 || packet->stream_index == video->stream->index)
            break;
        av_packet_unref(packet);
    }
    if (code < 0) {
        if (code != AVERROR_EOF || video->input->was_interrupted || video->input->read_errno ||
            mieni_input_is_cut(video->input))
            note_failure(video, code);
        begin_drain(video);
        return;
    }
    if (packet->flags & AV_PKT_FLAG_CORRUPT && video->has_key) {
        note_failure(video, AVERROR_INVALIDDATA);
        begin_drain(video);
    } else {
        video->has_key |= (packet->flags & AV_PKT_FLAG_KEY) != 0;
        code = avcodec_send_packet(video->codec, packet);
        if (code < 0 && code != AVERROR(EAGAIN))
            on_decode_failure(video, code);
    }
    av_packet_unref(packet);
}

/*
 * Time since the first frame. A missing time is the last one plus a nominal frame; one that does
 * not rise becomes the last one plus a microsecond, so that later ones stay true; one that falls
 * back far begins anew behind the last frame.
 */
static int64_t next_time(MieniVideo *video, int64_t timestamp)
{
    const AVRational microsecond = {1, 1000000}, unit = video->stream->time_base;
    int64_t expected_us = video->n_frames ? video->last_us + video->frame_us : 0;
    if (timestamp == AV_NOPTS_VALUE)
        return expected_us;
    if (video->has_origin) {
        int64_t us = av_rescale_q(timestamp - video->origin, unit, microsecond);
        if (us > video->last_us)
            return us;
        if (video->last_us - us <= MAX_SLIP_US)
            return video->last_us + 1;
    }
    video->has_origin = true;
    video->origin = timestamp - av_rescale_q(expected_us, microsecond, unit);
    return expected_us;
}

static MienStatus wrap_frame(MieniVideo *video, MienMediaFrame **frame, MienError *error)
{
    AVFrame *av = video->av;
    int64_t timestamp = av->best_effort_timestamp;
    MieniOrientation orientation = mieni_orientation_of_av(video->stream, av);
    MienStatus status =
        mieni_frame_of_av(av, video->codec->codec_id, video->input->name, frame, error);
    if (status == MIEN_OK)
        status = mieni_frame_orient(frame, orientation, error);
    av_frame_unref(av);
    if (status != MIEN_OK) {
        mien_media_frame_destroy(*frame);
        *frame = NULL;
        return status;
    }
    (*frame)->timestamp_us = video->last_us = next_time(video, timestamp);
    video->n_frames++;
    return MIEN_OK;
}

static bool is_damaged(const AVFrame *av)
{
    return av->decode_error_flags != 0 || av->flags & AV_FRAME_FLAG_CORRUPT;
}

MienStatus mieni_video_read(MieniVideo *video, MienMediaFrame **frame, MienError *error)
{
    *frame = NULL;
    mieni_ffmpeg_forget_log();
    for (;;) {
        int code = avcodec_receive_frame(video->codec, video->av);
        if (code == AVERROR(EAGAIN) && !video->draining) {
            feed(video);
        } else if (code == AVERROR_EOF || code == AVERROR(EAGAIN)) {
            if (video->failure == MIEN_OK && video->n_frames == 0)
                note_failure(video, AVERROR_INVALIDDATA);
            if (video->failure != MIEN_OK && error)
                *error = video->failure_text;
            return video->failure;
        } else if (code < 0) {
            on_decode_failure(video, code);
        } else if (is_damaged(video->av)) {
            av_frame_unref(video->av);
            on_decode_failure(video, AVERROR_INVALIDDATA);
        } else {
            return wrap_frame(video, frame, error);
        }
    }
}

bool mieni_video_is_picture_file(const MieniVideo *video)
{
    const AVDictionaryEntry *brand = av_dict_get(video->format->metadata, "major_brand", NULL, 0);
    return strstr(video->format->iformat->name, "_pipe") ||
           (brand && (strcmp(brand->value, "avif") == 0 || strcmp(brand->value, "mif1") == 0));
}

bool mieni_video_may_be_picture(const MieniVideo *video)
{
    return mieni_video_is_picture_file(video) || strcmp(video->format->iformat->name, "gif") == 0;
}

void mieni_video_describe(const MieniVideo *video, MienMediaInfo *info)
{
    const AVStream *stream = video->stream;
    AVRational rate = frame_rate(stream);
    const AVRational microsecond = {1, 1000000};
    info->frames_per_second = rate.num ? av_q2d(rate) : 0;
    info->duration_us = -1;
    if (stream->duration != AV_NOPTS_VALUE && stream->duration > 0)
        info->duration_us = av_rescale_q(stream->duration, stream->time_base, microsecond);
    else if (video->format->duration != AV_NOPTS_VALUE && video->format->duration > 0)
        info->duration_us = av_rescale(video->format->duration, 1000000, AV_TIME_BASE);
    info->n_frames = stream->nb_frames > 0 ? stream->nb_frames : -1;
    if (info->n_frames < 0 && rate.num && info->duration_us > 0)
        info->n_frames = av_rescale(info->duration_us, rate.num, (int64_t)rate.den * 1000000);
    info->has_audio = false;
    for (unsigned i = 0; i < video->format->nb_streams; i++)
        if (video->format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO)
            info->has_audio = true;
}

void mieni_video_destroy(MieniVideo *video)
{
    if (!video)
        return;
    av_frame_free(&video->av);
    av_packet_free(&video->packet);
    avcodec_free_context(&video->codec);
    mieni_demuxer_close(&video->format);
    free(video);
}
