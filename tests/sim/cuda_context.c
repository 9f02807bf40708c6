/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts, modules and their functions. A module is PTX text; its entries are those of our kernels
 * that the stand-in was built with, and the doctor's. */
#include <stdio.h>
#include <string.h>

#include "cuda.h"
#include "cuda_objects.h"

#define INVALID_VALUE 1
#define INVALID_IMAGE 200
#define INVALID_CONTEXT 201
#define NO_BINARY 209
#define UNSUPPORTED_PTX 222
#define NOT_FOUND 500

typedef struct Context {
    int device;
    int n_users;
} Context;

#define MAX_DEPTH 16

static Context contexts[SIM_MAX_DEVICES];
static _Thread_local Context *current[MAX_DEPTH];
static _Thread_local int depth;

int sim_has_context(void)
{
    return depth > 0 && current[depth - 1] && current[depth - 1]->n_users > 0;
}

int sim_device(void)
{
    return sim_has_context() ? current[depth - 1]->device : 0;
}

SIM_EXPORT int cuDevicePrimaryCtxRetain(Context **made, int device)
{
    int code = sim_enter("cuDevicePrimaryCtxRetain");
    if (!code)
        code = (int)sim_number("MIEN_SIM_CTX", OK);
    if (!code && sim_was_lost(device))
        code = (int)sim_number("MIEN_SIM_AFTER_LOSS", OK);
    if (!code && (device < 0 || device >= SIM_MAX_DEVICES))
        code = INVALID_VALUE;
    if (!code) {
        contexts[device].device = device;
        contexts[device].n_users++;
        *made = &contexts[device];
        sim_counts.contexts++;
    }
    return sim_leave(code);
}

/* Of a lost device, too: that is how it becomes usable again. */
SIM_EXPORT int cuDevicePrimaryCtxRelease(int device)
{
    sim_enter("cuDevicePrimaryCtxRelease");
    if (contexts[device].n_users > 0 && --contexts[device].n_users == 0)
        sim_recover(device);
    sim_counts.contexts--;
    return sim_leave(OK);
}

#ifndef SIM_OLD_DRIVER
SIM_EXPORT int cuDevicePrimaryCtxRelease_v2(int device)
{
    return cuDevicePrimaryCtxRelease(device);
}
#endif

SIM_EXPORT int cuCtxSetCurrent(Context *context)
{
    depth = 1;
    current[0] = context;
    return OK;
}

SIM_EXPORT int cuCtxPushCurrent_v2(Context *context)
{
    if (depth == MAX_DEPTH)
        return INVALID_VALUE;
    current[depth++] = context;
    return OK;
}

SIM_EXPORT int cuCtxPopCurrent_v2(Context **context)
{
    if (depth == 0)
        return INVALID_CONTEXT;
    depth--;
    if (context)
        *context = current[depth];
    return OK;
}

/* "12.3" behind a word of PTX, times ten. */
static int version_of(const char *ptx, const char *word)
{
    const char *at = strstr(ptx, word);
    int major = 0, minor = 0;
    if (!at || sscanf(at + strlen(word), "%d.%d", &major, &minor) < 1)
        return 0;
    return strchr(word, '_') ? major : 10 * major + minor;
}

/* The PTX that a driver of this CUDA version reads. Source: NVIDIA, PTX ISA, release notes. */
static int newest_ptx(long driver)
{
    static const struct {
        long driver;
        int ptx;
    } versions[] = {{12000, 80}, {11080, 78}, {11040, 74}, {11000, 70}, {10020, 65},
                    {10010, 64}, {10000, 63}, {9000, 60},  {8000, 50},  {7000, 42}};
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
        if (driver >= versions[i].driver)
            return versions[i].ptx;
    return 0;
}

static int judge_image(const char *image)
{
    int major = 8, minor = 6;
    sscanf(sim_text("MIEN_SIM_CC", "8.6"), "%d.%d", &major, &minor);
    if (strncmp(image,
                "\x7f"
                "ELF",
                4) == 0 ||
        strncmp(image, "\x50\xed\x55\xba", 4) == 0)
        return sim_number("MIEN_SIM_NATIVE", 0) ? OK : NO_BINARY; /* nothing of it runs here */
    if (!strstr(image, ".entry"))
        return INVALID_IMAGE;
    if (version_of(image, ".version ") > newest_ptx(sim_number("MIEN_SIM_DRIVER", SIM_DRIVER)))
        return UNSUPPORTED_PTX;
    if (version_of(image, ".target sm_") > 10 * major + minor)
        return NO_BINARY;
    return (int)sim_number("MIEN_SIM_MODLOAD", OK);
}

SIM_EXPORT int cuModuleLoadDataEx(SimModule **module, const char *image, unsigned n, int *options,
                                  void **values)
{
    (void)n;
    (void)options;
    (void)values;
    int code = sim_enter("cuModuleLoadDataEx");
    if (!code && !sim_has_context())
        code = INVALID_CONTEXT;
    if (!code)
        code = judge_image(image);
    if (!code) {
        SimModule *made = sim_object_new(sizeof(*made), &sim_counts.modules);
        made->image = image;
        *module = made;
    }
    return sim_leave(code);
}

SIM_EXPORT int cuModuleUnload(SimModule *module)
{
    int code = sim_enter("cuModuleUnload");
    if (!code)
        sim_object_delete(module);
    return sim_leave(code);
}

/* Whether the PTX has an entry of this name. */
static int has_entry(const char *image, const char *name)
{
    size_t n = strlen(name);
    if (image[0] == 0x7f) /* as if it were the kernels that it was made of */
        return 1;
    for (const char *at = image; (at = strstr(at, ".entry ")) != NULL; at++)
        if (strncmp(at + 7, name, n) == 0 && (at[7 + n] == '(' || at[7 + n] == '\n'))
            return 1;
    return 0;
}

SIM_EXPORT int cuModuleGetFunction(const SimKernel **function, SimModule *module, const char *name)
{
    int code = sim_enter("cuModuleGetFunction");
    if (!code) {
        int has_products =
            module->image[0] == 0x7f || version_of(module->image, ".target sm_") >= 75;
        *function = has_entry(module->image, name) ? sim_find_kernel(name, has_products) : NULL;
        code = *function ? OK : NOT_FOUND;
    }
    return sim_leave(code);
}
