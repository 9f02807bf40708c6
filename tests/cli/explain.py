# SPDX-License-Identifier: Apache-2.0
"""`mien doctor --explain` and `--python`: causes, logs and installations. Needs no data."""

import json
import os
import unittest

import schema
import tool

GPU = "INFO: Created TensorFlow Lite delegate for GPU.\n"
XNNPACK = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


class Explain(tool.Case):
    def checked(self, *arguments, name, **options):
        """The JSON that a command prints, after a look into its schema."""
        value = json.loads(self.good("doctor", "--json", *arguments, **options).stdout)
        path = os.path.join(os.environ["MIEN_SOURCE_DIR"], "docs", "schemas",
                            f"{name}-1.schema.json")
        with open(path, encoding="utf-8") as file:
            schema.validate(json.load(file), value)
        return value

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_cause(self):
        text = self.good("doctor", "--explain", "nouveau-bound").stdout
        self.assertIn("nouveau-bound (fatal)", text)
        self.assertIn("update-initramfs", text)
        cause = self.checked("--explain", "nouveau-bound", name="cause")["cause"]
        self.assertEqual((cause["id"], cause["stage"]), ("nouveau-bound", 2))

    def test_log(self):
        path = self.put("run.log", XNNPACK + "renderer: llvmpipe (LLVM 15)\n" + XNNPACK)
        text = self.good("doctor", "--explain", path).stdout
        self.assertIn("line 1, 2 times", text)
        self.assertIn("-> egl-software-renderer", text)
        report = self.checked("--explain", path, name="log")
        self.assertEqual([cause["id"] for cause in report["causes"]], ["egl-software-renderer"])
        self.assertEqual(report["lines"][0]["count"], 2)
        self.assertEqual(report["lines_read"], 3)

    def test_log_without_fault(self):
        path = self.put("run.log", GPU + XNNPACK)
        report = self.checked("--explain", path, name="log")
        self.assertEqual(report["causes"], [])
        self.assertTrue(report["summary"].startswith("No fault"))

    def test_neither_cause_nor_log(self):
        done = self.mien("doctor", "--explain", "no-such-cause")
        self.assertEqual(done.returncode, 4)
        self.assertIn("no-such-cause is neither a cause nor a log", done.stderr)

    def test_install(self):
        site = "venv/lib/python3.11/site-packages"
        self.put(f"{site}/mediapipe-0.10.21.dist-info/METADATA", "Version: 0.10.21\n")
        self.put(f"{site}/mediapipe/python/solutions/face_mesh.py", "")
        path = os.path.join(self.folder, "venv")
        self.assertIn("mediapipe-legacy-cpu-only", self.good("doctor", "--python", path).stdout)
        verdicts = self.checked("--python", path, name="install")["verdicts"]
        self.assertEqual([v["can_use_gpu"] for v in verdicts], ["no", "unknown"])
        self.assertEqual(verdicts[0]["cause"]["id"], "mediapipe-legacy-cpu-only")

    def test_no_install(self):
        done = self.mien("doctor", "--python", os.path.join(self.folder, "none"))
        self.assertEqual(done.returncode, 4)
        self.assertIn("none", done.stderr)


if __name__ == "__main__":
    tool.main()
