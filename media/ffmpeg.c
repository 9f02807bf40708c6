/* SPDX-License-Identifier: Apache-2.0 */
#include "media/ffmpeg.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t silenced = PTHREAD_ONCE_INIT;
static _Thread_local char last_log[200];

static void keep_line(void *object, int level, const char *format, va_list arguments)
{
    (void)object;
    if (level > AV_LOG_ERROR)
        return;
    vsnprintf(last_log, sizeof(last_log), format, arguments);
    last_log[strcspn(last_log, "\n")] = 0;
}

static void silence(void)
{
    av_log_set_callback(keep_line);
}

void mieni_ffmpeg_silence(void)
{
    pthread_once(&silenced, silence);
}

void mieni_ffmpeg_forget_log(void)
{
    last_log[0] = 0;
}

const char *mieni_ffmpeg_last_log(void)
{
    return last_log;
}

const char *mieni_ffmpeg_reason(int code, char buffer[128])
{
    if (last_log[0])
        return last_log;
    av_strerror(code, buffer, 128);
    return buffer;
}
