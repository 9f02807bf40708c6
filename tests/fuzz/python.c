/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a Python installation: METADATA and WHEEL, modules that give values to names, and words
 * and versions as the probes look for them. */
#include <stdlib.h>

#include "doctor/install_files.h"
#include "doctor/probe.h"
#include "fuzz/fuzz.h"

static void check_metadata(const char *text)
{
    static const char *const names[] = {"Version", "Tag", "Name", ""};
    char value[32];
    for (size_t i = 0; i < MIENI_COUNT_OF(names); i++)
        if (mieni_metadata_header(text, names[i], value, sizeof(value)) &&
            (!*value || strlen(value) >= sizeof(value) || strpbrk(value, "\r\n")))
            fuzz_fail("%s: is no value", names[i]);
}

static void check_values(const char *text)
{
    static const char *const names[] = {"cuda", "is_cuda_build", "cuda_version", "x"};
    char value[16];
    for (size_t i = 0; i < MIENI_COUNT_OF(names); i++)
        if (mieni_python_value(text, names[i], value, sizeof(value)) &&
            strlen(value) >= sizeof(value))
            fuzz_fail("%s = is no value", names[i]);
}

static void check_words(char *text, size_t size)
{
    char version[16];
    if (mieni_find_version(text, version, sizeof(version))) {
        if (strlen(version) >= sizeof(version) || !strchr(version, '.'))
            fuzz_fail("%s is no version", version);
        if (mieni_compare_versions(version, version) != 0)
            fuzz_fail("%s differs from itself", version);
    }
    int order = mieni_compare_versions(text, "550.90.07");
    int reverse = mieni_compare_versions("550.90.07", text);
    if ((order < 0) != (reverse > 0) || (order == 0) != (reverse == 0))
        fuzz_fail("an order that depends on the side");
    mieni_has_word(text, "nvidia");
    const char *trimmed = mieni_trim(text);
    if (trimmed < text || trimmed > text + size || strpbrk(trimmed, "\r\n"))
        fuzz_fail("trimmed too little");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        fuzz_fail("out of memory");
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    check_metadata(text);
    check_values(text);
    check_words(text, size);
    free(text);
    return 0;
}
