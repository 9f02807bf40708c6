/* SPDX-License-Identifier: Apache-2.0 */
/**
 * libmien-media: pictures and video in and out, through FFmpeg. A separate library, so that users
 * of libmien do not inherit FFmpeg.
 *
 *     MienMediaReader *reader = NULL;
 *     MienError error;
 *     if (mien_media_reader_open("clip.mp4", NULL, &reader, &error) != MIEN_OK)
 *         puts(error.text);
 *     MienMediaFrame *frame;
 *     while (mien_media_reader_read(reader, &frame, &error) == MIEN_OK && frame) {
 *         mien_engine_process(engine, mien_media_frame_image(frame),
 * mien_media_frame_timestamp_us(frame), &result); mien_media_frame_destroy(frame);
 *     }
 */
#ifndef MIEN_MEDIA_H
#define MIEN_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MienMediaReader MienMediaReader;
typedef struct MienMediaFrame MienMediaFrame;
typedef struct MienMediaWriter MienMediaWriter;

typedef struct MienMediaReaderOptions {
    size_t struct_size; /**< sizeof(MienMediaReaderOptions) */
    bool rgb24; /**< convert every frame to MIEN_PIXEL_RGB24, upright (default false: the decoder's
                   format) */
    int32_t threads; /**< decoder threads; 0: FFmpeg's choice (default 1) */
    /** Asked now and then while waiting; a non-zero return ends the wait with MIEN_E_BUSY (default
     * NULL). */
    int (*interrupted)(void *user);
    void *user;
} MienMediaReaderOptions;

typedef struct MienMediaInfo {
    bool is_picture; /**< one still picture; else video */
    int32_t width;   /**< pixels, upright (EXIF or container rotation applied) */
    int32_t height;
    int32_t rotation_degrees; /**< rotation that the frames carry, 0, 90, 180, 270 */
    double frames_per_second; /**< average; 0 if unknown or a picture */
    int64_t n_frames;         /**< 1 for a picture; estimated for video; -1 if unknown */
    int64_t duration_us;      /**< -1 if unknown */
    bool has_audio;
} MienMediaInfo;

MIEN_API void mien_media_reader_options_init(MienMediaReaderOptions *options);

/**
 * Opens a picture or a video file, or standard input ("-"). The first frame is decoded, so that a
 * file without one fails here.
 *
 * @param options  NULL: the defaults. Owner: caller, copied.
 * @param reader   Set to NULL first; then returned, free with mien_media_reader_destroy.
 * @return MIEN_OK,
 *         MIEN_E_IO: it cannot be opened,
 *         MIEN_E_FORMAT: it is no media file, is damaged, or has no picture in it,
 *         MIEN_E_UNSUPPORTED: no decoder, or a picture wider or higher than MIEN_IMAGE_MAX_SIDE,
 *         MIEN_E_NOMEM, MIEN_E_BUSY.
 */
MIEN_API MienStatus mien_media_reader_open(const char *path, const MienMediaReaderOptions *options,
                                           MienMediaReader **reader, MienError *error);

/** Fills `info`. */
MIEN_API void mien_media_reader_info(const MienMediaReader *reader, MienMediaInfo *info);

/**
 * Reads the next frame.
 *
 * @param frame  Set to the frame, free with mien_media_frame_destroy, or to NULL at the end. Frames
 * stay valid until destroyed, also after the reader is gone.
 * @return MIEN_OK, also at the end.
 *         MIEN_E_FORMAT, MIEN_E_IO: the file is damaged from here on; the frames so far are good.
 * Read no further.
 */
MIEN_API MienStatus mien_media_reader_read(MienMediaReader *reader, MienMediaFrame **frame,
                                           MienError *error);

/** Frees the reader; NULL is fine. */
MIEN_API void mien_media_reader_destroy(MienMediaReader *reader);

/** Returns the picture, in a format and rotation that the engine takes as they are. Owner: the
 * frame. */
MIEN_API const MienImage *mien_media_frame_image(const MienMediaFrame *frame);

/** Returns the time since the first frame of the file, in microseconds; strictly rising within a
 * file. */
MIEN_API int64_t mien_media_frame_timestamp_us(const MienMediaFrame *frame);

/**
 * Converts a frame to upright RGB, for drawing on it.
 *
 * @param pixels        Shape: height x width x 3 of MienMediaInfo, R, G, B. Owner: caller, written.
 * @param stride_bytes  From one row to the next.
 */
MIEN_API MienStatus mien_media_frame_to_rgb24(const MienMediaFrame *frame, uint8_t *pixels,
                                              ptrdiff_t stride_bytes);

/** Frees the frame; NULL is fine. */
MIEN_API void mien_media_frame_destroy(MienMediaFrame *frame);

/** Tells whether a path's ending names a picture or video format that can be written: png, jpg,
 * jpeg, mp4. */
typedef enum MienMediaFormat {
    MIEN_MEDIA_NONE = 0,
    MIEN_MEDIA_PNG,
    MIEN_MEDIA_JPEG,
    MIEN_MEDIA_MP4
} MienMediaFormat;

MIEN_API MienMediaFormat mien_media_format_of(const char *path);

typedef struct MienMediaWriterOptions {
    size_t struct_size;     /**< sizeof(MienMediaWriterOptions) */
    MienMediaFormat format; /**< must be set */
    int32_t width;          /**< pixels */
    int32_t height;
    double frames_per_second; /**< MP4: nominal rate; frames carry their own time (default 30) */
    const char *audio_from; /**< MP4: a file whose first audio stream is copied along; NULL: silent
                               (default NULL) */
} MienMediaWriterOptions;

MIEN_API void mien_media_writer_options_init(MienMediaWriterOptions *options);

/**
 * Creates a picture or video file. Odd sizes are padded to even ones where the codec needs it.
 *
 * @param path    Written directly; giving it its final name when complete is the caller's business.
 * @param writer  Set to NULL first; then returned, free with mien_media_writer_destroy.
 */
MIEN_API MienStatus mien_media_writer_create(const char *path,
                                             const MienMediaWriterOptions *options,
                                             MienMediaWriter **writer, MienError *error);

/**
 * Adds a frame; pictures take exactly one.
 *
 * @param pixels        Shape: height x width x 3, R, G, B. Owner: caller, borrowed for the call.
 * @param timestamp_us  Strictly rising.
 */
MIEN_API MienStatus mien_media_writer_write(MienMediaWriter *writer, const uint8_t *pixels,
                                            ptrdiff_t stride_bytes, int64_t timestamp_us,
                                            MienError *error);

/** Writes what is left, the sound and the trailer. Without it the file is not complete. */
MIEN_API MienStatus mien_media_writer_finish(MienMediaWriter *writer, MienError *error);

/** Frees the writer; NULL is fine. Does not finish. */
MIEN_API void mien_media_writer_destroy(MienMediaWriter *writer);

#ifdef __cplusplus
}
#endif
#endif
