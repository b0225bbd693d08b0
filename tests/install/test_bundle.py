"""A whole bundle: made, tampered with, installed where there is no network, started, and upgraded by a newer one."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from groundplan.cli.bundling import commands

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.bundle, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("bundle")]
ADMINISTRATORS = {
    "GROUNDPLAN_SYSTEM_ADMIN": "li-wei:lantern-7-harbour",
    "GROUNDPLAN_SECURITY_ADMIN": "wang-fang:lantern-8-harbour",
    "GROUNDPLAN_AUDIT_ADMIN": "zhang-min:lantern-9-harbour",
}
# What a browser sees, asked from inside the namespace by the Python of the bundle.
ASK = """
import json, sys, time, urllib.request
def get(path):
    try:
        asked = urllib.request.Request(sys.argv[1] + path, headers={"Accept-Language": "en"})
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read().decode()
    except OSError as error:
        return getattr(error, "code", 0), ""
end = time.monotonic() + 120
while get("readyz")[0] != 200 and time.monotonic() < end:
    time.sleep(0.5)
page = get("")
styles = get("static/dist/portal.css")
print(json.dumps({"ready": get("readyz")[0], "page": page[0], "title": page[1].split("<title>")[1].split("<")[0],
                  "styles": [styles[0], len(styles[1])]}))
"""


def offline(script, **more):
    """Run a shell script in a network namespace that has its own loopback and no route, on a plain PATH."""
    return subprocess.run(
        ["unshare", "--net", "sh", "-ec", f'ip link set lo up; test -z "$(ip route)"; {script}'],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": os.environ["HOME"], "LANG": "C.UTF-8", **more},
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle for this machine's architecture and what the command told of it."""
    if not shutil.which("ip") or offline("true").returncode:
        pytest.skip("a network namespace is not permitted here, or `ip` is missing")
    folder = tmp_path_factory.mktemp("bundle")
    done = subprocess.run(
        [sys.executable, "-m", "groundplan.cli", "bundle", str(folder / "city.tar.gz"), "--json"],
        env={**os.environ, "GROUNDPLAN_STATE": str(folder / "state"), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    with tarfile.open(folder / "city.tar.gz") as tar:
        tar.extractall(folder, filter="data")
    return folder / "groundplan-0.1.0", told, folder


def start(to, port):
    """Start the installed city, look at it, stop it."""
    script = f"""
    {to}/bin/groundplan up --port {port} 2>{to}/up.log &
    server=$!
    {to}/current/env/bin/python -c "$ASK" http://127.0.0.1:{port}/ || {{ cat {to}/up.log >&2; kill $server; exit 1; }}
    kill $server; wait $server
    """
    done = offline(script, ASK=ASK, **ADMINISTRATORS)
    assert done.returncode == 0, done.stderr
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"ready"')))


def test_a_bundle_installs_without_a_network_and_a_newer_one_keeps_the_state(made, tmp_path):
    folder, told, home = made
    assert set(told["architectures"]) == {"x86_64", "aarch64"}
    described = json.loads((folder / "sbom.cdx.json").read_text())
    assert (described["bomFormat"], described["specVersion"]) == ("CycloneDX", "1.5")
    assert {"django", "maplibre-gl", "CPython"} <= {part["name"] for part in described["components"]}

    to, spoilt = tmp_path / "opt", tmp_path / "spoilt"
    shutil.copytree(folder, spoilt)
    wheel = next((spoilt / "wheels" / "any").glob("django-5*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"!")
    done = offline(f"sh {spoilt}/install.sh --to {to} --key {told['signer']}")
    assert done.returncode == 1
    assert f"{wheel.name} was changed" in done.stderr
    assert not to.exists()

    begun = time.monotonic()
    done = offline(f"sh {folder}/install.sh --to {to} --key {told['signer']}")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - begun < 300
    seen = start(to, 18731)
    assert (seen["ready"], seen["page"], seen["title"]) == (200, 200, "Start · Groundplan")
    assert seen["styles"][0] == 200
    assert seen["styles"][1] > 10_000

    # A newer version: the same contents under another number, signed with the same key.
    (folder / "VERSION").write_text("0.1.1-newer\n")
    key = commands.private_key(home / "state" / "keys" / "bundle.pem")
    assert commands.sign(folder, key) == told["signer"]
    before = (to / "state" / "keys" / "secret-key").read_bytes()
    done = offline(f"sh {folder}/install.sh --to {to}")
    assert done.returncode == 0, done.stderr
    assert str((to / "current").readlink()) == "versions/0.1.1-newer"
    assert (to / "versions" / told["version"] / "complete").exists()
    assert (to / "state" / "keys" / "secret-key").read_bytes() == before
    # No administrators are asked for again: the state is the same city.
    ADMINISTRATORS.clear()
    assert start(to, 18732)["page"] == 200
