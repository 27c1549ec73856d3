"""Runs the commands of the documentation's pages, and compares what they print with what the pages say they print.

    python run.py FOLDER-OF-PROGRAMS [PAGE...]

In a page, a block of `sh` is run, and a block of `text` after it must be found in what was printed since the block before: line by line, where `…`
alone on a line stands for any lines, and at the end of a line for the rest of it. Ids, digests, times and rates may differ; an id in a command is
the one that was printed where the page shows it. Comments direct the rest, and are not seen by readers:

    <!-- file: NAME -->     the next block is written into a file of this name
    <!-- run: COMMAND -->   is run too
    <!-- as: PERSON -->     from here on, the terminal of somebody who has signed in
"""

import datetime
import http.cookiejar
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(sys.argv[1]).resolve()
# The checker's tutorial decides on what the researcher's asked for, whose last part comes after it.
SERVED = ["tutorials/researcher.md", "tutorials/checker.md"]
ALONE = ["tutorials/administrator.md", "tutorials/sender.md", "how-to/check-a-table.md", "how-to/approved-queries.md"]
PORT = "http://127.0.0.1:8020"

# What differs from one run to the next; the first are learnt, so that commands can name them.
IDS = r"(?:req|rel|apr)_[0-9a-z]{20,}|sha256:[0-9a-f]{64}"
VARIES = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME"),
    (r"\d{8}T\d{9}Z", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"[\d,]+ rows/s", "RATE"),
    (r"password to begin with: \w+", "PASSWORD"),
    (r"http://127\.0\.0\.1:\d+", "SERVER"),
]


class Wrong(Exception):
    """What a page says is not what happens."""


def plain(line):
    for pattern, name in [(IDS, "ID"), *VARIES]:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def same(said, printed):
    """Whether a line of a page is what was printed."""
    cut = said.endswith("…") or (said.startswith(("│", "┌", "╞", "└")) and said.endswith("┆"))
    said, printed = plain(said).rstrip("…"), plain(printed)
    return printed.startswith(said) if cut else printed == said


class Terminal:
    """A shell in a folder, which keeps what was exported, for one person."""

    def __init__(self, folder, server=None):
        self.folder, self.server, self.person, self.learnt = folder, server, "nobody", {}

    def run(self, script):
        for said, real in self.learnt.items():
            script = script.replace(said, real)
        if self.server:
            script = script.replace(PORT, self.server)
        state = self.folder / f".state-{self.person}"
        config = self.folder / f".config-{self.person}"
        wrapped = f'[ -f "{state}" ] && . "{state}"\n{script}\nexport -p > "{state}"; declare -p SQL >> "{state}" 2>/dev/null; true'
        env = {k: v for k, v in os.environ.items() if not k.startswith("CLOISTER_")}
        env |= {"PATH": f"{PROGRAMS}:{env['PATH']}", "CLOISTER_CONFIG": str(config)}
        done = subprocess.run(
            ["bash", "-c", wrapped], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            input=f"a phrase of {self.person[::-1]}\n", timeout=300, check=False,
        )
        # Where somebody types, a new line follows what is asked.
        return [line.removeprefix("password: ") for line in done.stdout.splitlines()]

    def compare(self, said, printed):
        """Finds a block of a page in what was printed, and learns which ids are which."""
        at, gap = 0, True
        for line in said:
            if line == "…":
                gap = True
                continue
            places = range(at, len(printed)) if gap else range(at, min(at + 1, len(printed)))
            found = next((place for place in places if same(line, printed[place])), None)
            if found is None:
                raise Wrong(f"the page says\n  {line}\nand this was printed:\n  " + "\n  ".join(printed))
            self.learnt |= dict(zip(re.findall(IDS, line), re.findall(IDS, printed[found])))
            at, gap = found + 1, False


def steps(text):
    """The blocks and directions of a page, in order."""
    for comment, direction, rest, kind, block in re.findall(
        r"(<!-- (file|run|as): (.*?) -->)|^```(\w*)\n(.*?)^```$", text, re.M | re.S
    ):
        yield (direction, rest) if comment else (kind, block)


