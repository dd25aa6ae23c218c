"""Windows: an installer for one person, compiled on Linux by makensis."""

from pathlib import Path

from program import ROOT, Made, run

HERE = ROOT / "packaging" / "windows"


def make_exe(made: Made, out: Path) -> Path:
    """The installer."""
    target = out / f"finetune-studio-{made.version}-windows-x64.exe"
    run(
        *("makensis", "-V2", "-INPUTCHARSET", "UTF8", f"-DVERSION={made.version}"),
        f"-DPROGRAM={made.folder('windows')}",
        f"-DICON={HERE / 'finetune-studio.ico'}",
        *(f"-DOUT={target}", str(HERE / "installer.nsi")),
    )
    return target
