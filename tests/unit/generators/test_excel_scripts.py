"""The scripts that come with the workbook, really run."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from chatbuilder.config import Config
from chatbuilder.design import design
from tests.unit.generators.excel_cases import EVERYTHING, HOSTILE, made_up, solution_for

# the scripts that come with it


def file_of(solution, path):
    return next(file for file in solution.files if file.path == path).data()


def test_the_export_script_saves_every_table(tmp_path):
    config = Config(**{**EVERYTHING, "options": HOSTILE})
    rows = made_up(design(config), 12, 30)
    solution = solution_for(config, rows)
    (tmp_path / "book.xlsx").write_bytes(solution.files[0].data())
    (tmp_path / "export.py").write_bytes(file_of(solution, "scripts/export_tables.py"))
    run = [sys.executable, str(tmp_path / "export.py"), str(tmp_path / "book.xlsx"), str(tmp_path / "out")]
    assert "Sessions: 30 rows" in subprocess.run(run, capture_output=True, text=True, check=True).stdout
    saved = json.loads((tmp_path / "out" / "Sessions.json").read_text("utf-8"))
    for row, wanted in zip(saved, rows["sessions"], strict=True):
        assert row["Title"] == wanted["title"]
        assert row["Started"] == (
            wanted["started"] and wanted["started"].replace("+00:00", "Z").replace("T00:00:00Z", "")
        )
        assert row["Value"] == wanted["value"]
        assert row["Tags"] == ("; ".join(wanted["tags"]) or None)
        assert not any(name.startswith("_") for name in row)
    lines = (tmp_path / "out" / "Sessions.csv").read_text("utf-8-sig")
    assert "\n=" not in lines
    assert {path.stem for path in (tmp_path / "out").glob("*.csv")} >= {
        "Sessions",
        "Topics",
        "Projects",
        "Prompts",
        "Rules",
    }


@pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell here")
def test_the_backup_script_keeps_the_newest(tmp_path):
    script = tmp_path / "backup.sh"
    solution = solution_for(Config(platform="excel", priorities=("search",), features=("exports",)))
    script.write_bytes(file_of(solution, "scripts/backup.sh"))
    book = tmp_path / "it's my [book] $x.xlsx"
    book.write_bytes(solution.files[0].data())
    folder = tmp_path / "safe place"
    folder.mkdir()
    mine = folder / "notes.xlsx"
    mine.write_text("mine")
    for n in range(12):
        (folder / f"{book.stem}-200{n // 10}010{n % 10}T000000Z.xlsx").write_text("old")
    done = subprocess.run(["sh", str(script), str(book), str(folder), "3"], capture_output=True, text=True, check=True)
    copies = sorted(path.name for path in folder.glob("*Z.xlsx"))
    assert len(copies) == 3
    assert done.stdout.strip() == str(folder / copies[-1])
    assert (folder / copies[-1]).read_bytes() == book.read_bytes()
    assert mine.read_text() == "mine"
    wrong = subprocess.run(
        ["sh", str(script), str(tmp_path / "none.xlsx")], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 3


NODE = shutil.which("node")
FAKE = """
const log = console.log; console.log = () => {};
const data = JSON.parse(require("fs").readFileSync(0, "utf8"));
const table = (t) => t && ({
  getHeaderRowRange: () => ({ getTexts: () => [t.names] }),
  getRangeBetweenHeaderAndTotal: () => ({
    getValues: () => t.rows.map((r) => [...r]),
    getCell: (r, c) => ({ setValue: (v) => { if (c < 0) throw new Error("no such column"); t.rows[r][c] = v; } }),
  }),
});
const result = main({ getTable: (name) => table(data[name]) });
log(JSON.stringify({ result, data }));
"""


def run_office_script(text, data):
    """Run an Office Script under node with tables that behave like Excel's."""
    basic = r"(?:string|number|boolean)"
    types = rf":\s*(?:ExcelScript\.Workbook|{basic}(?:\[\])?(?:\s*\|\s*{basic})*)(?=\s*[,)=])"
    code = re.sub(types, "", text) + FAKE
    done = subprocess.run([NODE, "-e", code], input=json.dumps(data), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="node is not installed here")
def test_office_scripts_do_what_they_say():
    config = Config(
        platform="excel", priorities=("automation", "organization"), features=("tags", "archive", "reminders")
    )
    solution = solution_for(config)
    names = [field.name for field in solution.blueprint.sessions.fields]

    def row(**values):
        named = {field.name: values.get(field.key, "") for field in solution.blueprint.sessions.fields}
        return [named[name] for name in names]

    today = (datetime.now(UTC).date() - date(1899, 12, 30)).days
    rows = [
        row(title="A python ERROR", auto_filed=False),
        row(title="python", topic="Mine", auto_filed=False),
        row(title="python", auto_filed=True),
        row(title="", first_prompt="python"),
        row(title="old", status="Completed", last_activity=today - 90.5),
        row(title="new", status="Completed", last_activity=today - 89),
        row(title="due", follow_up=today, status="Active", link="https://x"),
        row(title="done", follow_up=today, status="Completed"),
        row(title="later", follow_up=today + 1, status="Active"),
    ]
    rules = [["python", "Topic", "Coding"], ["error", "Tags", "=bug"], ["python", "Tags", "code"], ["", "Topic", "x"]]
    data = {"Sessions": {"names": names, "rows": rows}, "Rules": {"names": ["Word", "Field", "Value"], "rows": rules}}
    at = {name: n for n, name in enumerate(names)}

    filed = run_office_script(file_of(solution, "office-scripts/tagging.ts").decode(), data)
    found = filed["data"]["Sessions"]["rows"]
    assert filed["result"] == 2
    assert [found[0][at[n]] for n in ("Topic", "Tags", "Auto-filed")] == ["Coding", "'=bug; code", True]
    assert [found[1][at[n]] for n in ("Topic", "Tags", "Auto-filed")] == ["Mine", "code", True]
    assert found[2:] == rows[2:]
    again = run_office_script(file_of(solution, "office-scripts/tagging.ts").decode(), filed["data"])
    assert again["result"] == 0

    archived = run_office_script(file_of(solution, "office-scripts/auto-archive.ts").decode(), data)
    changed = [n for n, row_ in enumerate(archived["data"]["Sessions"]["rows"]) if row_ != rows[n]]
    assert changed == [4]
    assert [archived["data"]["Sessions"]["rows"][4][at[n]] for n in ("Status", "Archived on")] == ["Archived", today]

    due = run_office_script(file_of(solution, "office-scripts/follow-up.ts").decode(), data)
    assert due["result"] == "due https://x"
    assert due["data"] == data

    foreign = {**data, "Sessions": {"names": ["Name", "Sum"], "rows": [["a", 1]]}}
    code = file_of(solution, "office-scripts/tagging.ts").decode()
    with pytest.raises(AssertionError, match="has no column Title"):
        run_office_script(code, foreign)
