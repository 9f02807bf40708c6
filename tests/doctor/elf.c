/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/rng.h"
#include "doctor/elf.h"

/* A file under construction: numbers in the order and width that it asks for. */
typedef struct Build {
    uint8_t bytes[1024];
    size_t size;
    bool is_64, is_big_endian;
} Build;

static void put(Build *build, size_t at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        build->bytes[at + i] = (uint8_t)(value >> 8 * (build->is_big_endian ? size - 1 - i : i));
    build->size = MIENI_MAX(build->size, at + size);
}

enum { SEGMENTS = 64, DYNAMIC = 256, STRINGS = 512, ADDRESS = 0x10000 };

static size_t word(const Build *build)
{
    return build->is_64 ? 8 : 4;
}

static size_t segment_size(const Build *build)
{
    return build->is_64 ? 56 : 32;
}

static void put_segment(Build *build, int i, uint32_t type, uint64_t offset, uint64_t address,
                        uint64_t size)
{
    size_t at = SEGMENTS + (size_t)i * segment_size(build), w = word(build);
    put(build, at, type, 4);
    put(build, at + w, offset, w);
    put(build, at + 2 * w, address, w);
    put(build, at + 4 * w, size, w);
    put(build, at + segment_size(build) - 1, 0, 1);
}

static void put_dynamic(Build *build, int i, uint64_t tag, uint64_t value)
{
    size_t at = DYNAMIC + (size_t)i * 2 * word(build);
    put(build, at, tag, word(build));
    put(build, at + word(build), value, word(build));
}

/* A shared library that needs libEGL.so.1 and libGLESv2-ed5eda4f.so.2.1.0. */
static Build make(bool is_64, bool is_big_endian, uint16_t machine)
{
    static const char strings[] = "\0libEGL.so.1\0libGLESv2-ed5eda4f.so.2.1.0";
    Build build = {.is_64 = is_64, .is_big_endian = is_big_endian};
    memcpy(build.bytes, "\177ELF", 4);
    build.bytes[4] = is_64 ? 2 : 1;
    build.bytes[5] = is_big_endian ? 2 : 1;
    put(&build, 16, 3, 2);
    put(&build, 18, machine, 2);
    put(&build, is_64 ? 32 : 28, SEGMENTS, word(&build));
    put(&build, is_64 ? 54 : 42, segment_size(&build), 2);
    put(&build, is_64 ? 56 : 44, 2, 2);
    put_segment(&build, 0, 1, 0, ADDRESS, sizeof(build.bytes));
    put_segment(&build, 1, 2, DYNAMIC, ADDRESS + DYNAMIC, 5 * 2 * word(&build));
    put_dynamic(&build, 0, 1, 1);
    put_dynamic(&build, 1, 5, ADDRESS + STRINGS);
    put_dynamic(&build, 2, 1, 13);
    put_dynamic(&build, 3, 10, sizeof(strings));
    put_dynamic(&build, 4, 0, 0);
    memcpy(build.bytes + STRINGS, strings, sizeof(strings));
    build.size = STRINGS + sizeof(strings);
    return build;
}

