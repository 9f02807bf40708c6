/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of memory that a device is told of: which are taken, kept and given back. The device is
 * the CPU with a list. */
#include <unistd.h>

#include "engine/engine_private.h"
#include "engine/fixture.h"

static struct {
    void *memory;
    size_t size_bytes;
} taken[2 * MIENI_MAX_IMPORTS];
static int n_taken;
static MienStatus answer;

static MienStatus take(MieniDevice *device, void *memory, size_t size_bytes, MienError *error)
{
    (void)device;
    if (answer != MIEN_OK)
        return mieni_fail(error, answer, "unsupported", "not this one");
    taken[n_taken].memory = memory;
    taken[n_taken++].size_bytes = size_bytes;
    return MIEN_OK;
}

static void give_back(MieniDevice *device, const void *memory)
{
    (void)device;
    int i = 0;
    while (i < n_taken && taken[i].memory != memory)
        i++;
    assert_true(i < n_taken);
    taken[i] = taken[--n_taken];
}

static MieniBackend listing;

static MienEngine *open_engine(void)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    options.on_device_loss = MIEN_ON_DEVICE_LOSS_REOPEN;
    MienEngine *engine = fixture_engine(&options);
    listing = mieni_backend_cpu;
    listing.import_memory = take;
    listing.release_memory = give_back;
    engine->choice.backend = &listing;
    n_taken = 0;
    answer = MIEN_OK;
    return engine;
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Nothing looks into the blocks here. */
static char *page(size_t number)
{
    return (char *)((100 + number) * page_bytes());
}

static void expect(MienEngine *engine, MienStatus want, void *memory, size_t size_bytes)
{
    int before = n_taken;
    assert_int_equal(mien_engine_import_memory(engine, memory, size_bytes), want);
    if (want == MIEN_OK)
        return;
    assert_int_equal(n_taken, before);
    assert_true(*mien_engine_message(engine) && *mien_engine_reason(engine));
}

static void blocks_are_whole_pages_apart(void **state)
{
    (void)state;
    MienEngine *engine = open_engine();
    size_t step = page_bytes();
    assert_int_equal(mien_engine_import_memory(NULL, page(0), step), MIEN_E_ARGUMENT);
    expect(engine, MIEN_E_ARGUMENT, NULL, step);
    expect(engine, MIEN_E_ARGUMENT, page(0), 0);
    expect(engine, MIEN_E_ARGUMENT, page(0) + 64, step);
    expect(engine, MIEN_E_ARGUMENT, page(0), step + 64);
    expect(engine, MIEN_E_ARGUMENT, page(0), SIZE_MAX / step * step);
    expect(engine, MIEN_OK, page(4), 2 * step);
    expect(engine, MIEN_E_ARGUMENT, page(4), step);
    expect(engine, MIEN_E_ARGUMENT, page(5), step);
    expect(engine, MIEN_E_ARGUMENT, page(2), 3 * step);
    expect(engine, MIEN_E_ARGUMENT, page(2), 9 * step);
    expect(engine, MIEN_OK, page(6), step);
    expect(engine, MIEN_OK, page(3), step);
    assert_int_equal(n_taken, 3);
    assert_ptr_equal(taken[0].memory, page(4));
    assert_int_equal(taken[0].size_bytes, 2 * step);
    /* Only by its beginning. */
    mien_engine_release_memory(engine, page(5));
    mien_engine_release_memory(engine, page(50));
    mien_engine_release_memory(engine, NULL);
    mien_engine_release_memory(NULL, page(4));
    assert_int_equal(n_taken, 3);
    mien_engine_release_memory(engine, page(4));
    mien_engine_release_memory(engine, page(4));
    assert_int_equal(n_taken, 2);
    expect(engine, MIEN_OK, page(5), step);
    mien_engine_destroy(engine);
}

static void there_is_room_for_a_few(void **state)
{
    (void)state;
    MienEngine *engine = open_engine();
    for (size_t i = 0; i < MIENI_MAX_IMPORTS; i++)
        expect(engine, MIEN_OK, page(i), page_bytes());
    expect(engine, MIEN_E_ARGUMENT, page(MIENI_MAX_IMPORTS), page_bytes());
    mien_engine_release_memory(engine, page(3));
    expect(engine, MIEN_OK, page(MIENI_MAX_IMPORTS), page_bytes());
    mien_engine_destroy(engine);
}

/* What the device does not take is no block of the engine's either. */
static void a_device_may_refuse(void **state)
{
    (void)state;
    MienEngine *engine = open_engine();
    answer = MIEN_E_UNSUPPORTED;
    expect(engine, MIEN_E_UNSUPPORTED, page(0), page_bytes());
    assert_string_equal(mien_engine_message(engine), "not this one");
    answer = MIEN_OK;
    expect(engine, MIEN_OK, page(0), page_bytes());
    engine->choice.backend = &mieni_backend_cpu;
    expect(engine, MIEN_E_UNSUPPORTED, page(1), page_bytes());
    assert_non_null(strstr(mien_engine_message(engine), "cpu"));
    mien_engine_destroy(engine);
}

static void a_device_opened_again_gets_them_again(void **state)
{
    (void)state;
    MienEngine *engine = open_engine();
    MienError error = {.text = "it was lost"};
    expect(engine, MIEN_OK, page(0), page_bytes());
    expect(engine, MIEN_OK, page(2), 3 * page_bytes());
    mien_engine_release_memory(engine, page(0));
    n_taken = 0; /* gone with the device */
    assert_int_equal(mieni_engine_reopen(engine, 0, &error), MIEN_OK);
    assert_int_equal(n_taken, 1);
    assert_ptr_equal(taken[0].memory, page(2));
    assert_int_equal(taken[0].size_bytes, 3 * page_bytes());
    /* One that takes them no more copies. */
    n_taken = 0;
    answer = MIEN_E_UNSUPPORTED;
    assert_int_equal(mieni_engine_reopen(engine, 0, &error), MIEN_OK);
    assert_int_equal(n_taken, 0);
    mien_engine_destroy(engine);
}

static void ignore(void *user, MienStatus status, const MienResult *result, int64_t timestamp_us)
{
    (void)user;
    (void)status;
    (void)result;
    (void)timestamp_us;
}

static void live_streams_copy_their_frames(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_LIVE_STREAM);
    options.on_result = ignore;
    MienEngine *engine = fixture_engine(&options);
    expect(engine, MIEN_E_ARGUMENT, page(0), page_bytes());
    mien_engine_release_memory(engine, page(0));
    mien_engine_destroy(engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_whole_pages_apart),
        cmocka_unit_test(there_is_room_for_a_few),
        cmocka_unit_test(a_device_may_refuse),
        cmocka_unit_test(a_device_opened_again_gets_them_again),
        cmocka_unit_test(live_streams_copy_their_frames),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
