/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of machines that are folders. */
#include "doctor/watch.h"

#include <math.h>

#include "doctor/watch_machine.h"
#include "support/test.h"

static void test_cpu(void **state)
{
    (void)state;
    machine_new();
    machine_put("/proc/stat", "cpu  100 0 100 1800 0 0 0 0 0 0\n"
                              "cpu0 50 0 50 900 0 0 0 0 0 0\n"
                              "cpu2 50 0 50 900 0 0 0 0 0 0\n"
                              "intr 1 2 3\ncpu9 1 1 1 1 1 1 1 1 1 1\n");
    MienWatch *watch = machine_watch(NULL, 1000, 5000);
    const MienWatchSample *taken = take_sample(watch);
    assert_int_equal(taken->number, 0);
    assert_true(isnan(taken->cpu_percent)); /* no time went by */
    assert_int_equal(taken->n_cores, 2);
    assert_true(isnan(taken->cores[0].load_percent));

    /* 100 ticks: core 0 busy for all of them, core 2 for 20 and waiting for a disk for 30, and a
     * core that is new. */
    machine_put("/proc/stat", "cpu  200 0 120 1880 30 0 0 0 0 0\n"
                              "cpu0 130 0 50 900 0 10 5 5 0 0\n"
                              "cpu2 50 0 70 950 30 0 0 0 0 0\n"
                              "cpu3 1 1 1 1 1 1 1 1 1 1\n");
    taken = take_sample(watch);
    assert_int_equal(taken->n_cores, 3);
    assert_int_equal(taken->cores[1].id, 2);
    assert_true(near(taken->cores[0].load_percent, 100));
    assert_true(near(taken->cores[1].load_percent, 20));
    assert_true(isnan(taken->cores[2].load_percent));
    assert_true(near(taken->cpu_percent, 100.0 * 120 / 230));
    mien_watch_destroy(watch);
}

static void test_processes(void **state)
{
    (void)state;
    machine_new();
    for (int look = 0; look < 3; look++) {
        machine_put_stat(1000 + 100 * look);
        machine_put_process(10, "a) R 9 9 (b", 50 * look, 30 * look,
                            7); /* a name that imitates fields */
        machine_put_process(11, "idle", 5, 5, 7);
        machine_put_process(12, "reborn", 90 * look, 0, 7 + look);
        machine_put_process(13, "\033[31mred", 20 * look, 0, 7);
        machine_put_thread(10, 10, "main", 10 * look);
        machine_put_thread(10, 20, "av:h264:df0", 25 * look);
        machine_put_thread(10, 21, "av:h264:df1", 26 * look);
        machine_put_thread(10, 22, "av:scale:ff:0", 14 * look);
        machine_put("/proc/10x/stat", "10 (x) R 1 1 1 0 -1 0 1 0 0 0 99 0 0 0 20 0 3 0 5 1\n");
        machine_put("/proc/14/stat", "14 (cut");
        machine_put("/proc/15/stat", "");
        static MienWatch *watch;
        if (look == 0) {
            watch = machine_watch(NULL, 1000, 5000);
            continue;
        }
        const MienWatchSample *taken = take_sample(watch);
        assert_int_equal(taken->n_tasks, 2);
        assert_int_equal(taken->tasks[0].pid, 10);
        assert_string_equal(taken->tasks[0].name, "a) R 9 9 (b");
        assert_true(near(taken->tasks[0].load_percent, 80));
        assert_string_equal(taken->tasks[1].name, "?[31mred");
        if (look == 1) {
            assert_true(isnan(taken->tasks[0].thread_percent));
            continue;
        }
        assert_string_equal(taken->tasks[0].thread, "av:h264:df1");
        assert_true(near(taken->tasks[0].thread_percent, 26));
        assert_true(near(taken->tasks[0].decoder_percent, 51));
        assert_true(isnan(taken->tasks[1].thread_percent)); /* it has no threads to be seen */
        mien_watch_destroy(watch);
    }
}

