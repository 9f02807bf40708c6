/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's side of a GPU: H04 to H11, H13 and H14 of the catalogue. */
#include "doctor/probe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_MODULES_DEP (4u << 20)
#define MAX_KERNEL_LOG (1u << 20)

static const char *const modules[] = {
    "nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm", "nouveau", "nova_core", "nvgpu",
    "nvmap",  "host1x",     "dxgkrnl",        "amdgpu",     "i915",    "xe",
};

static void probe_loaded(MieniProbe *probe)
{
    bool loaded[MIENI_COUNT_OF(modules)] = {false};
    int error = mieni_probe_read(probe, "/proc/modules");
    char *save = NULL;
    for (char *line = error ? NULL : strtok_r(probe->text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        line[strcspn(line, " ")] = '\0';
        for (size_t i = 0; i < MIENI_COUNT_OF(modules); i++)
            loaded[i] |= !strcmp(line, modules[i]);
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(modules); i++) {
        char path[MIENI_PATH_MAX];
        if (!mieni_path(path, "/sys/module/%s", modules[i]))
            continue;
        if (loaded[i] || mieni_probe_exists(probe, path))
            mieni_note(probe, "loaded", "H04.%s", modules[i]);
        else
            mieni_note_error(probe, error ? error : ENOENT, "H04.%s", modules[i]);
    }
}

static void probe_version(MieniProbe *probe)
{
    char version[64];
    int error = mieni_probe_read(probe, "/proc/driver/nvidia/version");
    if (!error && mieni_find_version(probe->text, version, sizeof(version))) {
        mieni_note(probe, version, "H05.version");
        bool open = strstr(probe->text, "Open Kernel Module");
        mieni_note(probe, open ? "open" : "proprietary", "H05.flavour");
        return;
    }
    if (!mieni_note_line(probe, "/sys/module/nvidia/version", "H05.version"))
        mieni_note_error(probe, error, "H05.version");
}

static void note_information(MieniProbe *probe, const char *device)
{
    static const struct {
        const char *key, *fact;
    } keys[] = {{"Model:", "model"},
                {"GPU UUID:", "uuid"},
                {"Device Minor:", "minor"},
                {"GPU Firmware:", "firmware"},
                {"GPU Excluded:", "excluded"}};
    char path[MIENI_PATH_MAX];
    if (!mieni_path(path, "/proc/driver/nvidia/gpus/%s/information", device) ||
        mieni_probe_read(probe, path) != 0)
        return;
    char *save = NULL;
    for (char *line = strtok_r(probe->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        for (size_t i = 0; i < MIENI_COUNT_OF(keys); i++)
            if (!strncmp(line, keys[i].key, strlen(keys[i].key)))
                mieni_note(probe, mieni_trim(line + strlen(keys[i].key)), "H06.%s.%s", device,
                           keys[i].fact);
}

static void probe_bound(MieniProbe *probe)
{
    char **devices;
    size_t n;
    int error = mieni_machine_list(probe->machine, "/proc/driver/nvidia/gpus", &devices, &n);
    for (size_t i = 0; i < n; i++)
        note_information(probe, devices[i]);
    mieni_machine_free_list(devices, n);
    if (error)
        mieni_note_error(probe, error, "H06.count");
    else
        mieni_note_number(probe, (int64_t)n, "H06.count");
}

static void probe_majors(MieniProbe *probe)
{
    if (mieni_probe_read(probe, "/proc/devices") != 0)
        return;
    char *save = NULL;
    for (char *line = strtok_r(probe->text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        int major;
        char name[64];
        if (!strncmp(line, "Block devices", 13))
            break;
        if (sscanf(line, "%d %63s", &major, name) == 2 &&
            (!strncmp(name, "nvidia", 6) || !strcmp(name, "nvgpu")))
            mieni_note_number(probe, major, "H07.%s", name);
    }
}

typedef struct ModuleSearch {
    char nvidia[256], nvgpu[256]; /* paths of the modules, "" if there are none */
} ModuleSearch;

/* Whether the file name is `name` with or without a branch behind it: nvidia.ko.xz,
 * nvidia-current.ko, but not nvidia-drm.ko. */
static bool is_module(const char *file, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(file, name, n) != 0)
        return false;
    if (!strncmp(file + n, "-current", 8))
        n += 8;
    if (!strncmp(file + n, "-open", 5))
        n += 5;
    return !strncmp(file + n, ".ko", 3);
}

static bool search_modules_dep(void *user, char *text, size_t n)
{
    ModuleSearch *search = user;
    (void)n;
    text[strcspn(text, ":")] = '\0';
    const char *slash = strrchr(text, '/');
    const char *file = slash ? slash + 1 : text;
    if (is_module(file, "nvidia"))
        snprintf(search->nvidia, sizeof(search->nvidia), "%.255s", text);
    else if (is_module(file, "nvgpu"))
        snprintf(search->nvgpu, sizeof(search->nvgpu), "%.255s", text);
    return !*search->nvidia || !*search->nvgpu;
}

/* Built modules by kernel, as H08.this.* and H08.other.*: the running one, and any other. */
static void probe_built(MieniProbe *probe)
{
    char **kernels, path[MIENI_PATH_MAX];
    size_t n;
    int error = mieni_machine_list(probe->machine, "/lib/modules", &kernels, &n);
    if (error) {
        mieni_note_error(probe, error, "H08.kernels");
        return;
    }
    mieni_note_number(probe, (int64_t)n, "H08.kernels");
    bool seen = false;
    for (size_t i = 0; i < n; i++) {
        ModuleSearch search = {"", ""};
        bool here = mieni_facts_is(probe->facts, "P01.release", kernels[i]);
        const char *which = here ? "this" : "other";
        if (!mieni_path(path, "/lib/modules/%s/modules.dep", kernels[i]) ||
            mieni_machine_lines(probe->machine, path, MAX_MODULES_DEP, search_modules_dep,
                                &search) != 0)
            continue;
        seen |= here;
        if (*search.nvidia)
            mieni_note(probe, here ? search.nvidia : kernels[i], "H08.%s.nvidia", which);
        else if (here)
            mieni_note_error(probe, ENOENT, "H08.this.nvidia");
        if (*search.nvgpu)
            mieni_note(probe, here ? search.nvgpu : kernels[i], "H08.%s.nvgpu", which);
        else if (here)
            mieni_note_error(probe, ENOENT, "H08.this.nvgpu");
    }
    mieni_machine_free_list(kernels, n);
    if (!seen)
        mieni_note_error(probe, ENOENT, "H08.this.nvidia");
    if (!mieni_facts_has(probe->facts, "H08.other.nvidia"))
        mieni_note_error(probe, ENOENT, "H08.other.nvidia");
}

/* /var/lib/dkms/nvidia/550.90.07/6.1.0-18-amd64/ */
static void probe_dkms(MieniProbe *probe)
{
    char **versions, **kernels, path[MIENI_PATH_MAX];
    size_t n_versions, n_kernels;
    mieni_machine_list(probe->machine, "/var/lib/dkms/nvidia", &versions, &n_versions);
    for (size_t i = 0; i < n_versions; i++) {
        if (!mieni_path(path, "/var/lib/dkms/nvidia/%s", versions[i]))
            continue;
        mieni_machine_list(probe->machine, path, &kernels, &n_kernels);
        for (size_t k = 0; k < n_kernels; k++)
            if (isdigit((unsigned char)kernels[k][0]))
                mieni_note(probe, kernels[k], "H09.%s.%s", versions[i], kernels[k]);
        mieni_machine_free_list(kernels, n_kernels);
    }
    mieni_machine_free_list(versions, n_versions);
}

/* The variable is four bytes of attributes and one of value. */
static void probe_secure_boot(MieniProbe *probe)
{
    static const char path[] =
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    size_t n;
    int error = mieni_machine_read(probe->machine, path, probe->text, &n);
    if (error)
        mieni_note_error(probe, error, "H10.secure_boot");
    else if (n >= 5)
        mieni_note(probe, probe->text[4] == 1 ? "on" : "off", "H10.secure_boot");
    mieni_note_line(probe, "/sys/kernel/security/lockdown", "H10.lockdown");
}

/* Lines of the kernel's log that mean something. All of `parts` must be in the line. */
static const struct {
    const char *fact;
    const char *parts[2];
} log_lines[] = {
    {"H11.legacy", {"NVRM:", "Legacy drivers"}},
    {"H11.legacy", {"NVRM:", "will ignore"}},
    {"H11.adapter", {"NVRM:", "RmInitAdapter failed"}},
    {"H11.adapter", {"NVRM:", "rm_init_adapter failed"}},
    {"H11.adapter", {"NVRM:", "Cannot initialize GSP"}},
    {"H11.lost", {"NVRM:", "fallen off the bus"}},
    {"H11.lost", {"Xid", ": 79,"}},
    {"H11.ecc", {"Xid", ": 48,"}},
    {"H11.ecc", {"Xid", ": 63,"}},
    {"H11.ecc", {"Xid", ": 94,"}},
    {"H11.xid", {"NVRM:", "Xid"}},
    {"H11.rejected", {"nvidia", "Key was rejected by service"}},
    {"H11.rejected", {"nvidia", "Required key not available"}},
    {"H11.hmm", {"request_free_mem_region", "-34"}},
    {"H11.suspend", {"PM: suspend exit", ""}},
    {"H11.symbols", {"nvgpu", "disagrees about version of symbol"}},
};

static bool read_log_line(void *user, char *text, size_t n)
{
    MieniProbe *probe = user;
    (void)n;
    for (size_t i = 0; i < MIENI_COUNT_OF(log_lines); i++)
        if (strstr(text, log_lines[i].parts[0]) && strstr(text, log_lines[i].parts[1]))
            mieni_note(probe, text, "%s", log_lines[i].fact);
    return true;
}

/* One record a read; EPIPE says that the ring overtook us. Source: Linux,
 * Documentation/ABI/testing/dev-kmsg. */
static int read_kernel_ring(MieniProbe *probe)
{
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno;
    char record[8193];
    size_t total = 0;
    while (total < MAX_KERNEL_LOG) {
        ssize_t n = read(fd, record, sizeof(record) - 1);
        if (n < 0 && (errno == EINTR || errno == EPIPE))
            continue;
        if (n <= 0)
            break;
        record[n] = '\0';
        total += (size_t)n;
        char *message = strchr(record, ';');
        if (message) {
            message[strcspn(message, "\n")] = '\0';
            read_log_line(probe, message + 1, strlen(message + 1));
        }
    }
    close(fd);
    return total > 0 ? 0 : ENOENT;
}

static void probe_log(MieniProbe *probe)
{
    static const char *const files[] = {"/dev/kmsg", "/var/log/kern.log", "/var/log/syslog"};
    bool fake = mieni_machine_root(probe->machine);
    int first_error = 0;
    for (size_t i = 0; i < MIENI_COUNT_OF(files); i++) {
        size_t n;
        int error = i == 0 && !fake
                        ? read_kernel_ring(probe)
                        : mieni_machine_read_end(probe->machine, files[i], probe->text, &n);
        if (error) {
            first_error = first_error ? first_error : error;
            continue;
        }
        mieni_note(probe, files[i], "H11.source");
        if (i == 0 && !fake)
            return;
        char *save = NULL;
        for (char *line = strtok_r(probe->text, "\n", &save); line;
             line = strtok_r(NULL, "\n", &save))
            read_log_line(probe, line, strlen(line));
        return;
    }
    mieni_note_error(probe, first_error, "H11.source");
}

static void probe_boot_options(MieniProbe *probe)
{
    static const char *const words[] = {"nomodeset",
                                        "nokaslr",
                                        "nouveau.modeset=0",
                                        "modprobe.blacklist=nvidia",
                                        "rd.driver.blacklist=nvidia",
                                        "vfio-pci.ids"};
    if (mieni_probe_read(probe, "/proc/cmdline") != 0)
        return;
    for (size_t i = 0; i < MIENI_COUNT_OF(words); i++)
        if (mieni_has_word(probe->text, words[i]))
            mieni_note(probe, "on the kernel's command line", "H13.%s", words[i]);
}

/* "blacklist nvidia", and "install nvidia /bin/false" which does the same. */
static void read_modprobe_line(MieniProbe *probe, const char *path, const char *line)
{
    static const char *const watched[] = {"nvidia", "nvidia_uvm", "nvgpu", "nouveau"};
    char verb[16], module[64], what[64] = "";
    if (sscanf(line, " %15s %63s %63s", verb, module, what) < 2)
        return;
    bool off = !strcmp(verb, "blacklist") ||
               (!strcmp(verb, "install") && (strstr(what, "/false") || strstr(what, "/true")));
    for (char *c = module; *c; c++)
        if (*c == '-')
            *c = '_';
    for (size_t i = 0; off && i < MIENI_COUNT_OF(watched); i++)
        if (!strcmp(module, watched[i]))
            mieni_note(probe, path, "H14.%s", watched[i]);
}

static void probe_modprobe(MieniProbe *probe)
{
    static const char *const folders[] = {"/lib/modprobe.d", "/usr/lib/modprobe.d",
                                          "/run/modprobe.d", "/etc/modprobe.d"};
    char **names, path[MIENI_PATH_MAX];
    size_t n;
    for (size_t f = 0; f < MIENI_COUNT_OF(folders); f++) {
        mieni_machine_list(probe->machine, folders[f], &names, &n);
        for (size_t i = 0; i < n; i++) {
            size_t length = strlen(names[i]);
            if (length < 5 || strcmp(names[i] + length - 5, ".conf") != 0 ||
                !mieni_path(path, "%s/%s", folders[f], names[i]) ||
                mieni_probe_read(probe, path) != 0)
                continue;
            char *save = NULL;
            for (char *line = strtok_r(probe->text, "\n", &save); line;
                 line = strtok_r(NULL, "\n", &save))
                read_modprobe_line(probe, path, line);
        }
        mieni_machine_free_list(names, n);
    }
    mieni_note_line(probe, "/etc/prime-discrete", "H14.prime_discrete");
}

void mieni_probe_modules(MieniProbe *probe)
{
    probe_loaded(probe);
    probe_version(probe);
    probe_bound(probe);
    probe_majors(probe);
    probe_built(probe);
    probe_dkms(probe);
    probe_secure_boot(probe);
    probe_log(probe);
    mieni_note_line(probe, "/sys/power/suspend_stats/success", "H11.suspends");
    probe_boot_options(probe);
    probe_modprobe(probe);
}
