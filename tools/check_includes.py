#!/usr/bin/env python3
"""Holds the direction of includes: a part under src/ includes only itself and the parts listed below it in src/README.md.

Also compares that list with the folders that are there. Prints each breach as file:line and exits with 1.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent / "src"
order = re.findall(r"^- `(\w+)/`", (root / "README.md").read_text(), re.MULTILINE)  # highest first
folders = {path.name for path in root.iterdir() if path.is_dir()}
breaches = [f"src/README.md: {name}/ is listed but not there" for name in order if name not in folders]
breaches += [f"src/README.md: {name}/ is there but not listed" for name in sorted(folders - set(order))]

rank = {name: place for place, name in enumerate(order)}
for path in sorted(root.rglob("*")):
    if path.suffix not in {".h", ".cpp"}:
        continue
    part = path.relative_to(root).parts[0]
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#include "([^"/]+)/', line)
        if found and found[1] in rank and rank[found[1]] < rank.get(part, 0):
            breaches.append(f"{path.relative_to(root.parent)}:{number}: {part}/ may not include {found[1]}/, which stands above it")

print("\n".join(breaches) or f"{len(order)} parts, includes point downward")
sys.exit(1 if breaches else 0)
