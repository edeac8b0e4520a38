"""Unpacks from TensorFlow's wheels what the addon needs: shared libraries, C headers and licences, none of the Python.

usage: python unpack.py WHEELS_FOLDER TARGET_FOLDER
"""

import pathlib
import sys
import zipfile


def wanted(name: str) -> bool:
    """The runtime and its headers out of tensorflow/, and every shared library of the CUDA wheels."""
    if name.startswith("tensorflow/include/") or name.startswith("tensorflow/libtensorflow_"):
        return True
    if name.startswith("nvidia/"):
        return ".so" in pathlib.PurePosixPath(name).name
    return "LICENSE" in name or "NOTICES" in name


def main(wheels: str, target: str) -> None:
    for wheel in sorted(pathlib.Path(wheels).glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in filter(wanted, archive.namelist()):
                archive.extract(name, target)
        # Freed at once: the archives and what they hold need not fit on the disk together.
        wheel.unlink()


main(*sys.argv[1:])
