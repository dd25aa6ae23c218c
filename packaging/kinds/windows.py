"""Windows: an installer for one person, compiled on Linux by makensis."""

import os
import shutil
from pathlib import Path

from program import ROOT, Made, run

HERE = ROOT / "packaging" / "windows"


def make_exe(made: Made, out: Path) -> Path:
    """The installer."""
    target = out / f"finetune-studio-{made.version}-windows-x64.exe"
    icon = made.work / "finetune-studio.ico"
    shutil.copy(HERE / "finetune-studio.ico", icon)
    os.utime(icon, (made.epoch, made.epoch))  # its time is stored, and a checkout's is its own
    run(
        *("makensis", "-V2", "-INPUTCHARSET", "UTF8", f"-DVERSION={made.version}"),
        f"-DPROGRAM={made.folder('windows')}",
        f"-DICON={icon}",
        *(f"-DOUT={target}", str(HERE / "installer.nsi")),
    )
    return target
