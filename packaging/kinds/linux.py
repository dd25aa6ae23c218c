"""Linux: a package for Debian and Ubuntu, and a self-extracting archive for the others."""

import gzip
import lzma
import os
import shutil
from pathlib import Path

from program import ROOT, Made, fill_in, run, settle

HERE = ROOT / "packaging" / "linux"
PLACE = "/opt/finetune-studio"
XZ = 2  # 4 takes 1.7 times as long for 1.2 MB less, 6 longer still


def make_deb(made: Made, out: Path) -> Path:
    """The package: everything in /opt, the starter on the path, menu entry, icon and MIME type."""
    root = made.work / "deb"
    program = root / PLACE.lstrip("/")
    shutil.copytree(made.folder("linux"), program)
    (program / "LICENSE").unlink()  # Debian has it
    share = root / "usr" / "share"
    fill_in(HERE / "launcher.sh", root / "usr/bin/finetune-studio", program=PLACE)
    fill_in(
        HERE / "finetune-studio.desktop",
        share / "applications/finetune-studio.desktop",
        launcher="finetune-studio",
    )
    for source, target in (
        ("finetune-studio.xml", "mime/packages/finetune-studio.xml"),
        ("finetune-studio.svg", "icons/hicolor/scalable/apps/finetune-studio.svg"),
        ("copyright", "doc/finetune-studio/copyright"),
    ):
        (share / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / source, share / target)
    _changelog(share / "doc/finetune-studio/changelog.gz", made)
    size = sum(each.stat().st_size for each in root.rglob("*") if each.is_file()) // 1024
    fill_in(HERE / "control", root / "DEBIAN/control", version=made.version, size=str(size))
    shutil.copy(HERE / "postrm", root / "DEBIAN")
    settle(root, made.epoch)
    target = out / f"finetune-studio_{made.version}_amd64.deb"
    run("dpkg-deb", "--root-owner-group", "-Zxz", f"-z{XZ}", "--build", str(root), str(target))
    return target


def _changelog(path: Path, made: Made) -> None:
    from email.utils import formatdate

    text = (
        f"finetune-studio ({made.version}) stable; urgency=medium\n\n"
        f"  * Version {made.version}.\n\n"
        f" -- The Finetune Studio authors <finetune-studio@example.invalid>  "
        f"{formatdate(made.epoch)}\n"
    )
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def make_run(made: Made, out: Path) -> Path:
    """The archive that installs itself for one person.

    Only uv is compressed, by xz: with gzip the whole would be over 30 MB. install.sh unpacks it, so
    that a system without xz gets along, or is told in a sentence.
    """
    root = made.work / "run"
    shutil.copytree(made.folder("linux"), root / "program")
    uv = root / "program" / "uv"
    (root / "program" / "uv.xz").write_bytes(lzma.compress(uv.read_bytes(), preset=XZ))
    uv.unlink()
    for name in ("launcher.sh", "install.sh", "uninstall.sh", "finetune-studio.desktop",
                 "finetune-studio.xml", "finetune-studio.svg"):  # fmt: skip
        shutil.copy(HERE / name, root)
    settle(root, made.epoch)
    target = out / f"finetune-studio-{made.version}-linux-x86_64.run"
    when = f"--mtime=@{made.epoch} --sort=name --owner=0 --group=0 --numeric-owner"
    run(
        *("makeself", "--quiet", "--nocomp", "--sha256", "--nox11"),
        *("--packaging-date", f"@{made.epoch}", "--tar-extra", when),
        *("run", os.path.relpath(target, made.work)),  # it notes how it was called
        *(f"Finetune Studio {made.version}", "./install.sh"),
        cwd=made.work,
    )
    return target
