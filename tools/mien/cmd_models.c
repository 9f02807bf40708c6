/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "export.h"
#include "fetch.h"
#include "message.h"
#include "store.h"
#include "writer.h"

typedef struct ModelsValues {
    CliCommon common;
    const char *model_dir;
    const char *onnx, *network;
    bool json;
} ModelsValues;

/* clang-format off */
#define MODEL_DIR_OPTION \
    {"model-dir", 0, CLI_TEXT, offsetof(ModelsValues, model_dir), "DIR", \
     "look here first, fetch to here (default MIEN_MODEL_DIR, then the user's data folder)", 0, 0, NULL}
#define JSON_OPTION \
    {"json", 0, CLI_FLAG, offsetof(ModelsValues, json), NULL, "for programs: JSON (mien.models/1)", 0, 0, NULL}

static const CliOption list_options[] = {MODEL_DIR_OPTION, JSON_OPTION, CLI_COMMON_OPTIONS(ModelsValues, common)};
static const CliOption fetch_options[] = {MODEL_DIR_OPTION, CLI_COMMON_OPTIONS(ModelsValues, common)};
static const CliOption export_options[] = {
    {"onnx", 0, CLI_TEXT, offsetof(ModelsValues, onnx), "OUT",
     "the file to write, - for standard output, or a folder: one that is there, or ends with /", 0, 0, NULL},
    {"network", 0, CLI_TEXT, offsetof(ModelsValues, network), "NAME",
     "of a bundle: this network alone", 0, 0, NULL},
    MODEL_DIR_OPTION, CLI_COMMON_OPTIONS(ModelsValues, common)};
/* clang-format on */

/* What `mien run` can be asked for: fetched when no name is given. */
static const char *const needed_by_run[] = {"face_mesh", "face_mesh_attention",
                                            "face_detector_short", "face_detector_full_sparse"};

static const CliCommand list_command = {
    .name = "models list",
    .summary = "Lists the models that mien knows and where they are.",
    .usage = "[--json]",
    .examples = "mien models list\nmien models list --json\n",
    .notes =
        "Looked for in this order: --model-dir or MIEN_MODEL_DIR, $XDG_DATA_HOME/mien/models,\n"
        "$XDG_CACHE_HOME/mien/models, mien/models below XDG_DATA_DIRS and the prefix mien was\n"
        "installed to.\n",
    .options = list_options,
};

static const CliCommand fetch_command = {
    .name = "models fetch",
    .summary = "Downloads models and verifies their SHA-256.",
    .usage = "[NAME...]",
    .examples = "mien models fetch\nmien models fetch face_landmarker\n"
                "mien models fetch --model-dir models\n",
    .notes =
        "Without a name: what `mien run` needs. Runs curl on the official address, else takes\n"
        "the file from the official mediapipe wheel with python3 -m pip.\n",
    .options = fetch_options,
    .max_operands = SIZE_MAX,
    .operand_name = "NAME",
};

static const CliCommand verify_command = {
    .name = "models verify",
    .summary = "Compares the SHA-256 of the models on this machine with what it should be.",
    .usage = "[NAME...]",
    .examples = "mien models verify\nmien models verify face_mesh\n",
    .options = list_options,
    .max_operands = SIZE_MAX,
    .operand_name = "NAME",
};

static const CliCommand inspect_command = {
    .name = "models inspect",
    .summary = "Prints the layers, blocks, multiply-adds and memory of a model.",
    .usage = "FILE|NAME",
    .examples = "mien models inspect face_mesh\nmien models inspect face_landmark.tflite\n",
    .options = fetch_options,
    .max_operands = 1,
    .min_operands = 1,
    .operand_name = "FILE",
};

