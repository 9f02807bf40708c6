/* SPDX-License-Identifier: Apache-2.0 */
/* Where we are: P01 to P13 of the catalogue. */
#include "doctor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LONGEST_GROUPS 1024

/* What a fake machine says instead of a system call: MIEN_TEST_* in env.txt. */
static const char *pretended(const MieniProbe *probe, const char *name)
{
    if (!mieni_machine_root(probe->machine))
        return NULL;
    const char *value = mieni_machine_variable(probe->machine, name);
    return value ? value : "";
}

static void probe_uname(MieniProbe *probe)
{
    struct utsname name = {.machine = ""};
    const char *machine = pretended(probe, "MIEN_TEST_UNAME_M");
    if (!machine && uname(&name) != 0)
        return;
    const char *release = machine ? pretended(probe, "MIEN_TEST_UNAME_R") : name.release;
    const char *version = machine ? pretended(probe, "MIEN_TEST_UNAME_V") : name.version;
    mieni_note(probe, machine ? machine : name.machine, "P01.machine");
    mieni_note(probe, release, "P01.release");
    mieni_note(probe, version, "P01.version");
}

/* KEY=value or KEY="value" lines. */
static void probe_os_release(MieniProbe *probe)
{
    static const struct {
        const char *key, *fact;
    } keys[] = {{"ID=", "P02.id"},
                {"ID_LIKE=", "P02.id_like"},
                {"VERSION_ID=", "P02.version_id"},
                {"PRETTY_NAME=", "P02.pretty_name"}};
    int error = mieni_probe_read(probe, "/etc/os-release");
    if (error) {
        mieni_note_error(probe, error, "P02.id");
        return;
    }
    char *save = NULL;
    for (char *line = strtok_r(probe->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        for (size_t i = 0; i < MIENI_COUNT_OF(keys); i++) {
            size_t n = strlen(keys[i].key);
            if (strncmp(line, keys[i].key, n) != 0)
                continue;
            char *value = mieni_trim(line + n);
            size_t length = strlen(value);
            if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
                value[length - 1] = '\0';
                value++;
            }
            mieni_note(probe, value, "%s", keys[i].fact);
        }
}

/* "# R36 (release), REVISION: 4.3, GCID: ..." is L4T 36.4.3. */
static void probe_l4t(MieniProbe *probe)
{
    if (!mieni_note_line(probe, "/etc/nv_tegra_release", "P03.release"))
        return;
    const char *line = mieni_facts_get(probe->facts, "P03.release")->text;
    const char *major = strstr(line, "# R"), *revision = strstr(line, "REVISION:");
    int number;
    char minor[32], l4t[64];
    if (!major || !revision || sscanf(major, "# R%d", &number) != 1 ||
        sscanf(revision, "REVISION: %31[0-9.]", minor) != 1)
        return;
    snprintf(l4t, sizeof(l4t), "%d.%s", number, minor);
    mieni_note(probe, l4t, "P03.l4t");
}

/* The name of the system on chip, such as "tegra234": in the device tree, and where a container
 * hides that, only that it is a Tegra. */
static void probe_tegra(MieniProbe *probe)
{
    mieni_note_line(probe, "/proc/device-tree/model", "P04.model");
    mieni_note_line(probe, "/proc/device-tree/compatible", "P04.compatible");
    mieni_note_line(probe, "/sys/devices/soc0/family", "P05.family");
    mieni_note_line(probe, "/sys/devices/soc0/soc_id", "P05.soc_id");
    const MieniFact *compatible = mieni_facts_get(probe->facts, "P04.compatible");
    const char *soc = strstr(compatible->text, "nvidia,tegra");
    char name[16];
    if (soc && sscanf(soc + strlen("nvidia,"), "%15[a-z0-9]", name) == 1)
        mieni_note(probe, name, "P04.soc");
    else if (mieni_facts_is(probe->facts, "P05.family", "Tegra") ||
             strstr(mieni_facts_get(probe->facts, "P01.release")->text, "-tegra"))
        mieni_note(probe, "tegra", "P04.soc");
    else
        mieni_note_error(probe, ENOENT, "P04.soc");
}

static const char *container_by_file(const MieniProbe *probe)
{
    if (mieni_probe_exists(probe, "/.dockerenv"))
        return "docker";
    if (mieni_probe_exists(probe, "/run/.containerenv"))
        return "podman";
    return NULL;
}

static const char *container_by_variable(const MieniProbe *probe)
{
    const char *named = mieni_machine_variable(probe->machine, "container");
    if (named && *named && strcmp(named, "flatpak") != 0)
        return named;
    if (mieni_machine_variable(probe->machine, "KUBERNETES_SERVICE_HOST"))
        return "kubernetes";
    if (mieni_machine_variable(probe->machine, "APPTAINER_CONTAINER") ||
        mieni_machine_variable(probe->machine, "SINGULARITY_CONTAINER"))
        return "apptainer";
    return NULL;
}

static const char *container_by_cgroup(MieniProbe *probe)
{
    static const char *const words[] = {"kubepods", "docker", "containerd", "libpod", "lxc"};
    if (mieni_probe_read(probe, "/proc/1/cgroup") != 0)
        return NULL;
    for (size_t i = 0; i < MIENI_COUNT_OF(words); i++)
        if (strstr(probe->text, words[i]))
            return words[i];
    return NULL;
}

static void probe_container(MieniProbe *probe)
{
    const char *kind = container_by_file(probe);
    if (!kind)
        kind = container_by_variable(probe);
    if (!kind && mieni_probe_read(probe, "/run/systemd/container") == 0)
        kind = mieni_trim(probe->text);
    if (!kind)
        kind = container_by_cgroup(probe);
    if (kind)
        mieni_note(probe, kind, "P06.container");
    else
        mieni_note_error(probe, ENOENT, "P06.container");
}

static void probe_sandbox(MieniProbe *probe)
{
    const char *kind = NULL;
    if (mieni_probe_exists(probe, "/.flatpak-info") ||
        mieni_machine_variable(probe->machine, "FLATPAK_ID"))
        kind = "flatpak";
    else if (mieni_machine_variable(probe->machine, "SNAP") ||
             (mieni_probe_read(probe, "/proc/self/attr/current") == 0 &&
              !strncmp(probe->text, "snap.", 5)))
        kind = "snap";
    else if (mieni_machine_variable(probe->machine, "APPIMAGE"))
        kind = "appimage";
    if (kind)
        mieni_note(probe, kind, "P07.sandbox");
    else
        mieni_note_error(probe, ENOENT, "P07.sandbox");
}

static void probe_wsl(MieniProbe *probe)
{
    static const char *const libraries[] = {"libcuda.so.1", "libdxcore.so", "libnvidia-ml.so.1"};
    const char *release = mieni_facts_get(probe->facts, "P01.release")->text;
    if (strstr(release, "microsoft") || strstr(release, "WSL2"))
        mieni_note(probe, release, "P08.wsl");
    else
        mieni_note_error(probe, ENOENT, "P08.wsl");
    for (size_t i = 0; i < MIENI_COUNT_OF(libraries); i++) {
        char path[MIENI_PATH_MAX], real[MIENI_PATH_MAX];
        if (!mieni_path(path, "/usr/lib/wsl/lib/%s", libraries[i]))
            continue;
        int error = mieni_machine_real_path(probe->machine, path, real);
        if (error)
            mieni_note_error(probe, error, "P08.%s", path);
        else
            mieni_note(probe, real, "P08.%s", path);
    }
}

static void probe_virtual_machine(MieniProbe *probe)
{
    mieni_note_line(probe, "/sys/class/dmi/id/sys_vendor", "P09.sys_vendor");
    mieni_note_line(probe, "/sys/class/dmi/id/product_name", "P09.product_name");
    int error = mieni_probe_read(probe, "/proc/cpuinfo");
    if (error)
        mieni_note_error(probe, error, "P09.hypervisor");
    else if (mieni_has_word(probe->text, "hypervisor"))
        mieni_note(probe, "flag in /proc/cpuinfo", "P09.hypervisor");
    else
        mieni_note_error(probe, ENOENT, "P09.hypervisor");
}

/* Our groups as " 1000 44 ", so that a word can be looked for. */
static void note_groups(MieniProbe *probe)
{
    const char *fake = pretended(probe, "MIEN_TEST_GIDS");
    if (fake) {
        mieni_note(probe, fake, "P10.gids");
        return;
    }
    static const size_t size = 16;
    gid_t groups[LONGEST_GROUPS];
    int n = getgroups(LONGEST_GROUPS, groups);
    char *text = mieni_alloc((size_t)MIENI_MAX(n, 0) + 1, size);
    if (!text) {
        probe->status = MIEN_E_NOMEM;
        return;
    }
    size_t used = (size_t)snprintf(text, size, "%lu", (unsigned long)getegid());
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, size, " %lu", (unsigned long)groups[i]);
    mieni_note(probe, text, "P10.gids");
    mieni_free(text);
}

