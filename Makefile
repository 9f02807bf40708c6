# SPDX-License-Identifier: Apache-2.0
# The commands of the README. Each is a script of its own in scripts/; CMake does the building.

help:
	@echo 'make run     set up, build, and find the face of a sample picture: out/astronaut.png'
	@echo 'make test    set up, build in several ways, and run every test'
	@echo 'make format  put all C sources into the form of .clang-format'
	@echo 'make clean   remove build/ and out/'

run:
	@scripts/run

test:
	@scripts/test

format:
	@scripts/format

clean:
	rm -rf build out

.PHONY: help run test format clean