def walk(terminal, text):
    printed, name, compared = [], None, 0
    for kind, what in steps(text):
        if kind == "as":
            terminal.person = what
        elif kind == "file":
            name = what
        elif name:
            (terminal.folder / name).write_text(what, encoding="utf-8")
            name = None
        elif kind in ("sh", "run"):
            printed += terminal.run(what)
        elif kind == "text":
            terminal.compare(what.splitlines(), printed)
            printed, compared = [], compared + 1
    if not compared:
        raise Wrong("the page compares nothing")
    return compared


def folder_for(work, name):
    """A folder with what the repository has, and a project that runs today, whatever the day."""
    folder = work / name.replace("/", "-")
    shutil.copytree(ROOT / "policies", folder / "policies")
    (folder / "docs").mkdir()
    project, year = (ROOT / "docs/project.toml").read_text(encoding="utf-8"), datetime.date.today().year
    dated = re.sub(r'"(2026|2027|2028)-', lambda m: f'"{year + int(m[1]) - 2026}-', project)
    (folder / "docs/project.toml").write_text(dated, encoding="utf-8")
    return folder


def first_visit(base, name, first):
    """Signs in as a person does for the first time: chooses a password, accepts the terms."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    chosen = f"a phrase of {name[::-1]}"

    def post(path, **fields):
        return browser.open(base + path, urllib.parse.urlencode(fields).encode()).read().decode()

    post("/sign-in", name=name, password=first)
    post("/sign-in/password", old=first, new=chosen, again=chosen)
    page = browser.open(base + "/account").read().decode()
    post("/account", _word=re.search(r'name="_word" value="([^"]+)"', page)[1], act="terms")


def served(work):
    """The demonstration, served, and the two pages that need it."""
    folder = folder_for(work, "served")
    home = folder / "cloister-hub"
    demo = subprocess.run([PROGRAMS / "cloister", "--home", home, "demo", "--no-serve"], check=True, capture_output=True, text=True)
    passwords = dict(re.findall(r"│ (\w+) +┆ (\w{24}) ┆", demo.stdout))
    settings = folder / "cloisterd.toml"
    settings.write_text('home = "cloister-hub"\norigin = "http://127.0.0.1"\nlisten = "127.0.0.1:0"\n[log]\nfilter = "error"\n', encoding="utf-8")
    server = subprocess.Popen([PROGRAMS / "cloisterd", "--config", settings], stdout=subprocess.PIPE, text=True)
    try:
        base = "http://" + server.stdout.readline().split()[-1]
        terminal = Terminal(folder, base)
        for person in ("researcher", "chidi", "carys"):
            first_visit(base, person, passwords[person])
            terminal.person = person
            terminal.run(f"export CLOISTER_SERVER={PORT}; cloister sign-in --name {person}")
        researcher, checker = ((ROOT / "docs" / page).read_text(encoding="utf-8") for page in SERVED)
        before, after = researcher.split("Now be the checkers", 1)
        terminal.person = "researcher"
        return [walk(terminal, before), walk(terminal, checker), walk(terminal, "<!-- as: researcher -->" + after)]
    finally:
        server.terminate()
        server.wait()


def main():
    wanted = sys.argv[2:]
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        for page in [SERVED, *ALONE]:
            shown = " and ".join(page) if isinstance(page, list) else page
            if wanted and not any(w in shown for w in wanted):
                continue
            try:
                if isinstance(page, list):
                    compared = sum(served(work))
                else:
                    compared = walk(Terminal(folder_for(work, page)), (ROOT / "docs" / page).read_text(encoding="utf-8"))
                print(f"{shown}: {compared} blocks are as they say", flush=True)
            except Wrong as error:
                wrong.append(shown)
                print(f"{shown}: {error}", file=sys.stderr, flush=True)
    if wrong:
        sys.exit(f"not as they say: {', '.join(wrong)}")


main()
