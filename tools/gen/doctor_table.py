#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps the catalogue of causes, what finds them, and the table in docs/doctor.md in step.

    python3 tools/gen/doctor_table.py [--write] [ROOT]

Without --write it reports what is out of step and exits with 1; a test runs it so. With --write it
sets `implemented` of each cause and writes the table.
"""

import os
import re
import sys

STAGES = ("hardware driver libraries access start device code running vulkan egl framework speed")
CAUSE = re.compile(
    r'CAUSE\("(?P<id>[a-z0-9-]+)", (?P<stage>\d+), (?P<severity>\w+), (?P<stacks>[\w |]+), '
    r'(?P<implemented>true|false),\s*(?P<title>(?:"(?:[^"\\]|\\.)*"\s*)+),')
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
RULE = re.compile(r'\{\s*"(R\d+)[a-z]*",\s*\d+,\s*[\w |]+,\s*"([a-z0-9-]+)"')
BEGIN, END = "<!-- causes: written by tools/gen/doctor_table.py -->\n", "<!-- end of causes -->\n"
OWN_BEGIN = "<!-- own causes: written by tools/gen/doctor_table.py -->\n"
OWN_END = "<!-- end of own causes -->\n"
OWN = "src/doctor/catalogue_mien.inc"

# Why nothing finds a cause.
REASONS = {
    "small-model-overhead": "takes the times of upload, crop and network apart, which no back end tells; "
                            "compare `mien run --device cpu` with the GPU's",
}


def read(root, path):
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(root, path, text):
    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
        file.write(text)


def catalogue_files():
    return [f"src/doctor/catalogue_{stage}.inc" for stage in STAGES.split()]


def finders(root, ids):
    """What finds each cause: {id: ["R200", "log", "install"]}."""
    found = {cause: [] for cause in ids}
    for path in ("src/doctor/rules.c", "src/doctor/rules_table.c"):
        for rule, cause in RULE.findall(read(root, path)):
            if cause in found and rule not in found[cause]:
                found[cause].append(rule)
    for path, name in (("src/doctor/explain_lines.c", "log"),
                       ("src/doctor/install_judge.c", "install")):
        for text in set(TEXT.findall(read(root, path))) & set(ids):
            found[text].append(name)
    return found


def table(causes, found):
    rows = ["| stage | cause | what is wrong | found by |\n", "|---|---|---|---|\n"]
    for cause in causes:
        title = "".join(TEXT.findall(cause["title"])).replace("\\\"", '"').replace("|", "\\|")
        by = ", ".join(found[cause["id"]])
        by = by or f"no: {REASONS.get(cause['id'], 'there is no rule for it yet')}"
        rows.append(f"| {cause['stage']} | `{cause['id']}` | {title} | {by} |\n")
    return "".join(rows)


def put_table(page, begin, end, rows):
    """The page with what stands between two lines replaced."""
    first, last = page.find(begin), page.find(end)
    if first < 0 or last < first:
        sys.exit("docs/doctor.md has no place for a table")
    return page[: first + len(begin)] + rows + page[last:]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..", "..")
    causes = [m.groupdict() for path in catalogue_files() for m in CAUSE.finditer(read(root, path))]
    own = [m.groupdict() for m in CAUSE.finditer(read(root, OWN))]
    if not causes or not own:
        sys.exit("there are no causes")
    found = finders(root, [cause["id"] for cause in causes + own])
    found["no-usable-device"] = found["no-usable-device"] or ["errors"]
    page = read(root, "docs/doctor.md")
    new_page = put_table(page, BEGIN, END, table(causes, found))
    new_page = put_table(new_page, OWN_BEGIN, OWN_END, table(own, found))

    def flag(match):
        wanted = "true" if found[match["id"]] else "false"
        whole, start = match.group(0), match.start()
        a, b = match.start("implemented") - start, match.end("implemented") - start
        return whole[:a] + wanted + whole[b:]

    stale = [] if new_page == page else ["docs/doctor.md"]
    changes = {"docs/doctor.md": new_page}
    for path in catalogue_files() + [OWN]:
        text = read(root, path)
        changes[path] = CAUSE.sub(flag, text)
        if changes[path] != text:
            stale.append(path)
    if "--write" in sys.argv:
        for path in stale:
            write(root, path, changes[path])
        return
    for path in stale:
        print(f"{path}: out of step; run python3 tools/gen/doctor_table.py --write")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
