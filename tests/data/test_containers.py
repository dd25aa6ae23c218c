"""Archives, workbooks and Hub datasets give the same rows as plain files do."""

import json
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from finetune_studio import paths
from finetune_studio.data import hub, hub_line
from finetune_studio.data.containers import anywhere
from finetune_studio.data.sources import first_rows, open_rows
from finetune_studio.errors import RefusedError, StudioError
from finetune_studio.recipe import store

ROWS = [{"질문": f"{n}번 질문", "답변": f"{n}번 답변"} for n in range(5)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)


def rows_of(*files):
    return open_rows([str(file) for file in files]).dataset.to_list()


@pytest.mark.parametrize("ending", ["zst", "zstd"])
def test_zstd(tmp_path, ending):
    path = tmp_path / f"a.jsonl.{ending}"
    path.write_bytes(pa.Codec("zstd").compress(LINES.encode(), asbytes=True))
    assert rows_of(path) == ROWS
    assert first_rows([str(path)], 2) == ROWS[:2]


def test_a_zip_of_folders_is_unpacked_once_under_safe_names(tmp_path):
    path = tmp_path / "자료.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("가/a.jsonl", LINES)
        archive.writestr("가/나/b.csv", "질문,답변\n하나,둘\n")
        archive.writestr("가/.hidden.jsonl", "broken")
        archive.writestr("가/그림.png", b"\x89PNG")
    expected = [*ROWS, {"질문": "하나", "답변": "둘"}]
    assert rows_of(path) == expected
    before = sorted(str(each) for each in paths.cache().rglob("*"))
    assert rows_of(path) == expected
    assert sorted(str(each) for each in paths.cache().rglob("*")) == before
    opened = open_rows([str(path)])
    assert [file.rpartition("/")[2] for file in opened.files] == ["a.jsonl", "b.csv"]
    assert all(str(paths.cache()) in file for file in opened.files)


def test_a_folder_with_a_zip_in_it(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINES, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("c.jsonl", LINES)
    assert rows_of(tmp_path) == ROWS * 2


def test_names_in_cp949_inside_a_zip(tmp_path):
    path = tmp_path / "a.zip"
    info = zipfile.ZipInfo("xxxx.jsonl")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, LINES)
    raw = path.read_bytes().replace(b"xxxx", "한글".encode("cp949"))
    path.write_bytes(raw)
    assert open_rows([str(path)]).files[0].endswith("한글.jsonl")


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "상담.xlsx"
    made = openpyxl.Workbook()
    made.active.title = "1월"
    made.active.append(["질문", "답변"])
    for row in ROWS:
        made.active.append(list(row.values()))
    other = made.create_sheet("2월/3월".replace("/", "·"))
    other.append(["질문", "답변"])
    other.append(["다른 질문", "=1+1"])
    made.save(path)
    return path


def test_a_sheet_is_named_after_the_book(book):
    assert rows_of(f"{book}#1월") == ROWS
    with pytest.raises(RefusedError, match=r"several filled.*상담\.xlsx#1월"):
        rows_of(book)
    with pytest.raises(RefusedError, match=r"no sheet “4월”.*1월, 2월·3월"):
        rows_of(f"{book}#4월")


def test_a_book_of_one_sheet_needs_no_name(book):
    made = openpyxl.load_workbook(book)
    del made["2월·3월"]
    made.create_sheet("빈 시트")
    made.save(book)
    assert rows_of(book) == ROWS
    assert first_rows([str(book)], 1) == ROWS[:1]


@pytest.mark.parametrize("above", [["2024년 상담 기록"], [None, "작성: 김민수"]])
def test_a_title_above_the_columns_is_no_row(tmp_path, above):
    path = tmp_path / "제목.xlsx"
    made = openpyxl.Workbook()
    for row in (["월간 보고"], [], above, ["질문", "답변"], *(list(row.values()) for row in ROWS)):
        made.active.append(row)
    made.save(path)
    assert rows_of(path) == ROWS


