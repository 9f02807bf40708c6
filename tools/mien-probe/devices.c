/* SPDX-License-Identifier: Apache-2.0 */
/* S01 to S03: mien's own devices. Each that is hardware, and the CPU, runs a small network. */
#include <stdio.h>
#include <string.h>

#include "fact.h"
#include "library.h"
#include "mien/device.h"

#define MAX_DEVICES 64

typedef struct Mien {
    MienStatus (*list)(MienDeviceInfo *devices, size_t capacity, size_t info_size, size_t *n);
    MienStatus (*test)(const char *id, size_t test_size, MienDeviceTest *test, MienError *error);
} Mien;

static const LibraryFunction functions[] = {
    {"mien_device_list", offsetof(Mien, list), 0},
    {"mien_device_test", offsetof(Mien, test), 0},
};

static void note(const char *probe, const char *id, const char *what, const char *text)
{
    char name[128];
    snprintf(name, sizeof(name), "%s.%.31s.%s", probe, id, what);
    fact(name, 0, "%s", text);
}

/* As a whole number of units: locales and parsers differ about others. */
static void note_number(const char *id, const char *what, double number, double unit)
{
    char text[32] = "none";
    double units = number / unit;
    if (units >= 0 && units < 1e15)
        snprintf(text, sizeof(text), "%lld", (long long)(units + 0.5));
    note("S03", id, what, text);
}

static void note_device(const MienDeviceInfo *device)
{
    note("S02", device->id, "usable", device->usable ? "yes" : "no");
    note("S02", device->id, "software", device->software ? "yes" : "no");
    if (*device->name)
        note("S02", device->id, "name", device->name);
    if (*device->uuid)
        note("S02", device->id, "uuid", device->uuid);
    if (!device->usable) {
        note("S02", device->id, "reason", device->reason);
        note("S02", device->id, "reason_text", device->reason_text);
    }
}

/* "begun" stays if the device never comes back. */
static void test_device(const Mien *mien, const char *id)
{
    MienDeviceTest test = {0, 0, 0};
    MienError error = {.reason = ""};
    note("S03", id, "test", "begun");
    MienStatus status = mien->test(id, sizeof(test), &test, &error);
    note("S03", id, "test", status == MIEN_OK ? "ok" : *error.reason ? error.reason : "failed");
    if (status != MIEN_OK)
        note("S03", id, "text", error.text);
    /* Of a device that failed, zero means that it did not get as far. */
    if (status == MIEN_OK || test.first_ms > 0)
        note_number(id, "first_us", test.first_ms, 1e-3);
    if (status == MIEN_OK || test.run_ms > 0)
        note_number(id, "run_ns", test.run_ms, 1e-6);
    if (status == MIEN_OK || test.difference > 0)
        note_number(id, "difference_ppb", test.difference, 1e-9);
}

/* The CPU proves itself, too: it is what the others are compared with. */
static int is_wanted(const MienDeviceInfo *device, const char *named)
{
    if (!device->usable)
        return 0;
    return !device->software || !strcmp(device->id, "cpu") ||
           (named &&
            (!strcmp(device->id, named) || (*device->uuid && strstr(named, device->uuid))));
}

void probe_devices(const char *root, const char *library, const char *named)
{
    static MienDeviceInfo devices[MAX_DEVICES];
    Mien mien;
    const char *missing = NULL;
    size_t n = 0;
    void *handle = root      ? library_open(root, "S01", "libmien.so.0")
                   : library ? library_open_file("S01", library)
                             : NULL;
    if (!handle)
        return;
    if (!library_functions(handle, functions, sizeof(functions) / sizeof(functions[0]), &mien,
                           &missing)) {
        fact("S01.missing_symbol", 0, "%s", missing);
        return;
    }
    if (mien.list(devices, MAX_DEVICES, sizeof(devices[0]), &n) != MIEN_OK)
        return;
    n = n < MAX_DEVICES ? n : MAX_DEVICES;
    for (size_t i = 0; i < n; i++)
        note_device(&devices[i]);
    for (size_t i = 0; i < n; i++)
        if (is_wanted(&devices[i], named))
            test_device(&mien, devices[i].id);
}
