/* SPDX-License-Identifier: Apache-2.0 */
/* The few calls of EGL that are asked, declared by hand.
 * Source: Khronos Group, EGL 1.5 specification; EGL_EXT_device_base, EGL_EXT_platform_device. */
#ifndef MIEN_PROBE_EGL_H
#define MIEN_PROBE_EGL_H

#include <stddef.h>
#include <stdint.h>

typedef void *EglHandle; /* display, configuration, context, surface, device */
typedef int32_t EglInt;
typedef unsigned EglBoolean;

enum {
    EGL_DEPTH_BITS = 0x3025,
    EGL_ALPHA_BITS = 0x3021,
    EGL_BLUE_BITS = 0x3022,
    EGL_GREEN_BITS = 0x3023,
    EGL_RED_BITS = 0x3024,
    EGL_SURFACE_KIND = 0x3033,
    EGL_RENDERABLE = 0x3040,
    EGL_END = 0x3038,
    EGL_PBUFFER = 0x0001,
    EGL_ES2 = 0x0004,
    EGL_ES3 = 0x0040,
    EGL_CLIENT_VERSION = 0x3098,
    EGL_SURFACE_HEIGHT = 0x3056,
    EGL_SURFACE_WIDTH = 0x3057,
    EGL_EXTENSION_LIST = 0x3055,
    EGL_VENDOR_NAME = 0x3053,
    EGL_DEVICE_PLATFORM = 0x313F,
    GL_RENDERER_NAME = 0x1F01,
    GL_VERSION_TEXT = 0x1F02
};

typedef struct Egl {
    EglHandle (*get_display)(EglHandle native);
    EglBoolean (*initialize)(EglHandle display, EglInt *major, EglInt *minor);
    EglBoolean (*terminate)(EglHandle display);
    EglInt (*error)(void);
    EglBoolean (*choose_config)(EglHandle display, const EglInt *attributes, EglHandle *configs,
                                EglInt size, EglInt *n);
    EglHandle (*create_context)(EglHandle display, EglHandle config, EglHandle share,
                                const EglInt *attributes);
    EglHandle (*create_pbuffer)(EglHandle display, EglHandle config, const EglInt *attributes);
    EglBoolean (*make_current)(EglHandle display, EglHandle draw, EglHandle read,
                               EglHandle context);
    const char *(*query_string)(EglHandle display, EglInt name);
    void (*(*proc_address)(const char *name))(void);
} Egl;

#endif
