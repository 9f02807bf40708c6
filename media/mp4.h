/* SPDX-License-Identifier: Apache-2.0 */
/* MP4 files: H.264 (MPEG-4 part 2 where FFmpeg lacks x264) and the sound of another file. */
#ifndef MIENI_MEDIA_MP4_H
#define MIENI_MEDIA_MP4_H

#include "media/output.h"

typedef struct MieniMp4 MieniMp4;

/* Begins a file. `output` must outlive it. */
MienStatus mieni_mp4_create(MieniOutput *output, const MienMediaWriterOptions *options,
                            MieniMp4 **mp4, MienError *error);

MienStatus mieni_mp4_write(MieniMp4 *mp4, const uint8_t *pixels, ptrdiff_t stride_bytes,
                           int64_t timestamp_us, MienError *error);

MienStatus mieni_mp4_finish(MieniMp4 *mp4, MienError *error);

void mieni_mp4_destroy(MieniMp4 *mp4);

#endif
