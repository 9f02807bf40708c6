/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of other machines: they say what such a device says, and lavapipe computes. What is known
 * of each, which one a name stands for, which are refused, and that the barest one is enough.
 */
#include "backend/registry.h"
#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

static const MieniLog silent;
static const MieniDeviceOptions options = {.threads = 1, .cpu_mask = UINT64_MAX, .log = &silent};

enum { MAX_FAKES = 3 };

/* What a device says. */
typedef struct Fake {
    VkPhysicalDeviceType type;
    uint32_t api;
    VkDriverId driver;
    const char *name, *driver_name, *driver_info;
    uint8_t uuid;        /* each of its bytes */
    uint32_t pci[4];     /* all 0: it does not say */
    VkQueueFlags queues; /* 0: as they are */
    bool is_bare;        /* Vulkan 1.1 and nothing more, and memory of its own */
} Fake;

static const Fake llvmpipe = {VK_PHYSICAL_DEVICE_TYPE_CPU,
                              VK_MAKE_VERSION(1, 3, 0),
                              (VkDriverId)13,
                              "llvmpipe",
                              "llvmpipe",
                              "Mesa 1",
                              .uuid = 0x01};
static const Fake integrated = {VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
                                VK_MAKE_VERSION(1, 3, 0),
                                VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA,
                                "Integrated",
                                "Intel open-source Mesa driver",
                                "Mesa 2",
                                .uuid = 0x23,
                                .pci = {0, 0, 2, 0}};
static const Fake discrete = {VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU,
                              VK_API_VERSION_1_1,
                              VK_DRIVER_ID_NVIDIA_PROPRIETARY,
                              "Discrete",
                              "NVIDIA",
                              "550.90.07",
                              .uuid = 0xa5,
                              .pci = {1, 0x65, 0x1f, 7}};

static VulkanLoader real; /* before anything was replaced */
static Fake fakes[MAX_FAKES];

static const Fake *fake_of(VkPhysicalDevice device)
{
    return (const Fake *)(void *)device;
}

/* The structure of that type in a chain, or NULL. */
static void *find_in(void *chain, VkStructureType type)
{
    VkBaseOutStructure *at = chain;
    while (at && at->sType != type)
        at = at->pNext;
    return at;
}

/* Takes it out of the chain: the driver below does not know it. */
static void *take_out(VkPhysicalDeviceProperties2 *all, VkStructureType type)
{
    VkBaseOutStructure *before = (VkBaseOutStructure *)all;
    while (before->pNext && before->pNext->sType != type)
        before = before->pNext;
    VkBaseOutStructure *found = before->pNext;
    if (found)
        before->pNext = found->pNext;
    return found;
}

static void put_properties(const Fake *fake, VkPhysicalDeviceProperties *properties)
{
    properties->deviceType = fake->type;
    properties->apiVersion = fake->api;
    snprintf(properties->deviceName, sizeof(properties->deviceName), "%s", fake->name);
}

static VKAPI_ATTR void VKAPI_CALL get_properties(VkPhysicalDevice device,
                                                 VkPhysicalDeviceProperties *properties)
{
    real.GetPhysicalDeviceProperties(real.devices[bed_index()], properties);
    put_properties(fake_of(device), properties);
}

/* Functions of Vulkan 1.1 are not for devices without it. */
static VKAPI_ATTR void VKAPI_CALL get_properties_2(VkPhysicalDevice device,
                                                   VkPhysicalDeviceProperties2 *all)
{
    const Fake *fake = fake_of(device);
    assert_true(fake->api >= VK_API_VERSION_1_1);
    VkPhysicalDevicePCIBusInfoPropertiesEXT *pci =
        take_out(all, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT);
    real.GetPhysicalDeviceProperties2(real.devices[bed_index()], all);
    put_properties(fake, &all->properties);
    if (pci) {
        pci->pciDomain = fake->pci[0];
        pci->pciBus = fake->pci[1];
        pci->pciDevice = fake->pci[2];
        pci->pciFunction = fake->pci[3];
    }
    VkPhysicalDeviceIDProperties *id =
        find_in(all->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES);
    if (id)
        memset(id->deviceUUID, fake->uuid, sizeof(id->deviceUUID));
    VkPhysicalDeviceDriverProperties *driver =
        find_in(all->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES);
    if (driver) {
        driver->driverID = fake->driver;
        snprintf(driver->driverName, sizeof(driver->driverName), "%s", fake->driver_name);
        snprintf(driver->driverInfo, sizeof(driver->driverInfo), "%s", fake->driver_info);
    }
    VkPhysicalDeviceSubgroupProperties *subgroups =
        find_in(all->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES);
    if (subgroups && fake->is_bare)
        subgroups->supportedOperations = VK_SUBGROUP_FEATURE_BASIC_BIT;
}

