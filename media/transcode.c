/* SPDX-License-Identifier: Apache-2.0 */
#include "media/sound.h"

#include <errno.h>
#include <stdlib.h>

#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>

#define BITS_PER_CHANNEL 96000

struct MieniTranscoder {
    AVCodecContext *decoder, *encoder;
    SwrContext *swr;
    AVAudioFifo *fifo; /* converted samples that do not fill a frame of the encoder yet */
    AVFrame *decoded, *converted, *encoding;
    int64_t next_pts; /* of the fifo's first sample, in samples */
    bool has_start, decoder_done, encoder_flushed;
};

static int n_channels(const AVCodecParameters *parameters)
{
#if MIENI_HAS_CH_LAYOUT
    return parameters->ch_layout.nb_channels;
#else
    return parameters->channels;
#endif
}

static void set_channels(AVCodecContext *encoder, int n)
{
#if MIENI_HAS_CH_LAYOUT
    av_channel_layout_default(&encoder->ch_layout, n);
#else
    encoder->channels = n;
    encoder->channel_layout = (uint64_t)av_get_default_channel_layout(n);
#endif
}

/* Gives a frame the encoder's sample format, rate and channels. */
static int describe_like_encoder(AVFrame *frame, const AVCodecContext *encoder)
{
    frame->format = encoder->sample_fmt;
    frame->sample_rate = encoder->sample_rate;
#if MIENI_HAS_CH_LAYOUT
    return av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout);
#else
    frame->channel_layout = encoder->channel_layout;
    frame->channels = encoder->channels;
    return 0;
#endif
}

/* Sound whose speakers are not named (plain PCM) has the usual ones for their number. */
static void name_channels(AVFrame *frame)
{
#if MIENI_HAS_CH_LAYOUT
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&frame->ch_layout, frame->ch_layout.nb_channels);
#else
    if (!frame->channel_layout)
        frame->channel_layout = (uint64_t)av_get_default_channel_layout(frame->channels);
#endif
}

/* The rates that AAC knows. Source: ISO/IEC 14496-3, table 1.16. */
static int aac_rate(int rate)
{
    static const int rates[] = {96000, 88200, 64000, 48000, 44100, 32000,
                                24000, 22050, 16000, 12000, 11025, 8000};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        if (rates[i] == rate)
            return rate;
    return 48000;
}

static bool open_decoder(MieniTranscoder *transcoder, const AVStream *from)
{
    const AVCodec *codec = avcodec_find_decoder(from->codecpar->codec_id);
    transcoder->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!transcoder->decoder ||
        avcodec_parameters_to_context(transcoder->decoder, from->codecpar) < 0)
        return false;
    transcoder->decoder->pkt_timebase = from->time_base;
    return avcodec_open2(transcoder->decoder, codec, NULL) >= 0;
}

static bool open_encoder(MieniTranscoder *transcoder, const AVStream *from, bool global_header)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    AVCodecContext *encoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!encoder)
        return false;
    transcoder->encoder = encoder;
    int channels = n_channels(from->codecpar) == 1 ? 1 : 2;
    set_channels(encoder, channels);
    encoder->sample_rate = aac_rate(from->codecpar->sample_rate);
    encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
    encoder->bit_rate = (int64_t)BITS_PER_CHANNEL * channels;
    encoder->time_base = (AVRational){1, encoder->sample_rate};
    if (global_header)
        encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (avcodec_open2(encoder, codec, NULL) < 0)
        return false;
    transcoder->fifo = av_audio_fifo_alloc(encoder->sample_fmt, channels, encoder->frame_size);
    return transcoder->fifo != NULL;
}

MienStatus mieni_transcoder_create(const AVStream *from, const char *name, bool global_header,
                                   MieniTranscoder **transcoder, MienError *error)
{
    MieniTranscoder *made = calloc(1, sizeof(*made));
    *transcoder = NULL;
    if (!made)
        return mieni_media_fail_nomem(error, name);
    made->swr = swr_alloc();
    made->decoded = av_frame_alloc();
    made->converted = av_frame_alloc();
    made->encoding = av_frame_alloc();
    bool has_memory = made->swr && made->decoded && made->converted && made->encoding;
    if (!has_memory || !open_decoder(made, from) || !open_encoder(made, from, global_header)) {
        mieni_transcoder_destroy(made);
        return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "audio-codec",
                                "the sound of %s (%s) cannot be put into an MP4 file; leave the "
                                "sound away or convert the file",
                                name, avcodec_get_name(from->codecpar->codec_id));
    }
    *transcoder = made;
    return MIEN_OK;
}

