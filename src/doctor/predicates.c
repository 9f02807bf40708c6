/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that compare facts with each other or with a table. */
#include "doctor/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "doctor/jetson.h"
#include "doctor/probe.h"

/* "/usr/lib/x86_64-linux-gnu/libcuda.so.550.90.07": 550.90.07. */
static const char *version_in_path(const char *path)
{
    const char *so = strstr(path, ".so.");
    return so && strchr(so + 4, '.') ? so + 4 : NULL;
}

/* On Orin the kernel's version is that of the display driver, on WSL there is none. A library of an
 * upgrade package differs on purpose. */
static bool driver_versions_differ(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *path = mieni_facts_get(facts, "L01.path");
    const MieniFact *kernel = mieni_facts_get(facts, "H05.version");
    const char *library = version_in_path(path->text);
    if (kernel->state != MIENI_FACT_VALUE || !library || strstr(path->text, "/compat") ||
        mieni_facts_has(facts, "P08.wsl") || mieni_facts_has(facts, "P04.soc"))
        return false;
    mieni_cite(evidence, path);
    mieni_cite(evidence, kernel);
    return mieni_compare_versions(library, kernel->text) != 0;
}

/* A libcuda of another processor where the loader would look. */
static bool wrong_architecture(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *machine = mieni_facts_get(facts, "P01.machine"), *fact;
    if (machine->state != MIENI_FACT_VALUE)
        return false;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "L08.*/libcuda.so.1*", &at));)
        if (strcmp(fact->text, machine->text) != 0 && strcmp(fact->text, "no ELF file") != 0) {
            mieni_cite(evidence, fact);
            mieni_cite(evidence, machine);
            return true;
        }
    return false;
}

/* Whether an NVIDIA card has a device id in low..high. */
static bool has_card(const MieniFacts *facts, MieniEvidence *evidence, int64_t low, int64_t high)
{
    const MieniFact *fact;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "H01.*.vendor", &at));) {
        if (strcmp(fact->text, "0x10de") != 0)
            continue;
        char name[128];
        int n = (int)(strlen(fact->name) - strlen(".vendor"));
        snprintf(name, sizeof(name), "%.*s.device", n, fact->name);
        int64_t device = mieni_facts_number(facts, name, 0);
        if (device >= low && device <= high) {
            mieni_cite(evidence, mieni_facts_get(facts, name));
            return true;
        }
    }
    return false;
}

/* PCI ids rise with the generations: GB100 begins at 0x2900, GB20x at 0x2b80; between them and
 * Ada's last, 0x28ff, there is nothing else. Source: the ids of the driver's supported GPUs. */
static bool blackwell(const MieniFacts *facts, MieniEvidence *evidence)
{
    return has_card(facts, evidence, 0x2900, 0x33ff);
}

/* Turing begins at 0x1e00. */
static bool before_turing(const MieniFacts *facts, MieniEvidence *evidence)
{
    return has_card(facts, evidence, 0x0001, 0x1dff);
}

/* 590 is the first branch without Maxwell, Pascal and Volta. */
static bool driver_dropped_gpu(const MieniFacts *facts, MieniEvidence *evidence)
{
    mieni_cite(evidence, mieni_facts_get(facts, "H05.version"));
    return mieni_facts_number(facts, "H05.version", 0) >= 590 && before_turing(facts, evidence);
}

static bool jetson_board_dropped(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *soc = mieni_facts_get(facts, "P04.soc");
    const MieniFact *l4t = mieni_facts_get(facts, "P03.l4t");
    const MieniJetsonBoard *board = mieni_jetson_board(soc->text);
    if (!board || l4t->state != MIENI_FACT_VALUE)
        return false;
    mieni_cite(evidence, soc);
    mieni_cite(evidence, l4t);
    int64_t major = mieni_facts_number(facts, "P03.l4t", 0);
    return major < board->first_l4t || major > board->last_l4t;
}

