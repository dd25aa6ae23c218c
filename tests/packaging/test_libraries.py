"""What Qt needs of a Linux system, by its package's name."""

import sys

import pytest

from tests.conftest import ROOT

# What ldd asked for on a bare Debian 12, and the package that has it there.
NEEDED = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


@pytest.mark.parametrize("library", NEEDED)
def test_every_library_has_its_package(checkout, library):
    done = checkout.sh('debian_package "$LIBRARY"', LIBRARY=library)
    assert done.stdout.strip() == NEEDED[library]


def test_the_command_is_the_systems_own(checkout):
    only = 'has() { [ "$1" = "$TOOL" ]; }; libraries_command libEGL.so.1 libxcb-cursor.so.0'
    assert checkout.sh(only, TOOL="apt-get").stdout.split() == [
        *("sudo", "apt-get", "install"),
        *("libegl1", "libxcb-cursor0"),
    ]
    for tool in ("dnf", "zypper"):
        line = checkout.sh(only, TOOL=tool).stdout
        assert line == f"sudo {tool} install 'libEGL.so.1()(64bit)' 'libxcb-cursor.so.0()(64bit)'"
    assert "xcb-util-cursor" in checkout.sh(only, TOOL="pacman").stdout


def test_what_is_missing_is_named_in_one_sentence(checkout):
    code = """
    qt_missing() { echo libxcb-cursor.so.0; }
    has() { [ "$1" = ldd ] || [ "$1" = apt-get ]; }
    is_root() { return 1; }
    uname() { echo Linux; }
    qt_libraries xcb
    """
    done = checkout.sh(code)
    assert done.returncode == 1
    assert done.stderr.startswith("studio.sh: Qt needs libraries that this system lacks")
    assert "sudo apt-get install libxcb-cursor0" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="needs_linux: ldd reads Linux libraries")
def test_ldd_is_asked_about_qts_own_files(checkout):
    """Against the PySide6 of these tests, where the offscreen platform is sure to load."""
    import PySide6

    site = checkout.root / ".venv" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (site / "PySide6").symlink_to(next(iter(PySide6.__path__)))
    assert checkout.sh("qt_missing offscreen").stdout == ""
    fake = 'ldd() { ls "$@" >/dev/null && echo "	libnone.so.1 => not found"; }; qt_missing xcb'
    assert checkout.sh(fake).stdout == "libnone.so.1\n"


def test_no_screen_is_a_sentence(checkout):
    code = "uname() { echo Linux; }; needs_display"
    done = checkout.sh(code)
    assert done.returncode == 1
    assert "no screen" in done.stderr
    assert checkout.sh(code, DISPLAY=":0").returncode == 0


def test_only_one_file_names_pytorchs_index():
    index = (ROOT / "packaging" / "torch-index.txt").read_text(encoding="utf-8").strip()
    host = index.removeprefix("https://").partition("/")[0]
    places = [ROOT / "README.md", ROOT / "pyproject.toml", *(ROOT / "packaging").rglob("*")]
    named = [p.name for p in places if p.is_file() and host.encode() in p.read_bytes()]
    assert named == ["torch-index.txt"]
