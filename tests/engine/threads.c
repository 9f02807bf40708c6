/* SPDX-License-Identifier: Apache-2.0 */
/* Engines in several threads share models and nothing else. Meant for the thread sanitizer. */
#include <pthread.h>

#include "engine/frames.h"

#define N_THREADS 3
#define N_FRAMES 4

typedef struct Task {
    pthread_t thread;
    MienEngineOptions options;
    MienImage images[N_FRAMES];
    MienResult *results[N_FRAMES];
    MienStatus status;
    bool is_sound;
} Task;

/* An engine from its creation to its end. cmocka's assertions belong to the main thread. */
static void *run_engine(void *argument)
{
    Task *task = argument;
    MienEngine *engine;
    task->status = mien_engine_create(&task->options, &engine, NULL);
    for (int i = 0; i < N_FRAMES && task->status == MIEN_OK; i++) {
        const MienResult *result;
        task->status = mien_engine_process(engine, &task->images[i], i, &result);
        if (task->status == MIEN_OK)
            task->status = mien_result_clone(result, &task->results[i]);
    }
    mien_engine_destroy(engine);
    return NULL;
}

static void make_task(Task *task, int32_t threads)
{
    memset(task, 0, sizeof(*task));
    task->options = fixture_options(MIEN_MODE_VIDEO);
    task->options.threads = threads;
    MienImage portrait = frames_portrait();
    for (int i = 0; i < N_FRAMES; i++)
        task->images[i] = frames_window(&portrait, 2 * i, i, portrait.width - 2 * N_FRAMES,
                                        portrait.height - N_FRAMES);
}

static void finish_task(Task *task)
{
    for (int i = 0; i < N_FRAMES; i++)
        mien_result_destroy(task->results[i]);
}

static void engines_of_several_threads_do_not_meet(void **state)
{
    (void)state;
    Task alone, tasks[N_THREADS];
    make_task(&alone, 1);
    run_engine(&alone);
    assert_int_equal(alone.status, MIEN_OK);
    assert_int_equal(mien_result_n_faces(alone.results[N_FRAMES - 1]), 1);
    for (int i = 0; i < N_THREADS; i++) {
        make_task(&tasks[i], 1 + i);
        assert_int_equal(pthread_create(&tasks[i].thread, NULL, run_engine, &tasks[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(tasks[i].thread, NULL), 0);
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(tasks[i].status, MIEN_OK);
        for (int k = 0; k < N_FRAMES; k++)
            assert_same_result("beside others", tasks[i].results[k], alone.results[k]);
        finish_task(&tasks[i]);
    }
    finish_task(&alone);
}

/* An engine may go from thread to thread, as long as one at a time uses it. */
typedef struct Relay {
    MienEngine *engine;
    MienImage image;
    int64_t time_us;
    MienResult *result;
} Relay;

static void *run_a_leg(void *argument)
{
    Relay *relay = argument;
    const MienResult *result;
    if (mien_engine_process(relay->engine, &relay->image, relay->time_us, &result) == MIEN_OK)
        mien_result_clone(result, &relay->result);
    return NULL;
}

static void an_engine_may_change_threads(void **state)
{
    (void)state;
    Task task;
    make_task(&task, 2);
    run_engine(&task);
    MienEngine *engine = fixture_engine(&task.options);
    for (int i = 0; i < N_FRAMES; i++) {
        Relay relay = {engine, task.images[i], i, NULL};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, run_a_leg, &relay), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_non_null(relay.result);
        assert_same_result("in turns", relay.result, task.results[i]);
        mien_result_destroy(relay.result);
    }
    mien_engine_destroy(engine);
    finish_task(&task);
}

static int count_line(void *user, const char *line)
{
    (void)line;
    ++*(int *)user;
    return 0;
}

/* Everything that a model offers, its first hash included. */
static void *use_model(void *argument)
{
    Task *task = argument;
    MienModel *model = task->options.detector;
    bool sound = true;
    for (int i = 0; i < 50; i++) {
        sound = sound && mien_model_retain(model) == model;
        sound = sound && strlen(mien_model_sha256(model)) == 64;
        const char *name = mien_model_name(model);
        sound = sound && name && strcmp(name, "face_detector_short") == 0;
        sound = sound && mien_model_n_networks(model) == 1;
        mien_model_destroy(model);
    }
    int n_lines = 0;
    sound = sound && mien_model_inspect(model, 0, count_line, &n_lines) == MIEN_OK && n_lines > 5;
    mien_model_destroy(model);
    task->is_sound = sound;
    return NULL;
}

static void a_model_may_be_used_by_all_threads(void **state)
{
    (void)state;
    MienModel *model;
    assert_int_equal(mien_model_load_file(test_need_data("models/" SHORT_RANGE), &model, NULL),
                     MIEN_OK);
    Task tasks[N_THREADS];
    memset(tasks, 0, sizeof(tasks));
    for (int i = 0; i < N_THREADS; i++) {
        tasks[i].options.detector = mien_model_retain(model);
        assert_int_equal(pthread_create(&tasks[i].thread, NULL, use_model, &tasks[i]), 0);
    }
    mien_model_destroy(model); /* the last thread frees it */
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(tasks[i].thread, NULL), 0);
    for (int i = 0; i < N_THREADS; i++)
        assert_true(tasks[i].is_sound);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_of_several_threads_do_not_meet),
        cmocka_unit_test(an_engine_may_change_threads),
        cmocka_unit_test(a_model_may_be_used_by_all_threads),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
