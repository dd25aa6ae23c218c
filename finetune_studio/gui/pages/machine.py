"""What this computer is, as far as training goes: a card of the start page."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from finetune_studio.gui import amounts
from finetune_studio.gui.jobs import Jobs
from finetune_studio.gui.language import tr
from finetune_studio.gui.tokens import Space
from finetune_studio.gui.widgets.button import Button
from finetune_studio.gui.widgets.card import Card
from finetune_studio.gui.widgets.finding import FindingBox
from finetune_studio.gui.widgets.glyph import Glyph
from finetune_studio.gui.widgets.layout import clear, column, row
from finetune_studio.gui.widgets.meter import Meter
from finetune_studio.gui.widgets.text import Text

if TYPE_CHECKING:
    from finetune_studio.hardware.check import Check
    from finetune_studio.hardware.machine import Machine

UNSEEN = ("torch", "fonts", "qt")
"""Checks that need torch, or that the open window has answered itself."""


class MachineCard(Card):
    """What this computer is, as far as training goes."""

    def __init__(self) -> None:
        super().__init__()
        self._jobs: Jobs | None = None
        self._folder = Path()
        self._name = Text(lambda: tr("Looking at this machine …"), "strong", wrap=True)
        self._note = Text("", "caption", "text3", wrap=True)
        self._gpu = Meter(lambda: tr("GPU memory in use"))
        self._ram = Meter(lambda: tr("Memory in use"))
        self._disk = Meter(lambda: tr("Free disk space"))
        for each in (self._gpu, self._ram, self._disk):
            each.hide()
        head = row(Glyph("gpu", "text2"), self._name, gap=10)
        head.setStretch(1, 1)
        self._checks = column(gap=Space.s)
        self._look = Button(lambda: tr("Check the training set-up"), "link")
        self._look.clicked.connect(self._examine)
        self.hold(
            column(
                head,
                self._note,
                self._gpu,
                self._ram,
                self._disk,
                self._checks,
                row(self._look, None),
                gap=11,
                pad=18,
            )
        )

    def start(self, jobs: Jobs, folder: Path) -> None:
        """Find out what this machine is."""
        self._jobs, self._folder = jobs, folder

        def look() -> "Machine":
            from finetune_studio.hardware.machine import read_machine

            return read_machine(folder)

        jobs.run("start machine", look, self.show_machine, lambda _: None)

    def _examine(self) -> None:
        """Ask the doctor, torch included, which takes seconds."""
        from finetune_studio.hardware.doctor import examine_here

        if self._jobs is None:
            return
        folder = self._folder
        self._look.setEnabled(False)
        self._look.say(lambda: tr("Looking …"))
        self._jobs.run("doctor", lambda: examine_here(folder), self._tell, lambda _: None)

    def _tell(self, checks: "list[Check]") -> None:
        self._look.setEnabled(True)
        self._look.say(lambda: tr("Check again"))
        self._show_checks(checks, all_of_them=True)

    def _show_checks(self, checks: "list[Check]", *, all_of_them: bool = False) -> None:
        clear(self._checks)
        told = ("driver", "warning")  # no GPU: the head of the card says so, and what can be done
        wrong = [c for c in checks if c.status != "ok" and (c.name, c.status) != told]
        for each in wrong:
            level = "error" if each.status == "problem" else "warning"
            self._checks.addWidget(FindingBox(level, each.text, each.remedy, filled=False))
        sound = " ".join(each.text for each in checks if each.status == "ok")
        if all_of_them and sound:
            said = partial(_sound, some=bool(wrong))
            self._checks.addWidget(FindingBox("good", said, sound, filled=False))

    def show_machine(self, machine: "Machine") -> None:
        """Show what was found, and what is wrong as far as that is seen without torch."""
        from finetune_studio.hardware.doctor import examine, on_processor

        unseen = UNSEEN if machine.gpus or machine.nvidia_hardware else (*UNSEEN, "driver")
        seen = [each for each in examine(machine, None) if not each.name.startswith(unseen)]
        self._show_checks(seen)
        if machine.gpus:
            gpu = machine.gpus[0]
            self._name.say(gpu.name)
            self._note.say(lambda: tr("Driver {version}").format(version=gpu.driver))
            used = gpu.total_bytes - gpu.free_bytes
            self._show(self._gpu, used, gpu.total_bytes)
        else:
            self._name.say(lambda: tr("No NVIDIA GPU"))
            self._note.say(lambda: on_processor(machine.cores))
        self._show(self._ram, machine.ram_total - machine.ram_free, machine.ram_total)
        if machine.disk_free is not None:
            self._disk.show()
            self._disk.show_reading(amounts.size(machine.disk_free), None)

    @staticmethod
    def _show(meter: Meter, used: int, total: int) -> None:
        meter.show()
        meter.show_reading(f"{amounts.memory(used)} / {amounts.memory(total)}", used / total)


def _sound(*, some: bool) -> str:
    """What is said over the checks that found nothing wrong."""
    return tr("The rest is in order.") if some else tr("Everything is ready to train.")
