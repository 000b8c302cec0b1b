"""The core and the explanations stand without the web: they can be used where Streamlit is not installed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"streamlit", "gradio", "starlette", "uvicorn", "pages", "app"}:
            raise ModuleNotFoundError(f"{name} must not be needed")

sys.meta_path.insert(0, Absent())
names = []
for package in ("core", "explain"):
    found = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    names += [item.name for item in found if not item.name.endswith("__main__") and ".migrations." not in item.name]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_everything_imports_without_the_web():
    result = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 50
