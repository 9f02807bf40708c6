/* SPDX-License-Identifier: Apache-2.0 */
/* That no other test here passes because nobody listens: the validation layers are told something
 * wrong, and the test bed's end fails. */
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
    assert_true(bed_close(NULL) != 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(a_message_is_a_failure)};
    bed_arguments(argc, argv);
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
