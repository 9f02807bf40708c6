/* SPDX-License-Identifier: Apache-2.0 */
/* A library of somebody else's installation, as a file: its headers, and texts in it. */
#include "doctor/elf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

/* A file without a name, by the kernel's path to it; made once. */
static const char *file_with(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        char name[] = "/tmp/mien-fuzz-XXXXXX";
        fd = mkstemp(name);
        if (fd < 0)
            fuzz_fail("no temporary file");
        unlink(name);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        fuzz_fail("the temporary file cannot be written");
    return path;
}

static void take_sm(void *user, int32_t sm)
{
    if (sm < 0)
        fuzz_fail("sm_%d", (int)sm);
    ++*(size_t *)user;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static MieniElf elf;
    MieniElfText texts[] = {{.text = "cuda"}, {.text = "GPU processing is disabled"}};
    char other[24];
    size_t n_sm = 0;
    const char *path = file_with(data, size);
    if (mieni_elf_read(path, &elf) == 0) {
        if (elf.n_needed > MIENI_ELF_MAX_NEEDED || !*mieni_elf_machine_name(&elf, other))
            fuzz_fail("too much is needed");
        for (uint32_t i = 0; i < elf.n_needed; i++)
            if (!memchr(elf.needed[i], 0, sizeof(elf.needed[i])))
                fuzz_fail("an endless name");
        mieni_elf_needs(&elf, "libEGL");
    }
    if (mieni_elf_find(path, texts, MIENI_COUNT_OF(texts)) != 0 ||
        mieni_elf_find_sm(path, take_sm, &n_sm) != 0)
        fuzz_fail("the file cannot be searched");
    for (size_t i = 0; i < MIENI_COUNT_OF(texts); i++)
        if (!memchr(texts[i].after, 0, sizeof(texts[i].after)))
            fuzz_fail("an endless text");
    if (n_sm > size)
        fuzz_fail("%zu numbers in %zu bytes", n_sm, size);
    return 0;
}
