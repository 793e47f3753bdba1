"""Imports every module below a folder, as the package that it is there."""

import importlib
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(root))
sys.dont_write_bytecode = True
for file in sorted(root.rglob("*.py")):
    importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
