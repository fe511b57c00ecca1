# SPDX-License-Identifier: BSD-2-Clause
"""The table of right, partly and wrong: as text, and as a section of README.md."""

import os
import re

import cases

README = os.path.join(os.path.dirname(os.path.dirname(cases.HERE)), "README.md")
BEGIN, END = "<!-- tests/field/run.py --readme writes what follows -->", "<!-- to here -->"
ROW = re.compile(r"^\| (.*) \| (.*) \| (right|partly|wrong) \|$")


def by_case(results):
    """The cases in order, with their verdict: the worst of all Pythons, and these."""
    rows = {}
    for case, version, verdict, _ in results:
        if verdict in cases.VERDICTS:
            rows.setdefault(case.name, (case, []))[1].append((version, verdict))
    ordered = sorted(rows.values(), key=lambda row: (row[0].folder, row[0].name))
    return [(case, sorted(found, key=lambda pair: int(pair[0].split(".")[1])))
            for case, found in ordered]


def plain(results):
    rows = by_case(results)
    lines = ["", f"{'case':<28} {'verdict':<8} on"]
    count = dict.fromkeys(cases.VERDICTS, 0)
    for case, found in rows:
        verdict = cases.worst([verdict for _, verdict in found])
        count[verdict] += 1
        lines.append(f"{case.name:<28} {verdict:<8} "
                     + ", ".join(f"{version} {one}" for version, one in found))
    lines.append(", ".join(f"{number} {verdict}" for verdict, number in count.items()))
    failed = [f"{case.name} on {version}" for case, version, verdict, _ in results
              if verdict == "failed"]
    if failed:
        lines.append("not run: " + ", ".join(failed))
    return "\n".join(lines)


def section(results):
    lines = ["| what happens | Python | what loopprof says |", "|---|---|---|"]
    for case, found in by_case(results):
        versions = ", ".join(version for version, _ in found)
        verdict = cases.worst([verdict for _, verdict in found])
        lines.append(f"| {case.shows} | {versions} | {verdict} |")
    return "\n".join(lines)


def write_readme(results):
    with open(README, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(README, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{section(results)}\n\n{END}{after}")


def complaints():
    """How README's section differs in form from what the cases make."""
    with open(README, encoding="utf-8") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        return ['README.md: its section "What it tells" lacks the marks of tests/field/table.py']
    rows = [ROW.match(line) for line in text.split(BEGIN)[1].split(END)[0].splitlines()]
    described = [row[1] for row in rows if row]
    known = [case.shows for case in cases.all_cases()]
    return ([f"README.md: lacks the case {shows!r}: make field" for shows in known
             if shows not in described]
            + [f"README.md: no case is {shows!r}: make field" for shows in described
               if shows not in known])