static const CliCommand export_command = {
    .name = "models export",
    .summary = "Writes a model as ONNX, for other programs that run networks.",
    .usage = "FILE|NAME --onnx OUT [--network NAME]",
    .examples = "mien models export face_mesh --onnx face_mesh.onnx\n"
                "mien models export face_landmarker --onnx networks/\n"
                "mien models export face_landmarker --network face_blendshapes --onnx out.onnx\n",
    .notes = "A folder gets one file for each network of the model, named after it; a file holds\n"
             "one network, so a bundle then needs --network. Opset 17, float32; inputs and\n"
             "outputs as in the model, for any number of pictures at once.\n",
    .options = export_options,
    .max_operands = 1,
    .min_operands = 1,
    .operand_name = "FILE",
};

static CliExit unknown_model(const CliCommand *command, const char *name)
{
    size_t n;
    const MienCatalogEntry *entries = mien_model_catalog(&n);
    const char *names[32] = {NULL};
    for (size_t i = 0; i < n && i < 31; i++)
        names[i] = entries[i].name;
    const char *meant = cli_did_you_mean(name, names);
    if (meant)
        return cli_fail(CLI_USAGE, "%s: no model is called %s; did you mean %s?", command->name,
                        name, meant);
    return cli_fail(CLI_USAGE, "%s: no model is called %s; see mien models list", command->name,
                    name);
}

/* The entries with these names, or of all; to be freed. */
static CliExit choose_entries(const CliCommand *command, const char *const *names, size_t n_names,
                              const MienCatalogEntry ***chosen, size_t *n_chosen)
{
    size_t n_all;
    const MienCatalogEntry *all = mien_model_catalog(&n_all);
    *n_chosen = n_names ? n_names : n_all;
    *chosen = calloc(*n_chosen, sizeof(**chosen));
    if (!*chosen)
        return cli_fail(CLI_INTERNAL, "out of memory");
    for (size_t i = 0; i < *n_chosen; i++) {
        (*chosen)[i] = n_names ? mien_model_catalog_find(names[i]) : &all[i];
        if (!(*chosen)[i])
            return unknown_model(command, names[i]);
    }
    return CLI_OK;
}

typedef struct Found {
    const MienCatalogEntry *entry;
    char *path; /* or NULL */
    CliModelState state;
    char sha256[65];
} Found;

static void print_table(CliWriter *out, const Found *found, size_t n)
{
    bool colored = cli_colored(STDOUT_FILENO);
    char line[512];
    snprintf(line, sizeof(line), "%-25s %-39s %8s  %-10s  %-10s  %s\n", "NAME", "FILE", "BYTES",
             "LICENCE", "STATE", "WHERE");
    cli_put(out, line);
    for (size_t i = 0; i < n; i++) {
        const MienCatalogEntry *entry = found[i].entry;
        const char *color = found[i].state == CLI_MODEL_MISSING ? "\033[33m"
                            : found[i].state <= CLI_MODEL_WHEEL ? "\033[32m"
                                                                : "\033[31m";
        snprintf(line, sizeof(line), "%-25s %-39s %8llu  %-10s  %s%-10s%s  ", entry->name,
                 entry->file, (unsigned long long)entry->size_bytes, entry->licence,
                 colored ? color : "", cli_model_state_name(found[i].state),
                 colored ? "\033[0m" : "");
        cli_put(out, line);
        cli_put(out, found[i].path ? found[i].path : "-");
        cli_put(out, "\n");
    }
}

