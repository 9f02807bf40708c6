/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/install.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "doctor/install_files.h"

static bool is_word(char c)
{
    return isalnum((uint8_t)c) || c == '_';
}

/* Behind a name: an annotation and '=', or ',' or ':' behind a quoted name. NULL: not a value. */
static const char *find_value(const char *at, bool is_quoted)
{
    at += strspn(at, " \t");
    if (is_quoted)
        return *at == ',' || *at == ':' ? at + 1 : NULL;
    if (*at == ':') { /* name: type = value */
        size_t n = strcspn(at, "=\n");
        at += n;
    }
    return at[0] == '=' && at[1] != '=' ? at + 1 : NULL;
}

static bool copy_value(const char *from, char *value, size_t size)
{
    from += strspn(from, " \t");
    char quote = *from == '\'' || *from == '"' ? *from : '\0';
    const char end[] = {
        quote ? quote : ',', '\n', '\r', quote ? '\n' : ')', quote ? '\n' : ']', quote ? '\n' : '}',
        quote ? '\n' : '#',  '\0'};
    from += quote != '\0';
    size_t n = strcspn(from, end);
    while (!quote && n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    if (n == 0 || n >= size)
        return false;
    memcpy(value, from, n);
    value[n] = '\0';
    return true;
}

bool mieni_python_value(const char *text, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += length) {
        char before = at > text ? at[-1] : '\n', after = at[length];
        bool is_quoted = (before == '\'' || before == '"') && after == before;
        /* A plain name stands at the beginning of a line, so that a comment is no value. */
        if (!is_quoted && (before != '\n' || is_word(after) || after == '-'))
            continue;
        const char *from = find_value(at + length + is_quoted, is_quoted);
        if (from && copy_value(from, value, size))
            return true;
    }
    return false;
}

MienStatus mieni_install_inspect(const char *path, MieniFacts *facts, MienError *error)
{
    MieniInstall *install = mieni_alloc(1, sizeof(*install));
    if (!install)
        return mieni_fail_nomem(error);
    install->facts = facts;
    MienStatus status = mieni_install_find_sites(install, path, error);
    if (status == MIEN_OK) {
        if (install->python[0])
            mieni_install_note(install, install->python, "M01.python");
        mieni_install_packages(install);
        mieni_install_frameworks(install);
        status = install->status == MIEN_OK ? MIEN_OK : mieni_fail_nomem(error);
    }
    mieni_free(install);
    return status;
}

MienStatus mieni_install_read_script(const char *path, MieniFacts *facts, MienError *error)
{
    MieniInstall *install = mieni_alloc(1, sizeof(*install));
    if (!install)
        return mieni_fail_nomem(error);
    install->facts = facts;
    int failure = mieni_install_text(install, path);
    if (failure) {
        mieni_free(install);
        return mieni_fail(error, MIEN_E_IO, "", "cannot read %s: %s", path, strerror(failure));
    }
    const char *text = install->text;
    mieni_install_note_answer(install,
                              strstr(text, "mp.solutions") || strstr(text, "mediapipe.solutions") ||
                                  strstr(text, "mediapipe.python.solutions"),
                              "M04.solutions");
    mieni_install_note_answer(install, strstr(text, "Delegate.GPU") != NULL, "M04.delegate_gpu");
    mieni_install_note_answer(install, strstr(text, "model_selection") != NULL,
                              "M04.model_selection");
    MienStatus status = install->status == MIEN_OK ? MIEN_OK : mieni_fail_nomem(error);
    mieni_free(install);
    return status;
}
