/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as lines on standard output: name TAB state TAB code TAB text. src/doctor/facts.h says what
 * they mean and reads them. */
#ifndef MIEN_PROBE_FACT_H
#define MIEN_PROBE_FACT_H

#define FACT_PRINTF(format_index, first_index)                                                     \
    __attribute__((format(printf, format_index, first_index)))

/* The name is formatted with `index`, if it has a %d. */
void fact(const char *name, int index, const char *format, ...) FACT_PRINTF(3, 4);
void fact_absent(const char *name);

/* Every probe, by its name on the command line. `root`: of a fake machine, or NULL. */
void probe_cuda(const char *root);
void probe_nvml(const char *root);
void probe_vulkan(const char *root);
void probe_egl(const char *root);

/* Devices of the libmien at this path, or of a fake machine's; `named` may be NULL. */
void probe_devices(const char *root, const char *library, const char *named);

#endif
