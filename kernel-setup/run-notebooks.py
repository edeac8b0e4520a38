"""Runs notebooks from the first cell to the last through the project's kernel, each in a fresh one.

    kernel-setup/.venv/bin/python kernel-setup/run-notebooks.py [--write | --output FOLDER] notebooks/*.ipynb

The executed notebooks go to FOLDER, or with --write into the place of the originals. A notebook fails when a cell fails, when
anything is written to standard error (where this kernel reports errors in timers too), or when an output names a path of this
machine; a failed one is never written over its original. --interrupt N sends an interrupt to cell N (counted from 0 over the
code cells) when it has shown its first output. RCSD_PARAMS reaches the cells through the environment.
"""

import argparse
import os
import sys
import time
from pathlib import Path

# jsonschema builds a grammar of addresses at its import, which takes longer than many a notebook. None of it checks notebooks.
sys.modules["rfc3987_syntax"] = None

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


class Problem(Exception):
    """A notebook that does not run cleanly, in one sentence or a trace."""


class InterruptingClient(NotebookClient):
    """Interrupts one cell, once, when its first output arrives."""

    def __init__(self, notebook, interrupt, **options):
        super().__init__(notebook, **options)
        self.code_cells = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self.pending = None if interrupt is None else self.code_cells[interrupt]

    def process_message(self, message, cell, cell_index):
        if cell_index == self.pending and message["msg_type"] in ("display_data", "update_display_data", "stream"):
            self.pending = None
            os.kill(self.km.provisioner.pid, 2)
        return super().process_message(message, cell, cell_index)


def execute(path, arguments):
    """The notebook with its outputs; raises Problem."""
    notebook = nbformat.read(path, as_version=4)
    options = {
        "timeout": arguments.timeout,
        "startup_timeout": 120,
        "kernel_name": "tslab",
        # Cells import ../dist: they run in the notebook's folder, wherever the result goes.
        "resources": {"metadata": {"path": str(path.resolve().parent)}},
        "record_timing": False,
    }
    try:
        InterruptingClient(notebook, arguments.interrupt, **options).execute()
    except CellExecutionError as error:
        raise Problem(str(error)) from None
    except CellTimeoutError as error:
        raise Problem(f"a cell took longer than {arguments.timeout} s: {str(error).splitlines()[0]}") from None
    except DeadKernelError:
        raise Problem("the kernel died") from None
    tidy(notebook)
    return notebook


def tidy(notebook):
    """Numbers the cells, which this kernel leaves to its client, and drops ids that change with every run."""
    for count, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            output.get("transient", {}).pop("display_id", None)


def check(notebook):
    """Raises Problem for what a clean run does not leave."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" or output.output_type == "error":
                raise Problem(f"cell {index} wrote to standard error:\n{output.get('text', '')}")
            text = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])]))
            for place in (str(ROOT), str(Path.home()) + "/"):
                if place in text:
                    raise Problem(f"cell {index} shows a path of this machine ({place})")


def write(notebook, path):
    """Beside, then renamed: an interrupted run leaves the original whole."""
    beside = path.with_name(f".{path.name}.part")
    nbformat.write(notebook, beside)
    beside.replace(path)


def parse(arguments):
    parser = argparse.ArgumentParser(description="Runs notebooks through the project's kernel.")
    parser.add_argument("notebooks", nargs="+", type=Path)
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--write", action="store_true", help="write the outputs into the notebooks")
    target.add_argument("--output", type=Path, help="write executed copies into this folder")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for a cell (default 300)")
    parser.add_argument("--interrupt", type=int, help="code cell to interrupt at its first output")
    return parser.parse_args(arguments)


def main():
    arguments = parse(sys.argv[1:])
    kernels = [str(ROOT / "kernel-setup/share/jupyter"), os.environ.get("JUPYTER_PATH")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, kernels))
    failed = 0
    for path in arguments.notebooks:
        start = time.monotonic()
        try:
            notebook = execute(path, arguments)
            if arguments.output:
                arguments.output.mkdir(parents=True, exist_ok=True)
                write(notebook, arguments.output / path.name)
            check(notebook)
            if arguments.write:
                write(notebook, path)
            print(f"  {path.name}: ok ({time.monotonic() - start:.1f} s)", flush=True)
        except (Problem, OSError, nbformat.reader.NotJSONError) as problem:
            failed += 1
            print(f"  {path.name}: failed ({time.monotonic() - start:.1f} s)\n{problem}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
