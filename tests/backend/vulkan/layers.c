/* SPDX-License-Identifier: Apache-2.0 */
/* That no other test here passes because nobody listens: the validation layers are told something
 * wrong, and the program fails. */
#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"

static void a_message_is_a_failure(void **state)
{
    (void)state;
    const char *first;
    bed_open();
    if (mieni_vulkan_messages(&first) < 0)
        test_skip("no validation layers");
    assert_int_equal(mieni_vulkan_messages(&first), 0);
    MieniDevice *device = bed_device();
    VkBuffer buffer = VK_NULL_HANDLE;
    const VkBufferCreateInfo empty = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                      .size = 0,
                                      .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
    device->vk.CreateBuffer(device->device, &empty, NULL, &buffer);
    device->vk.DestroyBuffer(device->device, buffer, NULL);
    assert_true(mieni_vulkan_messages(&first) > 0);
    assert_non_null(strstr(first, "VkBufferCreateInfo"));
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(a_message_is_a_failure)};
    bed_arguments(argc, argv);
    if (_cmocka_run_group_tests("layers", tests, 1, NULL, bed_close) != 0)
        return 1;
    switch (test_exit_code(0)) { /* which is what other programs end with */
    case 1:
        return 0;
    case 77:
        return 77;
    default:
        printf("a message of the validation layers fails no test\n");
        return 1;
    }
}
