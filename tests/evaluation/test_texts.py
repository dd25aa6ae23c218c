import unicodedata

import pytest

pytest.importorskip("sacrebleu", reason="needs_train: the extra `train` is not installed")

from finetune_studio.evaluation.texts import Words, scores

ANSWER = "나는 오늘 학교에 갔어요."


def test_the_same_answer_is_perfect():
    assert scores(ANSWER, ANSWER) == {"chrf": 100.0, "rouge_l": 1.0, "exact_match": 1.0}


def test_jamo_of_a_mac_and_blanks_change_nothing():
    other = unicodedata.normalize("NFD", f"  {ANSWER}\n".replace(" ", "  "))
    assert scores(other, ANSWER) == {"chrf": 100.0, "rouge_l": 1.0, "exact_match": 1.0}


@pytest.mark.parametrize("answer", ["", "   ", "!!!"])
def test_nothing_said_scores_nothing(answer):
    assert scores(answer, ANSWER) == {"chrf": 0.0, "rouge_l": 0.0, "exact_match": 0.0}


def test_an_answer_that_differs_in_a_particle_is_near():
    near, far = scores("나는 오늘 학교로 갔어요.", ANSWER), scores("배가 고파요.", ANSWER)
    assert near["rouge_l"] == pytest.approx(2 * 9 / 20)  # nine of ten syllables each
    assert near["rouge_l"] > 0.8 > far["rouge_l"]
    assert near["chrf"] > far["chrf"]


def test_rouge_scores_own_splitter_would_see_nothing_korean():
    from rouge_score.rouge_scorer import RougeScorer

    assert RougeScorer(["rougeL"]).score(ANSWER, ANSWER)["rougeL"].fmeasure == 0
    assert scores(ANSWER, ANSWER)["rouge_l"] == 1


def test_hangul_is_split_by_syllables_and_other_words_are_whole():
    words = ["gpt", "4", "는", "빨", "라", "요", "日", "本", "naïve"]
    assert Words().tokenize("GPT-4는 빨라요! 日本 naïve_") == words


def test_english_is_compared_word_by_word():
    assert scores("the cat sat", "The cat lay")["rouge_l"] == pytest.approx(2 / 3)
