"""Recipes for other tools, leaving Notion, importing by hand, and the order of the requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Table
from chatbuilder.generators.common.data import csv_text, stored_fields
from chatbuilder.generators.common.text import md, slug
from chatbuilder.generators.notion.formulas import expression
from chatbuilder.generators.notion.manual import view_recipe
from chatbuilder.generators.notion.queries import notion_type
from chatbuilder.generators.notion.rich import plain_text
from chatbuilder.generators.notion.scripts import VERSION
from chatbuilder.solution import Document, OutputFile, Plan, Step, json_text

_TYPE_NAMES = {
    "title": "Title", "rich_text": "Text", "url": "URL", "number": "Number", "date": "Date", "checkbox": "Checkbox",
    "select": "Select", "multi_select": "Multi-select", "people": "Person", "relation": "Relation",
    "rollup": "Rollup", "formula": "Formula",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequestJson:
    """The bytes of one request's file, made when somebody wants them."""

    step: Step

    def __call__(self) -> bytes:
        """Return method, path and body as JSON, without the notes for delivery."""
        keys = ("method", "path", "params", "query", "body")
        return json_text({key: self.step.payload[key] for key in keys if key in self.step.payload}).encode()


def more_documents(blueprint: Blueprint, plan: Plan) -> Iterator[Document]:
    """Return the pages that these answers ask for, beside the guide and the data dictionary."""
    yield Document("requests", "Requests in order", order_text(plan))
    yield Document("by-hand", "Building it by hand", by_hand_text(blueprint, plan))
    if blueprint.wants("integration"):
        yield Document("integration", "Connecting other tools", integration_text())
    if blueprint.wants("portability"):
        yield Document("portability", "Leaving with everything", portability_text(blueprint))


def step_files(plan: Plan) -> Iterator[OutputFile]:
    """Return each request as a JSON file, numbered in the order of delivery."""
    width = max(2, len(str(len(plan.steps))))
    for number, step in enumerate(plan, 1):
        yield OutputFile(f"notion/{number:0{width}d}-{slug(step.key)}.json", RequestJson(step), step.title)


def csv_files(blueprint: Blueprint) -> Iterator[OutputFile]:
    """Return a CSV for each table in the words of Notion's import: entries joined by commas, Yes and No."""
    for table in blueprint.tables:
        fields = stored_fields(table)
        rows: list[list[object]] = [[field.name for field in fields]]
        rows += [[_cell(row.get(field.key)) for field in fields] for row in table.samples]
        yield OutputFile(
            f"notion/import/{slug(table.name)}.csv", csv_text(rows), f"{table.name} for Notion's CSV import"
        )


def _cell(value: Any) -> object:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ", ".join(str(item) for item in value) if isinstance(value, (tuple, list)) else value


def order_text(plan: Plan) -> str:
    """Return the list of requests with what each one waits for."""
    numbers = {step.key: number for number, step in enumerate(plan, 1)}
    lines = [
        "# Requests in order", "",
        "Every request that builds the system. They go to `https://api.notion.com` with the header",
        f"`Notion-Version: {VERSION}`.",
        'An object `{"$ref": "step", "path": "id"}` stands for that value in the answer to an earlier request, and so',
        "does a key such as `$ref:step#path`. `{name}` in a path stands for `params`. The reference to `target` is a",
        "mark of your system, twelve letters and digits of your choice, by which its parts are found again.",
        "`chatbuilder apply` sends exactly these.", "",
        "To send one by hand, put real ids in place of the references, save what is below `body` as body.json, and:",
        "",
        *_curl("POST", "/v1/databases", "@body.json"), "",
        "| Nr | Request | Makes | Waits for |", "|---|---|---|---|",
    ]  # fmt: skip
    for step in plan:
        waits = ", ".join(str(numbers[key]) for key in step.depends_on) or "nothing"
        may_fail = " (may be refused)" if "optional" in step.payload else ""
        call = f"{step.payload['method']} {step.payload['path']}"
        lines.append(f"| {numbers[step.key]} | `{call}` | {md(step.title)}{may_fail} | {waits} |")
    return "\n".join(lines) + "\n"


