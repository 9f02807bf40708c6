/* SPDX-License-Identifier: Apache-2.0 */
#include "model/task.h"

enum { END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30, MAX_COMMENT = 65535 };

#define END_MARK UINT32_C(0x06054b50)
#define ENTRY_MARK UINT32_C(0x02014b50)
#define LOCAL_MARK UINT32_C(0x04034b50)

static uint32_t load_u16(const uint8_t *p)
{
    return (uint32_t)(p[0] | p[1] << 8);
}

static uint32_t load_u32(const uint8_t *p)
{
    return load_u16(p) | load_u16(p + 2) << 16;
}

/* The end record stands last, before a comment of any length, which may look like one; SIZE_MAX if
 * there is none. */
static size_t find_end(const uint8_t *data, size_t size)
{
    if (size < END_BYTES)
        return SIZE_MAX;
    size_t lowest = size - END_BYTES > MAX_COMMENT ? size - END_BYTES - MAX_COMMENT : 0;
    for (size_t at = size - END_BYTES;; at--) {
        if (load_u32(data + at) == END_MARK && load_u16(data + at + 20) == size - END_BYTES - at)
            return at;
        if (at == lowest)
            return SIZE_MAX;
    }
}

bool mieni_task_probe(const uint8_t *data, size_t size)
{
    /* The public bundle begins with two bytes of padding before its first member. */
    for (size_t at = 0; at < 8 && at + 4 <= size; at++)
        if (load_u32(data + at) == LOCAL_MARK)
            return true;
    return false;
}

static MienStatus damaged(MienError *error, const char *what)
{
    return mieni_fail(error, MIEN_E_FORMAT, "model-damaged", "zip archive: %s", what);
}

static MienStatus lies_outside(MienError *error, const MieniTaskMember *member, const char *what)
{
    return mieni_fail(error, MIEN_E_FORMAT, "model-damaged",
                      "zip archive: member '%s': its %s lies outside the file", member->name, what);
}

static MienStatus read_member(MieniTaskMember *member, const uint8_t *data, size_t size,
                              const uint8_t *entry, size_t name_bytes, MienError *error)
{
    if (name_bytes >= sizeof(member->name))
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "zip archive: a member's name has %zu bytes, more than any in a bundle",
                          name_bytes);
    /* For people: what is not printable ASCII is replaced. */
    for (size_t i = 0; i < name_bytes; i++) {
        uint8_t byte = entry[ENTRY_BYTES + i];
        member->name[i] = byte >= ' ' && byte < 0x7f ? (char)byte : '?';
    }
    member->name[name_bytes] = 0;
    uint32_t flags = load_u16(entry + 8), method = load_u16(entry + 10);
    uint32_t packed = load_u32(entry + 20), bytes = load_u32(entry + 24);
    if (method != 0 || flags & 1 || packed != bytes)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "zip archive: member '%s' is compressed or encrypted; bundles are stored",
                          member->name);
    size_t local = load_u32(entry + 42);
    if (local > size || size - local < LOCAL_BYTES || load_u32(data + local) != LOCAL_MARK)
        return lies_outside(error, member, "header");
    size_t at = local + LOCAL_BYTES + load_u16(data + local + 26) + load_u16(data + local + 28);
    if (at > size || bytes > size - at)
        return lies_outside(error, member, "data");
    member->data = data + at;
    member->size_bytes = bytes;
    return MIEN_OK;
}

MienStatus mieni_task_read(MieniTask *task, const uint8_t *data, size_t size, MienError *error)
{
    task->n_members = 0;
    size_t end = find_end(data, size);
    if (end == SIZE_MAX)
        return damaged(error, "the end record is missing; the file may be cut short");
    size_t count = load_u16(data + end + 10);
    size_t at = load_u32(data + end + 16);
    if (count > MIENI_TASK_MAX_MEMBERS)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "zip archive: %zu members are more than a bundle has", count);
    for (size_t i = 0; i < count; i++) {
        if (at > end || end - at < ENTRY_BYTES || load_u32(data + at) != ENTRY_MARK)
            return damaged(error, "the directory is cut short");
        size_t name_bytes = load_u16(data + at + 28);
        size_t entry_bytes =
            ENTRY_BYTES + name_bytes + load_u16(data + at + 30) + load_u16(data + at + 32);
        if (entry_bytes > end - at)
            return damaged(error, "the directory is cut short");
        MienStatus status =
            read_member(&task->members[i], data, size, data + at, name_bytes, error);
        if (status != MIEN_OK)
            return status;
        task->n_members++;
        at += entry_bytes;
    }
    return MIEN_OK;
}
