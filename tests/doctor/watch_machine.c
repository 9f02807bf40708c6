/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/watch_machine.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

char machine_root[512];

void machine_new(void)
{
    static int n_machines;
    char name[32];
    snprintf(name, sizeof(name), "machine-%d", n_machines++);
    snprintf(machine_root, sizeof(machine_root), "%s", test_temporary(name));
    assert_int_equal(mkdir(machine_root, 0755), 0);
}

void machine_put_bytes(const char *path, const void *data, size_t n)
{
    char full[1024];
    snprintf(full, sizeof(full), "%s%s", machine_root, path);
    for (char *at = full + strlen(machine_root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
        *at = '/';
    }
    FILE *file = fopen(full, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    fclose(file);
}

void machine_put(const char *path, const char *text)
{
    machine_put_bytes(path, text, strlen(text));
}

void machine_put_link(const char *path, const char *target)
{
    char full[1024];
    machine_put(path, "");
    snprintf(full, sizeof(full), "%s%s", machine_root, path);
    unlink(full);
    assert_int_equal(symlink(target, full), 0);
}

MienWatch *machine_watch(const char *helper, int32_t interval_ms, int32_t timeout_ms)
{
    MienWatchOptions options;
    MienWatch *watch;
    MienError error;
    mien_watch_options_init(&options);
    options.root = machine_root;
    options.helper = helper ? helper : TEST_PROBE;
    options.interval_ms = interval_ms;
    options.timeout_ms = timeout_ms;
    assert_int_equal(mien_watch_create(&options, &watch, &error), MIEN_OK);
    return watch;
}

const MienWatchSample *take_sample(MienWatch *watch)
{
    const MienWatchSample *taken;
    assert_int_equal(mien_watch_sample(watch, &taken), MIEN_OK);
    assert_true(taken->n_verdicts >= 1);
    return taken;
}

const MienWatchSample *take_sample_until(MienWatch *watch, MienWatchDriver state)
{
    const MienWatchSample *taken = take_sample(watch);
    while (taken->driver != state) {
        /* What has ended does not come back. */
        if (taken->driver >= MIEN_WATCH_DRIVER_HUNG)
            fail_msg("wanted %d, got %d: %s", (int)state, (int)taken->driver, taken->driver_text);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        taken = take_sample(watch);
    }
    return taken;
}

bool near(double got, double want)
{
    return fabs(got - want) <= 1e-6 * (1 + fabs(want));
}

void machine_put_stat(int ticks)
{
    char text[128];
    snprintf(text, sizeof(text), "cpu  0 0 0 %d 0 0 0 0 0 0\ncpu0 0 0 0 %d 0 0 0 0 0 0\n", ticks,
             ticks);
    machine_put("/proc/stat", text);
}

void machine_put_process(int pid, const char *name, int user, int system, int start)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    snprintf(text, sizeof(text),
             "%d (%s) S 1 1 1 0 -1 4194560 1 0 0 0 %d %d 0 0 20 0 3 0 %d 1000 10 1 1 1\n", pid,
             name, user, system, start);
    machine_put(path, text);
    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    snprintf(text, sizeof(text), "%s\n", name);
    machine_put(path, text);
}

void machine_put_thread(int pid, int tid, const char *name, int user)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
    snprintf(text, sizeof(text), "%d (%s) R 1 1 1 0 -1 0 1 0 0 0 %d 0 0 0 20 0 3 0 5 1\n", tid,
             name, user);
    machine_put(path, text);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
    machine_put(path, name);
}

void machine_put_jetson(void)
{
    machine_put_bytes("/proc/device-tree/model", "NVIDIA Jetson Orin NX\0", 22);
    machine_put("/etc/nv_tegra_release",
                "# R36 (release), REVISION: 4.3, GCID: 1, BOARD: generic\n");
    machine_put("/sys/devices/soc0/family", "Tegra\n");
    machine_put("/var/lib/nvpmodel/status", "pmode:0002\n");
    machine_put("/etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >\nA B 1\n"
                                      "< POWER_MODEL ID=2 NAME=15W >\nA B 1\n");
    machine_put_bytes("/sys/class/devfreq/17000000.gpu/device/of_node/name", "gpu\0", 4);
    machine_put("/sys/class/devfreq/17000000.gpu/device/load", "955\n");
    machine_put("/sys/class/devfreq/17000000.gpu/cur_freq", "612000000\n");
    machine_put("/sys/class/devfreq/17000000.gpu/max_freq", "612000000\n");
    machine_put("/sys/class/devfreq/17000000.gpu/available_frequencies",
                "306000000 918000000 612000000\n");
    machine_put("/sys/class/devfreq/1.vic/cur_freq", "1\n");
    machine_put("/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    machine_put("/sys/class/thermal/thermal_zone0/temp", "51500\n");
    machine_put("/sys/class/thermal/thermal_zone1/type", "gpu-thermal\n");
    machine_put("/sys/class/thermal/thermal_zone1/temp", "49000\n");
    machine_put("/sys/class/thermal/thermal_zone1/trip_point_0_type", "critical\n");
    machine_put("/sys/class/thermal/thermal_zone1/trip_point_0_temp", "104500\n");
    machine_put("/sys/class/thermal/thermal_zone1/trip_point_1_type", "passive\n");
    machine_put("/sys/class/thermal/thermal_zone1/trip_point_1_temp", "99000\n");
    machine_put("/sys/class/thermal/thermal_zone2/type", "cv0-thermal\n");
    machine_put("/sys/class/thermal/thermal_zone2/temp", "-256000\n"); /* switched off */
    machine_put("/sys/class/thermal/cooling_device0/type", "pwm-fan\n");
    machine_put("/sys/class/hwmon/hwmon1/name", "ina3221\n");
    machine_put("/sys/class/hwmon/hwmon1/in1_label", "VDD_IN\n");
    machine_put("/sys/class/hwmon/hwmon1/in1_input", "5000\n");
    machine_put("/sys/class/hwmon/hwmon1/curr1_input", "1500\n");
    machine_put("/sys/class/hwmon/hwmon1/in2_label", "VDD_CPU_GPU_CV\n");
    machine_put("/sys/class/hwmon/hwmon1/in2_input", "5000\n");
    machine_put("/sys/class/hwmon/hwmon1/curr2_input", "400\n");
    machine_put("/sys/class/hwmon/hwmon1/in3_label", "NC\n");
    machine_put("/sys/class/hwmon/hwmon1/in3_input", "1\n");
    machine_put("/sys/class/hwmon/hwmon1/curr3_input", "1\n");
    machine_put("/sys/class/hwmon/hwmon1/in7_label", "sum of shunt voltages\n");
    machine_put("/sys/class/hwmon/hwmon3/name", "soctherm_oc\n");
    machine_put("/sys/class/hwmon/hwmon3/oc1_event_cnt", "4\n");
    machine_put("/sys/class/hwmon/hwmon3/oc3_event_cnt", "10\n");
}
