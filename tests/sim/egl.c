/* SPDX-License-Identifier: Apache-2.0 */
/* libEGL.so.1 of a fake machine, with OpenGL ES in it: MIEN_SIM_EGL_DISPLAY=0, _EGL_INIT=0x3001,
 * _EGL_CONFIGS, _EGL_CONTEXT=0,
 * _EGL_DEVICES=nvidia,mesa, MIEN_SIM_GL_RENDERER, MIEN_SIM_GL_VERSION. */
#include <string.h>

#include "sim.h"

typedef void (*Function)(void);

static int object, last_error = 0x3000;

SIM_EXPORT void *eglGetDisplay(void *native)
{
    (void)native;
    sim_fault("egl");
    return sim_number("MIEN_SIM_EGL_DISPLAY", 1) ? &object : NULL;
}

SIM_EXPORT unsigned eglInitialize(void *display, int *major, int *minor)
{
    (void)display;
    *major = 1;
    *minor = 5;
    last_error = (int)sim_number("MIEN_SIM_EGL_INIT", 0x3000);
    return last_error == 0x3000;
}

SIM_EXPORT unsigned eglTerminate(void *display)
{
    (void)display;
    return 1;
}

SIM_EXPORT int eglGetError(void)
{
    return last_error;
}

SIM_EXPORT unsigned eglChooseConfig(void *display, const int *wanted, void **configs, int size,
                                    int *n)
{
    (void)display;
    (void)wanted;
    *n = (int)sim_number("MIEN_SIM_EGL_CONFIGS", 1);
    if (size > 0 && *n > 0)
        configs[0] = &object;
    return 1;
}

SIM_EXPORT void *eglCreateContext(void *display, void *config, void *share, const int *wanted)
{
    (void)display;
    (void)config;
    (void)share;
    (void)wanted;
    return sim_number("MIEN_SIM_EGL_CONTEXT", 1) ? &object : NULL;
}

SIM_EXPORT void *eglCreatePbufferSurface(void *display, void *config, const int *wanted)
{
    (void)display;
    (void)config;
    (void)wanted;
    return &object;
}

SIM_EXPORT unsigned eglMakeCurrent(void *display, void *draw, void *read, void *context)
{
    (void)display;
    (void)draw;
    (void)read;
    (void)context;
    return 1;
}

SIM_EXPORT const char *eglQueryString(void *display, int name)
{
    (void)display;
    (void)name;
    return "simulated";
}

static const unsigned char *get_string(unsigned name)
{
    const char *text = name == 0x1f01
                           ? sim_text("MIEN_SIM_GL_RENDERER", "NVIDIA Simulated GPU/PCIe")
                           : sim_text("MIEN_SIM_GL_VERSION", "OpenGL ES 3.2 NVIDIA");
    return (const unsigned char *)text;
}

static unsigned query_devices(int size, void **devices, int *n)
{
    static char numbers[8];
    char item[32];
    *n = 0;
    for (int i = 0;
         i < size && i < 8 &&
         sim_item(sim_text("MIEN_SIM_EGL_DEVICES", "nvidia"), ',', i, item, sizeof(item));
         i++) {
        numbers[i] = (char)i;
        devices[(*n)++] = &numbers[i];
    }
    return 1;
}

static const char *device_string(void *device, int name)
{
    char item[32];
    (void)name;
    sim_item(sim_text("MIEN_SIM_EGL_DEVICES", "nvidia"), ',', *(char *)device, item, sizeof(item));
    return strcmp(item, "nvidia") ? "EGL_MESA_device_software" : "EGL_NV_device_cuda";
}

SIM_EXPORT Function eglGetProcAddress(const char *name)
{
    if (!strcmp(name, "eglQueryDevicesEXT"))
        return (Function)query_devices;
    if (!strcmp(name, "eglQueryDeviceStringEXT"))
        return (Function)device_string;
    return strcmp(name, "glGetString") ? (Function)0 : (Function)get_string;
}
