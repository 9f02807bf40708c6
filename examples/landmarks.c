/* SPDX-License-Identifier: Apache-2.0 */
/* Prints where the noses of a PPM picture are: landmarks MESH.tflite DETECTOR.tflite PICTURE.ppm */
#include <mien/mien.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int width = 0, height = 0;
    FILE *file = argc == 4 ? fopen(argv[3], "rb") : NULL;
    if (!file || fscanf(file, "P6 %5d %5d 255", &width, &height) != 2 || fgetc(file) == EOF)
        return fprintf(stderr, "usage: landmarks MESH.tflite DETECTOR.tflite PICTURE.ppm\n"), 2;
    unsigned char *pixels = calloc((size_t)width * 3, (size_t)height);
    if (!pixels || fread(pixels, (size_t)width * 3, (size_t)height, file) != (size_t)height)
        return fprintf(stderr, "%s: cut short\n", argv[3]), 4;
    MienEngineOptions options;
    mien_engine_options_init(&options);
    MienEngine *engine = NULL;
    MienError error;
    if (mien_model_load_file(argv[1], &options.model, &error) != MIEN_OK ||
        mien_model_load_file(argv[2], &options.detector, &error) != MIEN_OK ||
        mien_engine_create(&options, &engine, &error) != MIEN_OK)
        return fprintf(stderr, "%s\n", error.text), 5;
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixels, 0);
    const MienResult *result;
    if (mien_engine_process(engine, &image, 0, &result) != MIEN_OK)
        return fprintf(stderr, "%s\n", mien_engine_message(engine)), 1;
    for (size_t i = 0; i < mien_result_n_faces(result); i++) {
        const MienLandmark *nose = &mien_result_face(result, i)->landmarks[1];
        printf("nose at %.1f, %.1f\n", nose->x * (float)width, nose->y * (float)height);
    }
    mien_engine_destroy(engine);
    mien_model_destroy(options.model);
    mien_model_destroy(options.detector);
    free(pixels);
    fclose(file);
    return 0;
}
