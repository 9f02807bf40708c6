/* SPDX-License-Identifier: Apache-2.0 */
/* G01: what MediaPipe does, step by step, on the default display. G02: what it does not do, ask for
 * the devices themselves. */
#include "egl.h"

#include <string.h>

#include "fact.h"
#include "library.h"

#define MAX_DEVICES 16

#define FUNCTION(name, field)                                                                      \
    {                                                                                              \
        name, offsetof(Egl, field), 0                                                              \
    }

static const LibraryFunction functions[] = {
    FUNCTION("eglGetDisplay", get_display),
    FUNCTION("eglInitialize", initialize),
    FUNCTION("eglTerminate", terminate),
    FUNCTION("eglGetError", error),
    FUNCTION("eglChooseConfig", choose_config),
    FUNCTION("eglCreateContext", create_context),
    FUNCTION("eglCreatePbufferSurface", create_pbuffer),
    FUNCTION("eglMakeCurrent", make_current),
    FUNCTION("eglQueryString", query_string),
    FUNCTION("eglGetProcAddress", proc_address),
};

static void note_renderer(const Egl *egl, void *gles)
{
    const unsigned char *(*get_string)(unsigned name) = NULL;
    if (gles)
        library_function(gles, "glGetString", &get_string);
    if (!get_string) {
        void (*found)(void) = egl->proc_address("glGetString");
        memcpy(&get_string, &found, sizeof(found));
    }
    if (!get_string)
        return;
    const unsigned char *renderer = get_string(GL_RENDERER_NAME);
    const unsigned char *version = get_string(GL_VERSION_TEXT);
    if (renderer)
        fact("G01.renderer", 0, "%s", (const char *)renderer);
    if (version)
        fact("G01.version", 0, "%s", (const char *)version);
}

/* A context of this version of OpenGL ES, made current on a surface of one pixel. True if there was
 * a configuration for it. */
static int try_version(const Egl *egl, EglHandle display, int version, void *gles)
{
    const EglInt wanted[] = {EGL_RENDERABLE,   version == 3 ? EGL_ES3 : EGL_ES2,
                             EGL_SURFACE_KIND, EGL_PBUFFER,
                             EGL_RED_BITS,     8,
                             EGL_GREEN_BITS,   8,
                             EGL_BLUE_BITS,    8,
                             EGL_ALPHA_BITS,   8,
                             EGL_DEPTH_BITS,   16,
                             EGL_END};
    const EglInt context_wanted[] = {EGL_CLIENT_VERSION, version, EGL_END};
    const EglInt pixel[] = {EGL_SURFACE_WIDTH, 1, EGL_SURFACE_HEIGHT, 1, EGL_END};
    EglHandle config = NULL;
    EglInt n = 0;
    if (!egl->choose_config(display, wanted, &config, 1, &n) || n == 0)
        return 0;
    fact("G01.configs", 0, "%d (OpenGL ES %d)", n, version);
    EglHandle context = egl->create_context(display, config, NULL, context_wanted);
    EglHandle surface = context ? egl->create_pbuffer(display, config, pixel) : NULL;
    if (!surface || !egl->make_current(display, surface, surface, context)) {
        fact("G01.context", 0, "failed (0x%x)", (unsigned)egl->error());
        return 1;
    }
    fact("G01.context", 0, "ok");
    note_renderer(egl, gles);
    egl->make_current(display, NULL, NULL, NULL);
    return 1;
}

static void try_default_display(const Egl *egl, void *gles)
{
    EglInt major = 0, minor = 0;
    EglHandle display = egl->get_display(NULL);
    fact("G01.display", 0, display ? "ok" : "none");
    if (!display || !egl->initialize(display, &major, &minor)) {
        fact("G01.initialize", 0, "failed (0x%x)", (unsigned)egl->error());
        return;
    }
    fact("G01.initialize", 0, "ok");
    const char *vendor = egl->query_string(display, EGL_VENDOR_NAME);
    if (vendor)
        fact("G01.vendor", 0, "%s", vendor);
    if (!try_version(egl, display, 3, gles) && !try_version(egl, display, 2, gles))
        fact("G01.configs", 0, "0");
    egl->terminate(display);
}

static void try_devices(const Egl *egl)
{
    EglBoolean (*query)(EglInt size, EglHandle * devices, EglInt * n) = NULL;
    const char *(*device_string)(EglHandle device, EglInt name) = NULL;
    void (*found)(void) = egl->proc_address("eglQueryDevicesEXT");
    memcpy(&query, &found, sizeof(found));
    found = egl->proc_address("eglQueryDeviceStringEXT");
    memcpy(&device_string, &found, sizeof(found));
    EglHandle devices[MAX_DEVICES];
    EglInt n = 0;
    int nvidia = -1;
    if (query && !query(MAX_DEVICES, devices, &n))
        n = 0;
    fact("G02.devices", 0, "%d", n);
    for (EglInt i = 0; device_string && i < n && i < MAX_DEVICES; i++) {
        const char *extensions = device_string(devices[i], EGL_EXTENSION_LIST);
        fact("G02.%d.extensions", i, "%s", extensions ? extensions : "");
        if (extensions && strstr(extensions, "EGL_NV_device_cuda"))
            nvidia = i;
    }
    if (nvidia >= 0)
        fact("G02.nvidia", 0, "device %d", nvidia);
    else
        fact_absent("G02.nvidia");
}

void probe_egl(const char *root)
{
    Egl egl;
    const char *missing = NULL;
    void *gles = library_open(root, "L04.libGLESv2.so.2", "libGLESv2.so.2");
    void *library = library_open(root, "L04.libEGL.so.1", "libEGL.so.1");
    if (!library)
        return;
    if (!library_functions(library, functions, sizeof(functions) / sizeof(functions[0]), &egl,
                           &missing)) {
        fact("L04.missing_symbol", 0, "%s", missing);
        return;
    }
    try_devices(&egl);
    try_default_display(&egl, gles);
}
