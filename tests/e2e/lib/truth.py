"""Reads the ground truth that a target wrote; targets/truth.py describes its format."""

import json


class Truth:
    def __init__(self, path):
        self.stalls, self.counts, self.facts = [], [], []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if "start_ns" in row:
                    self.stalls.append(row)
                elif "count" in row:
                    self.counts.append(row)
                else:
                    self.facts.append(row)

    def fact(self, key):
        """The value of a fact that is there once."""
        (value,) = [fact[key] for fact in self.facts if key in fact]
        return value
