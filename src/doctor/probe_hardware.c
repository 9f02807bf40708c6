/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs on the PCI bus, and the integrated GPU of a Jetson: H01, H02, H03, H12 of the catalogue. */
#include "doctor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PCI_DEVICES "/sys/bus/pci/devices"

static const struct {
    unsigned long vendor;
    const char *fact;
} vendors[] = {{0x10de, "H01.nvidia"}, {0x1002, "H01.amd"}, {0x8086, "H01.intel"}};

typedef struct Counts {
    int64_t gpus, other, nvswitches, of_vendor[MIENI_COUNT_OF(vendors)];
} Counts;

static unsigned long read_hex(MieniProbe *probe, const char *device, const char *attribute)
{
    char path[MIENI_PATH_MAX];
    if (!mieni_path(path, PCI_DEVICES "/%s/%s", device, attribute) ||
        mieni_probe_read(probe, path) != 0)
        return 0;
    return strtoul(probe->text, NULL, 16);
}

static void note_driver(MieniProbe *probe, const char *device)
{
    char path[MIENI_PATH_MAX], target[MIENI_PATH_MAX];
    if (!mieni_path(path, PCI_DEVICES "/%s/driver", device))
        return;
    int error = mieni_machine_link(probe->machine, path, target);
    if (error) {
        mieni_note_error(probe, error, "H02.%s.driver", device);
        return;
    }
    const char *slash = strrchr(target, '/');
    mieni_note(probe, slash ? slash + 1 : target, "H02.%s.driver", device);
}

static void note_gpu(MieniProbe *probe, const char *device, unsigned long vendor,
                     unsigned long class)
{
    static const char *const attributes[] = {
        "power_state",        "current_link_width", "max_link_width",
        "current_link_speed", "max_link_speed",     "enable",
    };
    char text[16], path[MIENI_PATH_MAX];
    snprintf(text, sizeof(text), "0x%04lx", vendor);
    mieni_note(probe, text, "H01.%s.vendor", device);
    snprintf(text, sizeof(text), "0x%04lx", read_hex(probe, device, "device"));
    mieni_note(probe, text, "H01.%s.device", device);
    snprintf(text, sizeof(text), "0x%06lx", class);
    mieni_note(probe, text, "H01.%s.class", device);
    note_driver(probe, device);
    for (size_t i = 0; i < MIENI_COUNT_OF(attributes); i++)
        if (mieni_path(path, PCI_DEVICES "/%s/%s", device, attributes[i]))
            mieni_note_line(probe, path, "H03.%s.%s", device, attributes[i]);
}

static void probe_device(MieniProbe *probe, const char *device, Counts *counts)
{
    unsigned long vendor = read_hex(probe, device, "vendor");
    unsigned long class = read_hex(probe, device, "class");
    if (vendor == 0x10de && class >> 8 == 0x0680)
        counts->nvswitches++;
    /* Display controllers: VGA, XGA, 3D and other. Source: PCI code and ID assignment
     * specification, class 03h. */
    if (class >> 16 != 0x03)
        return;
    for (size_t i = 0; i < MIENI_COUNT_OF(vendors); i++)
        if (vendors[i].vendor == vendor) {
            counts->gpus++;
            counts->of_vendor[i]++;
            note_gpu(probe, device, vendor, class);
            return;
        }
    counts->other++;
    char text[16];
    snprintf(text, sizeof(text), "0x%04lx", vendor);
    mieni_note(probe, text, "H01.other.%s.vendor", device);
}

static void probe_pci(MieniProbe *probe)
{
    char **devices;
    size_t n;
    Counts counts = {0};
    int error = mieni_machine_list(probe->machine, PCI_DEVICES, &devices, &n);
    for (size_t i = 0; i < n; i++)
        probe_device(probe, devices[i], &counts);
    mieni_machine_free_list(devices, n);
    if (error) {
        mieni_note_error(probe, error, "H01.gpus");
        return;
    }
    mieni_note_number(probe, counts.gpus, "H01.gpus");
    mieni_note_number(probe, counts.nvswitches, "H01.nvswitches");
    for (size_t i = 0; i < MIENI_COUNT_OF(vendors); i++)
        mieni_note_number(probe, counts.of_vendor[i], "%s", vendors[i].fact);
}

/* A Jetson's GPU is a devfreq device; its node in the device tree has one of these names. Thor's
 * is known by its own name. Source: gpu-symptoms H12. */
static bool is_jetson_gpu(MieniProbe *probe, const char *device)
{
    static const char *const names[] = {"gv11b", "gp10b", "ga10b", "gb10b", "gpu"};
    char path[MIENI_PATH_MAX];
    if (!strcmp(device, "gpu-gpc-0"))
        return true;
    if (!mieni_path(path, "/sys/class/devfreq/%s/device/of_node/name", device) ||
        mieni_probe_read(probe, path) != 0)
        return false;
    const char *name = mieni_trim(probe->text);
    for (size_t i = 0; i < MIENI_COUNT_OF(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static void probe_devfreq(MieniProbe *probe)
{
    static const char *const attributes[] = {"cur_freq", "min_freq", "max_freq", "governor",
                                             "available_frequencies"};
    char **devices, path[MIENI_PATH_MAX];
    size_t n;
    bool found = false;
    int error = mieni_machine_list(probe->machine, "/sys/class/devfreq", &devices, &n);
    for (size_t i = 0; i < n && !found; i++) {
        if (!is_jetson_gpu(probe, devices[i]))
            continue;
        found = true;
        mieni_note(probe, devices[i], "H12.gpu");
        for (size_t k = 0; k < MIENI_COUNT_OF(attributes); k++)
            if (mieni_path(path, "/sys/class/devfreq/%s/%s", devices[i], attributes[k]))
                mieni_note_line(probe, path, "H12.%s", attributes[k]);
        if (mieni_path(path, "/sys/class/devfreq/%s/device/load", devices[i]))
            mieni_note_line(probe, path, "H12.load");
    }
    mieni_machine_free_list(devices, n);
    if (!found)
        mieni_note_error(probe, error ? error : ENOENT, "H12.gpu");
}

/* Temperature of a Jetson's GPU against the point where it slows down, and its supply. */
static void probe_thermal(MieniProbe *probe)
{
    for (int i = 0; i < 32; i++) {
        char path[MIENI_PATH_MAX];
        if (!mieni_path(path, "/sys/class/thermal/thermal_zone%d/type", i) ||
            mieni_probe_read(probe, path) != 0)
            break;
        const char *type = mieni_trim(probe->text);
        if (strcmp(type, "gpu-thermal") && strcmp(type, "GPU-therm"))
            continue;
        if (mieni_path(path, "/sys/class/thermal/thermal_zone%d/temp", i))
            mieni_note_line(probe, path, "H12.temperature");
        if (mieni_path(path, "/sys/class/thermal/thermal_zone%d/trip_point_0_temp", i))
            mieni_note_line(probe, path, "H12.trip_point");
    }
}

void mieni_probe_hardware(MieniProbe *probe)
{
    probe_pci(probe);
    probe_devfreq(probe);
    probe_thermal(probe);
    mieni_note_line(probe, "/var/lib/nvpmodel/status", "H12.power_mode");
}