static void test_memory(void **state)
{
    (void)state;
    machine_new();
    machine_put_stat(1000);
    machine_put("/proc/meminfo", "MemTotal:       32000000 kB\nMemFree:         1000000 kB\n"
                                 "MemAvailable:    8000000 kB\nSwapTotal: 2000000 kB\n"
                                 "SwapFree: 500000 kB\n");
    machine_put("/proc/pressure/memory", "some avg10=12.34 avg60=0.00 avg300=0.00 total=1\n"
                                         "full avg10=3.00 avg60=0.00 avg300=0.00 total=1\n");
    machine_put("/proc/vmstat", "nr_free_pages 1\npswpin 1000\npswpout 1\n");
    machine_put("/sys/fs/cgroup/cpu.stat",
                "usage_usec 1\nnr_throttled 3\nthrottled_usec 1000000\n");
    MienWatch *watch = machine_watch(NULL, 1000, 5000);
    machine_put_stat(1200); /* two seconds */
    machine_put("/proc/vmstat", "nr_free_pages 1\npswpin 3000\npswpout 1\n");
    machine_put("/sys/fs/cgroup/cpu.stat", "usage_usec 1\nthrottled_usec 1500000\n");
    const MienWatchSample *taken = take_sample(watch);
    assert_true(near(taken->memory_total_bytes, 32000000.0 * 1024));
    assert_true(near(taken->memory_available_bytes, 8000000.0 * 1024));
    assert_true(near(taken->swap_total_bytes, 2000000.0 * 1024));
    assert_true(near(taken->swap_used_bytes, 1500000.0 * 1024));
    assert_true(near(taken->memory_some_percent, 12.34));
    assert_true(near(taken->memory_full_percent, 3));
    assert_true(near(taken->swap_in_bytes_s, 1000 * 4096));
    assert_true(near(taken->cpu_waits_percent, 25));
    mien_watch_destroy(watch);
}

static void test_nothing_there(void **state)
{
    (void)state;
    machine_new();
    MienWatch *watch = machine_watch(NULL, 1000, 20000);
    const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_ABSENT);
    assert_int_equal(taken->n_gpus, 0);
    assert_null(taken->jetson);
    assert_int_equal(taken->n_cores, 0);
    assert_true(isnan(taken->cpu_percent));
    assert_true(isnan(taken->memory_total_bytes));
    assert_true(isnan(taken->swap_used_bytes));
    assert_true(isnan(taken->memory_some_percent));
    assert_int_equal(taken->n_verdicts, 1);
    assert_string_equal(taken->verdicts[0].id, "none");
    mien_watch_destroy(watch);
}

static void test_jetson(void **state)
{
    (void)state;
    machine_new();
    machine_put_stat(1000);
    machine_put_jetson();
    MienWatch *watch = machine_watch(NULL, 1000, 20000);
    const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_ABSENT);
    const MienWatchJetson *jetson = taken->jetson;
    assert_non_null(jetson);
    assert_string_equal(jetson->board, "NVIDIA Jetson Orin NX");
    assert_string_equal(jetson->l4t, "36.4.3");
    assert_int_equal(jetson->power_mode, 2);
    assert_string_equal(jetson->power_name, "15W");
    assert_int_equal(jetson->n_zones, 2);
    assert_string_equal(jetson->zones[0].name, "cpu-thermal");
    assert_true(near(jetson->zones[0].value, 51.5));
    assert_int_equal(jetson->n_rails, 2);
    assert_true(near(jetson->rails[0].value, 7.5));
    assert_true(near(jetson->over_currents, 0));
    assert_int_equal(taken->n_gpus, 1);
    const MienWatchGpu *gpu = &taken->gpus[0];
    assert_string_equal(gpu->id, "jetson");
    assert_true(near(gpu->load_percent, 95.5));
    assert_true(near(gpu->clock_mhz, 612));
    assert_true(near(gpu->clock_top_mhz, 918));
    assert_true(near(gpu->temperature_c, 49));
    assert_true(near(gpu->temperature_limit_c, 99));
    assert_true(near(gpu->power_w, 2));
    assert_int_equal(gpu->slowdown, 0);
    assert_string_equal(taken->verdicts[0].id, "power-mode");
    assert_non_null(strstr(taken->verdicts[0].text, "612 of its 918 MHz: power mode 15W"));

    machine_put("/sys/class/hwmon/hwmon3/oc3_event_cnt", "12\n");
    taken = take_sample(watch);
    assert_true(near(taken->jetson->over_currents, 2));
    assert_int_equal(taken->gpus[0].slowdown, MIEN_SLOWDOWN_OVER_CURRENT);
    assert_string_equal(taken->verdicts[0].id, "gpu-power");

    machine_put("/sys/class/thermal/thermal_zone1/temp", "99500\n");
    taken = take_sample(watch);
    assert_int_equal(taken->gpus[0].slowdown, MIEN_SLOWDOWN_HEAT);
    assert_string_equal(taken->verdicts[0].id, "gpu-heat");
    mien_watch_destroy(watch);
}