static void probe_identity(MieniProbe *probe)
{
    const char *fake = pretended(probe, "MIEN_TEST_UID");
    if (fake)
        mieni_note(probe, fake, "P10.uid");
    else
        mieni_note_number(probe, (int64_t)geteuid(), "P10.uid");
    note_groups(probe);
    if (mieni_probe_read(probe, "/etc/group") != 0)
        return;
    char *save = NULL;
    for (char *line = strtok_r(probe->text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char name[16];
        long gid;
        if (sscanf(line, "%15[a-z]:%*[^:]:%ld", name, &gid) == 2 &&
            (!strcmp(name, "video") || !strcmp(name, "render")))
            mieni_note_number(probe, gid, "P10.group.%s", name);
    }
}

static void probe_confinement(MieniProbe *probe)
{
    static const char *const keys[] = {"Seccomp", "NoNewPrivs", "CapEff"};
    if (mieni_probe_read(probe, "/proc/self/status") == 0) {
        char *save = NULL;
        for (char *line = strtok_r(probe->text, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save))
            for (size_t i = 0; i < MIENI_COUNT_OF(keys); i++) {
                size_t n = strlen(keys[i]);
                if (!strncmp(line, keys[i], n) && line[n] == ':')
                    mieni_note(probe, mieni_trim(line + n + 1), "P11.%s", keys[i]);
            }
    }
    unsigned long inside, outside, count;
    if (mieni_probe_read(probe, "/proc/self/uid_map") != 0)
        return;
    bool whole = sscanf(probe->text, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
                 inside == 0 && outside == 0 && count == 4294967295UL;
    if (whole)
        mieni_note_error(probe, ENOENT, "P11.user_namespace");
    else
        mieni_note(probe, mieni_trim(probe->text), "P11.user_namespace");
}

static void note_limit(MieniProbe *probe, int which, const char *fake, const char *name)
{
    const char *value = pretended(probe, fake);
    struct rlimit limit;
    if (value)
        mieni_note(probe, *value ? value : "unlimited", "%s", name);
    else if (getrlimit(which, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
        mieni_note(probe, "unlimited", "%s", name);
    else
        mieni_note_number(probe, (int64_t)limit.rlim_cur, "%s", name);
}

static void probe_limits(MieniProbe *probe)
{
    note_limit(probe, RLIMIT_AS, "MIEN_TEST_RLIMIT_AS", "P12.rlimit_as");
    note_limit(probe, RLIMIT_MEMLOCK, "MIEN_TEST_RLIMIT_MEMLOCK", "P12.rlimit_memlock");
    mieni_note_line(probe, "/sys/fs/cgroup/memory.max", "P12.memory_max");
    long long kilobytes;
    const char *available =
        mieni_probe_read(probe, "/proc/meminfo") == 0 ? strstr(probe->text, "MemAvailable:") : NULL;
    if (available && sscanf(available, "MemAvailable: %lld kB", &kilobytes) == 1 &&
        kilobytes >= 0 && kilobytes < INT64_MAX / 1024)
        mieni_note_number(probe, (int64_t)kilobytes * 1024, "P12.available");
}

/* A unit with PrivateDevices= sees a /dev of pseudo devices alone.
 * Source: systemd.exec(5), PrivateDevices=. */
static void probe_unit(MieniProbe *probe)
{
    static const char pseudo[] = " console core fd full hugepages log mqueue null ptmx pts random "
                                 "shm stderr stdin stdout tty urandom zero initctl ";
    if (!mieni_machine_variable(probe->machine, "INVOCATION_ID") &&
        !mieni_machine_variable(probe->machine, "SYSTEMD_EXEC_PID")) {
        mieni_note_error(probe, ENOENT, "P13.unit");
        return;
    }
    mieni_note(probe, "started by systemd", "P13.unit");
    char **names;
    size_t n;
    int error = mieni_machine_list(probe->machine, "/dev", &names, &n);
    bool is_private = !error && n > 0;
    for (size_t i = 0; is_private && i < n; i++)
        is_private = mieni_has_word(pseudo, names[i]);
    mieni_machine_free_list(names, n);
    if (is_private)
        mieni_note(probe, "only pseudo devices in /dev", "P13.private_devices");
    else
        mieni_note_error(probe, ENOENT, "P13.private_devices");
}

/* The first of these files that is there. */
static void note_first(MieniProbe *probe, const char *const *paths, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (mieni_probe_exists(probe, paths[i])) {
            mieni_note(probe, paths[i], "%s", name);
            return;
        }
    mieni_note_error(probe, ENOENT, "%s", name);
}

/* Whether containers that Docker starts here can get the GPU: P14. Docker hands a GPU over by a
 * runtime of the NVIDIA Container Toolkit, or by its own description of devices (CDI). */
static void probe_docker(MieniProbe *probe)
{
    static const char *const dockers[] = {"/usr/bin/docker", "/usr/local/bin/docker",
                                          "/run/docker.sock", "/var/run/docker.sock"};
    static const char *const toolkits[] = {"/usr/bin/nvidia-ctk", "/usr/local/bin/nvidia-ctk",
                                           "/usr/bin/nvidia-container-runtime"};
    static const char *const descriptions[] = {"/etc/cdi/nvidia.yaml", "/var/run/cdi/nvidia.yaml"};
    note_first(probe, dockers, MIENI_COUNT_OF(dockers), "P14.docker");
    note_first(probe, toolkits, MIENI_COUNT_OF(toolkits), "P14.toolkit");
    int error = mieni_probe_read(probe, "/etc/docker/daemon.json");
    if (!error && strstr(probe->text, "nvidia"))
        mieni_note(probe, "/etc/docker/daemon.json", "P14.runtime");
    else
        note_first(probe, descriptions, MIENI_COUNT_OF(descriptions), "P14.runtime");
}

void mieni_probe_platform(MieniProbe *probe)
{
    probe_uname(probe);
    probe_os_release(probe);
    probe_l4t(probe);
    probe_tegra(probe);
    probe_container(probe);
    probe_sandbox(probe);
    probe_wsl(probe);
    probe_virtual_machine(probe);
    probe_identity(probe);
    probe_confinement(probe);
    probe_limits(probe);
    probe_unit(probe);
    probe_docker(probe);
}
