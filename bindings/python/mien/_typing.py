# SPDX-License-Identifier: Apache-2.0
"""What the package needs of typing. To load that one takes longer than to load all of mien.

Checkers of types read typing's own names here; a running program gets what prints alike.
"""
TYPE_CHECKING = False  # checkers of types take it for True
if TYPE_CHECKING:
    from typing import (
        Any as Any, Callable as Callable, Dict as Dict, Iterator as Iterator, List as List,
        NamedTuple as NamedTuple, Optional as Optional, Sequence as Sequence, Union as Union,
        overload as overload,
    )
else:
    class _Hint:
        """A type as text: Optional[str]."""

        def __init__(self, text):
            self._text = text

        def __repr__(self):
            return self._text

        def __getitem__(self, inside):
            parts = inside if isinstance(inside, tuple) else (inside,)
            texts = [getattr(part, "__name__", None) or repr(part) for part in parts]
            return _Hint("{}[{}]".format(self._text, ", ".join(texts)))

    Any, Callable, Dict, Iterator, List, Optional, Sequence, Union = map(_Hint, (
        "Any", "Callable", "Dict", "Iterator", "List", "Optional", "Sequence", "Union"))

    def NamedTuple(name, fields):
        from collections import namedtuple
        from sys import _getframe
        made = namedtuple(name, [field for field, _ in fields],
                          module=_getframe(1).f_globals["__name__"])
        made.__annotations__ = dict(fields)
        return made

    def overload(function):
        return function
