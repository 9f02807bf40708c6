/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of the watch: what makes it speak, what keeps it silent. */
#include <math.h>

#include "doctor/watch.h"

#include "support/test.h"

static MienWatchSample sample;
static MienWatchGpu gpu;
static MienWatchTask task;
static MienWatchUser user;
static MienWatchJetson jetson;
static MienWatchCore core;

/* A machine at rest, with a GPU whose readings are all known. */
static void reset(void)
{
    gpu = (MienWatchGpu){
        .id = "nvml:0",
        .source = "nvml",
        .name = "Card",
        .pci = "",
        .load_percent = 50,
        .decoder_percent = 0,
        .memory_used_bytes = 1,
        .memory_total_bytes = 8,
        .clock_mhz = 1000,
        .clock_max_mhz = 2000,
        .clock_top_mhz = MIENI_WATCH_UNKNOWN,
        .temperature_c = 50,
        .power_w = 100,
        .power_limit_w = 170,
        .users = &user,
    };
    user = (MienWatchUser){4711, "python3", 6};
    task = (MienWatchTask){12, "ffmpeg", 40, "ffmpeg", 40, 0};
    jetson = (MienWatchJetson){.board = "", .l4t = "", .power_mode = 2, .power_name = "15W"};
    core = (MienWatchCore){0, 20};
    sample = (MienWatchSample){
        .driver_text = "",
        .gpus = &gpu,
        .n_gpus = 1,
        .cpu_percent = 20,
        .cpu_waits_percent = 0,
        .cores = &core,
        .n_cores = 1,
        .tasks = &task,
        .n_tasks = 1,
        .memory_available_bytes = 16,
        .memory_total_bytes = 32,
        .swap_in_bytes_s = 0,
        .memory_some_percent = 0,
        .memory_full_percent = 0,
    };
}

/* The only verdict is this one, and says this. */
static void expect(const char *id, const char *says)
{
    MieniWatchFound found[MIENI_WATCH_VERDICTS];
    size_t n = mieni_watch_rules(&sample, found);
    if (n != 1 || strcmp(found[0].id, id) != 0 || !strstr(found[0].text, says))
        fail_msg("wanted %s (%s), got %zu: %s (%s)", id, says, n, found[0].id, found[0].text);
    reset();
}

static void test_nothing(void **state)
{
    (void)state;
    reset();
    expect("none", "Nothing here waits");
    sample.cpu_percent = MIENI_WATCH_UNKNOWN;
    expect("none", "Nothing is known yet");
}

static void test_driver(void **state)
{
    (void)state;
    reset();
    sample.driver_text = "it hangs";
    sample.driver = MIEN_WATCH_DRIVER_HUNG;
    expect("driver", "it hangs; see `mien doctor`");
    sample.driver_text = "there is none";
    sample.driver = MIEN_WATCH_DRIVER_ABSENT;
    expect("none", "");
    sample.driver_text = "starting";
    sample.driver = MIEN_WATCH_DRIVER_STARTING;
    expect("none", "");
}

static void test_gpu_error(void **state)
{
    (void)state;
    reset();
    gpu.error = "the GPU is lost";
    expect("gpu-error", "nvml:0 (Card): the GPU is lost");
}

static void test_heat(void **state)
{
    (void)state;
    reset();
    gpu.slowdown = MIEN_SLOWDOWN_HEAT;
    expect("gpu-heat", "(50 C)");
    gpu.slowdown = MIEN_SLOWDOWN_HEAT_BOARD;
    gpu.temperature_c = MIENI_WATCH_UNKNOWN;
    expect("gpu-heat", "slowed down by heat: mind");
    gpu.slowdown = MIEN_SLOWDOWN_HEAT | MIEN_SLOWDOWN_UNKNOWN;
    expect("none", "");
}

