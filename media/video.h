/* SPDX-License-Identifier: Apache-2.0 */
/* Video, and the pictures that FFmpeg knows and we do not, as a row of frames. */
#ifndef MIENI_MEDIA_VIDEO_H
#define MIENI_MEDIA_VIDEO_H

#include "media/ffmpeg.h"

typedef struct MieniVideo MieniVideo;

/* Opens the best video stream of `input`, which must outlive the video. */
MienStatus mieni_video_open(MieniInput *input, int n_threads, MieniVideo **video, MienError *error);

/* Reads the next frame, NULL at the end. As mien_media_reader_read. */
MienStatus mieni_video_read(MieniVideo *video, MienMediaFrame **frame, MienError *error);

/* What the container says: rate, length, sound. Sizes are those of the frames, and left alone. */
void mieni_video_describe(const MieniVideo *video, MienMediaInfo *info);

/* Tells whether the file is of a kind made for one picture (TIFF), or for one or many (GIF). */
bool mieni_video_is_picture_file(const MieniVideo *video);
bool mieni_video_may_be_picture(const MieniVideo *video);

void mieni_video_destroy(MieniVideo *video);

/* Wraps a decoded frame, without copying where the engine knows its format. `av` is emptied. */
MienStatus mieni_frame_of_av(AVFrame *av, enum AVCodecID codec, const char *name,
                             MienMediaFrame **frame, MienError *error);

/* The display matrix of a stream, or of a frame where the stream has none; else upright. */
MieniOrientation mieni_orientation_of_av(const AVStream *stream, const AVFrame *av);

#endif