static void print_json(CliWriter *out, const Found *found, size_t n)
{
    static const char *const states[] = {"missing", "ok", "ok", "wrong-hash", "unreadable"};
    cli_put(out, "{\"schema\":\"mien.models/1\",\"models\":[");
    for (size_t i = 0; i < n; i++) {
        const MienCatalogEntry *entry = found[i].entry;
        cli_put(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        cli_put_json(out, entry->name);
        cli_put(out, ",\"file\":");
        cli_put_json(out, entry->file);
        cli_put(out, ",\"title\":");
        cli_put_json(out, entry->title);
        cli_put(out, ",\"size\":");
        cli_put_int(out, (int64_t)entry->size_bytes);
        cli_put(out, ",\"licence\":");
        cli_put_json(out, entry->licence);
        cli_put(out, ",\"url\":");
        cli_put_json(out, entry->url);
        cli_put(out, ",\"state\":");
        cli_put_json(out, states[found[i].state]);
        cli_put(out, ",\"path\":");
        cli_put_json(out, found[i].path);
        cli_put(out, ",\"sha256\":");
        cli_put_json(out, found[i].path ? found[i].sha256 : NULL);
        cli_put(out, ",\"edition\":");
        cli_put_json(out, found[i].state == CLI_MODEL_GOOD    ? "official"
                          : found[i].state == CLI_MODEL_WHEEL ? "wheel"
                                                              : NULL);
        cli_put(out, "}");
    }
    cli_put(out, "\n]}\n");
}

static CliExit print_found(const Found *found, size_t n, bool json)
{
    static CliWriter out;
    cli_writer_init(&out, STDOUT_FILENO);
    if (json)
        print_json(&out, found, n);
    else
        print_table(&out, found, n);
    int error = cli_writer_flush(&out);
    return error ? cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(error))
                 : CLI_OK;
}

/* `verify` is `list` with a verdict: a wrong file is an error, and so is a missing one that was
 * named. */
static CliExit list_models(const CliCommand *command, const ModelsValues *values,
                           const CliStore *store, const CliList *names)
{
    const MienCatalogEntry **entries = NULL;
    size_t n;
    CliExit status = choose_entries(command, names->items, names->n, &entries, &n);
    Found *found = status == CLI_OK ? calloc(n, sizeof(*found)) : NULL;
    if (status == CLI_OK && !found)
        status = cli_fail(CLI_INTERNAL, "out of memory");
    if (status == CLI_OK) {
        for (size_t i = 0; i < n; i++) {
            found[i].entry = entries[i];
            found[i].path = cli_store_find(store, entries[i]);
            if (found[i].path)
                found[i].state = cli_store_check(found[i].path, entries[i], found[i].sha256);
        }
        status = print_found(found, n, values->json);
    }
    for (size_t i = 0; i < n && found; i++) {
        bool wrong = found[i].state > CLI_MODEL_WHEEL;
        bool wanted = found[i].state == CLI_MODEL_MISSING && names->n > 0;
        if (status == CLI_OK && command == &verify_command && wrong)
            status =
                cli_fail(CLI_MODEL, "%s: %s; remove it and run: mien models fetch %s",
                         found[i].path, cli_model_state_name(found[i].state), found[i].entry->name);
        else if (status == CLI_OK && command == &verify_command && wanted)
            status =
                cli_fail(CLI_MODEL, "%s is not on this machine; get it with: mien models fetch %s",
                         found[i].entry->name, found[i].entry->name);
        free(found[i].path);
    }
    free(found);
    free(entries);
    return status;
}

static CliExit fetch_models(const CliCommand *command, const CliStore *store, const CliList *names)
{
    const MienCatalogEntry **entries = NULL;
    size_t n;
    bool all = names->n > 0;
    CliExit status = choose_entries(
        command, all ? names->items : needed_by_run,
        all ? names->n : sizeof(needed_by_run) / sizeof(needed_by_run[0]), &entries, &n);
    if (status == CLI_OK)
        status = cli_fetch(store, entries, n);
    free(entries);
    return status;
}

static int print_report_line(void *user, const char *line)
{
    (void)user;
    return printf("%s\n", line) < 0;
}

/* Loads a file, or the model of this name; `path` is to be freed. */
static CliExit load_model(const CliStore *store, const char *name, MienModel **model, char **path)
{
    const MienCatalogEntry *entry = access(name, F_OK) == 0 ? NULL : mien_model_catalog_find(name);
    MienError error = {0};
    if (entry)
        return cli_store_load(store, entry, model, path);
    if (mien_model_load_file(name, model, &error) != MIEN_OK)
        return cli_fail(CLI_MODEL, "%s", error.text);
    *path = strdup(name);
    return *path ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
}

