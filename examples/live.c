/* SPDX-License-Identifier: Apache-2.0 */
/* Follows faces in frames as they come, here raw RGB24 from standard input:
 * ffmpeg -i CLIP -f rawvideo -pix_fmt rgb24 - | live face_landmarker.task WIDTH HEIGHT */
#include <inttypes.h>
#include <mien/mien.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs in a thread of the engine's own. */
static void on_result(void *user, MienStatus status, const MienResult *result, int64_t timestamp_us)
{
    (void)user;
    if (status == MIEN_OK)
        printf("%" PRId64 " us: %zu faces\n", timestamp_us, mien_result_n_faces(result));
}

int main(int argc, char **argv)
{
    MienError error = {.text = "usage: live face_landmarker.task WIDTH HEIGHT < FRAMES"};
    int width = argc == 4 ? atoi(argv[2]) : 0, height = argc == 4 ? atoi(argv[3]) : 0;
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = MIEN_MODE_LIVE_STREAM;
    options.on_result = on_result;
    options.queue_policy = MIEN_QUEUE_BLOCK; /* a camera wants MIEN_QUEUE_NEWEST */

    MienEngine *engine = NULL;
    size_t bytes = width > 0 && height > 0 ? (size_t)width * (size_t)height * 3 : 0;
    void *pixels = bytes ? malloc(bytes) : NULL;
    MienStatus status = MIEN_E_ARGUMENT;
    if (pixels && mien_model_load_file(argv[1], &options.model, &error) == MIEN_OK)
        status = mien_engine_create(&options, &engine, &error);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixels, 0);
    for (int64_t t = 0; status == MIEN_OK && fread(pixels, bytes, 1, stdin) == 1; t += 33333)
        status = mien_engine_send(engine, &image, t); /* which copies them */

    MienStreamStats stats = {.struct_size = sizeof(stats)};
    mien_engine_flush(engine);
    if (mien_engine_stream_stats(engine, &stats) == MIEN_OK)
        printf("%" PRIu64 " frames, %" PRIu64 " dropped\n", stats.received, stats.dropped);
    if (status != MIEN_OK)
        fprintf(stderr, "%s\n", engine ? mien_engine_message(engine) : error.text);
    mien_engine_destroy(engine);
    mien_model_destroy(options.model);
    free(pixels);
    return status == MIEN_OK ? 0 : 1;
}