static bool jetson_upgrade_not_allowed(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *l4t = mieni_facts_get(facts, "P03.l4t"), *fact;
    if (l4t->state != MIENI_FACT_VALUE)
        return false;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "L07.compat.*", &at));)
        if (!mieni_jetson_upgrade_allowed(l4t->text, fact->text)) {
            mieni_cite(evidence, fact);
            mieni_cite(evidence, l4t);
            return true;
        }
    return false;
}

/* The image says what it was made for; the host's release is a file that the runtime mounts. */
static bool l4t_image_mismatch(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *image = mieni_facts_get(facts, "E02.L4T_VERSION");
    const MieniFact *host = mieni_facts_get(facts, "P03.l4t");
    if (image->state != MIENI_FACT_VALUE || host->state != MIENI_FACT_VALUE)
        return false;
    mieni_cite(evidence, image);
    mieni_cite(evidence, host);
    return !mieni_jetson_image_runs(host->text, image->text);
}

/* Our PTX is for 5.0. One device that can do it suffices. */
static bool capability_too_old(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *fact;
    bool any = false;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "C02.*.capability", &at));) {
        if (mieni_compare_versions(fact->text, "5.0") >= 0)
            return false;
        mieni_cite(evidence, fact);
        any = true;
    }
    return any;
}

static bool out_of_memory(const MieniFacts *facts, MieniEvidence *evidence)
{
    return mieni_condition_holds(facts, "C03.*.context=2", evidence) ||
           mieni_condition_holds(facts, "C05.*.run=2", evidence) ||
           mieni_condition_holds(facts, "C01.cuInit=2", evidence);
}

/* Less than a network and its driver want. NVML counts also where no context can be made. */
static bool memory_full(const MieniFacts *facts, MieniEvidence *evidence)
{
    static const int64_t wanted = INT64_C(512) << 20;
    static const char *const patterns[] = {"N02.*.free", "C03.*.free", "P12.available"};
    const MieniFact *fact;
    bool jetson = mieni_facts_has(facts, "P04.soc");
    for (size_t i = 0; i < (jetson ? 3 : 2); i++)
        for (size_t at = 0; (fact = mieni_facts_next(facts, patterns[i], &at));)
            if (mieni_facts_number(facts, fact->name, wanted) < wanted) {
                mieni_cite(evidence, fact);
                return true;
            }
    return false;
}

/* L4T 36.4.7 refuses large blocks; 36.5 does not. */
static bool nvmap_regression(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *l4t = mieni_facts_get(facts, "P03.l4t");
    mieni_cite(evidence, l4t);
    return l4t->state == MIENI_FACT_VALUE && mieni_compare_versions(l4t->text, "36.4.7") >= 0 &&
           mieni_compare_versions(l4t->text, "36.5") < 0;
}

static bool gles_below_3_1(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *fact = mieni_facts_get(facts, "G01.version");
    char version[32];
    mieni_cite(evidence, fact);
    return mieni_find_version(fact->text, version, sizeof(version)) &&
           mieni_compare_versions(version, "3.1") < 0;
}

/* The highest clock that is allowed is below the highest that there is. */
static bool jetson_slow(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *all = mieni_facts_get(facts, "H12.available_frequencies");
    const MieniJetsonBoard *board = mieni_jetson_board(mieni_facts_get(facts, "P04.soc")->text);
    int64_t allowed = mieni_facts_number(facts, "H12.max_freq", 0), highest = 0;
    if (!mieni_facts_has(facts, "P04.soc") || allowed <= 0)
        return false;
    char *end;
    for (const char *at = all->text; *at; at = end) {
        long long frequency = strtoll(at, &end, 10);
        if (end == at)
            break;
        highest = MIENI_MAX(highest, (int64_t)frequency);
    }
    if (highest == 0 && board)
        highest = board->slowest_module_hz;
    mieni_cite(evidence, mieni_facts_get(facts, "H12.max_freq"));
    mieni_cite(evidence, all);
    return allowed < highest;
}

