/* SPDX-License-Identifier: Apache-2.0 */
/* The few calls of NVML that are asked, declared by hand.
 * Source: NVIDIA, NVML API reference manual; nvml.h as copied in github.com/NVIDIA/go-nvml. */
#ifndef MIEN_PROBE_NVML_H
#define MIEN_PROBE_NVML_H

#include <stddef.h>

typedef int NvmlReturn; /* 0 is success */
typedef struct NvmlDeviceObject *NvmlDevice;

typedef struct NvmlMemory {
    unsigned long long total, free, used;
} NvmlMemory;

typedef struct NvmlUtilization {
    unsigned gpu, memory; /* per cent */
} NvmlUtilization;

typedef struct NvmlProcess {
    unsigned pid;
    unsigned long long used_bytes;
    unsigned gpu_instance, compute_instance;
} NvmlProcess;

typedef struct NvmlFabric {
    unsigned char cluster[16];
    NvmlReturn status;
    unsigned clique;
    unsigned char state; /* 0 not supported, 1 not started, 2 in progress, 3 completed */
} NvmlFabric;

typedef struct Nvml {
    NvmlReturn (*init)(void);
    NvmlReturn (*driver_version)(char *text, unsigned size);
    NvmlReturn (*cuda_version)(int *version);
    NvmlReturn (*count)(unsigned *n);
    NvmlReturn (*device)(unsigned index, NvmlDevice *device);
    NvmlReturn (*uuid)(NvmlDevice device, char *text, unsigned size);
    NvmlReturn (*memory)(NvmlDevice device, NvmlMemory *memory);
    NvmlReturn (*mode)(NvmlDevice device, int *mode);
    NvmlReturn (*mig)(NvmlDevice device, unsigned *current, unsigned *pending);
    NvmlReturn (*virtualization)(NvmlDevice device, int *mode);
    NvmlReturn (*processes)(NvmlDevice device, unsigned *n, NvmlProcess *processes);
    NvmlReturn (*throttle)(NvmlDevice device, unsigned long long *reasons);
    NvmlReturn (*temperature)(NvmlDevice device, int sensor, unsigned *degrees);
    NvmlReturn (*utilization)(NvmlDevice device, NvmlUtilization *utilization);
    NvmlReturn (*fabric)(NvmlDevice device, NvmlFabric *fabric);
} Nvml;

#endif
