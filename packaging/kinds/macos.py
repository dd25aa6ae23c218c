"""macOS: the program as an .app in a zip. Prepared without a Mac: not signed, not tried."""

import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from program import ROOT, Made, fill_in, settle

HERE = ROOT / "packaging" / "macos"


def make_zip(made: Made, out: Path) -> Path:
    """The bundle; its rights are kept in the zip, without which nothing would start."""
    root = made.work / "macos-app" / "Finetune Studio.app"
    shutil.copytree(made.folder("macos"), root / "Contents/Resources/program")
    fill_in(HERE / "Info.plist", root / "Contents/Info.plist", version=made.version)
    fill_in(HERE / "launcher.sh", root / "Contents/MacOS/finetune-studio")
    settle(root, made.epoch)
    target = out / f"finetune-studio-{made.version}-macos-arm64-untested.zip"
    when = datetime.fromtimestamp(made.epoch, UTC).timetuple()[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(each for each in root.rglob("*") if each.is_file()):
            info = zipfile.ZipInfo(str(path.relative_to(root.parent)), when)
            info.external_attr = (0o100000 | path.stat().st_mode & 0o777) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    return target
