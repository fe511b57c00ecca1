"""JSON as its strictest readers take it."""

import json


def refuse_twice(pairs):
    """An object of these members; readers differ in what a key that is there twice means."""
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"keys that are there twice: {twice}")
    return dict(pairs)


def refuse_constant(name):
    """NaN and Infinity are no JSON."""
    raise ValueError(f"{name} is no number of JSON")


def loads(text):
    return json.loads(text, object_pairs_hook=refuse_twice, parse_constant=refuse_constant)
