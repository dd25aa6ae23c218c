"""What the installers are made of; those whose tool is here are made and opened."""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from finetune_studio.hardware.torch_build import TORCH
from finetune_studio.setup.resolve import hashes
from tests.conftest import ROOT
from tests.helpers.wheels import make_wheel

PACKAGING = ROOT / "packaging"
LOCKS = PACKAGING / "locks"
EPOCH = 1_767_225_600
FAKE_UV = b"#!/bin/sh\nprintf '%s\\n' \"$@\"\n"
"""Says what it was asked for."""
UV_ALONE = b"""#!/bin/sh
case "$1 $2" in
"python find") exit 2 ;;
"python install") echo "error: no route" >&2; exit 1 ;;
esac
echo "$@"
"""
"""Finds no Python and reaches no network."""


@pytest.fixture
def kinds(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    monkeypatch.syspath_prepend(str(PACKAGING / "kinds"))


@pytest.fixture
def made(kinds, tmp_path):
    """A program's folder with a small wheel and a uv of a few bytes."""
    from program import Made, figure, settle

    wheel = make_wheel(tmp_path, "finetune-studio", "9.8.7")
    found = Made(wheel, tmp_path / "work", EPOCH)
    for platform, uv in (("linux", "uv"), ("windows", "uv.exe"), ("macos", "uv")):
        folder = tmp_path / "work" / platform / "program"
        folder.mkdir(parents=True)
        for path in (wheel, LOCKS / "window.txt", PACKAGING / "start.py", ROOT / "LICENSE"):
            shutil.copy(path, folder)
        (folder / uv).write_bytes(FAKE_UV)
        (folder / "id").write_text(figure(folder))
        settle(folder, EPOCH)
    return found


@pytest.fixture
def made_again(made, tmp_path, monkeypatch):
    """The same, as another checkout in another folder would have made it."""
    import windows
    from program import Made

    place = tmp_path / "another checkout"
    shutil.copytree(made.work, place / "work")
    shutil.copytree(windows.HERE, place / "windows", copy_function=shutil.copyfile)
    monkeypatch.setattr(windows, "HERE", place / "windows")
    return Made(made.wheel, place / "work", EPOCH)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["window", "training", "speed", "uv"])
def test_a_lock_has_a_hash_for_everything_and_names_no_index(name):
    text = (LOCKS / f"{name}.txt").read_text()
    assert not re.search(r"https?://|--index|--find-links", text)
    found = hashes(LOCKS / f"{name}.txt")
    assert found
    assert all(found.values())


def test_the_locks_hold_what_each_part_needs():
    window, training = hashes(LOCKS / "window.txt"), hashes(LOCKS / "training.txt")
    assert {"pyside6-essentials", "pydantic", "datasets", "keyring"} <= set(window)
    assert "pyside6-essentials==6.11.3 " in (LOCKS / "window.txt").read_text()
    assert {"transformers", "peft", "trl", "bitsandbytes", "datasets", "sympy"} <= set(training)
    assert "liger-kernel" in hashes(LOCKS / "speed.txt")
    assert not {"torch", "triton", "liger-kernel", "pyside6-essentials", "keyring"} & set(training)
    assert "torch" not in window
    assert re.search(r"msvc-runtime==.*win32", (LOCKS / "training.txt").read_text())


def test_the_locks_were_made_for_this_pyproject_and_torch():
    """Every package that pyproject names is locked, within its bounds."""
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    train = project["optional-dependencies"]["train"]
    for name, wanted in (("window", project["dependencies"]), ("training", train)):
        text = (LOCKS / f"{name}.txt").read_text()
        for each in map(Requirement, wanted):
            if each.name == "torch":
                assert each.specifier.contains(TORCH)
                continue
            key = re.sub(r"[-_.]+", "-", each.name).lower()
            versions = re.findall(rf"(?m)^{re.escape(key)}==([^\s;\\]+)", text)
            assert versions, f"{key} is not in {name}.txt: run packaging/lock.py"
            assert all(each.specifier.contains(version) for version in versions), key


