/* SPDX-License-Identifier: Apache-2.0 */
/**
 * libmien-media: pictures and video in and out, through FFmpeg, libjpeg and libpng. A separate
 * library, so that users of libmien do not inherit those.
 *
 *     MienMediaReader *reader = NULL;
 *     MienError error;
 *     if (mien_media_reader_open("clip.mp4", NULL, &reader, &error) != MIEN_OK)
 *         puts(error.text);
 *     MienMediaFrame *frame;
 *     while (mien_media_reader_read(reader, &frame, &error) == MIEN_OK && frame) {
 *         int64_t time_us = mien_media_frame_timestamp_us(frame);
 *         mien_engine_process(engine, mien_media_frame_image(frame), time_us, &result);
 *         mien_media_frame_destroy(frame);
 *     }
 *
 * Colours: matrix and range of a frame are those of the file's tags. Where it has none, YCbCr is
 * BT.709 from 1280 pixels wide or 577 high and else BT.601, in limited range; JPEG, WebP and VP8
 * are BT.601, JPEG in full range; gray is in full range.
 *
 * Threads: one thread at a time per reader, frame or writer; different ones may be used side by
 * side. The first reader of a video and the first writer of one take over FFmpeg's log, for the
 * whole process, so that nothing is printed.
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
 * What it is, the content says, not the name. Only this one file is read: a playlist leads nowhere.
 * Cover pictures of sound files do not count as video. From a pipe, an MP4 file whose table of
 * contents stands at its end goes through a temporary file.
 *
 * @param options  NULL: the defaults. Owner: caller, copied.
 * @param reader   Set to NULL first; then returned, free with mien_media_reader_destroy.
 * @return MIEN_OK,
 *         MIEN_E_ARGUMENT: a pointer is NULL, or struct_size is wrong,
 *         MIEN_E_IO: it cannot be opened,
 *         MIEN_E_FORMAT: it is no media file, is damaged, or has no picture in it,
 *         MIEN_E_UNSUPPORTED: no decoder, or a picture wider or higher than MIEN_IMAGE_MAX_SIDE,
 *         MIEN_E_NOMEM, MIEN_E_BUSY.
 */
MIEN_API MienStatus mien_media_reader_open(const char *path, const MienMediaReaderOptions *options,
                                           MienMediaReader **reader, MienError *error);

/** Fills `info`; with zeros if the reader is NULL. */
MIEN_API void mien_media_reader_info(const MienMediaReader *reader, MienMediaInfo *info);

/**
 * Reads the next frame.
 *
 * A cut picture is an error, and so is a video that breaks off or whose data cannot be decoded
 * from some point on: first come the frames before that point, then the error. Damage that a
 * decoder cannot see goes by: changed bits that mean something else, or an MPEG transport stream or
 * fragmented MP4 that was cut between two frames.
 *
 * @param frame  Set to the frame, free with mien_media_frame_destroy, or to NULL at the end. Frames
 * stay valid until destroyed, also after the reader is gone.
 * @return MIEN_OK, also at the end.
 *         MIEN_E_ARGUMENT: a pointer is NULL.
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

/**
 * Returns the time since the first frame of the file, in microseconds; strictly rising within a
 * file.
 *
 * A frame without a time follows the one before at the nominal rate (25 a second if unknown). A
 * time that does not rise becomes that of the frame before plus 1, and one that falls back by more
 * than a second, as where recordings were joined, begins anew behind the frame before.
 */
MIEN_API int64_t mien_media_frame_timestamp_us(const MienMediaFrame *frame);

/**
 * Converts a frame to upright RGB, for drawing on it. A frame whose size differs from the first
 * one's is scaled to that.
 *
 * @param pixels        Shape: height x width x 3 of MienMediaInfo, R, G, B. Owner: caller, written.
 * @param stride_bytes  From one row to the next.
 */
MIEN_API MienStatus mien_media_frame_to_rgb24(const MienMediaFrame *frame, uint8_t *pixels,
                                              ptrdiff_t stride_bytes);

/** Frees the frame; NULL is fine. */
MIEN_API void mien_media_frame_destroy(MienMediaFrame *frame);

typedef enum MienMediaFormat {
    MIEN_MEDIA_NONE = 0,
    MIEN_MEDIA_PNG,
    MIEN_MEDIA_JPEG,
    MIEN_MEDIA_MP4
} MienMediaFormat;

/** Returns the format that a path's ending names: png, jpg, jpeg or mp4, in any case; NONE for all
 * others. Threads: any thread. */
MIEN_API MienMediaFormat mien_media_format_of(const char *path);

typedef struct MienMediaWriterOptions {
    size_t struct_size;     /**< sizeof(MienMediaWriterOptions) */
    MienMediaFormat format; /**< must be set */
    int32_t width;          /**< pixels */
    int32_t height;
    double frames_per_second; /**< MP4: nominal rate; frames carry their own time (default 30) */
    /**
     * MP4: a file whose first audio stream comes along, in step with its video, up to the end of
     * ours; NULL: silent (default NULL). It is copied as it is if MP4 knows its codec, else it
     * becomes AAC. A file without sound is fine; sound that is damaged ends there.
     */
    const char *audio_from;
} MienMediaWriterOptions;

MIEN_API void mien_media_writer_options_init(MienMediaWriterOptions *options);

/**
 * Creates a picture or video file: JPEG at 4:4:4; MP4 with H.264, or MPEG-4 part 2 if FFmpeg lacks
 * x264, tagged as above. Odd sizes are padded to even ones where the codec needs it. A pipe gets a
 * fragmented MP4.
 *
 * @param path    Written directly, "-" is standard output; giving it its final name when complete
 * is the caller's business, and so is removing it after a failure.
 * @param writer  Set to NULL first; then returned, free with mien_media_writer_destroy.
 * @return MIEN_OK, MIEN_E_ARGUMENT (before anything is created), MIEN_E_NOMEM,
 *         MIEN_E_IO: the file, or that of `audio_from`, cannot be opened, or not be written,
 *         MIEN_E_FORMAT: `audio_from` is damaged,
 *         MIEN_E_UNSUPPORTED: no encoder for this size, or the sound cannot be put into an MP4.
 */
MIEN_API MienStatus mien_media_writer_create(const char *path,
                                             const MienMediaWriterOptions *options,
                                             MienMediaWriter **writer, MienError *error);

/**
 * Adds a frame; pictures take exactly one.
 *
 * @param pixels        Shape: height x width x 3, R, G, B. Owner: caller, borrowed for the call.
 * @param timestamp_us  MP4: strictly rising, from 0 or later. Pictures: ignored.
 * @return MIEN_OK, MIEN_E_ARGUMENT, MIEN_E_NOMEM, MIEN_E_UNSUPPORTED,
 *         MIEN_E_IO: it cannot be written; the text has the system's reason.
 */
MIEN_API MienStatus mien_media_writer_write(MienMediaWriter *writer, const uint8_t *pixels,
                                            ptrdiff_t stride_bytes, int64_t timestamp_us,
                                            MienError *error);

/** Writes what is left, the sound and the trailer, and closes the file. Without it the file is not
 * complete. Returns as mien_media_writer_write. */
MIEN_API MienStatus mien_media_writer_finish(MienMediaWriter *writer, MienError *error);

/** Frees the writer; NULL is fine. Does not finish. */
MIEN_API void mien_media_writer_destroy(MienMediaWriter *writer);

#ifdef __cplusplus
}
#endif
#endif