static CliExit inspect_model(const CliStore *store, const char *name)
{
    MienModel *model = NULL;
    char *path = NULL;
    CliExit status = load_model(store, name, &model, &path);
    if (status == CLI_OK) {
        const char *known = mien_model_name(model);
        printf("%s: %s, SHA-256 %s\n", path, known ? known : "not in the catalogue",
               mien_model_sha256(model));
        for (size_t i = 0; i < mien_model_n_networks(model); i++) {
            printf("\nnetwork %zu\n", i);
            MienStatus inspected = mien_model_inspect(model, i, print_report_line, NULL);
            if (inspected != MIEN_OK)
                status = cli_fail(CLI_MODEL, "%s: network %zu: %s", path, i,
                                  mien_status_text(inspected));
        }
    }
    mien_model_destroy(model);
    free(path);
    return status;
}

static CliExit export_model(const CliStore *store, const ModelsValues *values, const char *name)
{
    if (!values->onnx || !*values->onnx)
        return cli_fail(CLI_USAGE, "models export: say where to with --onnx OUT");
    MienModel *model = NULL;
    char *path = NULL;
    CliExit status = load_model(store, name, &model, &path);
    if (status == CLI_OK) {
        const CliExport wanted = {.file = path, .onnx = values->onnx, .network = values->network};
        status = cli_export(model, &wanted);
    }
    mien_model_destroy(model);
    free(path);
    return status;
}

static const CliCommand *const subcommands[] = {&list_command, &fetch_command, &verify_command,
                                                &inspect_command, &export_command};

static void print_help(void)
{
    printf("Models: what mien knows, what is on this machine, and getting the rest.\n\n"
           "Usage: mien models list|fetch|verify|inspect|export ...\n\n"
           "Examples:\n"
           "  mien models list\n"
           "  mien models fetch\n"
           "  mien models inspect face_mesh\n"
           "  mien models export face_mesh --onnx face_mesh.onnx\n\n"
           "Commands:\n");
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
        printf("  %-10s %s\n", subcommands[i]->name + strlen("models "), subcommands[i]->summary);
}

static const CliCommand *find_subcommand(const char *name)
{
    const char *names[sizeof(subcommands) / sizeof(subcommands[0]) + 1] = {NULL};
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        names[i] = subcommands[i]->name + strlen("models ");
        if (!strcmp(names[i], name))
            return subcommands[i];
    }
    const char *meant = cli_did_you_mean(name, names);
    if (meant)
        cli_fail(CLI_USAGE, "models: unknown command %s; did you mean mien models %s?", name,
                 meant);
    else
        cli_fail(CLI_USAGE, "models: unknown command %s; see mien models --help", name);
    return NULL;
}

int cmd_models(int argc, char **argv)
{
    if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        print_help();
        return argc < 2 ? CLI_USAGE : CLI_OK;
    }
    const CliCommand *command = find_subcommand(argv[1]);
    if (!command)
        return CLI_USAGE;
    ModelsValues values = {0};
    CliList operands = {0};
    CliStore store = {0};
    int status = cli_args_parse(command, argc - 1, argv + 1, &values, &values.common, &operands);
    if (status == CLI_OK)
        status = (int)cli_store_open(&store, values.model_dir);
    if (status == CLI_OK) {
        if (command == &fetch_command)
            status = (int)fetch_models(command, &store, &operands);
        else if (command == &inspect_command)
            status = (int)inspect_model(&store, operands.items[0]);
        else if (command == &export_command)
            status = (int)export_model(&store, &values, operands.items[0]);
        else
            status = (int)list_models(command, &values, &store, &operands);
    }
    cli_store_close(&store);
    cli_list_free(&operands);
    return status == CLI_ARGS_DONE ? CLI_OK : status;
}
