/* SPDX-License-Identifier: Apache-2.0 */
/* An engine whose Vulkan device is lost in the middle of a video opens it again, if its options say
 * so, and goes on as if nothing had been. */
#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"
#include "engine/engine_private.h"
#include "engine/frames.h"

static VKAPI_ATTR VkResult VKAPI_CALL lost_submit(VkQueue queue, uint32_t n,
                                                  const VkSubmitInfo *infos, VkFence fence)
{
    (void)queue;
    (void)n;
    (void)infos;
    (void)fence;
    return VK_ERROR_DEVICE_LOST;
}

static MienEngine *open_engine(MienOnDeviceLoss loss)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    options.device = bed_name();
    options.allow_software = true;
    options.on_device_loss = loss;
    return fixture_engine(&options);
}

static void lost_device_is_opened_again(void **state)
{
    (void)state;
    bed_open();
    enum { N = 2 };
    MienImage portrait = frames_portrait();
    MienEngine *sound = open_engine(MIEN_ON_DEVICE_LOSS_FAIL);
    MienEngine *engine = open_engine(MIEN_ON_DEVICE_LOSS_REOPEN);
    for (int i = 0; i < N; i++) {
        MienImage window =
            frames_window(&portrait, 2 * i, i, portrait.width - 40, portrait.height - 40);
        if (i > 0) /* a face is followed by then */
            engine->choice.device->vk.QueueSubmit = lost_submit;
        const MienResult *want = fixture_process(sound, &window, 1 + i);
        assert_same_result("opened again", fixture_process(engine, &window, 1 + i), want);
        assert_int_equal(mien_result_n_faces(want), 1);
    }
    assert_int_equal(engine->n_reopened, N - 1);
    mien_engine_destroy(engine);
    /* Without the option it is an error with the doctor's cause. */
    const MienResult *result = NULL;
    sound->choice.device->vk.QueueSubmit = lost_submit;
    assert_int_equal(mien_engine_process(sound, &portrait, 100, &result), MIEN_E_DEVICE);
    assert_null(result);
    assert_string_equal(mien_engine_reason(sound), "gpu-lost");
    mien_engine_destroy(sound);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(lost_device_is_opened_again)};
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    frames_finish(NULL);
    return test_exit_code(failed);
}