static void test_power(void **state)
{
    (void)state;
    reset();
    gpu.slowdown = MIEN_SLOWDOWN_POWER | MIEN_SLOWDOWN_IDLE;
    expect("gpu-power", "power limit (100 of 170 W)");
    gpu.slowdown = MIEN_SLOWDOWN_POWER_BRAKE;
    expect("gpu-power", "supply asks for less");
    gpu.slowdown = MIEN_SLOWDOWN_OVER_CURRENT;
    expect("gpu-power", "supply is too weak");
    gpu.slowdown = MIEN_SLOWDOWN_POWER;
    gpu.power_w = MIENI_WATCH_UNKNOWN;
    expect("gpu-power", "by its power limit");
    gpu.slowdown = MIEN_SLOWDOWN_POWER;
    gpu.load_percent = 49; /* it loses nothing */
    expect("none", "");
    gpu.slowdown = MIEN_SLOWDOWN_IDLE | MIEN_SLOWDOWN_SETTING | MIEN_SLOWDOWN_DISPLAY;
    expect("none", "");
}

static void test_memory_pressure(void **state)
{
    (void)state;
    reset();
    sample.memory_some_percent = 23;
    expect("memory-pressure", "23 % of the time");
    sample.memory_some_percent = 9.9;
    expect("none", "");
    sample.memory_some_percent = MIENI_WATCH_UNKNOWN;
    sample.swap_in_bytes_s = 20e6;
    expect("memory-pressure", "swap (20 MB/s)");
    sample.memory_available_bytes = 0.5;
    expect("memory-pressure", "nearly used up");
    sample.memory_available_bytes = MIENI_WATCH_UNKNOWN;
    expect("none", "");
}

static void test_gpu_memory(void **state)
{
    (void)state;
    reset();
    gpu.memory_used_bytes = 7.6;
    gpu.n_users = 1;
    expect("gpu-memory", "95 % full; python3 (4711) holds 75 % of it");
    gpu.memory_used_bytes = 7.6;
    expect("gpu-memory", "nvml:0's memory is 95 % full");
    gpu.memory_used_bytes = 7.6;
    gpu.n_users = 1;
    user.memory_bytes = MIENI_WATCH_UNKNOWN;
    expect("gpu-memory", "95 % full");
    gpu.memory_used_bytes = 7.1;
    expect("none", "");
}

static void test_quota(void **state)
{
    (void)state;
    reset();
    sample.cpu_waits_percent = 31;
    expect("cpu-quota", "31 % of the time");
    sample.cpu_waits_percent = 9;
    expect("none", "");
}

static void test_decoder(void **state)
{
    (void)state;
    reset();
    task.decoder_percent = 170;
    expect("decoder-on-cpu", "ffmpeg (12) decodes video on the CPU (1.7 cores)");
    task.decoder_percent = 170;
    gpu.decoder_percent = 30;
    expect("none", "");
    task.decoder_percent = 170;
    gpu.decoder_percent = MIENI_WATCH_UNKNOWN; /* it may have none */
    expect("none", "");
    task.decoder_percent = 49;
    expect("none", "");
    task.decoder_percent = MIENI_WATCH_UNKNOWN;
    expect("none", "");
}

/* A busy GPU is told of as well, so this is never alone. */
static void test_power_mode(void **state)
{
    (void)state;
    MieniWatchFound found[MIENI_WATCH_VERDICTS];
    reset();
    gpu.load_percent = 97;
    gpu.clock_max_mhz = 612;
    gpu.clock_top_mhz = 918;
    sample.jetson = &jetson;
    assert_int_equal(mieni_watch_rules(&sample, found), 2);
    assert_string_equal(found[0].id, "power-mode");
    assert_non_null(strstr(found[0].text, "612 of its 918 MHz: power mode 15W; sudo nvpmodel"));
    assert_string_equal(found[1].id, "gpu-is-the-limit");
    sample.jetson = NULL;
    mieni_watch_rules(&sample, found);
    assert_null(strstr(found[0].text, "nvpmodel"));
    gpu.clock_max_mhz = 900;
    expect("gpu-is-the-limit", "97 %");
    gpu.clock_max_mhz = 612;
    gpu.clock_top_mhz = 918; /* and not busy */
    expect("none", "");
}