def _curl(method: str, path: str, body: str) -> list[str]:
    return [
        "```sh",
        f'curl -X {method} "https://api.notion.com{path}" \\',
        '  -H "Authorization: Bearer $NOTION_TOKEN" \\',
        f'  -H "Notion-Version: {VERSION}" \\',
        '  -H "Content-Type: application/json" \\',
        f"  --data '{body}'",
        "```",
    ]


def by_hand_text(bp: Blueprint, plan: Plan) -> str:
    """Return how to build the system today, without the API: import, property types, views, pages."""
    lines = [
        "# Building it by hand", "", "This works today and needs no token. Plan an hour, and keep the names.", "",
        "## 1. Import the tables", "",
        f"1. In Notion make a page called **{md(bp.name)}**.",
    ]  # fmt: skip
    for number, table in enumerate(bp.tables, 2):
        path = f"notion/import/{slug(table.name)}.csv"
        lines.append(f"{number}. On it type `/import`, choose CSV, then `{path}`; name it **{md(table.name)}**.")
    lines += [
        "",
        "## 2. Give the properties their types",
        "",
        "Click a property's name, then Edit property, then Type.",
        "",
    ]
    for table in bp.tables:
        lines += [f"### {md(table.name)}", "", *(f"- {_field_line(field, table, bp)}" for field in table.fields), ""]
    lines += [
        "## 3. Add the views",
        "",
        "Click + beside the views above a table, choose the kind, and set:",
        "",
        view_recipe(bp),
        *_page_lines(plan),
    ]
    return "\n".join(lines).rstrip() + "\n"


_MARKS = {"heading_2": "**{}**", "bulleted_list_item": "- {}", "numbered_list_item": "1. {}", "paragraph": "{}"}


def _page_lines(plan: Plan) -> Iterator[str]:
    """Yield the pages beside the databases with their text."""
    found = [step.payload for step in plan if step.payload["makes"] == "page" and step.key != "home"]
    if found:
        yield from ("", "## 4. Add the pages", "", "On the home page, or below Templates:")
    for payload in found:
        body = payload["body"]
        yield from ("", f"### {md(plain_text(body['properties']['title']['title']))}")
        for item in body["children"]:
            if not item["type"].endswith("list_item"):
                yield ""
            yield _MARKS[item["type"]].format(md(plain_text(item[item["type"]]["rich_text"])))


def _field_line(field: Field, table: Table, bp: Blueprint) -> str:
    text = f"**{md(field.name)}**: {_TYPE_NAMES[notion_type(field)]}"
    if field.formula:
        return f"{text} `{expression(field.formula, table)}`"
    if field.options:
        return f"{text} with {', '.join(md(name) for name in field.option_names())}"
    if field.relation:
        far = f", shown there as {md(field.relation.reverse)}" if field.relation.reverse else ""
        return f"{text} to {md(bp.table(field.relation.table).name)}{far}; link the rows by hand"
    if field.rollup:
        far_table = bp.table(field.rollup.table)
        of = far_table.field(field.rollup.field) if field.rollup.field else far_table.title
        return f"{text} of {md(of.name)} in {md(far_table.name)}: {field.rollup.function}"
    return text


