/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64

#include "doctor/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PT_LOAD = 1, PT_DYNAMIC = 2, DT_NULL = 0, DT_NEEDED = 1, DT_STRTAB = 5, DT_STRSZ = 10 };

#define MAX_SEGMENTS 512
#define MAX_DYNAMIC 8192             /* entries that are looked at */
#define MAX_SCAN (UINT64_C(4) << 30) /* bytes that a search reads */
#define CHUNK (256 * 1024)           /* that it reads at once */
#define OVERLAP 256                  /* kept of the last chunk: no text is longer */

typedef struct File {
    int fd;
    uint64_t size;
    bool is_64, is_big_endian;
} File;

/* A pipe or a device would block, or worse: only regular files are read. */
static int open_file(const char *path, File *file)
{
    *file = (File){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    struct stat about;
    if (file->fd < 0)
        return errno;
    int error = fstat(file->fd, &about) != 0 ? errno : S_ISREG(about.st_mode) ? 0 : EINVAL;
    if (error)
        close(file->fd);
    else
        file->size = (uint64_t)about.st_size;
    return error;
}

/* Reads exactly `size` bytes at `offset`, or fails. */
static bool read_at(const File *file, uint64_t offset, void *to, size_t size)
{
    if (offset > file->size || size > file->size - offset)
        return false;
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(file->fd, (char *)to + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static uint64_t number(const File *file, const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << 8 * (file->is_big_endian ? size - 1 - i : i);
    return value;
}

/* A field of a 32-bit structure, or its counterpart of the 64-bit one. */
static uint64_t field(const File *file, const uint8_t *bytes, size_t at_32, size_t at_64)
{
    return file->is_64 ? number(file, bytes + at_64, 8) : number(file, bytes + at_32, 4);
}

typedef struct Segment {
    uint64_t offset, address, size;
} Segment;

typedef struct Segments {
    Segment loads[MAX_SEGMENTS];
    size_t n_loads;
    Segment dynamic;
} Segments;

static void read_segments(const File *file, uint64_t offset, uint64_t n, uint64_t entry_size,
                          Segments *segments)
{
    uint8_t entry[56];
    size_t size = file->is_64 ? 56 : 32;
    if (entry_size < size)
        return;
    for (uint64_t i = 0; i < MIENI_MIN(n, (uint64_t)MAX_SEGMENTS); i++) {
        /* Neither can wrap around: n and entry_size have 16 bits, and offset is in the file. */
        if (offset > file->size || !read_at(file, offset + i * entry_size, entry, size))
            return;
        Segment segment = {.offset = field(file, entry, 4, 8),
                           .address = field(file, entry, 8, 16),
                           .size = field(file, entry, 16, 32)};
        uint64_t type = number(file, entry, 4);
        if (type == PT_LOAD)
            segments->loads[segments->n_loads++] = segment;
        else if (type == PT_DYNAMIC)
            segments->dynamic = segment;
    }
}

/* Where in the file the byte at an address comes from. */
static bool offset_of(const Segments *segments, uint64_t address, uint64_t *offset)
{
    for (size_t i = 0; i < segments->n_loads; i++) {
        const Segment *load = &segments->loads[i];
        if (address < load->address || address - load->address >= load->size)
            continue;
        uint64_t into = address - load->address;
        if (load->offset > UINT64_MAX - into)
            return false;
        *offset = load->offset + into;
        return true;
    }
    return false;
}

/* The tag and value of an entry of the dynamic section; false at its end. */
static bool read_dynamic(const File *file, const Segment *dynamic, uint64_t i, uint64_t *tag,
                         uint64_t *value)
{
    uint8_t entry[16];
    size_t size = file->is_64 ? 16 : 8;
    if (i >= MAX_DYNAMIC || i >= dynamic->size / size || dynamic->offset > file->size ||
        !read_at(file, dynamic->offset + i * size, entry, size))
        return false;
    *tag = field(file, entry, 0, 0);
    *value = field(file, entry, 4, 8);
    return *tag != DT_NULL;
}

static void add_needed(const File *file, uint64_t offset, uint64_t left, MieniElf *elf)
{
    if (elf->n_needed == MIENI_ELF_MAX_NEEDED || offset >= file->size)
        return;
    char *name = elf->needed[elf->n_needed];
    left = MIENI_MIN(left, file->size - offset);
    size_t size = (size_t)MIENI_MIN(left, (uint64_t)MIENI_ELF_MAX_NAME - 1);
    if (!read_at(file, offset, name, size))
        return;
    name[size] = '\0';
    if (name[0])
        elf->n_needed++;
}

static void read_needed(const File *file, const Segments *segments, MieniElf *elf)
{
    uint64_t tag, value, strings = 0, strings_size = 0, offset;
    bool has_strings = false;
    for (uint64_t i = 0; read_dynamic(file, &segments->dynamic, i, &tag, &value); i++) {
        if (tag == DT_STRTAB)
            has_strings = offset_of(segments, value, &strings);
        else if (tag == DT_STRSZ)
            strings_size = value;
    }
    if (!has_strings || strings > file->size)
        return;
    strings_size = MIENI_MIN(strings_size, file->size - strings);
    for (uint64_t i = 0; read_dynamic(file, &segments->dynamic, i, &tag, &value); i++) {
        if (tag != DT_NEEDED || value >= strings_size)
            continue;
        offset = strings + value;
        add_needed(file, offset, strings_size - value, elf);
    }
}

static int read_elf(File *file, MieniElf *elf)
{
    uint8_t head[64];
    if (!read_at(file, 0, head, 52) || memcmp(head, "\177ELF", 4) != 0 || head[4] < 1 ||
        head[4] > 2 || head[5] < 1 || head[5] > 2)
        return ENOEXEC;
    file->is_64 = elf->is_64 = head[4] == 2;
    file->is_big_endian = elf->is_big_endian = head[5] == 2;
    if (file->is_64 && !read_at(file, 0, head, 64))
        return ENOEXEC;
    elf->type = (uint16_t)number(file, head + 16, 2);
    elf->machine = (uint16_t)number(file, head + 18, 2);
    const uint8_t *sizes = head + (file->is_64 ? 54 : 42);
    Segments segments = {.n_loads = 0};
    read_segments(file, field(file, head, 28, 32), number(file, sizes + 2, 2),
                  number(file, sizes, 2), &segments);
    read_needed(file, &segments, elf);
    return 0;
}

int mieni_elf_read(const char *path, MieniElf *elf)
{
    memset(elf, 0, sizeof(*elf));
    File file;
    int error = open_file(path, &file);
    if (error)
        return error;
    error = read_elf(&file, elf);
    close(file.fd);
    return error;
}

const char *mieni_elf_machine_name(const MieniElf *elf, char other[24])
{
    switch (elf->machine) {
    case 3:
        return "i386";
    case 40:
        return "arm";
    case 62:
        return "x86_64";
    case 183:
        return "aarch64";
    default:
        snprintf(other, 24, "machine %u", (unsigned)elf->machine);
        return other;
    }
}

bool mieni_elf_needs(const MieniElf *elf, const char *stem)
{
    size_t length = strlen(stem);
    for (uint32_t i = 0; i < elf->n_needed; i++) {
        const char *name = elf->needed[i];
        if (strncmp(name, stem, length) == 0 && (name[length] == '.' || name[length] == '-'))
            return true;
    }
    return false;
}

/* Hands the file over in pieces, each beginning with the last OVERLAP bytes of the one before. A
 * place is reported by the piece in which at least OVERLAP bytes follow it, or by the last. */
static int scan(const char *path, void (*look)(void *user, const char *at, size_t n, size_t starts),
                void *user)
{
    File file;
    int error = open_file(path, &file);
    if (error)
        return error;
    char *bytes = mieni_alloc(CHUNK + OVERLAP, 1);
    if (!bytes)
        error = ENOMEM;
    size_t kept = 0;
    for (uint64_t offset = 0; !error && offset < MIENI_MIN(file.size, MAX_SCAN);) {
        size_t n = (size_t)MIENI_MIN(file.size - offset, (uint64_t)CHUNK);
        if (!read_at(&file, offset, bytes + kept, n)) {
            error = EIO;
            break;
        }
        offset += n;
        n += kept;
        bool last = offset >= MIENI_MIN(file.size, MAX_SCAN);
        kept = last ? 0 : MIENI_MIN(n, (size_t)OVERLAP);
        look(user, bytes, n, n - kept);
        memmove(bytes, bytes + n - kept, kept);
    }
    mieni_free(bytes);
    close(file.fd);
    return error;
}

/* Calls `hit` for each place before `starts` where the text stands. */
static const char *next_place(const char *from, const char *bytes, size_t n, size_t starts,
                              const char *text, size_t length)
{
    const char *end = bytes + MIENI_MIN(starts, n >= length ? n - length + 1 : 0);
    while (from < end && (from = memchr(from, text[0], (size_t)(end - from)))) {
        if (memcmp(from, text, length) == 0)
            return from;
        from++;
    }
    return NULL;
}

typedef struct FindUser {
    MieniElfText *texts;
    size_t n;
} FindUser;

static void look_for_texts(void *user, const char *bytes, size_t n, size_t starts)
{
    const FindUser *find = user;
    for (size_t i = 0; i < find->n; i++) {
        MieniElfText *text = &find->texts[i];
        size_t length = strlen(text->text);
        const char *at;
        if (text->found || !(at = next_place(bytes, bytes, n, starts, text->text, length)))
            continue;
        text->found = true;
        size_t left = (size_t)(bytes + n - (at + length)), k = 0;
        for (; k < MIENI_MIN(left, sizeof(text->after) - 1); k++) {
            char c = at[length + k];
            if (c == '\0' || c == '\n')
                break;
            text->after[k] = c;
        }
        text->after[k] = '\0';
    }
}

int mieni_elf_find(const char *path, MieniElfText *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        texts[i].found = false;
        texts[i].after[0] = '\0';
        if (strlen(texts[i].text) + sizeof(texts[i].after) > OVERLAP)
            return EINVAL;
    }
    FindUser find = {texts, n};
    return scan(path, look_for_texts, &find);
}

typedef struct SmUser {
    void (*found)(void *user, int32_t sm);
    void *user;
} SmUser;

static void look_for_sm(void *user, const char *bytes, size_t n, size_t starts)
{
    const SmUser *sm = user;
    const char *at = bytes;
    while ((at = next_place(at, bytes, n, starts, "sm_", 3))) {
        at += 3;
        int32_t value = 0;
        size_t digits = 0;
        for (; at + digits < bytes + n && digits < 4; digits++) {
            char c = at[digits];
            if (c < '0' || c > '9')
                break;
            value = value * 10 + (c - '0');
        }
        if (digits == 2 || digits == 3)
            sm->found(sm->user, value);
    }
}

int mieni_elf_find_sm(const char *path, void (*found)(void *user, int32_t sm), void *user)
{
    SmUser sm = {found, user};
    return scan(path, look_for_sm, &sm);
}