@pytest.mark.parametrize(("name", "last"), [("이름 없는 것", "나"), ("리뷰", "답변")])
def test_one_cell_that_is_no_title_is_a_column(tmp_path, name, last):
    path = tmp_path / "하나.xlsx"
    made = openpyxl.Workbook()
    for row in ([name], ["가"], [last, "비고"]):
        made.active.append(row)
    made.save(path)
    assert rows_of(path) == [{name: "가", "column 2": None}, {name: last, "column 2": "비고"}]


def test_a_file_that_has_the_mark_in_its_name(tmp_path):
    path = tmp_path / "a.xlsx#1.jsonl"
    path.write_text(LINES, encoding="utf-8")
    assert rows_of(path) == ROWS


@pytest.fixture
def repository(tmp_path):
    """A folder laid out as a dataset repository, with two configurations and named labels."""
    folder = tmp_path / "리뷰 data"
    for name in ("ko", "en"):
        (folder / name).mkdir(parents=True)
        for split in ("train", "test"):
            table = pa.table(
                {"text": [f"{name} {split} {n}" for n in range(4)], "label": [0, 1, 1, -1]}
            )
            pq.write_table(table, folder / name / f"{split}.parquet")
    features = "".join(
        f"- config_name: {name}\n  features:\n  - name: text\n    dtype: string\n  - name: label\n"
        "    dtype:\n      class_label:\n        names:\n          '0': 부정\n          '1': 긍정\n"
        for name in ("ko", "en")
    )
    files = "".join(
        f"- config_name: {name}\n  data_files:\n  - split: train\n    path: {name}/train.parquet\n"
        f"  - split: test\n    path: {name}/test.parquet\n"
        for name in ("ko", "en")
    )
    (folder / "README.md").write_text(
        f"---\nconfigs:\n{files}dataset_info:\n{features}---\n", encoding="utf-8"
    )
    return folder


def test_a_dataset_of_the_hubs_layout(repository, monkeypatch, tmp_path):
    made = hub.load(str(repository), "ko", "test")
    assert rows_of(made) == [
        {"text": "ko test 0", "label": "부정"},
        {"text": "ko test 1", "label": "긍정"},
        {"text": "ko test 2", "label": "긍정"},
        {"text": "ko test 3", "label": None},
    ]
    assert hub.load(str(repository), "ko", "test") == made
    assert rows_of(hub.load(str(repository), "en", None))[0]["text"] == "en train 0"


def test_what_is_open_about_a_dataset_is_asked(repository):
    with pytest.raises(RefusedError, match=r"several configurations.*ko"):
        hub.load(str(repository), None, None)
    with pytest.raises(RefusedError, match=r"no configuration “fr”"):
        hub.load(str(repository), "fr", None)
    with pytest.raises(RefusedError, match=r"no split “dev”.*train, test"):
        hub.load(str(repository), "ko", "dev")


def test_code_of_a_repository_is_not_run(tmp_path):
    folder = tmp_path / "script"
    folder.mkdir()
    (folder / "script.py").write_text("raise SystemExit('ran')\n", encoding="utf-8")
    with pytest.raises(RefusedError):
        hub.load(str(folder), None, None)


@pytest.mark.parametrize("name", ["hub:", "hub:../../etc", "hub:a/b/c", "hub:a b"])
def test_what_names_no_dataset_is_refused(name):
    with pytest.raises(RefusedError, match="names no dataset"):
        open_rows([name])


def test_a_folder_of_the_same_name_is_not_taken_for_it(tmp_path, monkeypatch):
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError, match="also a folder here"):
        open_rows(["hub:owner/name"])


def test_without_a_connection_it_is_said(monkeypatch):
    monkeypatch.setattr(hub, "switched_off", lambda: False)
    monkeypatch.setattr(hub_line, "answers", lambda: False)
    with pytest.raises(StudioError, match=r"Hub cannot be reached.*owner/name"):
        open_rows(["hub:owner/name"])


def test_a_recipe_keeps_sheets_and_datasets(book, tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        "version: 1\ndata:\n  files: ['상담.xlsx#1월', 'hub:owner/name:ko', 'no.csv']\n",
        encoding="utf-8",
    )
    files = store.load(tmp_path / "recipe.yaml").data.files
    assert files == (f"{book.resolve()}#1월", "hub:owner/name:ko", "no.csv")
    assert [anywhere(name) for name in files[:2]] == list(files[:2])
