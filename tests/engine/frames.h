/* SPDX-License-Identifier: Apache-2.0 */
/* Real pictures and video for the tests of the engine, read once. */
#ifndef MIEN_TESTS_ENGINE_FRAMES_H
#define MIEN_TESTS_ENGINE_FRAMES_H

#include "engine/fixture.h"

/* A picture of the test data as RGB24; the test is skipped without it. Owner: the fixture. */
MienImage frames_picture(const char *file);

/* A picture of one person: of the shared folder, or the sample that `make` fetched. */
MienImage frames_portrait(void);

/* A part of an RGB24 picture, in place. */
MienImage frames_window(const MienImage *of, int32_t x, int32_t y, int32_t width, int32_t height);

/* The clip: from frame FRAMES_CLIP_BEGIN on something is to be seen. */
#define FRAMES_CLIP_BEGIN 72
#define FRAMES_CLIP_END 275

/*
 * Frame `index` of the clip, in the decoder's format; the test is skipped without the clip. One
 * face is there from frame 82 to 252, others beside it at times from 212 to 240; in 261 to 267
 * there is one more.
 */
MienImage frames_clip(int index);

/* Time of a frame of the clip. */
int64_t frames_time_us(int index);

int frames_finish(void **state);

#endif
