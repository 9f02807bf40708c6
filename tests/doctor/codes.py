# SPDX-License-Identifier: Apache-2.0
"""Every code that the catalogue lists for CUDA, NVML, Vulkan and EGL, from every call that may
return it: the doctor ends in time with the right finding."""

import unittest

import fake

LIMIT_S = 10

# Every code of the catalogue's tables (4.1 to 4.3), and what it means on a machine that is sound
# otherwise, by the call that returns it. The doctor knows no cause for the others alone.
CUDA_CODES = [2, 3, 34, 36, 46, 100, 101, 102, 200, 209, 214, 218, 221, 222, 223, 303, 304, 700, 702,
              719, 800, 801, *range(802, 811), 999]
CUDA_CAUSES = {
    "MIEN_SIM_CUINIT": {34: "stub-libcuda-loaded", 36: "driver-too-old-for-toolkit",
                        803: "driver-library-version-mismatch",
                        804: "forward-compat-on-consumer-gpu",
                        **dict.fromkeys(range(805, 811), "mps-daemon-problem")},
    "MIEN_SIM_CTX": {102: "vgpu-unlicensed"},
    "MIEN_SIM_MODLOAD": {209: "no-kernel-image", 221: "jit-compiler-missing",
                         222: "ptx-newer-than-driver", 223: "ptx-jit-disabled"},
    "MIEN_SIM_LAUNCH": {214: "ecc-or-reset-required", 702: "watchdog-timeout"},
}
NVML_CODES = [1, 3, 4, 6, 8, 9, 12, 13, 15, 16, 17, 18, 20, 28, 999]
NVML_CAUSES = {15: "gpu-lost", 18: "driver-library-version-mismatch"}
VULKAN_CODES = [-1, -2, -3, -4, -6, -7, -8, -9]
VULKAN_CAUSES = {-8: "vulkan-feature-missing"}
EGL_CODES = [0x3001, 0x3005, 0x3006, 0x3008, 0x3009]


class Codes(fake.HealthyMachine):
    def check_code(self, stack, cause, evidence, **variables):
        with self.subTest(**variables):
            report, seconds = self.ask(**variables)
            self.assertLess(seconds, LIMIT_S)
            first = report["findings"][0]
            self.assertEqual(first["id"], cause)
            self.assertTrue(first["fix"])
            if cause in ("driver-error", "nvml-error"):
                self.assertIn(evidence, [item["value"].split()[0] for item in first["evidence"]])
            wanted = {name: ["works", None] for name in ("cuda", "vulkan", "egl")}
            if first["severity"] == "fatal":
                wanted[stack] = ["broken", cause]
            self.assertEqual({name: [verdict["state"], verdict["cause"]]
                              for name, verdict in report["stacks"].items()}, wanted)

    def test_cuda_codes(self):
        for variable, causes in CUDA_CAUSES.items():
            for code in CUDA_CODES:
                self.check_code("cuda", causes.get(code, "driver-error"), str(code),
                                **{variable: code})

    def test_nvml_codes(self):
        """NVML alone says nothing about CUDA; with CUDA broken it may tell why."""
        for code in NVML_CODES:
            self.check_code("cuda", "nvml-error", str(code), MIEN_SIM_NVML_INIT=code)
            if code != 3:  # normal for much that NVML is asked
                self.check_code("cuda", "nvml-error", str(code), MIEN_SIM_NVML_STATUS=code)
            self.check_code("cuda", NVML_CAUSES.get(code, "driver-error"), "304",
                            MIEN_SIM_NVML_INIT=code, MIEN_SIM_CUINIT=304)

    def test_vulkan_codes(self):
        for code in VULKAN_CODES:
            self.check_code("vulkan", VULKAN_CAUSES.get(code, "driver-error"), str(code),
                            MIEN_SIM_VK_INSTANCE=code)
            self.check_code("vulkan", "driver-error", str(code), MIEN_SIM_VK_ENUMERATE=code)

    def test_egl_codes(self):
        for code in EGL_CODES:
            self.check_code("egl", "egl-default-display-headless", "", MIEN_SIM_EGL_INIT=hex(code))


if __name__ == "__main__":
    unittest.main()
