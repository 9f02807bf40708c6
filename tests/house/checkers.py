# SPDX-License-Identifier: Apache-2.0
"""Proves that each house test fails when it should: plants a violation and looks for its name."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import abi
import format as formatting
import headers
import layers
import style

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="mien-house-")
        self.addCleanup(shutil.rmtree, self.root)

    def plant(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def one(self, findings, *words):
        """There is exactly one finding and it says all of `words`."""
        self.assertEqual(len(findings), 1, findings)
        for word in words:
            self.assertIn(word, findings[0])


class Layers(Planted):
    def setUp(self):
        super().setUp()
        for path in ("include/mien/status.h", "src/base/base.h", "src/face/face.h",
                     "src/backend/backend.h", "src/backend/cpu/plan.h", "media/internal.h",
                     "src/backend/null/plan.h", "tools/mien/args.h"):
            self.plant(path, "")

    def test_what_is_allowed(self):
        self.plant("src/face/nms.c", '#include "face/face.h"\n#include <math.h>\n'
                   '#include "base/base.h"\n#include "mien/status.h"\n')
        self.plant("src/backend/cpu/plan.c", '#include "backend/backend.h"\n#include "plan.h"\n')
        self.plant("src/kernels/x86/conv.c", "#include <immintrin.h>\n")
        self.plant("src/backend/vulkan/loader.h", "#include <vulkan/vulkan_core.h>\n")
        self.plant("media/reader.c", '#include <libavformat/avformat.h>\n#include <png.h>\n'
                   '#include "mien/status.h"\n#include "media/internal.h"\n')
        self.plant("tests/media/reader.c", "#include <libavutil/frame.h>\n#include <cmocka.h>\n")
        self.plant("tools/mien/main.c", '#include "args.h"\n#include <unistd.h>\n'
                   '#include "base/base.h"\n')
        self.assertEqual(layers.check(self.root), [])

    def refuse(self, path, text, *words):
        self.plant(path, "\n" + text)
        self.one(layers.check(self.root), f"{path}:2:", *words)

    def test_upward(self):
        self.refuse("src/base/text.c", '#include "face/face.h"\n', "upward")

    def test_upward_in_angle_brackets(self):
        self.refuse("src/base/text.c", "# include <face/face.h>\n", "upward")

    def test_upward_by_relative_path(self):
        self.refuse("src/base/text.c", '#include "../face/face.h"\n', "upward")

    def test_folder_without_a_place(self):
        self.refuse("src/odd/text.c", '#include "base/base.h"\n', "src/odd has no place")

    def test_one_back_end_in_another(self):
        self.refuse("src/backend/cpu/run.c", '#include "backend/null/plan.h"\n', "another")

    def test_vulkan_outside_of_its_back_end(self):
        self.refuse("src/backend/cpu/run.c", "#include <vulkan/vulkan_core.h>\n", "Vulkan")

    def test_missing(self):
        self.refuse("src/base/text.c", '#include "base/gone.h"\n', "no such file")

    def test_ffmpeg_in_the_library(self):
        self.refuse("src/image/view.c", "#include <libavutil/frame.h>\n", "FFmpeg")

    def test_ffmpeg_in_the_tool(self):
        self.refuse("tools/mien/run.c", "#include <libavutil/frame.h>\n", "FFmpeg")

    def test_media_in_the_library(self):
        self.refuse("src/engine/engine.c", '#include "../../media/internal.h"\n', "media")

    def test_picture_library_in_the_library(self):
        self.refuse("src/image/view.c", "#include <png.h>\n", "picture libraries")

    def test_private_header_in_the_tool(self):
        self.refuse("tools/mien/run.c", '#include "face/face.h"\n', "public headers")

    def test_private_header_in_media(self):
        self.refuse("media/reader.c", '#include "base/base.h"\n', "public headers")

    def test_private_header_in_a_public_one(self):
        self.refuse("include/mien/engine.h", '#include "../../src/base/base.h"\n', "public")

    def test_posix_in_a_public_header(self):
        self.refuse("include/mien/engine.h", "#include <pthread.h>\n", "basic types")

    def test_intrinsics_elsewhere(self):
        self.refuse("src/face/nms.c", "#include <immintrin.h>\n", "intrinsics")

    def test_foreign_library(self):
        self.refuse("src/model/zip.c", "#include <zlib.h>\n", "not a header of C or POSIX")


class Headers(Planted):
    def test_sound(self):
        self.plant("include/mien/a.h", "#ifndef A_H\n#define A_H\ntypedef int A;\n#endif\n")
        self.assertEqual(headers.check(self.root), [])

    def check_public(self, text, words):
        self.plant("include/mien/a.h", text)
        findings = headers.check(self.root)
        self.assertGreater(len(findings), 0)
        self.assertIn(words, "".join(findings))

    def test_missing_include(self):
        self.check_public("#ifndef A_H\n#define A_H\nuint8_t a(void);\n#endif\n", "uint8_t")

    def test_missing_guard(self):
        self.check_public("typedef struct A { int a; } A;\n", "redefinition")

    @unittest.skipUnless(shutil.which("g++") or shutil.which("clang++"), "no C++ compiler")
    def test_not_cxx(self):
        self.check_public("#ifndef A_H\n#define A_H\nint a(int new);\n#endif\n", "++")

    def test_gnu_extension(self):
        self.check_public("#ifndef A_H\n#define A_H\nstruct A { int n; int a[0]; };\n#endif\n",
                          "a.h")

    def test_private(self):
        self.plant("src/base/a.h", "#ifndef A_H\n#define A_H\nsize_t a(void);\n#endif\n")
        self.assertIn("size_t", "".join(headers.check(self.root)))


class Abi(Planted):
    HEADER = "#define MIEN_API\nMIEN_API int mien_one(void);\n"
    SOURCE = "int mien_one(void) { return 1; }\n"

    def library(self, source, *flags):
        source = self.plant("lib.c", source)
        library = os.path.join(self.root, "libmien.so")
        compiler = shutil.which("cc") or shutil.which("gcc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O0", "-o", library, source, *flags],
                       check=True)
        return library

    def check(self, source, *flags, exports="mien_one\n", header=HEADER,
              nulls="mien_one();\nmien_two();\n"):
        self.plant("exports.txt", exports)
        self.plant("tests/engine/nulls.c", nulls)
        self.plant("api.h", header)
        return abi.check(self.root, self.library(source, *flags), "exports.txt", ["api.h"])

    def test_sound(self):
        self.assertEqual(self.check(self.SOURCE), [])

    def test_addition(self):
        self.one(self.check(self.SOURCE + "int helper(void) { return 2; }\n"),
                 "libmien.so has helper")

    def test_removal(self):
        findings = self.check("static int mien_one(void) { return 1; }\nint mien_two(void) "
                              "{ return mien_one(); }\n", exports="mien_one\nmien_two\n",
                              header=self.HEADER + "MIEN_API int\nmien_two(void);\n")
        self.one(findings, "exports.txt has mien_one, libmien.so has not")

    def test_header_without_export(self):
        findings = self.check(self.SOURCE, header=self.HEADER + "MIEN_API int mien_two(int a,\n"
                              "   int b);\n")
        self.one(findings, "the headers has mien_two, exports.txt has not")

    def test_foreign_library(self):
        self.plant("other.c", "int other(void) { return 1; }\n")
        other = os.path.join(self.root, "libother.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-soname,libother.so", "-o", other,
                        os.path.join(self.root, "other.c")], check=True)
        self.one(self.check("int other(void);\nint mien_one(void) { return other(); }\n", other),
                 "needs libother.so")

    def test_not_called_with_null(self):
        self.one(self.check(self.SOURCE, nulls="/* mien_one is not called */\n"),
                 "tests/engine/nulls.c does not call mien_one")

    def test_printing(self):
        findings = self.check('int puts(const char *);\nint mien_one(void) { return puts("a"); }\n')
        self.one(findings, "uses puts")

    def test_executable_stack(self):
        self.one(self.check(self.SOURCE, "-Wl,-z,execstack"), "GNU_STACK")


class Style(Planted):
    def refuse(self, path, text, *words):
        self.plant(path, text)
        self.one(style.check(self.root), path, *words)

    def test_what_is_allowed(self):
        self.plant("src/a.c", LICENCE + "int a;\n")
        self.plant("scripts/a", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n")
        self.plant("Makefile", "# SPDX-License-Identifier: Apache-2.0\na:\n\techo\n")
        self.plant("README.md", "https://github.com/google/mediapipe /usr/share/mien\n")
        self.plant("docs/a.md", "[b](../README.md#more) [c](https://github.com/a) [d](../src/)\n")
        self.assertEqual(style.check(self.root), [])

    def test_no_licence(self):
        self.refuse("src/a.c", "int a;\n", ":1:", "SPDX")

    def test_licence_too_late(self):
        self.refuse("scripts/a", "#!/bin/sh\n\n# SPDX-License-Identifier: Apache-2.0\n", ":2:")

    def test_tab(self):
        self.refuse("src/a.c", LICENCE + "\tint a;\n", ":2:", "tab")

    def test_white_space(self):
        self.refuse("src/a.c", LICENCE + "int a; \n", ":2:", "white space")

    def test_carriage_return(self):
        self.refuse("src/a.c", LICENCE + "int a;\r\n", ":2:", "white space")

    def test_no_newline(self):
        self.refuse("README.md", "mien", "newline")

    def test_machine_path(self):
        self.refuse("README.md", "see /home/me/notes\n", "machine")

    def test_mirror(self):
        self.refuse("README.md", "pip --index-url x\n", "mirror")

    def test_address(self):
        self.refuse("README.md", "http://packages.example.org/simple\n", "packages.example.org")

    def test_broken_link(self):
        self.refuse("docs/a.md", "[b](README.md)\n", "README.md, which is not there")

    def test_unfinished(self):
        self.refuse("src/a.c", LICENCE + "/* TODO */\n", "unfinished")

    def test_too_long(self):
        self.refuse("src/a.c", LICENCE + "int a;\n" * 1000, "1001 lines")

    def test_not_utf8(self):
        path = self.plant("README.md", "")
        with open(path, "wb") as file:
            file.write(b"\xff\n")
        self.one(style.check(self.root), "UTF-8")


class Format(Planted):
    def test_dirty_file_is_named(self):
        formatter = formatting.find_formatter()
        if not formatter:
            self.skipTest("clang-format is not installed")
        self.plant(".clang-format", "BasedOnStyle: LLVM\n")
        self.plant("src/a.c", LICENCE + "int a;\n")
        self.assertEqual(formatting.check(self.root, formatter), [])
        self.plant("src/b.c", LICENCE + "int  b ;\n")
        self.one(formatting.check(self.root, formatter), "src/b.c")


if __name__ == "__main__":
    unittest.main()
