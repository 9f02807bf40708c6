/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/frames.h"

#include "mien/media.h"
#include "support/picture.h"

#define MAX_PICTURES 12
#define CLIP "testdata/short_hamilton_clip.mp4"

static struct {
    const char *file;
    int width, height;
    uint8_t *pixels;
} pictures[MAX_PICTURES];
static int n_pictures;

static MienMediaFrame *clip[FRAMES_CLIP_END];

MienImage frames_picture(const char *file)
{
    int i = 0;
    while (i < n_pictures && strcmp(pictures[i].file, file) != 0)
        i++;
    assert_true(i < MAX_PICTURES);
    if (i == n_pictures) {
        char name[128];
        snprintf(name, sizeof(name), "testdata/%s", file);
        pictures[i].pixels =
            test_read_rgb24(test_need_data(name), &pictures[i].width, &pictures[i].height);
        pictures[i].file = file;
        n_pictures++;
    }
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, pictures[i].width, pictures[i].height,
                    pictures[i].pixels, 0);
    return image;
}

MienImage frames_portrait(void)
{
    bool shared = test_find_data("testdata/obama.jpg") != NULL;
    return frames_picture(shared ? "obama.jpg" : "astronaut.png");
}

MienImage frames_window(const MienImage *of, int32_t x, int32_t y, int32_t width, int32_t height)
{
    assert_true(x >= 0 && y >= 0 && x + width <= of->width && y + height <= of->height);
    MienImage image = *of;
    image.planes[0] += y * of->strides_bytes[0] + 3 * x;
    image.width = width;
    image.height = height;
    return image;
}

static void read_clip(void)
{
    MienMediaReader *reader;
    MienError error;
    if (mien_media_reader_open(test_need_data(CLIP), NULL, &reader, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    for (int i = 0; i < FRAMES_CLIP_END; i++) {
        if (mien_media_reader_read(reader, &clip[i], &error) != MIEN_OK || !clip[i])
            fail_msg("the clip ends before frame %d", i);
    }
    mien_media_reader_destroy(reader);
}

MienImage frames_clip(int index)
{
    assert_true(index >= 0 && index < FRAMES_CLIP_END);
    if (!clip[0])
        read_clip();
    return *mien_media_frame_image(clip[index]);
}

int64_t frames_time_us(int index)
{
    return (int64_t)index * 33367;
}

int frames_finish(void **state)
{
    while (n_pictures > 0)
        free(pictures[--n_pictures].pixels);
    for (int i = 0; i < FRAMES_CLIP_END; i++) {
        mien_media_frame_destroy(clip[i]);
        clip[i] = NULL;
    }
    return fixture_finish(state);
}