def integration_text() -> str:
    """Return recipes that call the real API, and how to run something every day."""
    page = (
        '{"parent": {"type": "data_source_id", "data_source_id": "DATA_SOURCE_ID"}, "properties": {'
        '"Title": {"title": [{"text": {"content": "From the command line"}}]}, '
        '"Status": {"select": {"name": "Active"}}, "Source ID": {"rich_text": [{"text": {"content": "mine:1"}}]}}}'
    )
    query = '{"filter": {"property": "Source ID", "rich_text": {"equals": "mine:1"}}}'
    url = "https://api.notion.com/v1/pages"
    headers = f"`Authorization: Bearer <your token>`, `Notion-Version: {VERSION}`, `Content-Type: application/json`"
    lines = [
        "# Connecting other tools", "",
        "DATA_SOURCE_ID: open Chat Sessions, click the settings icon, Manage data sources, the three dots, then",
        "Copy data source ID.",
        "Ask for a Source ID before you add a row: it is the key, and Notion adds a second row without a word.", "",
        "## curl", "", "Is it there already?", "", *_curl("POST", "/v1/data_sources/DATA_SOURCE_ID/query", query), "",
        "Add a session:", "", *_curl("POST", "/v1/pages", page), "",
        "## n8n", "",
        f"1. Add a Webhook node, then an HTTP Request node: POST `{url}`.",
        f"2. Send headers: {headers}. Keep the token in a Header Auth credential.",
        "3. Body: JSON, the object from the second curl call, with `{{ $json.body.title }}` for the title.", "",
        "## Make", "",
        f"1. Start with Webhooks > Custom webhook, then HTTP > Make a request: POST `{url}`.",
        f"2. Headers: {headers}. Body type Raw, content type JSON, the same object with mapped values.", "",
        "## Zapier", "",
        f"1. Trigger: what you like. Action: Webhooks by Zapier > Custom Request, POST `{url}`.",
        f"2. Headers: {headers}. Data: the same object.", "",
        "## On a schedule", "",
        "`chatbuilder import` and `chatbuilder sync` bring new chats in. Save both as `sync.sh`, with the folder that",
        "your exports are in and the name that `chatbuilder systems` tells:", "",
        "```sh", "chatbuilder import ~/Downloads/exports && chatbuilder sync SYSTEM", "```", "",
        "- cron (`crontab -e`): `0 7 * * * /path/to/sync.sh`",
        "- systemd: a unit with `ExecStart=/path/to/sync.sh`, a timer with `OnCalendar=daily`, then "
        "`systemctl --user enable --now add.timer`",
        "- launchd: a plist in `~/Library/LaunchAgents` with `StartCalendarInterval` and `ProgramArguments`, then "
        "`launchctl bootstrap gui/$(id -u) FILE`",
        "- Task Scheduler: `schtasks /Create /SC DAILY /ST 07:00 /TN chats /TR C:\\path\\to\\sync.cmd`", "",
        "Keep the token out of these files: read it from a file that only you may read, or from your keyring.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def portability_text(bp: Blueprint) -> str:
    """Return how to leave Notion with everything, and how to come back."""
    tables = "\n".join(f"- {md(table.name)}: {_key_words(table)}" for table in bp.tables)
    live = "run `scripts/backup.py`" if bp.wants("exports") else "page through `POST /v1/data_sources/{id}/query`"
    lines = [
        "# Leaving with everything", "",
        "## Out", "",
        "1. By hand: open the home page, click the three dots, Export, Markdown & CSV, Include subpages.",
        f"2. With ids and types: {live}; each row comes with all its properties as JSON.",
        "3. `data-dictionary.csv` says what each column means; `blueprint.json` is the design for programs.", "",
        "## Keys", "", tables, "",
        "## Back in, or into another tool", "",
        "1. `templates/*.csv` and `templates/*.json` have the exact columns. Fill them from your export, key first.",
        "2. In Notion: three dots of the database, Merge with CSV. It adds rows and never updates.",
        "3. `chatbuilder import` reads the original chat exports again; `chatbuilder sync SYSTEM` writes them into a "
        "system on another platform that it serves.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _key_words(table: Table) -> str:
    if not table.has("source_id"):
        return f"{md(table.title.name)}; Notion does not check it, so use each name once"
    other = f"; {md(table.field('external_id').name)} is the id at its source" if table.has("external_id") else ""
    return f"{md(table.field('source_id').name)}, never edited{other}"


def notes() -> Mapping[str, str]:
    """Return what delivery needs to know beside the plan."""
    return {"Notion-Version": VERSION, "base_url": "https://api.notion.com"}