/* JetPack 4 has its power sensors elsewhere, and the GPU under an older name. */
static void test_old_jetson(void **state)
{
    (void)state;
    machine_new();
    machine_put("/etc/nv_tegra_release", "# R32 (release), REVISION: 7.1, GCID: 1\n");
    machine_put("/sys/class/devfreq/57000000.gpu/device/of_node/name", "gpu");
    machine_put("/sys/class/thermal/thermal_zone0/type", "GPU-therm\n");
    machine_put("/sys/class/thermal/thermal_zone0/temp", "30500\n");
    machine_put("/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_0", "POM_5V_IN\n");
    machine_put("/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power0_input", "2500\n");
    machine_put("/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/rail_name_1", "POM_5V_GPU\n");
    machine_put("/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/in_power1_input", "123\n");
    MienWatch *watch = machine_watch(NULL, 1000, 20000);
    const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_ABSENT);
    assert_string_equal(taken->jetson->l4t, "32.7.1");
    assert_int_equal(taken->jetson->n_rails, 2);
    assert_int_equal(taken->jetson->power_mode, -1);
    assert_true(near(taken->gpus[0].power_w, 0.123));
    assert_true(near(taken->gpus[0].temperature_c, 30.5));
    assert_true(isnan(taken->gpus[0].load_percent));
    assert_int_equal(taken->gpus[0].slowdown, MIEN_SLOWDOWN_UNKNOWN);
    mien_watch_destroy(watch);
}

static void test_cards(void **state)
{
    (void)state;
    machine_new();
    machine_put_link("/sys/class/drm/card0/device", "../../../devices/pci0/0000:03:00.0");
    machine_put_link("/sys/devices/pci0/0000:03:00.0/driver", "../../../bus/pci/drivers/amdgpu");
    machine_put("/sys/bus/pci/drivers/amdgpu/bind", "");
    machine_put("/sys/devices/pci0/0000:03:00.0/gpu_busy_percent", "37\n");
    machine_put("/sys/devices/pci0/0000:03:00.0/mem_info_vram_used", "1073741824\n");
    machine_put("/sys/devices/pci0/0000:03:00.0/mem_info_vram_total", "8589934592\n");
    machine_put("/sys/devices/pci0/0000:03:00.0/pp_dpm_sclk",
                "0: 500Mhz\n1: 800Mhz *\n2: 2100Mhz \n");
    machine_put("/sys/devices/pci0/0000:03:00.0/hwmon/hwmon4/temp1_input", "61000\n");
    machine_put("/sys/devices/pci0/0000:03:00.0/hwmon/hwmon4/power1_average", "45000000\n");
    machine_put("/sys/devices/pci0/0000:03:00.0/hwmon/hwmon4/power1_cap", "220000000\n");
    machine_put("/sys/class/drm/card0-DP-1/status", "connected\n");
    machine_put_link("/sys/class/drm/card1/device/driver", "../../../../bus/pci/drivers/i915");
    machine_put("/sys/class/drm/card1/gt_act_freq_mhz", "350\n");
    machine_put("/sys/class/drm/card1/gt_max_freq_mhz", "1300\n");
    machine_put("/sys/class/drm/card1/gt_RP0_freq_mhz", "1500\n");
    machine_put("/sys/class/drm/card1/gt/gt0/throttle_reason_pl1", "1\n");
    machine_put("/sys/class/drm/card1/gt/gt0/throttle_reason_thermal", "0\n");
    machine_put_link("/sys/class/drm/card2/device/driver", "../../../../bus/pci/drivers/xe");
    machine_put("/sys/class/drm/card2/device/tile0/gt0/freq0/act_freq", "2000\n");
    machine_put("/sys/class/drm/card2/device/tile0/gt0/freq0/throttle/reason_thermal", "1\n");
    machine_put_link("/sys/class/drm/card3/device/driver", "../../../../bus/pci/drivers/nouveau");
    MienWatch *watch = machine_watch(NULL, 1000, 5000);
    const MienWatchSample *taken = take_sample(watch);
    assert_int_equal(taken->n_gpus, 3);
    const MienWatchGpu *gpu = &taken->gpus[0];
    assert_string_equal(gpu->source, "amdgpu");
    assert_string_equal(gpu->pci, "0000:03:00.0");
    assert_true(near(gpu->load_percent, 37));
    assert_true(near(gpu->memory_used_bytes, 1073741824));
    assert_true(near(gpu->clock_mhz, 800));
    assert_true(near(gpu->clock_max_mhz, 2100));
    assert_true(near(gpu->temperature_c, 61));
    assert_true(near(gpu->power_w, 45));
    assert_true(near(gpu->power_limit_w, 220));
    assert_int_equal(gpu->slowdown, MIEN_SLOWDOWN_UNKNOWN);
    gpu = &taken->gpus[1];
    assert_string_equal(gpu->id, "card1");
    assert_true(near(gpu->clock_mhz, 350));
    assert_true(near(gpu->clock_top_mhz, 1500));
    assert_true(isnan(gpu->load_percent));
    assert_int_equal(gpu->slowdown, MIEN_SLOWDOWN_POWER);
    gpu = &taken->gpus[2];
    assert_string_equal(gpu->source, "xe");
    assert_true(near(gpu->clock_mhz, 2000));
    assert_int_equal(gpu->slowdown, MIEN_SLOWDOWN_HEAT);
    mien_watch_destroy(watch);
}

