/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of helpers that are scripts: what they may say, and all that they can do wrong. */
#include <math.h>
#include <sys/stat.h>

#include "base/base.h"
#include "doctor/watch_machine.h"
#include "support/test.h"

/* A helper that is a script. */
static const char *script(const char *name, const char *text)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s", test_temporary(name));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

#define FACT(name, value) "printf '" name "\\tvalue\\t0\\t" value "\\n'\n"
#define RECORD                                                                                     \
    FACT("W.init", "0")                                                                            \
    FACT("W.count", "1")                                                                           \
    FACT("W.0.status", "0") FACT("W.0.name", "Card") FACT("W.0.load", "12") "echo done\n"
/* In its own process, so that whoever kills the helper's group gets it. */
#define WAIT_FOR_END "exec cat\n"

static void test_record(void **state)
{
    (void)state;
    machine_new();
    machine_put("/proc/77/comm", "python3\n");
    MienWatch *watch = machine_watch(
        script("record.sh", FACT("W.count", "2") FACT("W.0.status", "0") FACT("W.0.name", "Card")
                                FACT("W.0.load", "97") FACT("W.0.used", "5") FACT("W.0.total", "8")
                                    FACT("W.0.slowdown", "36") FACT("W.0.power", "120500")
                                        FACT("W.0.users", "77:4 78:? ") FACT("W.0.failure", "999")
                                            FACT("W.1.status", "15") "echo done\n" WAIT_FOR_END),
        60000, 60000);
    const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_OK);
    assert_int_equal(taken->n_gpus, 2);
    const MienWatchGpu *gpu = &taken->gpus[0];
    assert_string_equal(gpu->id, "nvml:0");
    assert_true(near(gpu->load_percent, 97));
    assert_true(near(gpu->power_w, 120.5));
    assert_int_equal(gpu->slowdown, MIEN_SLOWDOWN_POWER | MIEN_SLOWDOWN_HEAT);
    assert_int_equal(gpu->n_users, 2);
    assert_string_equal(gpu->users[0].name, "python3");
    assert_true(near(gpu->users[0].memory_bytes, 4));
    assert_string_equal(gpu->users[1].name, "?");
    assert_true(isnan(gpu->users[1].memory_bytes));
    assert_non_null(strstr(gpu->error, "NVML 999"));
    assert_string_equal(taken->gpus[1].error,
                        "the GPU is lost: it has fallen off the bus (NVML 15)");
    mien_watch_destroy(watch);
}

/* What a helper can do wrong, and what is said of it. None of it may end or stop the watch. */
static void test_bad_helpers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        MienWatchDriver state;
        const char *says;
    } cases[] = {
        {"hangs.sh", "sleep 60", MIEN_WATCH_DRIVER_HUNG, "has not answered"},
        {"hangs-later.sh", RECORD "sleep 60", MIEN_WATCH_DRIVER_HUNG, "has not answered"},
        {"crashes.sh", "kill -SEGV $$", MIEN_WATCH_DRIVER_CRASHED, "crashed (signal 11)"},
        {"crashes-later.sh", RECORD "sleep 0.1; kill -SEGV $$", MIEN_WATCH_DRIVER_CRASHED,
         "crashed (signal 11)"},
        {"ends.sh", RECORD "exit 7", MIEN_WATCH_DRIVER_CRASHED, "code 7"},
        {"half.sh", "printf 'W.count\\tvalue\\t0\\t1\\ndon'; exit 0", MIEN_WATCH_DRIVER_CRASHED,
         "code 0"},
        {"nonsense.sh", "echo what; echo done; exec cat", MIEN_WATCH_DRIVER_CRASHED, "nonsense"},
        {"flood.sh", "exec yes", MIEN_WATCH_DRIVER_CRASHED, "nonsense"},
        {"stubborn.sh", "trap '' TERM INT HUP PIPE; sleep 60; sleep 60", MIEN_WATCH_DRIVER_HUNG,
         "has not answered"},
    };
    machine_new();
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        /* Long enough for a shell to start on a busy machine. */
        MienWatch *watch = machine_watch(script(cases[i].name, cases[i].text), 50,
                                         cases[i].state == MIEN_WATCH_DRIVER_HUNG ? 500 : 20000);
        const MienWatchSample *taken = take_sample_until(watch, cases[i].state);
        if (!strstr(taken->driver_text, cases[i].says))
            fail_msg("%s: %s", cases[i].name, taken->driver_text);
        assert_int_equal(taken->n_gpus, 0);
        assert_string_equal(taken->verdicts[0].id, "driver");
        taken = take_sample(watch); /* and it stays so */
        assert_int_equal(taken->driver, cases[i].state);
        mien_watch_destroy(watch);
    }
}

