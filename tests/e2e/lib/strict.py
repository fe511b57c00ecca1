"""Parses JSON as the strictest readers do."""

import json


def refuse_twice(pairs):
    """Makes an object; refuses a key that occurs twice, which readers interpret differently."""
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"keys that are there twice: {twice}")
    return dict(pairs)


def refuse_constant(name):
    """NaN and Infinity are not valid JSON."""
    raise ValueError(f"{name} is no number of JSON")


def loads(text):
    return json.loads(text, object_pairs_hook=refuse_twice, parse_constant=refuse_constant)