/* Every file that a watch reads, filled with what none of them should have. */
static void test_hostile_files(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/proc/stat",
        "/proc/meminfo",
        "/proc/vmstat",
        "/proc/pressure/memory",
        "/sys/fs/cgroup/cpu.stat",
        "/proc/5/stat",
        "/proc/5/comm",
        "/proc/5/task/6/stat",
        "/proc/device-tree/model",
        "/etc/nv_tegra_release",
        "/etc/nvpmodel.conf",
        "/var/lib/nvpmodel/status",
        "/sys/class/devfreq/gpu-gpc-0/device/load",
        "/sys/class/devfreq/gpu-gpc-0/cur_freq",
        "/sys/class/devfreq/gpu-gpc-0/available_frequencies",
        "/sys/class/thermal/thermal_zone0/type",
        "/sys/class/thermal/thermal_zone0/temp",
        "/sys/class/hwmon/hwmon0/name",
        "/sys/class/hwmon/hwmon0/in1_label",
        "/sys/class/hwmon/hwmon0/in1_input",
        "/sys/class/hwmon/hwmon0/oc1_event_cnt",
        "/sys/class/drm/card0/device/pp_dpm_sclk",
        "/sys/class/drm/card0/device/gpu_busy_percent",
        "/sys/class/drm/card0/device/product_name",
    };
    static const char *const texts[] = {
        "",
        "\n\n\n",
        "cpu",
        "cpu ",
        "cpu0",
        "cpu99999999999999999999 1 2 3 4\n",
        "cpu  -1 -1 -1 -1\ncpu0 -1 0 0 0\ncpu-1 1 1 1 1\n",
        "cpu  9223372036854775807 9223372036854775807 9223372036854775807 9223372036854775807 "
        "9223372036854775807 9223372036854775807 9223372036854775807 9223372036854775807\n"
        "cpu0 99999999999999999999 99999999999999999999 99999999999999999999 1 1 1 1 1\n"
        "cpu1023 1 1 1 1\ncpu1024 1 1 1 1\n",
        "5 (x) R 1 1 1 0 -1 0 1 0 0 0 9223372036854775807 9223372036854775807 0 0 20 0 3 0 "
        "9223372036854775807 1\n",
        ")",
        "5 (x) ",
        "some avg10=99999999999999999999.9 full avg10=-1\nsome avg10=nan\n",
        "MemTotal: -5\nMemAvailable: 99999999999999999999 kB\nSwapTotal: 1\nSwapFree: "
        "9223372036854775807\n",
        "throttled_usec 9223372036854775807\npswpin 9223372036854775807\n",
        "99999999999999999999999999999999\n",
        "-99999999999999999999999999999999\n",
        "soctherm_oc",
        "ina3221",
        "pmode:",
        "pmode:99999999999999999999\n",
        "# R99999 (release), REVISION: 99999.99999\n",
        "0: 99999999999999999999Mhz *\n:\n*\n1:\n2: -5Mhz *",
        "\x1b]0;owned\x07\x1b[2J",
        "\xff\xfe\xfd",
    };
    machine_new();
    machine_put("/sys/class/hwmon/hwmon1/name", "soctherm_oc");
    machine_put("/sys/class/hwmon/hwmon1/oc2_event_cnt", "9223372036854775807");
    machine_put("/sys/class/hwmon/hwmon1/oc3_event_cnt", "9223372036854775807");
    machine_put("/sys/class/hwmon/hwmon2/name", "ina3221");
    machine_put("/sys/class/hwmon/hwmon2/in99_label", "x");
    machine_put("/sys/class/hwmon/hwmon2/in_label", "x");
    machine_put("/sys/class/hwmon/hwmon2/rail_name_", "x");
    machine_put_link("/sys/class/drm/card0/device/driver", "amdgpu");
    machine_put_link("/sys/class/drm/card1/device", "card1/device");
    machine_put_link("/proc/7", "7");
    size_t n_long = 200000;
    char *longest = malloc(n_long);
    assert_non_null(longest);
    memset(longest, '9', n_long);
    for (size_t t = 0; t <= MIENI_COUNT_OF(texts); t++) {
        MienWatch *watch = NULL;
        for (int look = 0; look < 2; look++) {
            for (size_t i = 0; i < MIENI_COUNT_OF(paths); i++) {
                if (t == MIENI_COUNT_OF(texts))
                    machine_put_bytes(paths[i], longest, n_long);
                else
                    machine_put(paths[i],
                                texts[look ? t : (t * 7 + 3 * i) % MIENI_COUNT_OF(texts)]);
            }
            if (!watch)
                watch = machine_watch(NULL, 1000, 5000);
        }
        const MienWatchSample *taken = take_sample(watch);
        assert_true(isnan(taken->cpu_percent) ||
                    (taken->cpu_percent >= 0 && taken->cpu_percent <= 100));
        for (size_t i = 0; i < taken->n_verdicts; i++)
            for (const char *at = taken->verdicts[i].text; *at; at++)
                test_in_range(*at, ' ', '~');
        mien_watch_destroy(watch);
    }
    free(longest);
}

