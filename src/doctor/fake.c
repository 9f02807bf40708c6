/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/fake.h"

#include <errno.h>
#include <stdio.h>

#define MAX_ITEMS 1024

static const struct {
    const char *name;
    int code;
} errors[] = {
    {"0", 0},           {"EACCES", EACCES}, {"EPERM", EPERM}, {"EIO", EIO},
    {"ENODEV", ENODEV}, {"ENXIO", ENXIO},   {"EBUSY", EBUSY}, {"EINVAL", EINVAL},
};

static int error_code(const char *name)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(errors); i++)
        if (!strcmp(errors[i].name, name))
            return errors[i].code;
    return EIO;
}

static MienStatus read_node(MieniFakeNodes *nodes, const char *line)
{
    struct MieniFakeNode item = {.path = ""};
    char name[32] = "0";
    unsigned major, minor, mode, uid, gid;
    int n = sscanf(line, "%127s %c %u %u %o %u %u %31s", item.path, &item.node.type, &major, &minor,
                   &mode, &uid, &gid, name);
    if (n < 7 || item.path[0] != '/')
        return MIEN_OK;
    item.node.major = major;
    item.node.minor = minor;
    item.node.mode = mode;
    item.node.uid = uid;
    item.node.gid = gid;
    item.node.open_errno = error_code(name);
    struct MieniFakeNode *grown =
        mieni_realloc(nodes->items, nodes->n, nodes->n + 1, sizeof(*grown));
    if (!grown)
        return MIEN_E_NOMEM;
    nodes->items = grown;
    grown[nodes->n++] = item;
    return MIEN_OK;
}

static MienStatus read_variable(MieniFakeEnvironment *environment, const char *line)
{
    const char *equals = strchr(line, '=');
    if (!equals || equals == line)
        return MIEN_OK;
    char **grown =
        mieni_realloc(environment->items, environment->n + 1, environment->n + 2, sizeof(*grown));
    if (!grown)
        return MIEN_E_NOMEM;
    environment->items = grown;
    grown[environment->n] = mieni_alloc(strlen(line) + 1, 1);
    if (!grown[environment->n])
        return MIEN_E_NOMEM;
    memcpy(grown[environment->n++], line, strlen(line) + 1);
    return MIEN_OK;
}

/* A missing file is no line. */
static MienStatus read_lines(const char *root, const char *name, MieniFakeNodes *nodes,
                             MieniFakeEnvironment *environment)
{
    char path[MIENI_PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/../%s", root, name) >= (int)sizeof(path))
        return MIEN_OK;
    FILE *file = fopen(path, "r");
    if (!file)
        return MIEN_OK;
    char line[4096];
    MienStatus status = MIEN_OK;
    for (int i = 0; i < MAX_ITEMS && status == MIEN_OK && fgets(line, sizeof(line), file); i++) {
        line[strcspn(line, "\r\n")] = '\0';
        status = nodes ? read_node(nodes, line) : read_variable(environment, line);
    }
    fclose(file);
    return status;
}

MienStatus mieni_fake_read(const char *root, MieniFakeNodes *nodes,
                           MieniFakeEnvironment *environment)
{
    environment->items = mieni_alloc(1, sizeof(*environment->items));
    if (!environment->items)
        return MIEN_E_NOMEM;
    MienStatus status = read_lines(root, "nodes.tsv", nodes, NULL);
    return status != MIEN_OK ? status : read_lines(root, "env.txt", NULL, environment);
}

void mieni_fake_free(MieniFakeNodes *nodes, MieniFakeEnvironment *environment)
{
    for (size_t i = 0; i < environment->n; i++)
        mieni_free(environment->items[i]);
    mieni_free(environment->items);
    mieni_free(nodes->items);
}

int mieni_fake_node(const MieniFakeNodes *nodes, const char *path, MieniNode *node)
{
    for (size_t i = 0; i < nodes->n; i++)
        if (!strcmp(nodes->items[i].path, path)) {
            *node = nodes->items[i].node;
            return 0;
        }
    return ENOENT;
}
