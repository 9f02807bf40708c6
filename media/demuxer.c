/* SPDX-License-Identifier: Apache-2.0 */
#include "media/ffmpeg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AVIO_BYTES (64 * 1024)

static int read_input(void *opaque, uint8_t *to, int size)
{
    MieniInput *input = opaque;
    ptrdiff_t n = mieni_input_read(input, to, (size_t)size);
    if (n > 0)
        return (int)n;
    if (n == 0)
        return AVERROR_EOF;
    return input->was_interrupted ? AVERROR_EXIT : AVERROR(input->read_errno);
}

static int64_t seek_input(void *opaque, int64_t offset, int whence)
{
    MieniInput *input = opaque;
    if (whence & AVSEEK_SIZE) {
        int64_t size = mieni_input_size(input);
        return size >= 0 ? size : AVERROR(ENOSYS);
    }
    int64_t at = mieni_input_seek(input, offset, whence & ~AVSEEK_FORCE);
    return at >= 0 ? at : AVERROR(EIO);
}

AVIOContext *mieni_avio_of_input(MieniInput *input)
{
    uint8_t *buffer = av_malloc(AVIO_BYTES);
    if (!buffer)
        return NULL;
    AVIOContext *avio = avio_alloc_context(buffer, AVIO_BYTES, 0, input, read_input, NULL,
                                           input->seekable ? seek_input : NULL);
    if (!avio)
        av_free(buffer);
    return avio;
}

void mieni_avio_free(AVIOContext **avio)
{
    if (*avio)
        av_freep(&(*avio)->buffer);
    avio_context_free(avio);
}

static int ask_interrupted(void *opaque)
{
    MieniInput *input = opaque;
    if (!input->was_interrupted && input->interrupted && input->interrupted(input->user))
        input->was_interrupted = true;
    return input->was_interrupted;
}

MienStatus mieni_demuxer_fail(const MieniInput *input, int code, MienError *error)
{
    char buffer[128];
    if (input->was_interrupted || input->read_errno)
        return mieni_input_fail(input, error);
    if (code == AVERROR(ENOMEM))
        return mieni_media_fail_nomem(error, input->name);
    return mieni_media_fail(error, MIEN_E_FORMAT, "input-format",
                            "%s is no picture or video, or it is cut short or damaged (%s)",
                            input->name, mieni_ffmpeg_reason(code, buffer));
}

/* FFmpeg 5 made the formats const. */
#if LIBAVFORMAT_VERSION_MAJOR >= 59
typedef const AVInputFormat Demuxer;
#else
typedef AVInputFormat Demuxer;
#endif

/* What is only a list of other files, or text that would be shown as on an old terminal. */
static bool is_refused(const Demuxer *demuxer)
{
    static const char *const names[] = {"hls", "concat", "dash", "imf", "sdp", "tty"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(demuxer->name, names[i]) == 0)
            return true;
    return false;
}

/* Finds the demuxer by the content alone. */
static int open_format(AVFormatContext **opening)
{
    Demuxer *demuxer = NULL;
    int code = av_probe_input_buffer2((*opening)->pb, &demuxer, NULL, NULL, 0, 0);
    if (code >= 0 && is_refused(demuxer))
        code = AVERROR_INVALIDDATA;
    if (code < 0) {
        avformat_free_context(*opening);
        *opening = NULL;
        return code;
    }
    AVDictionary *options = NULL;
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    code = avformat_open_input(opening, NULL, demuxer, &options);
    av_dict_free(&options);
    return code;
}

MienStatus mieni_demuxer_open(MieniInput *input, AVFormatContext **format, MienError *error)
{
    mieni_ffmpeg_silence();
    mieni_ffmpeg_forget_log();
    AVFormatContext *opening = avformat_alloc_context();
    AVIOContext *avio = mieni_avio_of_input(input);
    *format = NULL;
    if (!opening || !avio) {
        mieni_avio_free(&avio);
        avformat_free_context(opening);
        return mieni_media_fail_nomem(error, input->name);
    }
    opening->pb = avio;
    opening->flags |= AVFMT_FLAG_CUSTOM_IO;
    opening->interrupt_callback = (AVIOInterruptCB){ask_interrupted, input};
    int code = open_format(&opening);
    if (code < 0) { /* `opening` is gone, `avio` is not */
        mieni_avio_free(&avio);
        return mieni_demuxer_fail(input, code, error);
    }
    code = avformat_find_stream_info(opening, NULL);
    if (code < 0 || input->was_interrupted) {
        mieni_demuxer_close(&opening);
        return mieni_demuxer_fail(input, code, error);
    }
    *format = opening;
    return MIEN_OK;
}

void mieni_demuxer_close(AVFormatContext **format)
{
    if (!*format)
        return;
    AVIOContext *avio = (*format)->pb;
    avformat_close_input(format);
    mieni_avio_free(&avio);
}