static void test_no_helper(void **state)
{
    (void)state;
    machine_new();
    MienWatch *watch = machine_watch("/nonexistent/mien-probe", 1000, 5000);
    const MienWatchSample *taken = take_sample(watch);
    assert_int_equal(taken->driver, MIEN_WATCH_DRIVER_REFUSED);
    assert_non_null(strstr(taken->driver_text, "cannot be started"));
    mien_watch_destroy(watch);
}

static void test_gone(void **state)
{
    (void)state;
    machine_new();
    MienWatch *watch = machine_watch(
        script("gone.sh", RECORD "sleep 0.3\n" FACT("W.count", "0") "echo done\n" WAIT_FOR_END),
        60000, 60000);
    const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_OK);
    while (taken->n_gpus == 1)
        taken = take_sample(watch);
    assert_int_equal(taken->n_gpus, 0);
    assert_string_equal(taken->driver_text, "of 1 NVIDIA GPUs 1 are gone");
    assert_string_equal(taken->verdicts[0].id, "driver");
    mien_watch_destroy(watch);
}

static void test_codes(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *says;
    } cases[] = {{4, "permission"}, {6, "not found"},   {8, "power cables"},   {9, "not loaded"},
                 {12, "missing"},   {13, "older"},      {15, "lost"},          {16, "reset"},
                 {17, "denies"},    {18, "versions"},   {20, "out of memory"}, {28, "no GPU"},
                 {999, "not know"}, {1, "initialised"}, {12345, "an error"}};
    machine_new();
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "printf 'W.init\\tvalue\\t0\\t%d\\nW.end\\tvalue\\t0\\tyes\\ndone\\n'",
                 cases[i].code);
        MienWatch *watch = machine_watch(script("code.sh", text), 1000, 60000);
        const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_REFUSED);
        if (!strstr(taken->driver_text, cases[i].says))
            fail_msg("%d: %s", cases[i].code, taken->driver_text);
        mien_watch_destroy(watch);
    }
}

/* NVML on a Jetson tells little; what /sys said of the same GPU is completed, not repeated. */
static void test_jetson_with_nvml(void **state)
{
    (void)state;
    machine_new();
    machine_put_jetson();
    MienWatch *watch = machine_watch(
        script("orin.sh",
               FACT("W.count", "1") FACT("W.0.status", "0") FACT("W.0.name", "Orin (nvgpu)")
                   FACT("W.0.users", "77:5 ") "echo done\n" WAIT_FOR_END),
        60000, 60000);
    const MienWatchSample *taken = take_sample_until(watch, MIEN_WATCH_DRIVER_OK);
    assert_int_equal(taken->n_gpus, 1);
    assert_string_equal(taken->gpus[0].id, "jetson");
    assert_string_equal(taken->gpus[0].name, "Orin (nvgpu)");
    assert_true(near(taken->gpus[0].load_percent, 95.5));
    assert_int_equal(taken->gpus[0].n_users, 1);
    mien_watch_destroy(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),    cmocka_unit_test(test_bad_helpers),
        cmocka_unit_test(test_no_helper), cmocka_unit_test(test_gone),
        cmocka_unit_test(test_codes),     cmocka_unit_test(test_jetson_with_nvml),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
