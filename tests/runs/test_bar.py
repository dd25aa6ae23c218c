"""What a run's events look like on a terminal of 80 columns, and where there is none."""

import io

import pytest

from finetune_studio.commands.bar import Bar
from finetune_studio.commands.output import fitted, width
from finetune_studio.runs import events


class Terminal(io.StringIO):
    def isatty(self):
        return True


def metrics(step, **more):
    figures = {"loss": 2.34567, "learning_rate": 1e-4, "grad_norm": 1.0, "tokens_per_second": 987.6}
    return events.Metrics(step=step, **figures | more)


RUN = [
    events.Phase(name="loading"),
    events.Phase(name="tokenizing"),
    events.Phase(name="loading"),
    events.Evaluated(step=0, metrics={"loss": 5.0, "perplexity": None, "token_accuracy": 0.125}),
    events.Phase(name="training"),
    metrics(25),
    events.Progress(step=25, steps=100, epoch=0.5, seconds_left=3725.4),
    events.Sample(step=25, prompt="오늘 너무\n힘들었어", text="푹 쉬어요. " * 20),
    events.Notice(level="warning", code="x", text="{count} rows: {why}.", values={"count": 3}),
    events.Finished(step=100, reason="finished"),
]


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def show(stream, said, **options):
        bar = Bar(stream, **options)
        for event in said:
            bar.show(event)
        bar.close()
        return stream.getvalue()

    return show


def test_on_a_terminal_no_line_is_wider_than_it(shown):
    text = shown(Terminal(), RUN)
    for line in text.replace("\r\033[K", "\n").split("\n"):
        assert width(line) < 80, line
    assert "25/100  loss 2.346  988 tokens/s  1:02:05 left" in text
    assert "오늘 너무 힘들었어 → 푹 쉬어요." in text
    assert "…" in text


def test_where_there_is_no_terminal_it_is_plain_lines_uncut(shown):
    lines = shown(io.StringIO(), RUN).splitlines()
    assert lines == [
        "loading the model",
        "reading and tokenising the data",
        "loading the model",
        "step 0: validation loss 5, perplexity –, right tokens 12.5%",
        "  오늘 너무 힘들었어 → " + ("푹 쉬어요. " * 20).strip(),
        "warning: {count} rows: {why}.",
        "finished at step 100",
    ]


def test_samples_can_be_left_out(shown):
    assert "→" not in shown(io.StringIO(), RUN, samples=False)


def test_a_failure_is_one_line_and_a_log_stays_in_its_file(shown):
    said = events.Failed(title="The trainer crashed.", detail="Traceback\n  x", hint="See the log.")
    assert shown(io.StringIO(), [said]) == "error: The trainer crashed. See the log.\n"


def test_figures_that_are_not_there_are_left_out(shown):
    said = [
        metrics(1, loss=None, tokens_per_second=None),
        events.Progress(step=1, steps=0, epoch=0.0, seconds_left=None),
    ]
    assert "1/0  loss –\n" in shown(Terminal(), said)


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [("가나다", 6, "가나다"), ("가나다", 5, "가나…"), ("가나다", 4, "가…"), ("abc d", 5, "abc d")],
)
def test_a_syllable_takes_two_places(text, columns, cut):
    assert fitted(text, columns) == cut
