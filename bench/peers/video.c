/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the faces of a video file through the C API, for programs.py: video CLIP MODEL
 * [DETECTOR]. Prints the number of frames, and of those with a face. */
#include <stdio.h>

#include "mien/media.h"
#include "mien/mien.h"

static int fail(const MienError *error)
{
    fprintf(stderr, "bench-peers-video: %s\n", error->text);
    return 1;
}

static int follow(MienMediaReader *reader, MienEngine *engine, MienError *error)
{
    long n_frames = 0, n_with_faces = 0;
    for (;;) {
        MienMediaFrame *frame;
        if (mien_media_reader_read(reader, &frame, error) != MIEN_OK)
            return fail(error);
        if (!frame)
            break;
        const MienResult *result;
        MienStatus status = mien_engine_process(engine, mien_media_frame_image(frame),
                                                mien_media_frame_timestamp_us(frame), &result);
        mien_media_frame_destroy(frame);
        if (status != MIEN_OK) {
            fprintf(stderr, "bench-peers-video: %s\n", mien_engine_message(engine));
            return 1;
        }
        n_frames++;
        n_with_faces += mien_result_n_faces(result) > 0;
    }
    printf("%ld %ld\n", n_frames, n_with_faces);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: bench-peers-video CLIP MODEL [DETECTOR]\n");
        return 2;
    }
    MienError error = {0};
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = MIEN_MODE_VIDEO;
    /* A bundle brings its detector; with it everything is asked for that there is. */
    options.blendshapes = options.transform = argc == 3;
    MienEngine *engine = NULL;
    MienMediaReader *reader = NULL;
    int status = 1;
    if (mien_model_load_file(argv[2], &options.model, &error) != MIEN_OK ||
        (argc == 4 && mien_model_load_file(argv[3], &options.detector, &error) != MIEN_OK) ||
        mien_engine_create(&options, &engine, &error) != MIEN_OK ||
        mien_media_reader_open(argv[1], NULL, &reader, &error) != MIEN_OK)
        fail(&error);
    else
        status = follow(reader, engine, &error);
    mien_media_reader_destroy(reader);
    mien_engine_destroy(engine);
    mien_model_destroy(options.model);
    mien_model_destroy(options.detector);
    return status;
}
