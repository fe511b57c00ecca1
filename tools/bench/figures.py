"""Medians and quartiles, and their format.

On a shared machine the worst moment determines a mean; medians and quartiles show the
usual value and its uncertainty.
"""

import statistics

LEAST_ROUNDS = 3


class Sample:
    """Repeated measurements of one value."""

    def __init__(self, values):
        self.values = list(values)

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def quartiles(self):
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def show(self, digits=2, unit=""):
        """The median with its quartiles: 1.23 us (1.10 to 1.31)."""
        low, high = self.quartiles
        return (f"{self.median:.{digits}f}{unit and ' ' + unit} "
                f"({low:.{digits}f} to {high:.{digits}f})")

    def raw(self):
        low, high = self.quartiles
        return {"median": self.median, "lower_quartile": low, "upper_quartile": high,
                "number": len(self.values), "values": self.values}


def undisturbed(rounds):
    """The rounds in which nobody else profiled, if there are enough of them."""
    quiet = [one for one in rounds if one["quiet"]]
    return quiet if len(quiet) >= LEAST_ROUNDS else rounds


class Row:
    """A row of the table: what was measured, its limit, its result."""

    def __init__(self, what, goal, measured):
        self.cells = (what, goal, measured)


HEAD = Row("what", "goal", "measured")


def table(rows):
    """The table, as plain text that is also Markdown."""
    rows = [HEAD, *rows]
    widths = [max(len(row.cells[column]) for row in rows) for column in range(3)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row.cells, widths)]
        lines.append("| " + " | ".join(cells) + " |")
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