const AVCodecContext *mieni_transcoder_encoder(const MieniTranscoder *transcoder)
{
    return transcoder->encoder;
}

/* Converts a decoded frame, or with NULL what the resampler still holds, into the fifo. */
static int convert(MieniTranscoder *transcoder, AVFrame *from)
{
    AVFrame *to = transcoder->converted;
    av_frame_unref(to);
    int code = describe_like_encoder(to, transcoder->encoder);
    if (code < 0 || (!from && !swr_is_initialized(transcoder->swr)))
        return code;
    code = swr_convert_frame(transcoder->swr, to, from);
    if (code < 0 || to->nb_samples == 0)
        return code;
    code = av_audio_fifo_write(transcoder->fifo, (void **)to->extended_data, to->nb_samples);
    return code < 0 ? code : 0;
}

static void take_decoded(MieniTranscoder *transcoder)
{
    AVFrame *frame = transcoder->decoded;
    while (avcodec_receive_frame(transcoder->decoder, frame) == 0) {
        if (!transcoder->has_start) {
            int64_t pts = frame->best_effort_timestamp;
            transcoder->has_start = true;
            if (pts != AV_NOPTS_VALUE)
                transcoder->next_pts = av_rescale_q(pts, transcoder->decoder->pkt_timebase,
                                                    transcoder->encoder->time_base);
        }
        name_channels(frame);
        /* A change of layout in the middle of a stream is more than it is worth: that part is
         * left out. */
        (void)convert(transcoder, frame);
        av_frame_unref(frame);
    }
}

void mieni_transcoder_send(MieniTranscoder *transcoder, const AVPacket *packet)
{
    (void)avcodec_send_packet(transcoder->decoder, packet);
    take_decoded(transcoder);
    if (!packet) {
        (void)convert(transcoder, NULL);
        transcoder->decoder_done = true;
    }
}

/* Hands the encoder a frame from the fifo; the last one may be shorter. */
static int encode_some(MieniTranscoder *transcoder)
{
    AVCodecContext *encoder = transcoder->encoder;
    int n_waiting = av_audio_fifo_size(transcoder->fifo);
    int n = n_waiting < encoder->frame_size ? n_waiting : encoder->frame_size;
    if (n < encoder->frame_size && !transcoder->decoder_done)
        return AVERROR(EAGAIN);
    if (n == 0) {
        if (transcoder->encoder_flushed)
            return AVERROR_EOF;
        transcoder->encoder_flushed = true;
        return avcodec_send_frame(encoder, NULL);
    }
    AVFrame *frame = transcoder->encoding;
    av_frame_unref(frame);
    frame->nb_samples = n;
    int code = describe_like_encoder(frame, encoder);
    if (code >= 0)
        code = av_frame_get_buffer(frame, 0);
    if (code >= 0)
        code = av_audio_fifo_read(transcoder->fifo, (void **)frame->extended_data, n);
    if (code < 0)
        return code;
    frame->pts = transcoder->next_pts;
    transcoder->next_pts += n;
    return avcodec_send_frame(encoder, frame);
}

int mieni_transcoder_receive(MieniTranscoder *transcoder, AVPacket *packet)
{
    for (;;) {
        int code = avcodec_receive_packet(transcoder->encoder, packet);
        if (code != AVERROR(EAGAIN))
            return code;
        code = encode_some(transcoder);
        if (code < 0)
            return code;
    }
}

void mieni_transcoder_destroy(MieniTranscoder *transcoder)
{
    if (!transcoder)
        return;
    avcodec_free_context(&transcoder->decoder);
    avcodec_free_context(&transcoder->encoder);
    swr_free(&transcoder->swr);
    if (transcoder->fifo)
        av_audio_fifo_free(transcoder->fifo);
    av_frame_free(&transcoder->decoded);
    av_frame_free(&transcoder->converted);
    av_frame_free(&transcoder->encoding);
    free(transcoder);
}