def test_one_file_names_pytorchs_index():
    named = [
        path.relative_to(ROOT)
        for path in [*PACKAGING.rglob("*"), *(ROOT / "finetune_studio").rglob("*.py")]
        if path.is_file()
        and path.suffix in (".py", ".sh", ".txt", ".nsi", ".toml")
        and "download.pytorch.org" in path.read_text(encoding="utf-8", errors="ignore")
    ]
    assert [str(each) for each in named] == ["packaging/torch-index.txt"]


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs_dpkg: dpkg-deb is not installed")
def test_the_debian_package_is_whole_and_the_same_twice(made, tmp_path):
    import linux

    package = linux.make_deb(made, tmp_path)
    first = digest(package)
    listed = subprocess.run(["dpkg-deb", "-c", package], capture_output=True, text=True, check=True)
    assert "root/root" in listed.stdout
    names = {line.split()[-1] for line in listed.stdout.splitlines()}
    for name in ("opt/finetune-studio/uv", "opt/finetune-studio/start.py",
                 "usr/bin/finetune-studio", "usr/share/applications/finetune-studio.desktop",
                 "usr/share/mime/packages/finetune-studio.xml",
                 "usr/share/icons/hicolor/scalable/apps/finetune-studio.svg"):  # fmt: skip
        assert f"./{name}" in names
    said = subprocess.run(["dpkg-deb", "-f", package], capture_output=True, text=True, check=True)
    assert "Version: 9.8.7" in said.stdout
    assert "libglib2.0-0t64 | libglib2.0-0" in said.stdout
    assert "libxcb-cursor0" in said.stdout
    assert "libc6 (>= 2.34)" in said.stdout  # as the wheels of Qt need
    shutil.rmtree(made.work / "deb")
    assert digest(linux.make_deb(made, tmp_path)) == first


def test_the_desktop_entry_and_the_type_are_valid(tmp_path):
    if not shutil.which("desktop-file-validate") or not shutil.which("update-mime-database"):
        pytest.skip("needs_desktop_tools: desktop-file-utils or shared-mime-info are not installed")
    entry = tmp_path / "finetune-studio.desktop"
    text = (PACKAGING / "linux" / "finetune-studio.desktop").read_text(encoding="utf-8")
    entry.write_text(text.replace("@LAUNCHER@", "finetune-studio"), encoding="utf-8")
    said = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert said.returncode == 0, said.stdout
    (tmp_path / "mime" / "packages").mkdir(parents=True)
    shutil.copy(PACKAGING / "linux" / "finetune-studio.xml", tmp_path / "mime" / "packages")
    subprocess.run(["update-mime-database", tmp_path / "mime"], check=True, capture_output=True)
    globs = (tmp_path / "mime" / "globs2").read_text()
    assert "80:application/x-finetune-studio-recipe+yaml:*.recipe.yaml" in globs


needs_makeself = pytest.mark.skipif(
    not shutil.which("makeself"), reason="needs_makeself: it is not installed"
)


def start_archive(archive, home, path="/usr/bin:/bin", arguments=("--quiet",)):
    home.mkdir(exist_ok=True)
    env = {"HOME": str(home), "PATH": str(path)}
    return subprocess.run([archive, *arguments], env=env, capture_output=True, text=True,
                          check=False)  # fmt: skip


def all_but(place, *missing):
    """A folder with the system's programs, as a PATH, without some of them."""
    place.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            link = place / program.name
            if not program.name.startswith(missing) and not link.is_symlink():
                link.symlink_to(program)
    return place


@needs_makeself
def test_the_archive_installs_for_one_person_and_is_the_same_twice(made, made_again, tmp_path):
    import linux

    archive = linux.make_run(made, tmp_path)
    first = digest(archive)
    home = tmp_path / "홈 & it's | 폴더"
    program = home / ".local/share/finetune-studio-program"
    for left in ("new", "old"):  # by an installation that was interrupted
        program.with_name(f"{program.name}.{left}").mkdir(parents=True)
    done = start_archive(archive, home)
    assert done.returncode == 0, done.stderr
    launcher = home / ".local/bin/finetune-studio"
    assert start_archive(launcher, home, arguments=("gui",)).stdout.endswith(
        f"\n{program}/start.py\ngui\n"
    )
    entry = (home / ".local/share/applications/finetune-studio.desktop").read_text()
    assert f'Exec="{launcher}" gui %f' in entry
    assert (program / "uv").read_bytes() == FAKE_UV
    assert os.access(program / "uv", os.X_OK)
    assert {each.name for each in program.iterdir()} & {"uv.xz"} == set()
    assert [each.name for each in program.parent.glob("finetune-studio-program*")] == [program.name]
    assert digest(linux.make_run(made_again, made_again.work.parent)) == first


@needs_makeself
@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("C.UTF-8", "This computer has no Python 3.11 to 3.14, and it could not be downloaded."),
        ("ko_KR.UTF-8", "이 컴퓨터에는 파이썬 3.11에서 3.14까지가 없고, 내려받지도 못했어요."),
    ],
)
def test_a_start_without_python_and_network_is_one_sentence(made, tmp_path, language, sentence):
    import linux

    folder = made.work / "linux" / "program"
    (folder / "uv").write_bytes(UV_ALONE)
    home = tmp_path / "집"
    assert start_archive(linux.make_run(made, tmp_path), home).returncode == 0
    env = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": language}
    launcher = home / ".local/bin/finetune-studio"
    done = subprocess.run([launcher, "gui"], env=env, capture_output=True, text=True, check=False)
    log = home / ".local/share/finetune-studio/setup.log"
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"finetune-studio: {sentence} ")
    assert done.stderr.splitlines()[-1].endswith(str(log))
    assert log.read_text() == "error: no route\n"
    assert done.stdout == ""


