"""From a design to Org files: a folder for each table, an index, views for the agenda, and the guide."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.generators.plugin import (
    TO_LIBRARY,
    Blueprint,
    Config,
    Document,
    GuideParts,
    OutputFile,
    Plan,
    Solution,
    Step,
    build_guide,
    data_files,
    dictionary_document,
    file_name,
    md,
    view_text,
)
from chatbuilder_org import syntax
from chatbuilder_org.agenda import agenda, commands
from chatbuilder_org.rows import OrgRows, stem


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the files, the guide, and the plan that puts exactly these files into a folder."""
    rows, dictionary, guide = OrgRows(blueprint), dictionary_document(blueprint), _guide(blueprint)
    files = dict(_files(blueprint, rows, guide))
    return Solution(
        platform=blueprint.platform,
        blueprint=blueprint,
        guide=guide,
        documents=(dictionary,),
        files=(
            *(OutputFile(f"org/{path}", text) for path, text in files.items()),
            *data_files(blueprint),
            OutputFile("data-dictionary.md", dictionary.markdown, "Every field with its meaning"),
        ),
        plan=Plan(tuple(_steps(blueprint, rows, files))),
    )


def _steps(blueprint: Blueprint, rows: OrgRows, files: dict[str, str]) -> Iterator[Step]:
    yield Step("folder:.", f"Folder {rows.root}", "folder", {"path": rows.root})
    for table in blueprint.tables:
        folder = {"path": rows.folder_of(table)}
        yield Step(f"folder:{table.key}", f"Folder {table.name}", "folder", folder, ("folder:.",))
    for path, text in files.items():
        name = path.removeprefix(f"{rows.root}/")  # keys stay when the system gets another name
        yield Step(f"file:{name}", name, "file", {"path": path, "text": text}, ("folder:.",))


def _files(blueprint: Blueprint, rows: OrgRows, guide: Document) -> Iterator[tuple[str, str]]:
    samples = [(table, sample) for table in blueprint.tables for sample in table.samples]
    linked = {(table.key, str(s[table.title.key])): rows.place(table, str(s[table.title.key])) for table, s in samples}
    for table, sample in samples:
        yield f"{rows.folder_of(table)}/{stem(str(sample[table.title.key]))}.org", rows.entry(table, sample, linked)
    yield f"{rows.root}/agenda.el", agenda(blueprint, file_name(blueprint.sessions.name))
    yield f"{rows.root}/index.org", _index(blueprint)
    yield f"{rows.root}/Guide.md", guide.markdown


def _index(blueprint: Blueprint) -> str:
    lines = [f"#+title: {syntax.words(blueprint.name)}", "", "* Tables"]
    for table in blueprint.tables:
        lines += [f"- {syntax.link(file_name(table.name), table.name)} :: {syntax.words(table.about)}"]
    lines += ["", "* Views", "~M-x org-agenda~, then ~c~ and the letter, once agenda.el is loaded."]
    lines += [f"- {syntax.words(view.name)} :: {syntax.words(view.about)}" for view, _ in commands(blueprint)]
    lines += [line for template in blueprint.templates for line in (
        f"* Template: {syntax.words(template.name)}", syntax.words(template.about),
        *(f"** {syntax.words(head)}\n{syntax.words(prompt)}" for head, prompt in template.headings),
    )]  # fmt: skip
    return "\n".join(lines) + "\n"


def _guide(blueprint: Blueprint) -> Document:
    said = {view.key for view, _ in commands(blueprint)}
    by_hand = (
        "Not in agenda.el: Org's match syntax cannot say it. Search with `M-x org-ql-search`, or make a sparse tree."
    )
    parts = GuideParts(
        result=f"One .org file for each session below **{md(file_name(blueprint.name))}/**, and agenda views.",
        setup=(
            "Let chatbuilder do it: Auto-setup, or `chatbuilder apply --answers FILE`, with your org folder as target. "
            "By hand instead: copy what is in `org/` there.",
            "Put `(load \"…/agenda.el\")` into your init file, with the full path of that file, and restart Emacs.",
            "Open **index.org** and start there.",
        ),
        views="Each view is an agenda command: `M-x org-agenda`, `c`, then its letter. Boards and calendars are lists.",
        view_notes={view.key: by_hand for view in blueprint.views if view.key not in said},
        answers={
            "automation": "`chatbuilder sync` files each new chat by the rules below.",
            "search": "`M-x rgrep` finds every word; FIRST_PROMPT and KEYWORDS hold the ones you remember.",
            "portability": "Everything is plain text; `templates/` has CSV and JSON to take it elsewhere.",
            "tags": "Tags stand behind the headline: `C-c C-q` sets them, the agenda filters by them.",
            "reminders": "Write the day into FOLLOW_UP (`C-c C-x p`). `C-c C-s` puts it into that day's agenda.",
            "exports": "The folder is the backup: copy it, or keep it in Git.",
            "archive": "`C-c C-t` and ARCHIVED; the other views leave it out.",
        },
        team="Share the folder by Git; the later save wins where two people change one file." if blueprint.team.size
        != "solo" else "",
        sync=f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes a file for each chat, found again by SOURCE_ID "
        "wherever you moved it, and keeps its properties up to date; what you changed stays as you made it.",
        limits=("Times are UTC. Figures, charts and formulas are not computed.",
                *(f"{md(view.name)}: {md(view_text(view, blueprint))}" for view in blueprint.views
                  if view.group_by and view.key in said)),
    )  # fmt: skip
    return build_guide(blueprint, parts)