static void test_gpu_is_the_limit(void **state)
{
    (void)state;
    reset();
    gpu.load_percent = 90;
    expect("gpu-is-the-limit", "busy (90 %)");
    gpu.load_percent = 89;
    expect("none", "");
}

static void test_cpu_is_full(void **state)
{
    (void)state;
    reset();
    sample.cpu_percent = 95;
    gpu.load_percent = 10;
    expect("cpu-is-full", "All cores are busy, most with ffmpeg (12), while nvml:0 is idle (10 %)");
    sample.cpu_percent = 95;
    expect("cpu-is-full", "All cores are busy, most with ffmpeg (12)");
    sample.cpu_percent = 89;
    gpu.load_percent = 10;
    expect("none", "");
}

static void test_cpu_feeds_slowly(void **state)
{
    (void)state;
    reset();
    task.thread_percent = 99;
    gpu.load_percent = 4;
    expect("cpu-feeds-slowly", "nvml:0 is idle (4 %) while a thread of ffmpeg (12) keeps a core");
    task.thread_percent = 99; /* and the GPU is well used */
    expect("none", "");
    task.thread_percent = 89;
    gpu.load_percent = 4;
    expect("none", "");
}

static void test_single_thread(void **state)
{
    (void)state;
    reset();
    sample.n_gpus = 0;
    task.thread_percent = 99;
    expect("single-thread", "A thread of ffmpeg (12) keeps a core at 99 %");
    gpu.load_percent = MIENI_WATCH_UNKNOWN;
    task.thread_percent = 99;
    expect("single-thread", "");
    sample.n_gpus = 0;
    task.thread_percent = 99;
    sample.cpu_percent = 60; /* the others have something to do */
    expect("none", "");
}

/* Only what is there: a sample in which nothing is known blames nobody. */
static void test_nothing_known(void **state)
{
    (void)state;
    reset();
    gpu.load_percent = gpu.decoder_percent = gpu.memory_used_bytes = gpu.memory_total_bytes =
        gpu.clock_mhz = gpu.clock_max_mhz = gpu.temperature_c = gpu.power_w = gpu.power_limit_w =
            MIENI_WATCH_UNKNOWN;
    gpu.slowdown = MIEN_SLOWDOWN_UNKNOWN;
    task.load_percent = task.thread_percent = task.decoder_percent = MIENI_WATCH_UNKNOWN;
    sample.cpu_percent = sample.cpu_waits_percent = sample.memory_available_bytes =
        sample.memory_total_bytes = sample.swap_in_bytes_s = sample.memory_some_percent =
            MIENI_WATCH_UNKNOWN;
    expect("none", "Nothing is known yet");
}

/* The page lists the rules, in their order. */
static void test_documented(void **state)
{
    (void)state;
    size_t size;
    char *page = test_read_file(MIEN_SOURCE_DIR "/docs/doctor.md", &size);
    const char *at = strstr(page, "<!-- rules of the watch -->");
    assert_non_null(at);
    for (size_t i = 0; mieni_watch_rule(i); i++) {
        char row[64];
        snprintf(row, sizeof(row), "\n| `%s` |", mieni_watch_rule(i));
        const char *found = strstr(at, row);
        if (!found)
            fail_msg("docs/doctor.md has no row for %s, or not in this order", mieni_watch_rule(i));
        at = found;
    }
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_driver),
        cmocka_unit_test(test_gpu_error),
        cmocka_unit_test(test_heat),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_memory_pressure),
        cmocka_unit_test(test_gpu_memory),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_decoder),
        cmocka_unit_test(test_power_mode),
        cmocka_unit_test(test_gpu_is_the_limit),
        cmocka_unit_test(test_cpu_is_full),
        cmocka_unit_test(test_cpu_feeds_slowly),
        cmocka_unit_test(test_single_thread),
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_documented),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
