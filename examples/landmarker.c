/* SPDX-License-Identifier: Apache-2.0 */
/* Prints how a face looks and where: landmarker face_landmarker.task PICTURE.ppm */
#include <mien/mien.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    MienError error = {.text = "usage: landmarker face_landmarker.task PICTURE.ppm"};
    unsigned width = 0, height = 0;
    unsigned char *pixels = NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (file && fscanf(file, "P6 %5u %5u 255", &width, &height) == 2 && fgetc(file) != EOF)
        pixels = calloc((size_t)width * 3, height);

    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.blendshapes = options.transform = true;
    MienEngine *engine = NULL;
    const MienResult *result = NULL;
    if (pixels && fread(pixels, (size_t)width * 3, height, file) == height &&
        mien_model_load_file(argv[1], &options.model, &error) == MIEN_OK &&
        mien_engine_create(&options, &engine, &error) == MIEN_OK) {
        MienImage image;
        mien_image_init(&image, MIEN_PIXEL_RGB24, (int)width, (int)height, pixels, 0);
        mien_engine_process(engine, &image, 0, &result);
    }
    for (size_t i = 0; result && i < mien_result_n_faces(result); i++) {
        const MienFace *face = mien_result_face(result, i);
        printf("yaw %.1f, pitch %.1f, roll %.1f degrees\n", face->yaw, face->pitch, face->roll);
        for (int k = 0; k < face->n_blendshapes; k++)
            if (face->blendshapes[k] > 0.5f)
                printf("%s %.2f\n", mien_blendshape_name((size_t)k), face->blendshapes[k]);
    }
    if (!result)
        fprintf(stderr, "%s\n", engine ? mien_engine_message(engine) : error.text);
    mien_engine_destroy(engine);
    mien_model_destroy(options.model);
    free(pixels);
    return file && fclose(file) == 0 && result ? 0 : 1;
}