static VKAPI_ATTR VkResult VKAPI_CALL list_extensions(VkPhysicalDevice device, const char *layer,
                                                      uint32_t *n, VkExtensionProperties *list)
{
    const Fake *fake = fake_of(device);
    uint32_t room = *n;
    assert_non_null(list);
    if (fake->is_bare) {
        *n = 0;
        return VK_SUCCESS;
    }
    VkResult result =
        real.EnumerateDeviceExtensionProperties(real.devices[bed_index()], layer, n, list);
    if (fake->pci[2] > 0 && *n < room)
        list[(*n)++] = (VkExtensionProperties){VK_EXT_PCI_BUS_INFO_EXTENSION_NAME, 1};
    return result;
}

static VKAPI_ATTR void VKAPI_CALL get_features(VkPhysicalDevice device,
                                               VkPhysicalDeviceFeatures2 *features)
{
    assert_true(fake_of(device)->api >= VK_API_VERSION_1_1);
    real.GetPhysicalDeviceFeatures2(real.devices[bed_index()], features);
    if (!fake_of(device)->is_bare)
        return;
    memset(&features->features, 0, sizeof(features->features));
    VkPhysicalDevice16BitStorageFeatures *halves =
        find_in(features->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES);
    if (halves)
        halves->storageBuffer16BitAccess = VK_FALSE;
}

static VKAPI_ATTR void VKAPI_CALL get_memory(VkPhysicalDevice device,
                                             VkPhysicalDeviceMemoryProperties *memory)
{
    real.GetPhysicalDeviceMemoryProperties(real.devices[bed_index()], memory);
    for (uint32_t i = 0; i < memory->memoryTypeCount && fake_of(device)->is_bare; i++)
        memory->memoryTypes[i].propertyFlags &=
            ~(VkMemoryPropertyFlags)VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
}

static VKAPI_ATTR void VKAPI_CALL get_queues(VkPhysicalDevice device, uint32_t *n,
                                             VkQueueFamilyProperties *families)
{
    real.GetPhysicalDeviceQueueFamilyProperties(real.devices[bed_index()], n, families);
    for (uint32_t i = 0; i < *n && fake_of(device)->queues; i++)
        families[i].queueFlags = fake_of(device)->queues;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice device,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkDevice *made)
{
    assert_true(!fake_of(device)->is_bare ||
                (info->enabledExtensionCount == 0 && info->pNext == NULL));
    return real.CreateDevice(real.devices[bed_index()], info, allocator, made);
}

/* The machine has these devices. */
static void become(const Fake *list, int32_t n)
{
    VulkanLoader *loader = (VulkanLoader *)mieni_vulkan_loader();
    bed_open();
    if (!real.instance)
        real = *loader;
    loader->n_devices = n;
    for (int32_t i = 0; i < n; i++) {
        fakes[i] = list[i];
        loader->devices[i] = (VkPhysicalDevice)(void *)&fakes[i];
    }
    loader->GetPhysicalDeviceProperties = get_properties;
    loader->GetPhysicalDeviceProperties2 = get_properties_2;
    loader->EnumerateDeviceExtensionProperties = list_extensions;
    loader->GetPhysicalDeviceFeatures2 = get_features;
    loader->GetPhysicalDeviceMemoryProperties = get_memory;
    loader->GetPhysicalDeviceQueueFamilyProperties = get_queues;
    loader->CreateDevice = create_device;
}

static int be_oneself(void **state)
{
    (void)state;
    if (real.instance)
        *(VulkanLoader *)mieni_vulkan_loader() = real;
    return 0;
}

/* Asks for a device; `id`: which one is opened, or why none is. */
static void check_choice(const char *name, bool allow_software, const char *id)
{
    MieniChoice choice;
    MienError error = {0};
    MienStatus status = mieni_registry_open(name, allow_software, &options, &choice, &error);
    if (strcmp(status == MIEN_OK ? choice.id : error.reason, id) != 0)
        fail_msg("%s: %s (%s), not %s", name, status == MIEN_OK ? choice.id : error.reason,
                 error.text, id);
    if (status == MIEN_OK)
        choice.backend->close(choice.device);
}

