"""Sends what the API's description allows, and what it does not, as people of every role, with schemathesis (PyPI): no answer is a
failure of the server, none is undocumented, none has another form than is described.

    python run.py CLOISTER CLOISTERD SECONDS
"""

import json
import os
import re
import subprocess
import sys
import tempfile

import requests

CLOISTER, CLOISTERD, SECONDS = sys.argv[1], sys.argv[2], sys.argv[3]

SCOPES = {
    "researcher": ["read", "query", "request"],
    "chidi": ["read", "review"],
    "admin": ["read", "administer"],
    "owner": ["read"],
    "auditor": ["read"],
}

# What ends the access that the run itself goes by.
APART = ["--exclude-path-regex", r"^/v1/(tokens/\{token\}|sign-out)$"]

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection"


def word(session, base):
    return re.search(r'name="_word" value="([^"]+)"', session.get(f"{base}/account").text).group(1)


def token(base, name, first):
    """Signs in as a person does, chooses a password, and makes a token."""
    session = requests.Session()
    session.post(f"{base}/sign-in", data={"name": name, "password": first})
    chosen = f"a phrase of {name[::-1]}"
    session.post(f"{base}/sign-in/password", data={"old": first, "new": chosen, "again": chosen})
    session.post(f"{base}/account", data={"_word": word(session, base), "act": "terms"})
    made = session.post(
        f"{base}/v1/tokens",
        json={"label": "schemathesis", "scopes": SCOPES[name], "days": 1},
        headers={"x-csrf-token": word(session, base)},
    )
    made.raise_for_status()
    return made.json()["text"]


def main():
    with tempfile.TemporaryDirectory() as work:
        home = f"{work}/hub"
        told = subprocess.run(
            [CLOISTER, "--home", home, "demo", "--people", "500", "--no-serve"], check=True, capture_output=True, text=True
        ).stdout
        first = dict(re.findall(r"│ (\w+) +┆ (\w{24}) ┆", told))
        limits = "sign-ins-burst = 100\nsign-ins-per-minute = 100\nrequests-burst = 100000\nrequests-per-minute = 1000000"
        with open(f"{work}/cloisterd.toml", "w", encoding="utf-8") as file:
            file.write(
                f'home = "hub"\norigin = "http://127.0.0.1"\nlisten = "127.0.0.1:0"\n[limits]\n{limits}\n'
                '[log]\nformat = "text"\nfilter = "error"\n'
            )
        server = subprocess.Popen([CLOISTERD, "--config", f"{work}/cloisterd.toml"], stdout=subprocess.PIPE, text=True)
        try:
            base = "http://" + server.stdout.readline().split()[-1]
            failed = [name for name in SCOPES if not conforms(base, token(base, name, first[name]), name, work)]
            if server.poll() is not None:
                sys.exit("the server ended")
        finally:
            server.terminate()
            server.wait()
        subprocess.run([CLOISTER, "--home", home, "audit", "verify"], check=True)
        if failed:
            sys.exit(f"the API is not as it is described, as {', '.join(failed)}")


def conforms(base, bearer, name, work):
    print(f"as {name}", flush=True)
    command = [os.path.join(os.path.dirname(sys.executable), "st"), "run", f"{base}/v1/openapi.json", "--url", base]
    command += ["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-time", SECONDS]
    command += ["--header", f"Authorization:Bearer {bearer}", "--generation-database", "none"]
    command += ["--continue-on-failure", "--warnings", "off", "--no-color", "--seed", "7", *APART]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": ""}
    return subprocess.run(command, cwd=work, env=environment).returncode == 0


main()
