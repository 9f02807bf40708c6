/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picture files that are decoded whole, from memory: JPEG and PNG through their reference
 * libraries, PNM here. FFmpeg would do for most, but not for pictures of 16384 x 16384, and it
 * shows half a picture where one is cut.
 */
#ifndef MIENI_MEDIA_STILL_H
#define MIENI_MEDIA_STILL_H

#include "media/media.h"

/* The decoders: each makes a frame that is oriented as the file says. `name` is for messages. */
MienStatus mieni_jpeg_read(const uint8_t *data, size_t size, const char *name,
                           MienMediaFrame **frame, MienError *error);
MienStatus mieni_png_read(const uint8_t *data, size_t size, const char *name,
                          MienMediaFrame **frame, MienError *error);

/* What begins with a JPEG picture; more bytes may be needed to tell, and at the end of a file that
 * means a picture. */
typedef enum MieniJpegLook {
    MIENI_JPEG_NEEDS_MORE,
    MIENI_JPEG_PICTURE,
    MIENI_JPEG_STREAM
} MieniJpegLook;

MieniJpegLook mieni_jpeg_look(const uint8_t *data, size_t size);

/* Tells whether this is a binary PGM or PPM with 8 bits: the kinds that mieni_pnm_read knows. */
bool mieni_pnm_is_plain(const uint8_t *data, size_t size);

/* `data` moves into the frame on success and stays with the caller on failure. */
MienStatus mieni_pnm_read(uint8_t *data, size_t size, const char *name, MienMediaFrame **frame,
                          MienError *error);

#endif
