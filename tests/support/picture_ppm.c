/* SPDX-License-Identifier: Apache-2.0 */
/* test_read_rgb24 for builds without libmien-media: the picture is read from the folder that
 * MIEN_TEST_PICTURES names, where another build has left it as NAME.ppm. */
#include "support/picture.h"

#include <unistd.h>

#include "support/test.h"

/* "P6 WIDTH HEIGHT 255", one byte of white space, then the pixels to the end of the file. */
static uint8_t *pixels_of(const char *path, const char *file, size_t size, int *width, int *height)
{
    int n = 0;
    if (sscanf(file, "P6 %5d %5d 255%n", width, height, &n) != 2 || n == 0 || *width <= 0 ||
        *height <= 0)
        fail_msg("%s is no PPM picture", path);
    size_t bytes = (size_t)*width * (size_t)*height * 3, begin = (size_t)n + 1;
    if (size < begin || size - begin != bytes)
        fail_msg("%s has %zu bytes, not %zu", path, size, begin + bytes);
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    memcpy(pixels, file + begin, bytes);
    return pixels;
}

uint8_t *test_read_rgb24(const char *path, int *width, int *height)
{
    const char *folder = getenv("MIEN_TEST_PICTURES");
    const char *slash = strrchr(path, '/');
    char ppm[4096];
    if (!folder || !*folder)
        test_skip("this build reads no pictures, and MIEN_TEST_PICTURES names no folder of PPMs");
    int length = snprintf(ppm, sizeof(ppm), "%s/%s.ppm", folder, slash ? slash + 1 : path);
    assert_true(length > 0 && (size_t)length < sizeof(ppm));
    if (access(ppm, R_OK) != 0)
        test_skip("this build reads no pictures, and MIEN_TEST_PICTURES has not all of them");
    size_t size;
    char *file = test_read_file(ppm, &size);
    uint8_t *pixels = pixels_of(ppm, file, size, width, height);
    free(file);
    return pixels;
}
