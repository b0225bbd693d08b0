"""A Python for another architecture: every file for its machine, every library inside; refused with the reason."""

import shutil
import subprocess

import pytest

from groundplan.cli.bundling import debian, pythons

ARM, INTEL = 183, 62


def elf(path, machine):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF\x02\x01" + bytes(12) + machine.to_bytes(2, "little") + bytes(40))
    return path


def unpacked(root):
    """What the packages unpack to, with contents of one header each."""
    elf(root / "usr/bin/python3.11", ARM)
    elf(root / "usr/lib/python3.11/lib-dynload/_ssl.cpython-311-aarch64-linux-gnu.so", ARM)
    elf(root / "usr/lib/python3.11/lib-dynload/readline.cpython-311-aarch64-linux-gnu.so", ARM)
    (root / "usr/lib/python3.11/os.py").write_text("")
    (root / "usr/lib/python3.11/sitecustomize.py").symlink_to("/etc/python3.11/sitecustomize.py")
    elf(root / "usr/lib/aarch64-linux-gnu/libssl.so.3", ARM)
    real = elf(root / "lib/aarch64-linux-gnu/libz.so.1.2.13", ARM)
    real.with_name("libz.so.1").symlink_to("libz.so.1.2.13")
    return root


def test_program_library_and_libraries_stand_in_the_places_of_a_relocatable_python(tmp_path):
    target = tmp_path / "python"
    found = debian.assemble("aarch64", "3.11", unpacked(tmp_path / "root"), target, pythons.LEFT_OUT)
    names = [each.relative_to(target).as_posix() for each in found]
    assert names[:2] == ["bin/python3.11", "lib/python3.11/lib-dynload/_ssl.cpython-311-aarch64-linux-gnu.so"]
    assert {"lib/libssl.so.3", "lib/libz.so.1"} <= set(names)
    assert not any("readline" in name for name in names)
    assert not (target / "lib/python3.11/sitecustomize.py").exists()
    assert (target / "bin/python3").resolve() == target / "bin/python3.11"


def test_a_file_of_another_machine_or_a_lost_library_is_refused_by_name(tmp_path):
    program, module = elf(tmp_path / "python3.11", ARM), elf(tmp_path / "_ssl.so", ARM)
    needed = {program: ["libc.so.6", "libm.so.6"], module: ["libcrypto.so.3"]}
    with pytest.raises(debian.NotToBeHad, match=r"_ssl\.so needs libcrypto\.so\.3"):
        debian.require_whole("aarch64", [program, module], needed, pythons.OF_THE_SYSTEM)
    library = elf(tmp_path / "libcrypto.so.3", ARM)
    needed[library] = ["libc.so.6"]
    debian.require_whole("aarch64", [program, module, library], needed, pythons.OF_THE_SYSTEM)
    elf(library, INTEL)
    with pytest.raises(debian.NotToBeHad, match="for another machine"):
        debian.require_whole("aarch64", [program, module, library], needed, pythons.OF_THE_SYSTEM)


def test_what_is_no_elf_has_no_machine(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    assert debian.elf_machine(script) == -1


def test_without_the_key_ring_or_for_an_unknown_series_nothing_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_more: pytest.fail("something was run"))
    with pytest.raises(debian.NotToBeHad, match=r"2\.7"):
        debian.fetch("aarch64", "2.7", tmp_path)
    monkeypatch.setattr(debian, "KEYRING", tmp_path / "none.gpg")
    with pytest.raises(debian.NotToBeHad, match="is not here"):
        debian.fetch("aarch64", "3.11", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_does_not_answer_is_told_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    if shutil.which("apt-get") is None or not debian.KEYRING.exists():
        pytest.skip("apt and the key ring of Debian are not here")
    monkeypatch.setattr(debian, "archive_of_this_machine", lambda: "http://127.0.0.1:9/debian")
    assert pythons.from_debian("uv", "aarch64", tmp_path / "debian", tmp_path / "aarch64.tar.gz") is None
    assert "aarch64: no Python from Debian's archive" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
