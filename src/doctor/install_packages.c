/* SPDX-License-Identifier: Apache-2.0 */
/* What is installed, by the metadata that pip leaves: NAME-VERSION.dist-info/METADATA and WHEEL. */
#include "doctor/install_files.h"

#include <ctype.h>
#include <stdio.h>

static const struct {
    const char *name; /* of the distribution, in lower case with '_' */
    const char *fact;
} packages[] = {
    {"mediapipe", "M01.version"},
    {"tensorflow", "M05.tensorflow.version"},
    {"tensorflow_cpu", "M05.tensorflow_cpu.version"},
    {"tensorflow_intel", "M05.tensorflow_intel.version"},
    {"opencv_python", "M06.opencv_python.version"},
    {"opencv_python_headless", "M06.opencv_python_headless.version"},
    {"opencv_contrib_python", "M06.opencv_contrib_python.version"},
    {"opencv_contrib_python_headless", "M06.opencv_contrib_python_headless.version"},
    {"onnxruntime", "M07.onnxruntime.version"},
    {"onnxruntime_gpu", "M07.onnxruntime_gpu.version"},
    {"torch", "M08.version"},
    {"tflite_runtime", "M09.tflite_runtime.version"},
    {"ai_edge_litert", "M09.ai_edge_litert.version"},
};

bool mieni_metadata_header(const char *text, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    while (*text && *text != '\n' && *text != '\r') { /* the headers end at an empty line */
        /* Where the address sanitizer is strict, strcspn() reads to the end of the text. */
        size_t line = 0;
        while (text[line] && text[line] != '\r' && text[line] != '\n')
            line++;
        if (line > length && strncmp(text, name, length) == 0 && text[length] == ':') {
            const char *from = text + length + 1;
            size_t n = line - length - 1;
            for (; n > 0 && (*from == ' ' || *from == '\t'); n--)
                from++;
            while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t'))
                n--;
            if (n == 0 || n >= size)
                return false;
            memcpy(value, from, n);
            value[n] = '\0';
            return true;
        }
        text += line;
        text += *text == '\r';
        text += *text == '\n';
    }
    return false;
}

/* Tags of the wheel: which Python and platform it was made for. */
static void note_tags(MieniInstall *install, const char *folder)
{
    char path[MIENI_INSTALL_PATH], tag[128];
    if (!mieni_install_path(path, "%s/WHEEL", folder) || mieni_install_text(install, path) != 0)
        return;
    const char *text = install->text;
    for (int i = 0; i < 8 && (text = strstr(text, "Tag:")); text += 4) {
        if ((text == install->text || text[-1] == '\n') &&
            mieni_metadata_header(text, "Tag", tag, sizeof(tag)))
            mieni_install_note(install, tag, "M01.tag.%d", i++);
    }
}

/* Splits "Ai.Edge-LiteRT-2.3.0.dist-info" into its name as it is compared, and its version. */
static bool split(const char *entry, char name[64], char version[64])
{
    if (!mieni_ends(entry, ".dist-info"))
        return false;
    size_t end = strlen(entry) - strlen(".dist-info"), n = end;
    while (n > 0 && entry[n] != '-')
        n--;
    if (n == 0 || n >= 64 || end - n > 64)
        return false;
    size_t n_version = end - n - 1;
    for (size_t i = 0; i < n; i++)
        name[i] = entry[i] == '-' || entry[i] == '.' ? '_' : (char)tolower((uint8_t)entry[i]);
    name[n] = '\0';
    memcpy(version, entry + n + 1, n_version);
    version[n_version] = '\0';
    return true;
}

typedef struct SiteUser {
    MieniInstall *install;
    const char *site;
} SiteUser;

static bool look_at_entry(void *user, const char *entry)
{
    const SiteUser *site = user;
    MieniInstall *install = site->install;
    char name[64], version[64], folder[MIENI_INSTALL_PATH], path[MIENI_INSTALL_PATH];
    if (!split(entry, name, version))
        return true;
    for (size_t i = 0; i < MIENI_COUNT_OF(packages); i++) {
        /* The first folder on Python's path counts. */
        if (strcmp(packages[i].name, name) != 0 ||
            mieni_facts_has(install->facts, packages[i].fact))
            continue;
        if (!mieni_install_path(folder, "%s/%s", site->site, entry) ||
            !mieni_install_path(path, "%s/METADATA", folder))
            return true;
        if (mieni_install_text(install, path) == 0)
            mieni_metadata_header(install->text, "Version", version, sizeof(version));
        mieni_install_note(install, version, "%s", packages[i].fact);
        if (i == 0)
            note_tags(install, folder);
    }
    return true;
}

void mieni_install_packages(MieniInstall *install)
{
    for (size_t i = 0; i < install->n_sites; i++) {
        SiteUser site = {install, install->sites[i]};
        mieni_install_note(install, install->sites[i], "M01.site.%zu", i);
        mieni_install_list(install->sites[i], look_at_entry, &site);
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(packages); i++) {
        if (!mieni_facts_has(install->facts, packages[i].fact))
            mieni_install_note_absent(install, packages[i].fact);
    }
}
