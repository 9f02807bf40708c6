/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the codes that drivers return, for people: a fact is "304 (OPERATING_SYSTEM)". */
#ifndef MIEN_PROBE_CODES_H
#define MIEN_PROBE_CODES_H

/* `name` is as fact() takes it. 0, and a code without a known name, stand alone. */
void fact_cuda_code(const char *name, int index, int code);
void fact_nvml_code(const char *name, int index, int code);
void fact_vulkan_code(const char *name, int index, int code);

#endif