/* HW slowdown, SW thermal, HW thermal and HW power brake. Source: nvml.h,
 * nvmlClocksEventReason*. */
static bool throttled(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *fact;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "N02.*.throttle", &at));)
        if (mieni_facts_number(facts, fact->name, 0) & 0xe8) {
            mieni_cite(evidence, fact);
            return true;
        }
    int64_t trip = mieni_facts_number(facts, "H12.trip_point", INT64_MAX);
    mieni_cite(evidence, mieni_facts_get(facts, "H12.temperature"));
    mieni_cite(evidence, mieni_facts_get(facts, "H12.trip_point"));
    return mieni_facts_number(facts, "H12.temperature", 0) >= trip;
}

/* An idle link lowers its speed, but keeps most of its lanes. */
static bool pcie_narrow(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *fact;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "H03.*.current_link_width", &at));) {
        char name[128];
        int n = (int)(strlen(fact->name) - strlen("current_link_width"));
        snprintf(name, sizeof(name), "%.*smax_link_width", n, fact->name);
        int64_t width = mieni_facts_number(facts, fact->name, 0);
        if (width > 0 && width * 4 <= mieni_facts_number(facts, name, 0)) {
            mieni_cite(evidence, fact);
            mieni_cite(evidence, mieni_facts_get(facts, name));
            return true;
        }
    }
    return false;
}

/* A cache that translated code cannot be kept in. */
static bool cache_unusable(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *cache = mieni_facts_get(facts, "E01.cache");
    mieni_cite(evidence, cache);
    return cache->state == MIENI_FACT_VALUE && *cache->text != '/';
}

/* CUDA and NVML have some number for different GPUs. A list of visible devices changes CUDA's
 * numbers on purpose. */
static bool orders_differ(const MieniFacts *facts, MieniEvidence *evidence)
{
    if (mieni_facts_has(facts, "E01.CUDA_VISIBLE_DEVICES"))
        return false;
    for (int i = 0; i < 16; i++) {
        char cuda_name[32], nvml_name[32];
        snprintf(cuda_name, sizeof(cuda_name), "C02.%d.uuid", i);
        snprintf(nvml_name, sizeof(nvml_name), "N02.%d.uuid", i);
        const MieniFact *cuda = mieni_facts_get(facts, cuda_name);
        const MieniFact *nvml = mieni_facts_get(facts, nvml_name);
        if (cuda->state != MIENI_FACT_VALUE || nvml->state != MIENI_FACT_VALUE)
            return false;
        if (strcmp(cuda->text, nvml->text) != 0 && mieni_facts_number(facts, "C01.count", 0) > 1) {
            mieni_cite(evidence, cuda);
            mieni_cite(evidence, nvml);
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    MieniPredicate function;
} predicates[] = {
    {"driver_versions_differ", driver_versions_differ},
    {"wrong_architecture", wrong_architecture},
    {"blackwell", blackwell},
    {"before_turing", before_turing},
    {"driver_dropped_gpu", driver_dropped_gpu},
    {"jetson_board_dropped", jetson_board_dropped},
    {"jetson_upgrade_not_allowed", jetson_upgrade_not_allowed},
    {"l4t_image_mismatch", l4t_image_mismatch},
    {"capability_too_old", capability_too_old},
    {"out_of_memory", out_of_memory},
    {"memory_full", memory_full},
    {"nvmap_regression", nvmap_regression},
    {"gles_below_3_1", gles_below_3_1},
    {"jetson_slow", jetson_slow},
    {"throttled", throttled},
    {"pcie_narrow", pcie_narrow},
    {"cache_unusable", cache_unusable},
    {"orders_differ", orders_differ},
};

MieniPredicate mieni_predicate_find(const char *name, size_t length)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(predicates); i++)
        if (strlen(predicates[i].name) == length && !strncmp(predicates[i].name, name, length))
            return predicates[i].function;
    return NULL;
}
