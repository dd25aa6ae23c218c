import pytest

from finetune_studio.tokens.examples import IGNORED
from finetune_studio.tokens.loading import load_tokenizer
from finetune_studio.tokens.supervision import BATCH, Supervisor
from finetune_studio.tokens.templates import TemplateError
from tests.helpers import templates
from tests.helpers.templates import FAMILIES

ONE = [
    {"role": "user", "content": "배고프다"},
    {"role": "assistant", "content": "뭐 좀 드세요."},
]
TWO = [
    {"role": "system", "content": "Be kind."},
    *ONE,
    {"role": "user", "content": "What then?"},
    {"role": "assistant", "content": "Rice, or\nnoodles."},
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(templates.make_tokenizer(tmp_path_factory.mktemp("tokenizer")))


def supervise(tokenizer, template, messages, length=512, **options):
    supervisor = Supervisor(tokenizer, "chat", sequence_length=length, template=template, **options)
    (example,) = supervisor.rows([{"messages": messages}])
    return example


def learned_text(tokenizer, example):
    """What is learned, piece by piece: neighbours are joined."""
    pieces, before = [], None
    for place, label in enumerate(example.labels):
        if label != IGNORED:
            if before != place - 1:
                pieces.append([])
            pieces[-1].append(label)
            before = place
    return [tokenizer.decode(piece, skip_special_tokens=False) for piece in pieces]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_answer_and_its_end_are_learned_and_nothing_else(tokenizer, family):
    template, end = FAMILIES[family]
    example = supervise(tokenizer, template, ONE)
    (said,) = learned_text(tokenizer, example)
    lead = {"mistral": " ", "thinking": "<think>\n\n</think>\n\n"}.get(family, "")
    assert said == f"{lead}뭐 좀 드세요.{end}"
    assert example.ends
    assert not example.truncated
    assert not example.problem


@pytest.mark.parametrize("family", FAMILIES)
def test_every_answer_of_a_conversation_is_learned(tokenizer, family):
    template, end = FAMILIES[family]
    lead = {"mistral": " "}.get(family, "")
    last = {"thinking": "<think>\n\n</think>\n\n"}.get(family, lead)
    example = supervise(tokenizer, template, TWO)
    assert learned_text(tokenizer, example) == [
        f"{lead}뭐 좀 드세요.{end}",
        f"{last}Rice, or\nnoodles.{end}",
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_last_answer(tokenizer, family):
    template, end = FAMILIES[family]
    (said,) = learned_text(tokenizer, supervise(tokenizer, template, TWO, learn="last"))
    assert said.endswith(f"Rice, or\nnoodles.{end}")


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_is_learned_but_the_first_token(tokenizer, family):
    example = supervise(tokenizer, FAMILIES[family][0], TWO, learn="all")
    assert example.labels == [IGNORED, *example.input_ids[1:]]
    assert example.learned == len(example.input_ids) - 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_label_is_the_id_at_its_place(tokenizer, family):
    example = supervise(tokenizer, FAMILIES[family][0], TWO)
    pairs = zip(example.input_ids, example.labels, strict=True)
    assert {label for token, label in pairs if label != token} == {IGNORED}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tokens_are_those_of_the_whole_rendering(tokenizer, family):
    example = supervise(tokenizer, FAMILIES[family][0], TWO)
    ids, offsets = tokenizer.encode(example.text, add_special_tokens=False)
    assert (example.input_ids, example.offsets) == (ids, offsets)


def test_reasoning_is_learned_where_the_template_keeps_it(tokenizer):
    thought = "<think>\nHungry: rice.\n</think>\n\nRice."
    messages = [
        *ONE,
        {"role": "user", "content": "Then?"},
        {"role": "assistant", "content": thought},
    ]
    messages[1] = {"role": "assistant", "content": "<think>\nx\n</think>\n\n뭐 좀 드세요."}
    said = learned_text(tokenizer, supervise(tokenizer, templates.THINKING, messages))
    assert said == ["뭐 좀 드세요.<|im_end|>", f"{thought}<|im_end|>"]


def test_blanks_that_the_template_cuts_off_do_not_move_the_labels(tokenizer):
    messages = [ONE[0], {"role": "assistant", "content": "  드세요. \n"}]
    (said,) = learned_text(tokenizer, supervise(tokenizer, templates.LLAMA3, messages))
    assert said == "드세요.<|eot_id|>"


def test_an_answer_that_repeats_the_template_is_learned_whole(tokenizer):
    tricky = "<|im_end|>\n<|im_start|>user\nWhat then?<|im_end|>\n<|im_start|>assistant\nNo."
    messages = [*TWO]
    messages[2] = {"role": "assistant", "content": tricky}
    first, _ = learned_text(tokenizer, supervise(tokenizer, templates.CHATML, messages))
    assert first == f"{tricky}<|im_end|>"


def test_a_cut_answer_does_not_end(tokenizer):
    whole = supervise(tokenizer, templates.CHATML, ONE)
    size = len(whole.input_ids)
    cut = supervise(tokenizer, templates.CHATML, ONE, length=size - 3)
    assert (cut.truncated, cut.ends) == (3, False)
    assert cut.input_ids == whole.input_ids[:-3]
    assert cut.labels == whole.labels[:-3]


def test_a_row_cut_before_its_answer_has_nothing_to_learn(tokenizer):
    example = supervise(tokenizer, templates.CHATML, ONE, length=4)
    assert example.problem == "nothing-learned"
    assert example.learned == 0


def test_a_conversation_that_the_template_refuses_says_why(tokenizer):
    example = supervise(tokenizer, templates.GEMMA_WITHOUT_SYSTEM, TWO)
    assert (example.problem, example.detail) == ("template-refuses", "System role not supported")


def test_a_template_without_the_assistants_words_is_refused(tokenizer):
    with pytest.raises(TemplateError, match="left out"):
        supervise(tokenizer, templates.SILENT, ONE)


@pytest.mark.parametrize(
    ("template", "end", "kept", "system"),
    [
        (templates.CHATML, "<|im_end|>", True, True),
        (templates.ENDLESS, "", True, True),
        (templates.ASKED_TO_THINK, "</s>", False, True),
        (templates.GEMMA_WITHOUT_SYSTEM, "<end_of_turn>", True, False),
    ],
)
def test_habits_of_templates(tokenizer, template, end, kept, system):
    supervisor = Supervisor(tokenizer, "chat", sequence_length=64, template=template)
    habits = supervisor.answers.habits
    assert (habits.end, habits.prompt_kept, habits.takes_system) == (end, kept, system)


def test_a_system_prompt_is_put_before_conversations_that_have_none(tokenizer):
    own = supervise(tokenizer, templates.CHATML, TWO, system="다른 말")
    assert "다른 말" not in own.text
    given = supervise(tokenizer, templates.CHATML, ONE, system="다른 말")
    assert given.text.startswith("<|im_start|>system\n다른 말<|im_end|>")


def test_text_is_learned_whole_in_pieces_with_its_end(tokenizer):
    text = "나는 학교에 간다. " * 30
    supervisor = Supervisor(tokenizer, "text", sequence_length=50)
    made = supervisor.rows([{"text": text}])
    assert len(made) > 1
    assert [len(each.input_ids) for each in made[:-1]] == [50] * (len(made) - 1)
    ids = [token for each in made for token in each.input_ids]
    assert ids == [*tokenizer.encode(text, add_special_tokens=True)[0], tokenizer.eos_id]
    assert [each.ends for each in made] == [False] * (len(made) - 1) + [True]
    assert all(each.learned == len(each.input_ids) - 1 for each in made)


def test_the_end_of_a_text_is_never_alone_in_a_piece(tokenizer):
    length = 20
    text = "나는 학교에 간다."
    while len(tokenizer.encode(text, add_special_tokens=True)[0]) % length:
        text += "a "
    made = Supervisor(tokenizer, "text", sequence_length=length).rows([{"text": text}])
    assert [len(each.input_ids) for each in made[-2:]] == [length - 1, 2]
    assert made[-1].labels == [IGNORED, tokenizer.eos_id]


def test_a_text_that_the_tokenizer_drops_is_a_problem(tmp_path):
    from tokenizers import Tokenizer, models, normalizers

    backend = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer()
    backend.save(str(tmp_path / "tokenizer.json"))
    dropping = load_tokenizer(tmp_path)
    for kind in ("text", "classify"):
        supervisor = Supervisor(dropping, kind, sequence_length=8, labels=("x", "y"))
        made = supervisor.rows([{"text": "\u0000", "label": "x"}])
        assert [each.problem for each in made] == ["empty-text"]


def test_a_text_without_words_is_a_problem(tokenizer):
    supervisor = Supervisor(tokenizer, "text", sequence_length=50)
    assert [each.problem for each in supervisor.rows([{"text": " \n"}])] == ["empty-text"]


def test_labels_become_numbers_and_unknown_ones_a_problem(tokenizer):
    supervisor = Supervisor(tokenizer, "classify", sequence_length=8, labels=("neg", "pos"))
    rows = [{"text": "a good film", "label": "pos"}, {"text": "x", "label": "?"}]
    good, odd = supervisor.rows(rows)
    assert (good.label, good.problem) == (1, "")
    assert (odd.label, odd.problem) == (-1, "unknown-label")


def test_generation_stops_at_the_end_of_a_turn(tokenizer):
    supervisor = Supervisor(tokenizer, "chat", sequence_length=64, template=templates.CHATML)
    assert supervisor.stop_ids == {tokenizer.eos_id, tokenizer.id_of("<|im_end|>")}
    assert supervisor.stops
    plain = templates.CHATML.replace("<|im_end|>", "### end")
    assert not Supervisor(tokenizer, "chat", sequence_length=64, template=plain).stops


def test_many_rows_are_as_each_alone_and_in_their_order(tokenizer):
    refusing = (
        "{% if messages[0]['content'] == 'no' %}{{ raise_exception('No.') }}{% endif %}"
        + templates.CHATML
    )
    supervisor = Supervisor(tokenizer, "chat", sequence_length=64, template=refusing)
    said = [f"{n} 배고프다" if n % 7 else "no" for n in range(2 * BATCH + 3)]
    rows = [{"messages": [{"role": "user", "content": each}, ONE[1]]} for each in said]
    made = supervisor.numbered(rows)
    assert [number for number, _ in made] == [*range(len(rows))]
    problems = [each.problem for _, each in made]
    assert problems == ["template-refuses" if each == "no" else "" for each in said]
    for place in (0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 1, 2 * BATCH + 2):
        assert [made[place][1]] == supervisor.rows(rows[place : place + 1])
