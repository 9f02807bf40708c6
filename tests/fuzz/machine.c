/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a machine as the probes read them: one or several of a list, with any content. An input
 * is a number in that list, a length in two bytes, the content, and so on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/probe.h"
#include "doctor/rules.h"
#include "fuzz/fuzz.h"

static const char *const paths[] = {
    "/proc/modules",
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/devices",
    "/proc/meminfo",
    "/proc/self/status",
    "/proc/self/uid_map",
    "/proc/1/cgroup",
    "/proc/driver/nvidia/version",
    "/proc/driver/nvidia/gpus/0000:01:00.0/information",
    "/proc/device-tree/model",
    "/proc/device-tree/compatible",
    "/etc/os-release",
    "/etc/group",
    "/etc/nv_tegra_release",
    "/etc/modprobe.d/a.conf",
    "/etc/vulkan/icd.d/a.json",
    "/usr/share/vulkan/icd.d/b.json",
    "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
    "/etc/docker/daemon.json",
    "/run/systemd/container",
    "/lib/modules/6.8.0/modules.dep",
    "/sys/module/nvidia/version",
    "/sys/power/suspend_stats/success",
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "/sys/bus/pci/devices/0000:01:00.0/vendor",
    "/sys/bus/pci/devices/0000:01:00.0/device",
    "/sys/bus/pci/devices/0000:01:00.0/class",
    "/sys/bus/pci/devices/0000:01:00.0/current_link_width",
    "/sys/class/devfreq/a.gpu/device/of_node/name",
    "/sys/class/devfreq/a.gpu/max_freq",
    "/sys/class/devfreq/a.gpu/available_frequencies",
    "/sys/class/thermal/thermal_zone0/type",
    "/sys/class/thermal/thermal_zone0/temp",
    "/var/log/kern.log",
    "/var/lib/nvpmodel/status",
    "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
    "/sys/fs/cgroup/memory.max",
    "/../nodes.tsv",
    "/../env.txt",
};

static char top[] = "/tmp/mien-fuzz-XXXXXX";
static char root[64];

static void make_path(char path[MIENI_PATH_MAX], size_t i)
{
    snprintf(path, MIENI_PATH_MAX, "%s%s", root, paths[i]);
}

static void make_folders(void)
{
    char path[MIENI_PATH_MAX];
    for (size_t i = 0; i < MIENI_COUNT_OF(paths); i++) {
        make_path(path, i);
        for (char *slash = path + strlen(root); slash; slash = strchr(slash + 1, '/')) {
            *slash = '\0';
            if (mkdir(path, 0700) != 0 && errno != EEXIST)
                fuzz_fail("cannot make %s", path);
            *slash = '/';
        }
    }
}

/* Folders from the inside out: each name is tried until nothing is left of it. */
static void remove_folders(void)
{
    char path[MIENI_PATH_MAX];
    for (size_t i = 0; i < MIENI_COUNT_OF(paths); i++) {
        make_path(path, i);
        unlink(path);
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(paths); i++) {
        make_path(path, i);
        for (char *slash; (slash = strrchr(path, '/')) && slash >= path + strlen(root);) {
            *slash = '\0';
            rmdir(path);
        }
    }
    rmdir(top);
}

static void begin(void)
{
    if (!mkdtemp(top))
        fuzz_fail("no temporary folder");
    snprintf(root, sizeof(root), "%s/root", top);
    make_folders();
    atexit(remove_folders);
}

static void write_file(size_t i, const uint8_t *data, size_t size)
{
    char path[MIENI_PATH_MAX];
    make_path(path, i);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        fuzz_fail("cannot write %s", path);
    close(fd);
}

static void check_facts(const MieniFacts *facts)
{
    const MieniFact *fact;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "*", &at));)
        for (const char *c = fact->text; *c; c++)
            if ((unsigned char)*c < ' ' || *c == 127)
                fuzz_fail("%s has a control character", fact->name);
}

static void examine(void)
{
    MieniMachine *machine;
    MieniFacts *facts;
    MieniDiagnosis diagnosis;
    if (mieni_machine_create(root, &machine) != MIEN_OK || mieni_facts_create(&facts) != MIEN_OK ||
        mieni_probe_files(machine, facts) != MIEN_OK ||
        mieni_diagnose(facts, NULL, &diagnosis) != MIEN_OK)
        fuzz_fail("the machine cannot be examined");
    check_facts(facts);
    mieni_free(diagnosis.findings);
    mieni_facts_destroy(facts);
    mieni_machine_destroy(machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool written[MIENI_COUNT_OF(paths)] = {false};
    if (!*root)
        begin();
    while (size >= 3) {
        size_t i = data[0] % MIENI_COUNT_OF(paths);
        size_t length = MIENI_MIN((size_t)(data[1] | data[2] << 8), size - 3);
        write_file(i, data + 3, length);
        written[i] = true;
        data += 3 + length;
        size -= 3 + length;
    }
    examine();
    char path[MIENI_PATH_MAX];
    for (size_t i = 0; i < MIENI_COUNT_OF(paths); i++)
        if (written[i]) {
            make_path(path, i);
            unlink(path);
        }
    return 0;
}
