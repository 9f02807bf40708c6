/* SPDX-License-Identifier: Apache-2.0 */
/* Small media files made on the spot, so that the tests of libmien-media need no data. */
#ifndef MIEN_TESTS_MEDIA_MAKE_H
#define MIEN_TESTS_MEDIA_MAKE_H

#include "mien/media.h"
#include "support/test.h"

/* Writes a file; the test fails if it cannot. */
void make_file(const char *path, const void *data, size_t size);

/* A picture in which every 8 x 8 block has its own colour: RGB24, no padding. Free with free(). */
uint8_t *make_blocks(int width, int height);

/* Memory that ends at a page which must not be touched. Give it back with its size. */
uint8_t *guarded_alloc(size_t size);
void guarded_free(uint8_t *memory, size_t size);

/* Largest difference between two pictures of the same size. */
int max_difference(const uint8_t *a, const uint8_t *b, size_t n);

typedef struct JpegKind {
    bool half_chroma; /* 4:2:0, else 4:4:4 */
    bool gray;
    bool progressive;
    int exif; /* orientation to write; 0: no EXIF */
    bool exif_big_endian;
} JpegKind;

/* Codes a picture as JPEG of the best quality. Free with free(). */
uint8_t *make_jpeg(const uint8_t *rgb, int width, int height, JpegKind kind, size_t *size);

/* The same for rows that lie `stride_bytes` apart. */
uint8_t *make_jpeg_of_rows(const uint8_t *rgb, size_t stride_bytes, int width, int height,
                           JpegKind kind, size_t *size);

/* Writes an MP4 with n frames of blocks, 40 ms apart, with the library's own writer. */
void make_mp4(const char *path, int width, int height, int n_frames, const char *audio_from);

/* Writes a WAV file: a sine of 441 Hz, 44100 samples a second, 16 bits. */
void make_wav(const char *path, int n_channels, int n_samples);

/* Writes uncompressed frames of equal bytes into any container that FFmpeg knows, at these times
 * in milliseconds. `pixel_format` is FFmpeg's name. */
void make_raw(const char *path, const char *container, const char *pixel_format, int width,
              int height, const uint8_t *frame, size_t frame_bytes, const int *times_ms,
              int n_frames);

/* Puts the sound of a WAV file and a cover picture into a Matroska file. */
void make_album(const char *path, const char *wav, const uint8_t *cover, size_t cover_bytes);

/* Reads the first frame of a file; the test fails if it cannot. */
MienMediaFrame *read_first(const char *path, const MienMediaReaderOptions *options,
                           MienMediaInfo *info);

/* Reads a file to its end. Returns the last status, with the number of good frames; checks that
 * their times rise and that an error has a text of one line. */
MienStatus read_all(const char *path, int *n_frames, MienError *error);

#endif
