/* SPDX-License-Identifier: Apache-2.0 */
/* A model file of any kind, as the library's user loads it; bundles also by their own reader. */
#include "fuzz/fuzz.h"
#include "mien/model.h"
#include "model/task.h"

static void check_bundle(const uint8_t *data, size_t size)
{
    MieniTask task;
    MienError error = {0};
    mieni_task_probe(data, size);
    MienStatus status = mieni_task_read(&task, data, size, &error);
    if (status != MIEN_OK && (status != error.status || !*error.text))
        fuzz_fail("a failure without an error");
    if (task.n_members > MIENI_TASK_MAX_MEMBERS)
        fuzz_fail("%zu members", task.n_members);
    for (size_t i = 0; i < task.n_members; i++) {
        const MieniTaskMember *member = &task.members[i];
        if (member->data < data || member->size_bytes > size ||
            (size_t)(member->data - data) > size - member->size_bytes)
            fuzz_fail("member %zu lies outside", i);
        if (!memchr(member->name, 0, sizeof(member->name)))
            fuzz_fail("member %zu has an endless name", i);
    }
}

static int check_line(void *user, const char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < ' ')
            fuzz_fail("a line with a control character");
    return --*(int *)user == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_bundle(data, size);
    MienModel *model;
    MienError error = {0};
    if (mien_model_load_memory(data, size, &model, &error) != MIEN_OK) {
        if (!*error.text || strpbrk(error.text, "\n\r\033"))
            fuzz_fail("an error that is no line: '%s'", error.text);
        return 0;
    }
    for (size_t i = 0; i < mien_model_n_networks(model); i++) {
        int n_lines = 1000;
        mien_model_inspect(model, i, check_line, &n_lines);
    }
    mien_model_destroy(model);
    return 0;
}
