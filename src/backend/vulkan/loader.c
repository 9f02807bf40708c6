/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/vulkan/loader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

VulkanDebug mieni_vulkan_debug;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static VulkanLoader loader;
static bool is_loaded;    /* under `mutex` */
static bool is_validated; /* the layers are there and speak to `note_message` */
static atomic_int n_messages;
static char first_message[1024];

static void refuse(const char *reason, const char *text)
{
    snprintf(loader.reason, sizeof(loader.reason), "%s", reason);
    snprintf(loader.text, sizeof(loader.text), "%s", text);
}

/* A pointer to a function, in a way that C allows. */
static void *function_at(void *library, const char *name)
{
    return dlsym(library, name);
}

static bool open_library(void)
{
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        refuse("vulkan-loader-missing",
               "libvulkan.so.1 cannot be loaded; install the Vulkan loader (libvulkan1)");
        return false;
    }
    void *function = function_at(library, "vkGetInstanceProcAddr");
    if (!function) {
        refuse("vulkan-loader-missing", "libvulkan.so.1 is no Vulkan loader; reinstall libvulkan1");
        return false;
    }
    memcpy(&loader.GetInstanceProcAddr, &function, sizeof(function));
    return true;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL note_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                   VkDebugUtilsMessageTypeFlagsEXT type,
                                                   const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                   void *user)
{
    (void)severity;
    (void)type;
    (void)user;
    if (atomic_fetch_add(&n_messages, 1) == 0)
        snprintf(first_message, sizeof(first_message), "%s", data->pMessage);
    return VK_FALSE;
}

static const VkDebugUtilsMessengerCreateInfoEXT messenger_info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                   VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
    .pfnUserCallback = note_message,
};

static void listen_to_layers(void)
{
    PFN_vkCreateDebugUtilsMessengerEXT create =
        (PFN_vkCreateDebugUtilsMessengerEXT)loader.GetInstanceProcAddr(
            loader.instance, "vkCreateDebugUtilsMessengerEXT");
    VkDebugUtilsMessengerEXT messenger;
    is_validated =
        create && create(loader.instance, &messenger_info, NULL, &messenger) == VK_SUCCESS;
}

static VkResult create_instance(bool validate)
{
    static const char *const layers[] = {"VK_LAYER_KHRONOS_validation"};
    static const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    PFN_vkCreateInstance create =
        (PFN_vkCreateInstance)loader.GetInstanceProcAddr(NULL, "vkCreateInstance");
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                     .pApplicationName = "mien",
                                     .pEngineName = "mien",
                                     .apiVersion = VK_API_VERSION_1_1};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                 .pNext = validate ? &messenger_info : NULL,
                                 .pApplicationInfo = &application,
                                 .enabledLayerCount = validate,
                                 .ppEnabledLayerNames = layers,
                                 .enabledExtensionCount = validate,
                                 .ppEnabledExtensionNames = extensions};
    return create ? create(&info, NULL, &loader.instance) : VK_ERROR_INITIALIZATION_FAILED;
}

/* What stands in the way, as the doctor names it: a variable that hides drivers, WSL, or no driver.
 */
static void refuse_drivers(void)
{
    static const char *const variables[] = {"VK_DRIVER_FILES", "VK_ICD_FILENAMES",
                                            "VK_LOADER_DRIVERS_DISABLE",
                                            "VK_LOADER_DRIVERS_SELECT"};
    for (size_t i = 0; i < MIENI_COUNT_OF(variables); i++)
        if (getenv(variables[i])) {
            snprintf(loader.reason, sizeof(loader.reason), "vulkan-env-hides-driver");
            snprintf(loader.text, sizeof(loader.text),
                     "there is no Vulkan driver with %s as it is set; unset it, or see mien doctor",
                     variables[i]);
            return;
        }
    refuse("vulkan-no-icd", "no Vulkan driver is installed that can be used; see mien doctor");
}

/* Drivers that are there and fail. */
static void refuse_error(const char *what, VkResult result)
{
    char text[128];
    snprintf(text, sizeof(text), "%s (error %d); see mien doctor", what, (int)result);
    refuse(result == VK_ERROR_FEATURE_NOT_PRESENT ? "vulkan-feature-missing" : "driver-error",
           text);
}

static bool fill_functions(void)
{
    bool complete = true;
#define LOOK_UP(name)                                                                              \
    loader.name = (PFN_vk##name)loader.GetInstanceProcAddr(loader.instance, "vk" #name);           \
    complete = complete && loader.name;
    VULKAN_INSTANCE_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return complete;
}

static bool open_instance(void)
{
    PFN_vkEnumerateInstanceVersion get_version =
        (PFN_vkEnumerateInstanceVersion)loader.GetInstanceProcAddr(NULL,
                                                                   "vkEnumerateInstanceVersion");
    uint32_t version = VK_API_VERSION_1_0;
    if (!get_version || get_version(&version) != VK_SUCCESS || version < VK_API_VERSION_1_1) {
        refuse("vulkan-feature-missing",
               "the Vulkan loader is older than 1.1; install a newer one");
        return false;
    }
    VkResult result = create_instance(mieni_vulkan_debug.validate);
    bool validated = mieni_vulkan_debug.validate && result == VK_SUCCESS;
    if (mieni_vulkan_debug.validate && !validated)
        result = create_instance(false);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
        refuse_drivers();
        return false;
    }
    if (result != VK_SUCCESS || !fill_functions()) {
        refuse_error("Vulkan cannot be started", result);
        return false;
    }
    if (validated)
        listen_to_layers();
    return true;
}

static void list_devices(void)
{
    uint32_t n = MIENI_COUNT_OF(loader.devices);
    VkResult result = loader.EnumeratePhysicalDevices(loader.instance, &n, loader.devices);
    if (result < 0)
        refuse_error("Vulkan cannot list its devices", result);
    else if (n > 0)
        loader.n_devices = (int32_t)n;
    else
        refuse_drivers();
}

const VulkanLoader *mieni_vulkan_loader(void)
{
    pthread_mutex_lock(&mutex);
    if (!is_loaded && open_library() && open_instance())
        list_devices();
    is_loaded = true;
    pthread_mutex_unlock(&mutex);
    return &loader;
}

bool mieni_vulkan_device_functions(const VulkanLoader *from, VkDevice device,
                                   VulkanDeviceFunctions *functions)
{
    bool complete = true;
#define LOOK_UP(name)                                                                              \
    functions->name = (PFN_vk##name)from->GetDeviceProcAddr(device, "vk" #name);                   \
    complete = complete && functions->name;
    VULKAN_DEVICE_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
#define LOOK_UP(name) functions->name = (PFN_vk##name)from->GetDeviceProcAddr(device, "vk" #name);
    VULKAN_OPTIONAL_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
    return complete;
}

int32_t mieni_vulkan_messages(const char **first)
{
    *first = first_message;
    return is_validated ? atomic_load(&n_messages) : -1;
}
