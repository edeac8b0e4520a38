"""Unpacks from TensorFlow's wheels what the addon needs: shared libraries, C headers, CUDA's compiler parts and licences, none of the Python.

usage: python unpack.py WHEELS_FOLDER TARGET_FOLDER
"""

import pathlib
import sys
import zipfile


# XLA compiles for a GPU with these two.
COMPILER_PARTS = ("ptxas", "libdevice.10.bc")


def wanted(name: str) -> bool:
    """The runtime and its headers out of tensorflow/, and the shared libraries and compiler parts of the CUDA wheels."""
    if name.startswith("tensorflow/include/") or name.startswith("tensorflow/libtensorflow_"):
        return True
    if name.startswith("nvidia/"):
        file = pathlib.PurePosixPath(name).name
        return ".so" in file or file in COMPILER_PARTS
    return "LICENSE" in name or "NOTICES" in name


def main(wheels: str, target: str) -> None:
    for wheel in sorted(pathlib.Path(wheels).glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in filter(wanted, archive.namelist()):
                path = pathlib.Path(archive.extract(name, target))
                if path.name == "ptxas":
                    path.chmod(0o755)
        # Freed at once: the archives and what they hold need not fit on the disk together.
        wheel.unlink()


main(*sys.argv[1:])