static bool has_cuda(void)
{
    return mieni_backend_cuda.count() > 0;
}

static void devices_are_known(void **state)
{
    (void)state;
    const Fake list[] = {llvmpipe, integrated, discrete};
    static const struct {
        const char *name, *uuid, *pci, *driver, *api;
        bool software, integrated;
    } want[] = {
        {"llvmpipe", "GPU-01010101-0101-0101-0101-010101010101", "", "llvmpipe Mesa 1", "1.3.0",
         true, true},
        {"Integrated", "GPU-23232323-2323-2323-2323-232323232323", "0000:00:02.0",
         "Intel open-source Mesa driver Mesa 2", "1.3.0", false, true},
        {"Discrete", "GPU-a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5", "0001:65:1f.7", "NVIDIA 550.90.07",
         "1.1.0", false, false},
    };
    become(list, 3);
    for (int32_t i = 0; i < 3; i++) {
        MienDeviceInfo info = {0};
        mieni_backend_vulkan.describe(i, &info);
        assert_string_equal(info.name, want[i].name);
        assert_string_equal(info.uuid, want[i].uuid);
        assert_string_equal(info.pci, want[i].pci);
        assert_string_equal(info.driver, want[i].driver);
        assert_string_equal(info.api, want[i].api);
        assert_int_equal(info.software, want[i].software);
        assert_int_equal(info.integrated, want[i].integrated);
        assert_true(info.usable && info.built && info.memory_total_bytes > 0);
    }
}

/* Numbers are the loader's; "gpu" and "auto" look at cards of their own first. */
static void names_stand_for_devices(void **state)
{
    (void)state;
    const Fake list[] = {llvmpipe, integrated, discrete};
    become(list, 3);
    check_choice("vulkan", false, "vulkan:1");
    check_choice("vulkan:1", false, "vulkan:1");
    check_choice("vulkan:2", false, "vulkan:2");
    check_choice("vulkan:GPU-a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5", false, "vulkan:2");
    check_choice("vulkan:GPU-a5a5a5a5-a5a5-a5a5-a5a5-000000000000", false, "no-such-device");
    check_choice("vulkan:3", true, "no-such-device");
    check_choice("vulkan:0", false, "vulkan-software-only");
    check_choice("vulkan:0", true, "vulkan:0");
    if (has_cuda())
        return;
    check_choice("gpu", false, "vulkan:2");
    check_choice("auto", false, "vulkan:2");
    become(list, 2);
    check_choice("gpu", false, "vulkan:1");
    check_choice("auto", false, "vulkan:1");
}

/* By its type or by its driver, whatever is allowed. */
static void software_is_never_chosen(void **state)
{
    (void)state;
    Fake odd = llvmpipe;
    odd.type = VK_PHYSICAL_DEVICE_TYPE_OTHER;
    Fake swiftshader = llvmpipe;
    swiftshader.driver = VK_DRIVER_ID_GOOGLE_SWIFTSHADER;
    const Fake list[] = {llvmpipe, odd, swiftshader};
    become(list, 3);
    for (int allow = 0; allow < 2; allow++) {
        check_choice("vulkan", allow, "vulkan-software-only");
        if (has_cuda())
            continue;
        check_choice("gpu", allow, "no-usable-device");
        check_choice("auto", allow, "cpu");
    }
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof(name), "vulkan:%d", i);
        check_choice(name, false, "vulkan-software-only");
        check_choice(name, true, name);
    }
}

/* A driver with Vulkan 1.0, one with a queue for drawing alone, and an old one that computes on the
 * CPU: to allow that would not help. */
static void too_little_is_refused(void **state)
{
    (void)state;
    Fake old = discrete, drawing = discrete, software = llvmpipe;
    old.api = software.api = VK_API_VERSION_1_0;
    drawing.queues = VK_QUEUE_GRAPHICS_BIT;
    const Fake list[] = {old, drawing, software};
    become(list, 3);
    for (int32_t i = 0; i < 3; i++) {
        MienDeviceInfo info = {0};
        char name[32];
        mieni_backend_vulkan.describe(i, &info);
        assert_false(info.usable);
        assert_string_equal(info.reason, "vulkan-feature-missing");
        assert_string_equal(info.name, list[i].name);
        assert_string_equal(info.api, i == 1 ? "1.1.0" : "1.0.0");
        assert_true(info.memory_total_bytes > 0);
        snprintf(name, sizeof(name), "vulkan:%d", (int)i);
        check_choice(name, true, "vulkan-feature-missing");
        check_choice(name, false, "vulkan-feature-missing");
    }
    check_choice("vulkan", false, "vulkan-feature-missing");
    if (has_cuda())
        return;
    check_choice("auto", false, "cpu");
    MieniChoice choice;
    MienError error = {0};
    assert_int_equal(mieni_registry_open("gpu", true, &options, &choice, &error), MIEN_E_DEVICE);
    assert_non_null(strstr(error.text, "vulkan:2 (vulkan-feature-missing)"));
}

