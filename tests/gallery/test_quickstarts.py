"""The quickstart notebooks run as they are, in a real kernel and in marimo, and show cards."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.filterwarnings("default")  # of the client that drives the kernel
def test_the_jupyter_quickstart_shows_cards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(EXAMPLES / "quickstart.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=tmp_path)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [[set(output.get("data", {})) for output in cell.outputs] for cell in cells]
    html = [any("text/html" in kinds for kinds in outputs) for outputs in shown]
    pictures = [any("image/png" in kinds for kinds in outputs) for outputs in shown]
    assert [one or other for one, other in zip(html, pictures, strict=True)] == [True] * len(cells)
    assert any(pictures)  # row.show() stands in the notebook, not in a window
    assert "data:image/jpeg" in cells[0].outputs[0].data["text/html"]
    assert "<iframe" in cells[-1].outputs[0].data["text/html"]


def test_the_marimo_quickstart_shows_cards():
    pytest.importorskip("marimo")
    outputs, _ = runpy.run_path(str(EXAMPLES / "quickstart_marimo.py"))["app"].run()
    assert [hasattr(output, "_repr_html_") for output in outputs] == [True] * len(outputs)
