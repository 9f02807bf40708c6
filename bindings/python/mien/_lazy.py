# SPDX-License-Identifier: Apache-2.0
"""Packages whose modules are loaded when they are first used, so that an import costs little."""
import sys


def defer(package, modules, names):
    """Gives a package, or a module in one, its attributes when they are asked for; returns their
    names.

    modules: its own that are attributes; names: of each attribute else, the package's module that has
    it, such as "engine" or "core.base_options". An attribute of another name in its module:
    "module:NAME".
    """
    inside = sys.modules[package].__package__

    def load(module):
        # As importlib.import_module, which takes longer to load itself.
        name = inside + "." + module
        __import__(name)
        return sys.modules[name]

    class Package(type(sys)):
        """A module's type: Python 3.6 knows no functions __getattr__ of modules."""

        def __getattr__(self, name):
            if name in names:
                module, _, other = names[name].partition(":")
                value = getattr(load(module), other or name)
                setattr(self, name, value)
                return value
            if name in modules:
                return load(name)
            raise AttributeError("module {!r} has no attribute {!r}".format(package, name))

        def __dir__(self):
            return sorted(set(super().__dir__()) | set(modules) | set(names))

    sys.modules[package].__class__ = Package
    return sorted(set(modules) | set(names))
