/* SPDX-License-Identifier: Apache-2.0 */
#include "media/sound.h"

#include <errno.h>
#include <stdlib.h>

static const AVRational microsecond = {1, 1000000};

struct MieniSound {
    MieniInput input;
    AVFormatContext *from;
    AVStream *stream;            /* of the source */
    MieniTranscoder *transcoder; /* NULL: packets are copied */
    int to_index;                /* of the stream in the output */
    AVRational unit;             /* of the packets: the stream's or the encoder's */
    int64_t shift_us;            /* added to the times of the source */
    AVPacket *next;              /* the packet that comes next, if has_next */
    bool has_next, done, source_done;
    int64_t last_dts; /* in the output stream's unit */
    bool has_last;
};

/* First stream of a kind that is no cover picture, or NULL. */
static AVStream *first_stream(const AVFormatContext *format, enum AVMediaType type)
{
    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        if (stream->codecpar->codec_type == type &&
            !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
            return stream;
    }
    return NULL;
}

static int64_t start_us(const AVStream *stream)
{
    if (!stream || stream->start_time == AV_NOPTS_VALUE)
        return 0;
    return av_rescale_q(stream->start_time, stream->time_base, microsecond);
}

/* Time 0 of the output is the earlier of both beginnings; nothing is cut off in front. */
static void align(MieniSound *sound, int64_t *delay_us)
{
    const AVStream *video = first_stream(sound->from, AVMEDIA_TYPE_VIDEO);
    int64_t sound_us = start_us(sound->stream);
    int64_t video_us = video ? start_us(video) : sound_us;
    *delay_us = video_us > sound_us ? video_us - sound_us : 0;
    sound->shift_us = *delay_us - video_us;
}

/* Newer versions of FFmpeg put plain samples into MP4 as they are, which few players read. */
static bool is_copied(const AVFormatContext *to, enum AVCodecID codec)
{
    bool is_plain = codec >= AV_CODEC_ID_FIRST_AUDIO && codec < AV_CODEC_ID_ADPCM_IMA_QT;
    return !is_plain && avformat_query_codec(to->oformat, codec, FF_COMPLIANCE_NORMAL) == 1;
}

static MienStatus add_stream(MieniSound *sound, AVFormatContext *to, MienError *error)
{
    const AVCodecParameters *parameters = sound->stream->codecpar;
    const char *name = sound->input.name;
    AVStream *stream = avformat_new_stream(to, NULL);
    if (!stream)
        return mieni_media_fail_nomem(error, name);
    sound->to_index = stream->index;
    sound->unit = sound->stream->time_base;
    int code;
    if (is_copied(to, parameters->codec_id)) {
        code = avcodec_parameters_copy(stream->codecpar, parameters);
        stream->codecpar->codec_tag = 0;
    } else {
        MienStatus status =
            mieni_transcoder_create(sound->stream, name, to->oformat->flags & AVFMT_GLOBALHEADER,
                                    &sound->transcoder, error);
        if (status != MIEN_OK)
            return status;
        const AVCodecContext *encoder = mieni_transcoder_encoder(sound->transcoder);
        code = avcodec_parameters_from_context(stream->codecpar, encoder);
        sound->unit = encoder->time_base;
    }
    stream->time_base = sound->unit;
    return code < 0 ? mieni_media_fail_nomem(error, name) : MIEN_OK;
}

static MienStatus open_sound(MieniSound *sound, const char *path, AVFormatContext *to,
                             int64_t *delay_us, MienError *error)
{
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    MienStatus status = mieni_input_open(&sound->input, path, &options, error);
    if (status == MIEN_OK)
        status = mieni_demuxer_open(&sound->input, &sound->from, error);
    if (status != MIEN_OK)
        return status;
    sound->stream = first_stream(sound->from, AVMEDIA_TYPE_AUDIO);
    if (!sound->stream)
        return MIEN_OK;
    for (unsigned i = 0; i < sound->from->nb_streams; i++)
        if (sound->from->streams[i] != sound->stream)
            sound->from->streams[i]->discard = AVDISCARD_ALL;
    sound->next = av_packet_alloc();
    if (!sound->next)
        return mieni_media_fail_nomem(error, path);
    align(sound, delay_us);
    return add_stream(sound, to, error);
}

MienStatus mieni_sound_open(const char *path, AVFormatContext *to, MieniSound **sound,
                            int64_t *delay_us, MienError *error)
{
    *sound = NULL;
    *delay_us = 0;
    MieniSound *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return mieni_media_fail_nomem(error, path);
    opened->input.fd = -1;
    MienStatus status = open_sound(opened, path, to, delay_us, error);
    if (status != MIEN_OK || !opened->stream) {
        mieni_sound_destroy(opened);
        return status;
    }
    *sound = opened;
    return MIEN_OK;
}

/* Reads a packet of the source's sound; false at its end, or where it is damaged. */
static bool read_source(MieniSound *sound, AVPacket *packet)
{
    while (!sound->source_done) {
        if (av_read_frame(sound->from, packet) < 0) {
            sound->source_done = true;
            break;
        }
        if (packet->stream_index == sound->stream->index)
            return true;
        av_packet_unref(packet);
    }
    return false;
}

/* Has the next packet ready, unless there is none. */
static bool fetch(MieniSound *sound)
{
    if (sound->has_next || sound->done)
        return sound->has_next;
    if (!sound->transcoder) {
        sound->has_next = read_source(sound, sound->next);
        sound->done = !sound->has_next;
        return sound->has_next;
    }
    for (;;) {
        int code = mieni_transcoder_receive(sound->transcoder, sound->next);
        if (code == 0)
            return sound->has_next = true;
        if (code != AVERROR(EAGAIN)) {
            sound->done = true;
            return false;
        }
        bool has_packet = read_source(sound, sound->next);
        mieni_transcoder_send(sound->transcoder, has_packet ? sound->next : NULL);
        av_packet_unref(sound->next);
    }
}

/* MP4 wants rising times; a packet without one follows the one before. */
static void set_times(MieniSound *sound, AVPacket *packet, AVRational unit)
{
    int64_t shift = av_rescale_q(sound->shift_us, microsecond, unit);
    av_packet_rescale_ts(packet, sound->unit, unit);
    int64_t dts = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (dts != AV_NOPTS_VALUE)
        dts += shift;
    if (sound->has_last && (dts == AV_NOPTS_VALUE || dts <= sound->last_dts))
        dts = sound->last_dts + 1;
    if (dts == AV_NOPTS_VALUE)
        dts = 0;
    packet->dts = packet->pts = dts;
    packet->stream_index = sound->to_index;
    packet->pos = -1;
    sound->last_dts = dts;
    sound->has_last = true;
}

int mieni_sound_write_until(MieniSound *sound, AVFormatContext *to, int64_t limit_us)
{
    AVRational unit = to->streams[sound->to_index]->time_base;
    while (fetch(sound)) {
        AVPacket *packet = sound->next;
        int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
        if (time != AV_NOPTS_VALUE &&
            av_rescale_q(time, sound->unit, microsecond) + sound->shift_us > limit_us)
            return 0;
        set_times(sound, packet, unit);
        sound->has_next = false;
        int code = av_interleaved_write_frame(to, packet);
        if (code < 0)
            return code;
    }
    return 0;
}

void mieni_sound_destroy(MieniSound *sound)
{
    if (!sound)
        return;
    mieni_transcoder_destroy(sound->transcoder);
    av_packet_free(&sound->next);
    mieni_demuxer_close(&sound->from);
    mieni_input_close(&sound->input);
    free(sound);
}
