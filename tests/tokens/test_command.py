"""`tokens` and `tokens compare`, as a script and as a person call them."""

import json
import subprocess
import sys

import pytest

from finetune_studio import paths
from finetune_studio.cli import main
from finetune_studio.commands.output import width
from tests.helpers.command import environment
from tests.helpers.tiny import make_tokenizer

SAMPLES = paths.resources() / "samples"
QA = str(SAMPLES / "korean_qa.csv")
TOKEN = {"id", "text", "start", "end", "special", "learned"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with a tokenizer and nothing else."""
    folder = tmp_path_factory.mktemp("models") / "작은 토크나이저"
    make_tokenizer(folder)
    return str(folder)


def called(capsys, *arguments):
    code = main(["tokens", *map(str, arguments)])
    return code, capsys.readouterr()


def document(capsys, *arguments):
    code, said = called(capsys, *arguments, "--json")
    assert code == 0, said.err
    return json.loads(said.out)


@pytest.mark.parametrize("text", ["나는 학교에 간다", "뷁 👩‍👧\n", "", "a<|end|>b"])
def test_a_text(capsys, model, text):
    found = document(capsys, "--model", model, f"--text={text}")
    assert "".join(group["text"] for group in found["groups"]) == text == found["text"]
    assert [p for group in found["groups"] for p in group["tokens"]] == [
        *range(len(found["tokens"]))
    ]
    assert all(set(token) >= TOKEN for token in found["tokens"])
    assert found["round_trip"] is True
    assert not any(token["learned"] for token in found["tokens"])
    assert [token["text"] for token in found["tokens"] if token["special"]] == (
        ["<|end|>"] if "<" in text else []
    )


def test_pieces_of_a_syllable(capsys, model):
    found = document(capsys, "--model", model, "--text", "뷁")
    assert [token["text"] for token in found["tokens"]] == ["<EB>", "<B7>", "<81>"]
    assert found["groups"] == [{"text": "뷁", "tokens": [0, 1, 2]}]


def test_a_decomposed_text_does_not_come_back(capsys, model):
    found = document(capsys, "--model", model, "--text", "\u1112\u1161\u11a8")
    assert found["round_trip"] is False
    assert found["decoded"] == "학"


def test_a_row_shows_what_is_learned(capsys, model):
    found = document(capsys, "--model", model, "--data", QA, "--row", 3)
    assert (found["row"], found["task"], found["shape"]) == (3, "chat", "question-answer")
    learned = [token for token in found["tokens"] if token["learned"]]
    said = "".join(
        group["text"] for group in found["groups"] if found["tokens"][group["tokens"][0]]["learned"]
    )
    assert said == "잘 가고 있을 거예요.<|end|>"
    assert learned[-1]["text"] == "<|end|>"
    assert "".join(group["text"] for group in found["groups"]) == found["text"]


def test_a_cut_row(capsys, model):
    change = ("--set", "training.sequence_length=24", "--set", "task.learn=all")
    found = document(capsys, "--model", model, "--data", QA, "--row", 3, *change)
    states = [token["state"] for token in found["tokens"]]
    assert states.index("cut") == 24
    assert states[:24] == ["given"] + ["learned"] * 23


def test_a_row_of_labelled_text(capsys, model):
    data = SAMPLES / "korean_sentiment.csv"
    found = document(capsys, "--model", model, "--data", data, "--row", 0)
    assert found["task"] == "classify"
    assert found["label"]
    assert not any(token["learned"] for token in found["tokens"])


def test_columns_can_be_mapped(capsys, model):
    swapped = ("--map", "question=답변", "--map", "answer=질문")
    found = document(capsys, "--model", model, "--data", QA, *swapped)
    plain = document(capsys, "--model", model, "--data", QA)
    assert found["text"] != plain["text"]
    assert len(found["text"]) == len(plain["text"])


def test_compare(capsys, model):
    found = document(capsys, "compare", "--model", model, "--model", model, "--data", QA)
    assert [each["model"] for each in found] == [model, model]
    for each in found:
        assert each["tokens"] > each["rows"] > 0
        assert each["tokens_per_character"] == each["tokens"] / each["characters"]
        assert each["tokens_per_row"] == each["tokens"] / each["rows"]
        assert each["tokens_per_syllable"] > 1
        assert each["relative_cost"] == 1


def test_words_for_a_person_fit_a_terminal(capsys, model, tmp_path):
    data = tmp_path / "long.jsonl"
    text = "가나다라 뷁 " * 60 + "x" * 200
    data.write_text(json.dumps({"question": text, "answer": text}), encoding="utf-8")
    for arguments in (
        ("--model", model, "--text", text),
        ("--model", model, "--text", "나는 뷁에"),
        ("--model", model, "--data", data, "--set", "training.sequence_length=1200"),
        ("compare", "--model", model, "--data", data),
    ):
        code, said = called(capsys, *arguments)
        assert code == 0, said.err
        assert max(map(width, said.out.splitlines())) <= 80
        assert "�" not in said.out


def test_words_name_what_becomes_of_tokens(capsys, model):
    _, said = called(
        capsys, "--model", model, "--data", QA, "--row", 3, "--set", "training.sequence_length=30"
    )
    begins = [line.split()[0] for line in said.out.splitlines() if line and line[0] != " "]
    assert begins[:3] == ["given", "learned", "cut"]


def rows(tmp_path, *made):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
    return path


def test_a_row_that_is_left_out_says_why(capsys, model, tmp_path):
    data = rows(tmp_path, {"question": "a", "answer": "b"}, {"question": "a", "answer": ""})
    code, said = called(capsys, "--model", model, "--data", data, "--row", 1, "--json")
    assert code == 2
    assert json.loads(said.out)["error"]["detail"] == "there is no answer to learn."


def test_a_row_that_the_template_refuses_says_why(capsys, tmp_path):
    make_tokenizer(
        tmp_path / "m",
        template="{% for m in messages %}{% if 'x' in m['content'] %}"
        "{{ raise_exception('no x') }}{% endif %}{{ m['content'] }}<|end|>{% endfor %}",
    )
    data = rows(tmp_path, {"question": "x", "answer": "b"}, {"question": "a", "answer": "b"})
    code, said = called(capsys, "--model", tmp_path / "m", "--data", data, "--json")
    assert code == 2
    assert json.loads(said.out)["error"]["detail"] == "no x"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--model", "MODEL"),
        ("--text", "a"),
        ("--model", "MODEL", "--text", "a", "--data", QA),
        ("--model", "./nowhere", "--text", "a"),
        ("--model", "~nobody-of-that-name/m", "--text", "a"),
        ("--model", "x" * 5000, "--text", "a"),
        ("--model", "nul\0", "--text", "a"),
        ("--model", "MODEL", "--text", "half \udced\udc95 of one"),
        ("--model", "MODEL", "--data", "nowhere.csv"),
        ("--model", "MODEL", "--data", QA, "--row", "1500"),
        ("--model", "MODEL", "--data", QA, "--row", "-1"),
        ("--model", "MODEL", "--data", QA, "--map", "question"),
        ("--model", "MODEL", "--data", QA, "--set", "task.lern=all"),
        ("compare", "--model", "MODEL", "--model", "./nowhere", "--data", QA),
        ("compare", "--model", "MODEL", "--data", "nowhere.csv"),
    ],
)
def test_what_cannot_be_shown_is_refused(capsys, model, arguments):
    given = [model if each == "MODEL" else each for each in arguments]
    code, said = called(capsys, *given, "--json")
    assert code == 2
    assert set(json.loads(said.out)["error"]) == {"title", "detail", "hint"}
    assert said.err.startswith("error: ")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [("--text", "나는"), ("--data", QA), ("compare", "--data", QA)],
    ids=["text", "row", "compare"],
)
def test_torch_and_qt_stay_out(model, arguments):
    script = (
        "import sys; from finetune_studio.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'torch', 'transformers', 'PySide6'} & set(sys.modules);"
        "sys.exit(code or (3 if heavy else 0))"
    )
    first, *rest = arguments
    given = (
        [first, "--model", model, *rest] if first == "compare" else ["--model", model, *arguments]
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "tokens", *given],
        capture_output=True, text=True, encoding="utf-8", env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
