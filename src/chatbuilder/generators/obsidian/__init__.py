"""Obsidian: a vault that works with core plugins only.

One folder holds the whole system, so that it also fits into a vault of years. The plan writes exactly the files that
the export shows below `vault/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.data import data_files, dictionary_document
from chatbuilder.generators.common.text import md
from chatbuilder.generators.obsidian import bases, notes, pages, scripts, vault_settings
from chatbuilder.generators.obsidian.guide import guide
from chatbuilder.generators.obsidian.layout import Layout, lay_out, property_type, safe_page, stored
from chatbuilder.solution import Document, OutputFile, Plan, Solution, Step, json_text

_FOLDERS = ("Sessions", "Bases", "Templates")  # also when a design without samples leaves one empty
_SCRIPTED = ("automation", "archive", "reminders", "exports", "portability", "integration")


@dataclass(frozen=True, slots=True)
class _VaultFile:
    """A file of the vault; `path` is below the system's folder."""

    path: str
    text: str
    about: str


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the vault, its guide and the plan that builds it."""
    layout = lay_out(blueprint, config.options.topics)
    page, manual = guide(blueprint, layout)
    dictionary = _dictionary(blueprint)
    files = tuple(_vault(blueprint, layout, page, dictionary))
    merges = vault_settings.merges(blueprint, layout)
    settings = {f"{vault_settings.FOLDER}/{name}": json_text(values) for name, values in merges.items()}
    return Solution(
        platform="obsidian",
        blueprint=blueprint,
        guide=page,
        documents=(dictionary,),
        files=(
            *(OutputFile(f"vault/{layout.under(f.path)}", f.text, f.about) for f in files),
            *(OutputFile(f"vault/{path}", text, "Settings of the vault") for path, text in settings.items()),
            *data_files(blueprint),
            OutputFile("data-dictionary.md", dictionary.markdown, "Every field with its meaning"),
        ),
        plan=Plan(tuple(_steps(layout, files, merges))),
        manual=manual,
        notes={"folder": layout.root},
    )


def _dictionary(blueprint: Blueprint) -> Document:
    """Return the data dictionary, and under which names Obsidian shows the fields."""
    common = dictionary_document(blueprint)
    lines = ["", "## Property names", "", "Obsidian shows a field in a note under its property name:", ""]
    for table in blueprint.tables:
        lines += [f"### {md(table.name)}", "", "| Property | Field | Type |", "|---|---|---|"]
        lines += [f"| `{f.key}` | {md(f.name)} | {property_type(f)} |" for f in stored(table)] + [""]
    return Document(common.key, common.title, common.markdown + "\n".join(lines))


def _steps(layout: Layout, files: tuple[_VaultFile, ...], merges: dict[str, dict[str, object]]) -> Iterator[Step]:
    yield Step("folder:.", f"Folder {layout.root}", "folder", {"path": layout.root})
    folders = dict.fromkeys((*_FOLDERS, *(f.path.rpartition("/")[0] for f in files if "/" in f.path)))
    for name in folders:
        yield Step(f"folder:{name}", f"Folder {name}", "folder", {"path": layout.under(name)}, ("folder:.",))
    for file in files:
        parent = f"folder:{file.path.rpartition('/')[0] or '.'}"
        yield Step(
            f"file:{file.path}", file.path, "file", {"path": layout.under(file.path), "text": file.text}, (parent,)
        )
    folder = vault_settings.FOLDER
    yield Step("folder:.obsidian", "Folder for settings", "folder", {"path": folder})
    for name, values in merges.items():
        payload = {"path": f"{folder}/{name}", "format": "json", "values": values}
        yield Step(f"merge:{name}", f"Settings in {name}", "merge", payload, ("folder:.obsidian",))


def _vault(blueprint: Blueprint, layout: Layout, page: Document, dictionary: Document) -> Iterator[_VaultFile]:
    """Yield every file of the vault but its settings; links come after what they lead to."""
    for table in reversed(blueprint.tables):
        for row in layout.rows[table.key]:
            path = layout.note(table.key, str(row[table.title.key])).removeprefix(f"{layout.root}/")
            yield _VaultFile(f"{path}.md", notes.row_note(table, row, blueprint, layout), f"A {table.singular.lower()}")
    yield from _bases(blueprint, layout)
    templates = (*notes.session_templates(blueprint, layout), *notes.other_templates(blueprint, layout))
    for name, text in templates:
        yield _VaultFile(f"Templates/{name}.md", text, "Template for a new note")
    yield from _scripts(blueprint)
    yield _VaultFile("Guide.md", safe_page(page.markdown), "How it works")
    yield _VaultFile("Data dictionary.md", safe_page(dictionary.markdown), "Every property with its meaning")
    for name, text, about in pages.pages(blueprint, layout):
        yield _VaultFile(name, text, about)


def _bases(blueprint: Blueprint, layout: Layout) -> Iterator[_VaultFile]:
    for table in blueprint.tables:
        yield _VaultFile(
            f"Bases/{table.name}.base", bases.table_base(table, blueprint, layout), f"{table.name}: all views"
        )
    if blueprint.dashboard is not None:
        yield _VaultFile("Bases/Dashboard.base", bases.dashboard_base(blueprint, layout), "Figures and charts")
    if bases.related_views(blueprint):
        yield _VaultFile("Bases/Related.base", bases.related_base(blueprint, layout), "What links to a note")


def _scripts(blueprint: Blueprint) -> Iterator[_VaultFile]:
    if any(blueprint.wants(answer) for answer in _SCRIPTED):
        yield _VaultFile("Scripts/sessions.py", scripts.SESSIONS, "Rules, archive, due list, export")
    if blueprint.wants("exports"):
        yield _VaultFile("Scripts/backup.sh", scripts.BACKUP_SH, "Backup for Linux and macOS")
        yield _VaultFile("Scripts/backup.ps1", scripts.BACKUP_PS1, "Backup for Windows")
