"""Executes the notebooks against a demonstration hub, and looks at what they show.

    python run.py CLOISTER CLOISTERD

With CLOISTER_SHOTS=DIR their figures are kept in DIR.
"""

import base64
import contextlib
import html
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import nbclient
import nbformat

CLOISTER, CLOISTERD = (pathlib.Path(program).resolve() for program in sys.argv[1:3])
NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks"

# What each must show at least: figures, tables, and words of its outputs.
SHOWN = {
    "01-first-look": (2, 5, ["row-level-output", "invented", "small-count", "give or take the rounding"]),
    "02-a-small-study": (1, 5, ["Held", "review-required", "approve", "released", "decision.json", "suppressed", "most deprived", "times; intervals"]),
    "03-for-checkers": (1, 3, ["review-required", "small-count", "secondary", "NM2 × F is 9", "NM2 × Total (152) − NM2 × M (143)", "0 of 4 can be recovered"]),
}
AGAIN = {"02-a-small-study": "Released already"}
PIXELS_MIN = (600, 300)


@contextlib.contextmanager
def hub():
    """A demonstration hub that listens, of the size that `make demo` has; the environment that leads to it."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("CLOISTER_")}
    with tempfile.TemporaryDirectory() as work:
        home = pathlib.Path(work) / "hub"
        subprocess.run([CLOISTER, "--home", home, "demo", "--no-serve"], check=True, capture_output=True, env=outside)
        settings = home / "cloisterd.toml"
        listening = re.sub(r'listen = "127.0.0.1:\d+"', 'listen = "127.0.0.1:0"', settings.read_text(encoding="utf-8"))
        settings.write_text(listening, encoding="utf-8")
        server = subprocess.Popen([CLOISTERD, "--config", settings], stdout=subprocess.PIPE, text=True, env=outside)
        try:
            lines = sorted(server.stdout.readline().strip() for _ in range(2))
            flight = next(line for line in lines if "Flight SQL" in line).split()[-1]
            http = next(line for line in lines if "Flight SQL" not in line).split()[-1]
            yield {
                "CLOISTER_FLIGHT": f"grpc://{flight}",
                "CLOISTER_SERVER": f"http://{http}",
                "CLOISTER_TOKEN_FILE": str(home / "tokens" / "researcher"),
            }
            assert server.poll() is None, "the server ended"
        finally:
            server.terminate()
            server.wait()
        subprocess.run([CLOISTER, "--home", home, "audit", "verify"], check=True, capture_output=True, env=outside)


def execute(notebook):
    """Runs it as somebody does who opens it in its folder; its cells fail as they would there."""
    # The kernel's own log is not the notebook's: it warns of TCP on this machine.
    quiet = ["--IPKernelApp.log_level=ERROR"]
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    return nbclient.NotebookClient(notebook, kernel_name="python3", timeout=120, resources=where, extra_arguments=quiet).execute()


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def texts(notebook):
    """Everything that is shown, as one text."""
    shown = []
    for output in outputs(notebook):
        data = output.get("data", {})
        shown.append(data.get("text/html") or data.get("text/markdown") or data.get("text/plain") or output.get("text", ""))
    return html.unescape("\n".join(shown))


def as_committed(name, notebook):
    """Outputs are made, not kept: in a repository they would go stale, and pass the airlock by. No number is typed into prose."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, f"{name}: committed with outputs"
        else:
            prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", cell.source)
            assert not re.search(r"\d", prose), f"{name}: a number that no cell made: {prose}"


def figures(name, notebook):
    images = [base64.b64decode(output.data["image/png"]) for output in outputs(notebook) if "image/png" in output.get("data", {})]
    for index, image in enumerate(images, 1):
        assert image.startswith(b"\x89PNG\r\n\x1a\n")
        size = struct.unpack(">II", image[16:24])
        assert all(side >= least for side, least in zip(size, PIXELS_MIN)), f"{name}: figure {index} is of {size} pixels"
        # An empty page is compressed to little.
        assert len(image) > 15_000, f"{name}: figure {index} is {len(image)} bytes"
        if os.environ.get("CLOISTER_SHOTS"):
            (pathlib.Path(os.environ["CLOISTER_SHOTS"]) / f"notebook-{name}-{index}.png").write_bytes(image)
    return images


def tagged(name, notebook):
    """What cells promise by their tags."""
    for cell in notebook.cells:
        tags, shown = cell.metadata.get("tags", []), str(cell.get("outputs"))
        if "expect-suppressed" in tags:
            assert re.search(r">\*<", shown) and "repeating-linear-gradient" in shown, f"{name}: no suppressed cell is marked: {cell.source}"
        if "expect-figure" in tags:
            assert "image/png" in shown, f"{name}: no figure: {cell.source}"


def looked_at(name, notebook):
    figures_min, tables_min, words = SHOWN[name]
    for output in outputs(notebook):
        assert output.output_type != "error" and output.get("name") != "stderr", f"{name}: {output}"
    drawn, shown = figures(name, notebook), texts(notebook)
    tables = shown.count("<table")
    assert len(drawn) >= figures_min and tables >= tables_min, f"{name}: {len(drawn)} figures, {tables} tables"
    for word in words:
        assert word in shown, f"{name}: {word!r} is not shown"
    tagged(name, notebook)
    return f"{len(drawn)} figures, {tables} tables"


def magic():
    """The cell magic: a held result is told, a refusal is a sentence, options are checked."""
    cells = [
        "%load_ext cloister",
        "%%cloister --project demo-reviewed\nSELECT district, count(*) AS n FROM person WHERE birth_year > 1990 GROUP BY district",
        "assert '_cloister' not in globals()",
        "%%cloister --project demo\nSELECT * FROM person",
        "%%cloister --project\nSELECT 1",
        "%%cloister --project demo --into small\nSELECT district, count(*) AS n FROM person WHERE birth_year < 1935 GROUP BY district",
        "import cloister\nassert small['n'].isna().sum() == sum(map(len, cloister.suppressed(small_table)['n'].values())) > 0",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    for cell in notebook.cells[3:5]:
        cell.metadata["tags"] = ["raises-exception"]
    execute(notebook)
    said = [str(cell.outputs) for cell in notebook.cells]
    assert "<strong>Held.</strong>" in said[1] and "review-required" in said[1] and "airlock request" in said[1], said[1]
    assert not re.search(r"\d{2,}", re.sub(r"req_[0-9a-z]+|\d+em|#\w+", "", re.search(r"<strong>.*?</div>", said[1])[0])), "a held result tells numbers"
    assert "UsageError" in said[3] and "row-level-output" in said[3] and "Traceback" not in said[3], said[3]
    assert "UsageError" in said[4] and "--into VARIABLE" in said[4], said[4]
    assert ">*<" in said[5] and "suppressed: small-count" in said[5], said[5]


def main():
    names = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    assert names == sorted(SHOWN), names
    with hub() as environment:
        os.environ.update(environment)
        os.environ["PATH"] = f"{CLOISTER.parent}:{os.environ['PATH']}"
        for name in names:
            notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
            nbformat.validate(notebook)
            as_committed(name, notebook)
            print(f"{name}: {looked_at(name, execute(notebook))}", flush=True)
        # Whoever opens one runs it more than once.
        for name, word in AGAIN.items():
            assert word in texts(execute(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4))), f"{name}: {word!r} is not shown"
            print(f"{name}, again: as it should be", flush=True)
        magic()
        print("%%cloister: as it should be", flush=True)


main()
