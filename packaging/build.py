"""Makes the installers: everything a person downloads, from one checkout, on Linux.

python packaging/build.py [--out dist] [wheel] [deb] [run] [exe] [macos]     (all without a name)

Needs uv, and for each kind its tool: dpkg-deb, makeself, makensis. The same checkout gives the same
bytes; SHA256SUMS and a bill of materials (CycloneDX) are written beside the files.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging"), str(ROOT / "packaging" / "kinds")]

import bill  # noqa: E402
import linux  # noqa: E402
import macos  # noqa: E402
import windows  # noqa: E402
from program import Made, make_wheel  # noqa: E402

KINDS = {"deb": linux.make_deb, "run": linux.make_run, "exe": windows.make_exe,
         "macos": macos.make_zip}  # fmt: skip
PLATFORM_OF = {"deb": "linux", "run": "linux", "exe": "windows", "macos": "macos"}
LIMIT = 30_000_000  # bytes of an installer


def main() -> int:
    """Make what was asked for; 1 where something is larger than it may be."""
    asked = parser().parse_args()
    kinds = [each for each in asked.kinds if each != "wheel"] or (
        [] if asked.kinds else list(KINDS)
    )
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch())
    os.environ["DPKG_DEB_THREADS_MAX"] = "1"  # on several cores xz writes other bytes
    os.environ.setdefault("UV_SYSTEM_CERTS", "1")
    begun = time.monotonic()
    out, work = asked.out.absolute(), asked.out.absolute() / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    made = Made(make_wheel(out), work, int(os.environ["SOURCE_DATE_EPOCH"]))
    for platform in {PLATFORM_OF[kind] for kind in kinds}:
        made.folder(platform)
    with ThreadPoolExecutor() as threads:  # each waits for a tool that compresses on one core
        files = [made.wheel, *threads.map(lambda kind: KINDS[kind](made, out), kinds)]
    for file in files:
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
    files.append(bill.write(out, made.version, made.epoch))
    bill.sums(files, out)
    shutil.rmtree(work)
    print(f"Made in {time.monotonic() - begun:.1f} s.")
    large = [each.name for each in files if each.stat().st_size > LIMIT]
    if large:
        print(f"Larger than {LIMIT / 1e6:.0f} MB: {', '.join(large)}", file=sys.stderr)
    return int(bool(large))


def epoch() -> int:
    """The time that every file is said to be of: the commit's, so that a rebuild is the same."""
    if said := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(said)
    done = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
        capture_output=True,
        text=True,
        check=False,
    )
    return int(done.stdout or 1_767_225_600)  # a checkout without history: the first of 2026


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("kinds", nargs="*", choices=["wheel", *KINDS, []])
    made.add_argument("--out", type=Path, default=ROOT / "dist")
    return made


if __name__ == "__main__":
    sys.exit(main())