/* Vulkan 1.1 without any extension or feature, and memory that the host does not see as its own:
 * a network gives what the reference gives. */
static void the_barest_device_is_enough(void **state)
{
    (void)state;
    Fake bare = discrete;
    bare.is_bare = true;
    become(&bare, 1);
    MieniDevice *device;
    MienError error = {0};
    if (mieni_backend_vulkan.open(0, &options, &device, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    const VulkanFeatures none = {0};
    assert_memory_equal(&device->features, &none, sizeof(none));
    assert_false(device->is_direct);
    MienDeviceInfo info = {0};
    mieni_backend_vulkan.describe(0, &info);
    assert_string_equal(info.kernels, "f32");
    MieniPlan *plan;
    assert_int_equal(mieni_plan_create(fixture_model(BUNDLE)->networks[2].graph, &plan, NULL),
                     MIEN_OK);
    Bed bed = bed_put(plan);
    mieni_backend_vulkan.plan_destroy(bed.vulkan);
    if (mieni_backend_vulkan.plan_create(device, plan, &bed.vulkan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    bed_compare("blendshapes", &bed, 2, 0, 192);
    bed_drop(&bed);
    mieni_plan_destroy(plan);
    mieni_backend_vulkan.close(device);
}

/* Instructions of SPIR-V, and numbers in it. */
enum { OP_EXECUTION_MODE = 16, OP_CAPABILITY = 17, LOCAL_SIZE = 17, FIRST_WORD = 5 };
enum {
    SHADER = 1,
    DYNAMIC_BUFFERS = 30, /* StorageBufferArrayDynamicIndexing */
    SUBGROUPS = 61,
    SUBGROUP_ARITHMETIC = 63,
    HALVES = 4433 /* StorageBuffer16BitAccess */
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static bool may_need(const char *name, uint32_t capability)
{
    switch (capability) {
    case SHADER:
        return true;
    case DYNAMIC_BUFFERS:
        return ends_with(name, "_imports");
    case SUBGROUPS:
    case SUBGROUP_ARITHMETIC:
        return ends_with(name, "_subgroups");
    case HALVES:
        return ends_with(name, "_half");
    default:
        return false;
    }
}

/* Shaders need what their names say and nothing else, and workgroups that every device runs. */
static void shaders_fit_every_device(void **state)
{
    (void)state;
    static const char *const names[] = {
#define NAME(name) #name,
        VULKAN_SHADER_LIST(NAME)
#undef NAME
    };
    for (size_t i = 0; i < VULKAN_N_SHADERS; i++) {
        const uint32_t *words = mieni_vulkan_shaders[i].words;
        size_t n = mieni_vulkan_shaders[i].size_bytes / sizeof(*words);
        uint32_t threads = 0;
        assert_true(words[1] <= 0x00010300); /* SPIR-V 1.3, as Vulkan 1.1 has it */
        for (size_t at = FIRST_WORD; at < n; at += words[at] >> 16) {
            uint32_t op = words[at] & 0xffff;
            if (op == OP_CAPABILITY && !may_need(names[i], words[at + 1]))
                fail_msg("%s needs capability %u", names[i], (unsigned)words[at + 1]);
            if (op == OP_EXECUTION_MODE && words[at + 2] == LOCAL_SIZE)
                threads = words[at + 3] * words[at + 4] * words[at + 5];
        }
        /* The least maxComputeWorkGroupInvocations. */
        if (threads < 1 || threads > 128)
            fail_msg("%s has %u threads in a group", names[i], (unsigned)threads);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(devices_are_known, be_oneself),
        cmocka_unit_test_teardown(names_stand_for_devices, be_oneself),
        cmocka_unit_test_teardown(software_is_never_chosen, be_oneself),
        cmocka_unit_test_teardown(too_little_is_refused, be_oneself),
        cmocka_unit_test_teardown(the_barest_device_is_enough, be_oneself),
        cmocka_unit_test(shaders_fit_every_device),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    fixture_finish(NULL);
    return test_exit_code(failed);
}
