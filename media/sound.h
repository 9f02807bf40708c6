/* SPDX-License-Identifier: Apache-2.0 */
/* The sound of one file as packets for another: copied if MP4 knows its codec, else made AAC. */
#ifndef MIENI_MEDIA_SOUND_H
#define MIENI_MEDIA_SOUND_H

#include "media/ffmpeg.h"

typedef struct MieniSound MieniSound;

/*
 * Opens the first audio stream of `path` and adds a stream for it to `to`, whose header is not yet
 * written. `*sound` is NULL, and that is no error, if the file has no sound.
 *
 * @param delay_us  How much later than 0 the video must begin, so that sound that begins before
 *                  the picture is kept and both stay in step.
 */
MienStatus mieni_sound_open(const char *path, AVFormatContext *to, MieniSound **sound,
                            int64_t *delay_us, MienError *error);

/* Writes the packets up to a time of the output. Sound that is damaged ends there. Returns an
 * error code of FFmpeg if writing fails, else 0. */
int mieni_sound_write_until(MieniSound *sound, AVFormatContext *to, int64_t limit_us);

void mieni_sound_destroy(MieniSound *sound);

/* Decodes one stream's packets and encodes them as AAC. */
typedef struct MieniTranscoder MieniTranscoder;

MienStatus mieni_transcoder_create(const AVStream *from, const char *name, bool global_header,
                                   MieniTranscoder **transcoder, MienError *error);

/* The encoder, for the parameters of the output stream. */
const AVCodecContext *mieni_transcoder_encoder(const MieniTranscoder *transcoder);

/* Takes a packet of the source, or NULL at its end. */
void mieni_transcoder_send(MieniTranscoder *transcoder, const AVPacket *packet);

/* Gives an encoded packet in the encoder's time base. AVERROR(EAGAIN): send more; AVERROR_EOF. */
int mieni_transcoder_receive(MieniTranscoder *transcoder, AVPacket *packet);

void mieni_transcoder_destroy(MieniTranscoder *transcoder);

#endif