static const char *write_bytes(const char *name, const void *bytes, size_t size)
{
    const char *path = test_temporary(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_classes_and_byte_orders(void **state)
{
    (void)state;
    static const struct {
        uint16_t machine;
        const char *name;
    } machines[] = {{62, "x86_64"}, {183, "aarch64"}, {40, "arm"}, {3, "i386"}, {8, "machine 8"}};
    for (unsigned i = 0; i < 4 * MIENI_COUNT_OF(machines); i++) {
        bool is_64 = i & 1, is_big_endian = i & 2;
        Build build = make(is_64, is_big_endian, machines[i / 4].machine);
        MieniElf elf;
        char other[24];
        assert_int_equal(mieni_elf_read(write_bytes("a.so", build.bytes, build.size), &elf), 0);
        assert_int_equal(elf.is_64, is_64);
        assert_int_equal(elf.is_big_endian, is_big_endian);
        assert_int_equal(elf.type, 3);
        assert_string_equal(mieni_elf_machine_name(&elf, other), machines[i / 4].name);
        assert_int_equal(elf.n_needed, 2);
        assert_string_equal(elf.needed[0], "libEGL.so.1");
        assert_string_equal(elf.needed[1], "libGLESv2-ed5eda4f.so.2.1.0");
    }
}

static void test_needs(void **state)
{
    (void)state;
    Build build = make(true, false, 62);
    MieniElf elf;
    assert_int_equal(mieni_elf_read(write_bytes("a.so", build.bytes, build.size), &elf), 0);
    assert_true(mieni_elf_needs(&elf, "libEGL"));
    assert_true(mieni_elf_needs(&elf, "libGLESv2"));
    assert_false(mieni_elf_needs(&elf, "libGLES"));
    assert_false(mieni_elf_needs(&elf, "libE"));
    assert_false(mieni_elf_needs(&elf, "libcuda"));
}

/* A real library, made by the compiler in use. */
static void test_real_library(void **state)
{
    (void)state;
    MieniElf elf;
    char other[24];
    assert_int_equal(mieni_elf_read(TEST_LIBRARY_GPU, &elf), 0);
    assert_true(mieni_elf_needs(&elf, "libEGL"));
    assert_true(mieni_elf_needs(&elf, "libGLESv2"));
    assert_int_equal(elf.is_64, sizeof(void *) == 8);
#if defined(__x86_64__)
    assert_string_equal(mieni_elf_machine_name(&elf, other), "x86_64");
#elif defined(__aarch64__)
    assert_string_equal(mieni_elf_machine_name(&elf, other), "aarch64");
#else
    (void)other;
#endif
    MieniElfText texts[] = {{.text = "GPU processing is disabled in build flags"},
                            {.text = "gl_context_egl.cc"}};
    assert_int_equal(mieni_elf_find(TEST_LIBRARY_GPU, texts, 2), 0);
    assert_false(texts[0].found);
    assert_true(texts[1].found);

    assert_int_equal(mieni_elf_read(TEST_LIBRARY_CPU, &elf), 0);
    assert_false(mieni_elf_needs(&elf, "libEGL"));
    assert_int_equal(mieni_elf_find(TEST_LIBRARY_CPU, texts, 2), 0);
    assert_true(texts[0].found);
    assert_false(texts[1].found);
}

/* Texts at the seams of what is read at once, at both ends of the file, and again behind. */
static void test_find_anywhere(void **state)
{
    (void)state;
    enum { SIZE = 600 * 1024 };
    static char bytes[SIZE];
    static const size_t seams[] = {256 * 1024, 512 * 1024};
    for (size_t s = 0; s < MIENI_COUNT_OF(seams); s++) {
        for (size_t at = seams[s] - 300; at < seams[s] + 20; at += 7) {
            memset(bytes, '.', SIZE);
            memcpy(bytes + at, "NVIDIA CUDA:  NO\n", 17);
            memcpy(bytes + SIZE - 4, "tail", 4);
            memcpy(bytes, "head", 4);
            MieniElfText texts[] = {
                {.text = "NVIDIA CUDA:"}, {.text = "tail"}, {.text = "head"}, {.text = "absent"}};
            assert_int_equal(mieni_elf_find(write_bytes("text", bytes, SIZE), texts, 4), 0);
            assert_true(texts[0].found && texts[1].found && texts[2].found && !texts[3].found);
            assert_string_equal(texts[0].after, "  NO");
            assert_string_equal(texts[1].after, "");
            assert_int_equal(strspn(texts[2].after, "."), sizeof(texts[2].after) - 1);
        }
    }
}

static void note_sm(void *user, int32_t sm)
{
    size_t length = strlen(user);
    snprintf((char *)user + length, 200 - length, "%d ", sm);
}

static void test_find_sm(void **state)
{
    (void)state;
    static char bytes[300 * 1024];
    char got[200] = "";
    memcpy(bytes, "sm_50 xsm_86a sm_ sm_1 sm_12345 sm_s", 36);
    memcpy(bytes + 256 * 1024 - 4, "sm_120", 6);
    memcpy(bytes + sizeof(bytes) - 5, "sm_90", 5);
    assert_int_equal(mieni_elf_find_sm(write_bytes("sm", bytes, sizeof(bytes)), note_sm, got), 0);
    assert_string_equal(got, "50 86 120 90 ");
}

static void test_no_elf(void **state)
{
    (void)state;
    MieniElf elf;
    MieniElfText text = {.text = "x"};
    char *longest = malloc(400);
    memset(longest, 'x', 399);
    longest[399] = '\0';
    assert_int_equal(mieni_elf_read("no/such/file", &elf), ENOENT);
    assert_int_equal(mieni_elf_find("no/such/file", &text, 1), ENOENT);
    assert_int_equal(mieni_elf_read(".", &elf), EINVAL);
    const char *fifo = test_temporary("fifo");
    if (mkfifo(fifo, 0600) == 0)
        assert_int_equal(mieni_elf_read(fifo, &elf), EINVAL);
    assert_int_equal(mieni_elf_read(write_bytes("empty", "", 0), &elf), ENOEXEC);
    assert_int_equal(mieni_elf_read(write_bytes("text", "#!/bin/sh\n", 10), &elf), ENOEXEC);
    text.text = longest;
    assert_int_equal(mieni_elf_find(write_bytes("text", "x", 1), &text, 1), EINVAL);
    free(longest);
}

/* Cut at every length, every byte of the headers changed, and at random: no harm. */
static void test_damaged(void **state)
{
    (void)state;
    MieniElf elf;
    uint64_t rng = 3;
    for (int wide = 0; wide < 2; wide++) {
        const Build whole = make(wide, false, 62);
        for (size_t size = 0; size < whole.size; size += size < 64 ? 1 : 13) {
            int error = mieni_elf_read(write_bytes("cut", whole.bytes, size), &elf);
            assert_int_equal(error, size < (wide ? 64u : 52u) ? ENOEXEC : 0);
            assert_true(elf.n_needed <= 2);
        }
        for (int i = 0; i < 2000; i++) {
            Build build = whole;
            for (uint32_t k = mieni_rng_below(&rng, 4) + 1; k > 0; k--) {
                uint8_t value = mieni_rng_below(&rng, 2) ? 0xff : (uint8_t)mieni_rng_next(&rng);
                build.bytes[4 + mieni_rng_below(&rng, (uint32_t)build.size - 4)] = value;
            }
            int error = mieni_elf_read(write_bytes("damaged", build.bytes, build.size), &elf);
            assert_true(error == 0 || error == ENOEXEC);
            for (uint32_t k = 0; k < elf.n_needed; k++)
                assert_true(strlen(elf.needed[k]) < MIENI_ELF_MAX_NAME && elf.needed[k][0]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_and_byte_orders),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_real_library),
        cmocka_unit_test(test_find_anywhere),
        cmocka_unit_test(test_find_sm),
        cmocka_unit_test(test_no_elf),
        cmocka_unit_test(test_damaged),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
