/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of libmien-media share: errors, frames, orientation. */
#ifndef MIENI_MEDIA_MEDIA_H
#define MIENI_MEDIA_MEDIA_H

#include "mien/media.h"

#if defined(__GNUC__)
#define MIENI_MEDIA_PRINTF(format_index, first_index)                                              \
    __attribute__((format(printf, format_index, first_index)))
#else
#define MIENI_MEDIA_PRINTF(format_index, first_index)
#endif

/* Fills `error` (which may be NULL) and returns `status`. Control characters of file names become
 * '?', so that the text stays one line. */
MienStatus mieni_media_fail(MienError *error, MienStatus status, const char *reason,
                            const char *format, ...) MIENI_MEDIA_PRINTF(4, 5);

MienStatus mieni_media_fail_nomem(MienError *error, const char *name);

/* Fails if a side is 0 or beyond MIEN_IMAGE_MAX_SIDE. */
MienStatus mieni_media_check_size(int64_t width, int64_t height, const char *name,
                                  MienError *error);

struct MienMediaFrame {
    MienImage image;
    int64_t timestamp_us;
    int shown_width, shown_height; /* upright size in MienMediaInfo; 0: that of the picture */
    void *owner;                   /* whatever holds the pixels: a malloc block or an AVFrame */
    void (*release)(void *owner);
};

/*
 * Makes a frame around pixels that `owner` holds. On success the frame owns `owner`; on failure
 * (NULL) it has been released. The image's planes and strides are still to be filled in.
 */
MienMediaFrame *mieni_frame_create(MienPixelFormat format, int width, int height, void *owner,
                                   void (*release)(void *owner));

/* Makes a packed frame (RGB24, RGBA32 or GRAY8) with memory of its own, not zeroed. NULL: no
 * memory. */
MienMediaFrame *mieni_frame_alloc(MienPixelFormat format, int width, int height);

/* The pixels of a frame that this library allocated and has not handed out yet. */
uint8_t *mieni_frame_pixels(MienMediaFrame *frame);

int mieni_frame_upright_width(const MienMediaFrame *frame);
int mieni_frame_upright_height(const MienMediaFrame *frame);

/* Replaces a frame by an upright RGB24 one, unless it already is one. On failure it stays as it
 * is. */
MienStatus mieni_frame_make_rgb24(MienMediaFrame **frame, MienError *error);

/* How a stored picture becomes upright: first turned upside down (if `flip`), then clockwise. */
typedef struct MieniOrientation {
    bool flip;
    int rotation_degrees; /* 0, 90, 180, 270 */
} MieniOrientation;

/* From an EXIF orientation, 1..8; anything else counts as 1. */
MieniOrientation mieni_orientation_of_exif(int orientation);

/* From a display matrix of nine numbers, of which [0], [1], [3], [4] say where the stored axes
 * go; turned to the nearest quarter. */
MieniOrientation mieni_orientation_of_matrix(const int32_t matrix[9]);

/*
 * Makes the frame carry an orientation. A flip costs nothing: the planes are walked from the last
 * row upwards. Only where that would move the chroma of an odd height by half a sample is the
 * frame converted first.
 */
MienStatus mieni_frame_orient(MienMediaFrame **frame, MieniOrientation orientation,
                              MienError *error);

/* Returns the orientation (1..8) of a TIFF block as it stands in EXIF; 1 if it has none. */
int mieni_exif_orientation(const uint8_t *tiff, size_t size);

#endif
