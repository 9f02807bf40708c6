# SPDX-License-Identifier: Apache-2.0
"""Validates JSON against the part of JSON Schema 2020-12 that docs/schemas uses.

Small on purpose, so that the tests need no package. A keyword that it does not know is an error: no
rule of a schema is silently skipped.
"""

import re

ANNOTATIONS = {"$schema", "$comment", "$defs", "title", "description"}

TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (isinstance(value, int) and not isinstance(value, bool)) or
                             (isinstance(value, float) and value.is_integer()),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


class Invalid(Exception):
    pass


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def validate(schema, value, place=("$",), root=None):
    """Raises Invalid with the place of the first violation: the keys that lead there."""
    root = schema if root is None else root
    for keyword, rule in schema.items():
        if keyword in ANNOTATIONS:
            continue
        check = CHECKS.get(keyword)
        if not check:
            raise Invalid(f"the schema has a keyword that is not known here: {keyword}")
        check(schema, rule, value, place, root)


def refuse(broken, place, what):
    if broken:
        raise Invalid("".join(place) + f": {what}")


def check_ref(_, rule, value, place, root):
    target = root
    for part in rule.removeprefix("#/").split("/"):
        target = target[part]
    validate(target, value, place, root)


def check_one_of(_, rule, value, place, root):
    problems = []
    for choice in rule:
        try:
            validate(choice, value, place, root)
        except Invalid as problem:
            problems.append(str(problem))
    refuse(len(problems) != len(rule) - 1, place, "not exactly one of: " + "; ".join(problems))


def check_type(_, rule, value, place, __):
    rules = [rule] if isinstance(rule, str) else rule
    refuse(not any(TYPES[name](value) for name in rules), place, f"is not {' or '.join(rules)}")


def check_properties(_, rule, value, place, root):
    if isinstance(value, dict):
        for name in rule:
            if name in value:
                validate(rule[name], value[name], (*place, f".{name}"), root)


def check_required(_, rule, value, place, __):
    if isinstance(value, dict):
        for name in rule:
            refuse(name not in value, place, f"has no {name}")


def check_additional(schema, rule, value, place, __):
    if rule is not False:
        raise Invalid("additionalProperties other than false is not known here")
    if isinstance(value, dict):
        more = set(value) - set(schema.get("properties", {}))
        refuse(more, place, f"has {sorted(more)}, which is not in the schema")


def check_items(_, rule, value, place, root):
    if not isinstance(value, list):
        return
    if rule == {"type": "number"} and all(type(item) in (int, float) for item in value):
        return  # most of a result: landmarks
    for i, item in enumerate(value):
        validate(rule, item, (*place, f"[{i}]"), root)


def number(value):
    return TYPES["number"](value)


CHECKS = {
    "$ref": check_ref,
    "oneOf": check_one_of,
    "type": check_type,
    "properties": check_properties,
    "required": check_required,
    "additionalProperties": check_additional,
    "items": check_items,
    "const": lambda s, rule, v, place, r: refuse(not same(v, rule), place, f"is not {rule!r}"),
    "enum": lambda s, rule, v, place, r: refuse(not any(same(v, x) for x in rule), place,
                                                f"is none of {rule}"),
    "pattern": lambda s, rule, v, place, r: refuse(isinstance(v, str) and not re.search(rule, v),
                                                   place, f"does not match {rule}"),
    "minimum": lambda s, rule, v, place, r: refuse(number(v) and v < rule, place, f"< {rule}"),
    "maximum": lambda s, rule, v, place, r: refuse(number(v) and v > rule, place, f"> {rule}"),
    "minItems": lambda s, rule, v, place, r: refuse(isinstance(v, list) and len(v) < rule, place,
                                                    f"has fewer than {rule} items"),
    "maxItems": lambda s, rule, v, place, r: refuse(isinstance(v, list) and len(v) > rule, place,
                                                    f"has more than {rule} items"),
}
