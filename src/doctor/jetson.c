/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/jetson.h"

#include <stdlib.h>

#include "doctor/probe.h"

/* Source: NVIDIA's JetPack archive pages; OE4T/meta-tegra, conf/machine/include/tegra*.inc. */
static const MieniJetsonBoard boards[] = {
    {"tegra210", "Nano, TX1", "5.3", 21, 32, 921600000},
    {"tegra186", "TX2", "6.2", 27, 32, 1300500000},
    {"tegra194", "Xavier", "7.2", 31, 35, 1109250000},
    {"tegra234", "Orin", "8.7", 34, 39, 624750000},
    {"tegra264", "Thor", "11.0", 38, 39, 0},
};

/* Source: NVIDIA, "CUDA for Tegra", section 8. A release and what may be put on top of it. */
static const struct {
    const char *from, *to; /* L4T releases, `to` not included */
    const char *allowed;   /* versions of CUDA, spaces around each */
} upgrades[] = {
    {"34", "36", " 11.8 12.0 12.1 12.2 "},
    {"36", "37", " 12.4 12.5 12.6 12.8 12.9 "},
    {"38", "39", " "},
    {"39", "40", " 13.3 13.4 "},
};

/* Source: dusty-nv/jetson-containers, l4t_version.py. Releases of one group run each other's
 * images. */
static const struct {
    const char *from, *to; /* `to` not included */
} image_groups[] = {
    {"32.7", "33"}, {"34", "35"}, {"35", "36"}, {"36", "36.4"}, {"36.4", "37"}, {"38", "40"},
};

/* Source: rbonghi/jetson_stats, jetson_variables.py; OE4T/meta-tegra branches. */
static const struct {
    const char *l4t, *jetpack;
} jetpacks[] = {
    {"32.6.1", "4.6"},      {"32.7.1", "4.6.1"}, {"32.7.2", "4.6.2"}, {"32.7.3", "4.6.3"},
    {"32.7.4", "4.6.4"},    {"32.7.5", "4.6.5"}, {"32.7.6", "4.6.6"}, {"34.1", "5.0 DP"},
    {"34.1.1", "5.0.1 DP"}, {"35.1", "5.0.2"},   {"35.2.1", "5.1"},   {"35.3.1", "5.1.1"},
    {"35.4.1", "5.1.2"},    {"35.5.0", "5.1.3"}, {"35.6.0", "5.1.4"}, {"35.6.1", "5.1.5"},
    {"35.6.4", "5.1.6"},    {"36.2", "6.0 DP"},  {"36.3", "6.0"},     {"36.4", "6.1"},
    {"36.4.3", "6.2"},      {"36.4.4", "6.2.1"}, {"36.4.7", "6.2.1"}, {"36.5.0", "6.2.2"},
    {"38.2", "7.0"},        {"38.2.1", "7.0"},   {"38.2.2", "7.0"},   {"38.4.0", "7.1"},
    {"39.2.0", "7.2"},
};

const MieniJetsonBoard *mieni_jetson_board(const char *soc)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(boards); i++)
        if (!strcmp(boards[i].soc, soc))
            return &boards[i];
    return NULL;
}

static bool in_range(const char *version, const char *from, const char *to)
{
    return mieni_compare_versions(version, from) >= 0 && mieni_compare_versions(version, to) < 0;
}

bool mieni_jetson_upgrade_allowed(const char *l4t, const char *cuda)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(upgrades); i++) {
        if (!in_range(l4t, upgrades[i].from, upgrades[i].to))
            continue;
        size_t n = strlen(cuda);
        for (const char *at = upgrades[i].allowed; (at = strstr(at, cuda)); at++)
            if (at[-1] == ' ' && at[n] == ' ')
                return true;
        return false;
    }
    return true; /* not in the table: no reason to blame it */
}

bool mieni_jetson_image_runs(const char *host, const char *image)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(image_groups); i++)
        if (in_range(host, image_groups[i].from, image_groups[i].to))
            return in_range(image, image_groups[i].from, image_groups[i].to);
    return strtol(host, NULL, 10) == strtol(image, NULL, 10);
}

const char *mieni_jetson_jetpack(const char *l4t)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(jetpacks); i++)
        if (mieni_compare_versions(jetpacks[i].l4t, l4t) == 0)
            return jetpacks[i].jetpack;
    return NULL;
}