static void test_arguments(void **state)
{
    (void)state;
    MienWatchOptions options;
    MienWatch *watch = (MienWatch *)&options;
    const MienWatchSample *taken;
    MienError error;
    assert_int_equal(mien_watch_create(NULL, NULL, &error), MIEN_E_ARGUMENT);
    mien_watch_options_init(&options);
    options.interval_ms = 49;
    assert_int_equal(mien_watch_create(&options, &watch, &error), MIEN_E_ARGUMENT);
    assert_null(watch);
    mien_watch_options_init(&options);
    options.timeout_ms = 0;
    assert_int_equal(mien_watch_create(&options, &watch, NULL), MIEN_E_ARGUMENT);
    mien_watch_options_init(&options);
    options.struct_size = 1;
    assert_int_equal(mien_watch_create(&options, &watch, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_watch_sample(NULL, &taken), MIEN_E_ARGUMENT);
    mien_watch_destroy(NULL);
    for (uint32_t bit = 1; bit <= MIEN_SLOWDOWN_OVER_CURRENT; bit <<= 1)
        assert_non_null(mien_watch_slowdown_text(bit));
    assert_null(mien_watch_slowdown_text(0));
    assert_null(mien_watch_slowdown_text(3));
    assert_null(mien_watch_slowdown_text(MIEN_SLOWDOWN_UNKNOWN));
}

static void test_out_of_memory(void **state)
{
    (void)state;
    machine_new();
    machine_put_stat(1000);
    machine_put_process(10, "x", 1, 1, 1);
    machine_put_thread(10, 10, "x", 1);
    for (int64_t n = 0;; n++) {
        MienWatchOptions options;
        MienWatch *watch;
        const MienWatchSample *taken;
        mien_watch_options_init(&options);
        options.root = machine_root;
        options.helper = "/nonexistent/mien-probe";
        mieni_alloc_fail_at(n, false);
        MienStatus status = mien_watch_create(&options, &watch, NULL);
        if (status == MIEN_OK)
            status = mien_watch_sample(watch, &taken);
        mieni_alloc_fail_at(-1, false);
        mien_watch_destroy(watch);
        if (status == MIEN_OK && n > 20)
            break;
        assert_true(status == MIEN_OK || status == MIEN_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu),       cmocka_unit_test(test_processes),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_jetson),    cmocka_unit_test(test_old_jetson),
        cmocka_unit_test(test_cards),     cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_arguments), cmocka_unit_test(test_out_of_memory),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