@needs_makeself
def test_what_the_archive_installed_goes_again(made, tmp_path):
    import linux

    home = tmp_path / "홈 폴더"
    assert start_archive(linux.make_run(made, tmp_path), home).returncode == 0
    kept = home / ".local/share/finetune-studio/runs/mine"
    kept.mkdir(parents=True)
    uninstall = home / ".local/share/finetune-studio-program/uninstall.sh"
    done = start_archive("sh", home, arguments=(uninstall, "--yes"))
    assert done.returncode == 0, done.stderr
    assert "setup\nremove\n--yes" in done.stdout  # the program itself takes what it made
    left = {str(each.relative_to(home)) for each in home.rglob("*")}
    ours = ".local/share/finetune-studio"
    assert left == {
        ".local",
        ".local/bin",
        ".local/share",
        ours,
        f"{ours}/runs",
        f"{ours}/runs/mine",
    }
    assert kept.is_dir()


@needs_makeself
def test_the_archive_gets_along_without_xz_or_says_what_it_needs(made, tmp_path):
    import linux

    archive = linux.make_run(made, tmp_path)
    done = start_archive(archive, tmp_path / "one", all_but(tmp_path / "no-xz", "xz"))
    assert done.returncode == 0, done.stderr
    program = ".local/share/finetune-studio-program"
    assert (tmp_path / "one" / program / "uv").read_bytes() == FAKE_UV
    done = start_archive(archive, tmp_path / "two", all_but(tmp_path / "neither", "xz", "python"))
    assert done.returncode != 0
    assert "install the package xz-utils" in done.stderr
    assert not list((tmp_path / "two/.local/share").iterdir())


@pytest.mark.skipif(not shutil.which("makensis"), reason="needs_nsis: makensis is not installed")
def test_the_windows_installer_compiles_to_the_same_twice(made, tmp_path, request):
    import windows

    installer = windows.make_exe(made, tmp_path)
    assert installer.read_bytes()[:2] == b"MZ"
    first = digest(installer)
    again = request.getfixturevalue("made_again")
    assert digest(windows.make_exe(again, again.work.parent)) == first


def test_the_mac_bundle_keeps_its_rights(made, tmp_path, kinds):
    import macos

    bundle = macos.make_zip(made, tmp_path)
    first = digest(bundle)
    with zipfile.ZipFile(bundle) as archive:
        rights = {each.filename: each.external_attr >> 16 for each in archive.infolist()}
    assert rights["Finetune Studio.app/Contents/MacOS/finetune-studio"] & 0o111
    assert rights["Finetune Studio.app/Contents/Resources/program/uv"] & 0o111
    shutil.rmtree(made.work / "macos-app")
    assert digest(macos.make_zip(made, tmp_path)) == first


def test_the_bill_names_every_locked_package_with_its_hashes(kinds, tmp_path):
    import bill

    written = bill.write(tmp_path, "9.8.7", EPOCH)
    document = json.loads(written.read_text())
    names = {each["name"] for each in document["components"]}
    assert set(hashes(LOCKS / "window.txt")) | set(hashes(LOCKS / "training.txt")) <= names
    assert all(each["hashes"] for each in document["components"])
    bill.sums([written], tmp_path)
    checked = hashlib.sha256(written.read_bytes()).hexdigest()
    assert (tmp_path / "SHA256SUMS").read_text() == f"{checked}  {written.name}\n"


def test_the_icon_holds_every_size():
    data = (PACKAGING / "windows" / "finetune-studio.ico").read_bytes()
    kind, count = struct.unpack("<HH", data[2:6])
    sides = [data[6 + 16 * index] or 256 for index in range(count)]
    assert (kind, sides) == (1, [16, 24, 32, 48, 64, 256])


@pytest.mark.skipif(sys.platform == "win32", reason="needs_posix: shell scripts")
@pytest.mark.parametrize("name", ["linux/launcher.sh", "linux/install.sh", "linux/uninstall.sh",
                                  "linux/postrm", "macos/launcher.sh"])  # fmt: skip
def test_the_scripts_are_plain_sh(name):
    subprocess.run(["sh", "-n", str(PACKAGING / name)], check=True)
