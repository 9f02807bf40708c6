/* SPDX-License-Identifier: Apache-2.0 */
/* What the FFmpeg-facing files share: its log, its error codes, its versions. */
#ifndef MIENI_MEDIA_FFMPEG_H
#define MIENI_MEDIA_FFMPEG_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "media/input.h"

/* FFmpeg 5.1 replaced the channel mask by AVChannelLayout; 7 removed the mask. */
#define MIENI_HAS_CH_LAYOUT (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100))

/* FFmpeg 6.1 moved side data from streams to codec parameters. */
#define MIENI_HAS_CODED_SIDE_DATA (LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100))

/* Takes FFmpeg's log away from standard error, once a process. Call it before any FFmpeg call that
 * may log. */
void mieni_ffmpeg_silence(void);

/* Forgets, and returns, the last error line that FFmpeg logged on this thread; "" if none. */
void mieni_ffmpeg_forget_log(void);
const char *mieni_ffmpeg_last_log(void);

/* What is known about a failure: the last log line if there is one, else the text of `code`. */
const char *mieni_ffmpeg_reason(int code, char buffer[128]);

/* An AVIOContext that reads from `input`; free with mieni_avio_free. NULL: no memory. */
AVIOContext *mieni_avio_of_input(MieniInput *input);

/* Frees an AVIOContext of ours and its buffer; NULL is fine. */
void mieni_avio_free(AVIOContext **avio);

/* Opens a container for reading from `input` and looks into its streams. Nothing else can be
 * opened through it: a playlist leads nowhere. Close with mieni_demuxer_close. */
MienStatus mieni_demuxer_open(MieniInput *input, AVFormatContext **format, MienError *error);
void mieni_demuxer_close(AVFormatContext **format);

/* Turns a failure while reading from `input` into a status and a text. */
MienStatus mieni_demuxer_fail(const MieniInput *input, int code, MienError *error);

#endif
