/* SPDX-License-Identifier: Apache-2.0 */
/* What a crop asks for ahead: addresses inside the picture, whatever the crop. */
#include "base/base.h"

static void look_at(const uint8_t *address);
#define CROP_PREFETCH(address) look_at(address)
#include "kernels/crop_prefetch.h"

#include <math.h>

#include "base/rng.h"
#include "support/test.h"

static struct {
    const MieniView *view;
    size_t n_asked;
} seen;

static void look_at(const uint8_t *address)
{
    MieniPlaneSize sizes[3];
    int n_planes = mieni_plane_sizes(&seen.view->image, sizes);
    seen.n_asked++;
    for (int i = 0; i < n_planes; i++) {
        ptrdiff_t stride = seen.view->image.strides_bytes[i];
        intptr_t first = (intptr_t)seen.view->image.planes[i];
        if (stride < 0)
            first += (sizes[i].rows - 1) * stride;
        stride = stride < 0 ? -stride : stride;
        intptr_t offset = (intptr_t)address - first;
        if (offset >= 0 && offset < sizes[i].rows * stride && offset % stride < sizes[i].row_bytes)
            return;
    }
    fail_msg("an address outside the picture");
}

/* Each plane in a block of its own, sometimes bottom up. */
static MienImage random_picture(uint64_t *rng, uint8_t *blocks[3], int32_t max_width,
                                int32_t max_height)
{
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24 + mieni_rng_below(rng, MIEN_PIXEL_I420),
                    1 + (int32_t)mieni_rng_below(rng, (uint32_t)max_width),
                    1 + (int32_t)mieni_rng_below(rng, (uint32_t)max_height), NULL, 0);
    image.rotation_degrees = 90 * (int32_t)mieni_rng_below(rng, 4);
    MieniPlaneSize sizes[3];
    int n_planes = mieni_plane_sizes(&image, sizes);
    for (int i = 0; i < n_planes; i++) {
        ptrdiff_t stride = sizes[i].row_bytes + (ptrdiff_t)mieni_rng_below(rng, 9);
        blocks[i] = calloc((size_t)sizes[i].rows, (size_t)stride);
        assert_non_null(blocks[i]);
        bool bottom_up = mieni_rng_below(rng, 2) == 0;
        image.planes[i] = blocks[i] + (bottom_up ? (sizes[i].rows - 1) * stride : 0);
        image.strides_bytes[i] = bottom_up ? -stride : stride;
    }
    return image;
}

/* Sanitizers watch the sums. */
static void test_stays_inside(void **state)
{
    (void)state;
    uint64_t rng = 31;
    int n_asking = 0;
    for (int i = 0; i < 6000; i++) {
        const int32_t sides[4][2] = {{3, 3}, {MIEN_IMAGE_MAX_SIDE, 3}, {200, 200}, {200, 200}};
        uint8_t *blocks[3] = {NULL, NULL, NULL};
        MienImage image = random_picture(&rng, blocks, sides[i % 4][0], sides[i % 4][1]);
        MieniView view;
        MienError error = {0};
        if (mieni_view_init(&view, &image, &error) != MIEN_OK)
            fail_msg("%s", error.text);
        float reach = i % 3 ? 1.0f : (float)ldexp(1, (int)mieni_rng_below(&rng, 27) - 8);
        MieniRect rect = {0.5f + mieni_rng_float(&rng, -1, 1) * reach,
                          0.5f + mieni_rng_float(&rng, -1, 1) * reach,
                          mieni_rng_float(&rng, 0, 2) * reach, mieni_rng_float(&rng, 0, 2) * reach,
                          mieni_rng_float(&rng, -4, 4)};
        MieniCropSpec spec = {.width = 1 + (int32_t)mieni_rng_below(&rng, 64),
                              .height = 1 + (int32_t)mieni_rng_below(&rng, 64),
                              .range_max = 255,
                              .as_opencv5 = i % 5 == 0};
        MieniCrop crop;
        if (mieni_crop_init(&crop, &view, &rect, &spec) == MIEN_OK) {
            seen.view = &view;
            seen.n_asked = 0;
            int32_t spacing = crop_prefetch_spacing(&view, &crop);
            assert_true(spacing >= 1 && spacing <= CROP_ROWS_AHEAD);
            for (int32_t row = 0; row < crop.height; row++)
                crop_prefetch(&view, &crop, spacing, row, crop.height);
            n_asking += seen.n_asked > 0;
        }
        for (int plane = 0; plane < 3; plane++)
            free(blocks[plane]);
    }
    assert_true(n_asking > 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stays_inside)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
