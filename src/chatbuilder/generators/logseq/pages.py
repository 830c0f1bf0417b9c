"""The pages of the graph, as step key, what it is for, title and text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from chatbuilder.blueprint import Blueprint, Dashboard, Field, Table, Template, View
from chatbuilder.filters import And, Cmp, Today
from chatbuilder.generators.common.data import OWNER_NAMES, stored_fields, type_text
from chatbuilder.generators.common.words import view_text
from chatbuilder.generators.logseq import markup, results
from chatbuilder.generators.logseq.markup import Block, block, link
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import Clauses, edn_text, fits, of_kind, prop, simple
from chatbuilder.generators.logseq.rules import rules_blocks

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Linked = Callable[[str, str], str]
_DONE = ("Completed", "Archived", "Done", "Dropped")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `key` is the key of its step, `about` says what it is in a few words."""

    key: str
    title: str
    about: str
    text: str


def graph_pages(bp: Blueprint, titles: Titles) -> Iterator[Page]:
    """Yield every page but the guide, in a fixed order: home first, then views, then entries."""
    yield _home(bp, titles)
    yield _fields(bp, titles)
    yield _templates(bp, titles)
    if _has_rules(bp):
        yield _rules(bp, titles)
    if bp.team.access_levels:
        yield _governance(bp, titles)
    for view in bp.views:
        yield _view(view, bp, titles)
    for table in bp.tables:
        for row in table.samples:
            yield entry_page(table, row, bp, titles)


# home


def _home(bp: Blueprint, titles: Titles) -> Page:
    blocks = [block(f"## {markup.escape(bp.name)}"), *_figures(bp.dashboard, bp, titles)]
    views = [block(f"{link(titles.view(view))}: {markup.escape(view.about)}") for view in bp.views]
    blocks.append(block("## Views", *views))
    if not any(view.key == "archive" for view in bp.views):
        blocks += _ready_to_archive(bp, titles)
    more = [
        block(f"{link(titles.page('Guide'))}: how to use all this"),
        block(f"{link(titles.page('Fields'))}: what each property means, and the choices"),
        block(f"{link(titles.page('Templates'))}: starting points for new pages"),
    ]
    more += [block(f"{link(titles.page('Rules'))}: words that file a session")] if _has_rules(bp) else []
    more += (
        [block(f"{link(titles.page('Governance'))}: who may read what, and for how long")]
        if bp.team.access_levels
        else []
    )
    blocks.append(block("## More", *more))
    return Page("home", titles.root, "Home page", markup.page(titles.root, {}, blocks))


def _has_rules(bp: Blueprint) -> bool:
    return any(item.rules for item in bp.automations)


def _figures(dashboard: Dashboard | None, bp: Blueprint, titles: Titles) -> Iterator[Block]:
    if dashboard is None:
        return
    figures = [results.figure_block(f, bp.table(f.table), titles) for f in dashboard.figures]
    yield block("## Figures", *figures)
    if dashboard.charts:
        yield block("## Charts", *(results.chart_block(c, bp.table(c.table), titles) for c in dashboard.charts))


# views


def _view(view: View, bp: Blueprint, titles: Titles) -> Page:
    table = bp.table(view.table)
    title = titles.view(view)
    about = block(f"{markup.block_text(view.about)} {markup.escape(view_text(view, bp))}")
    blocks = [about, results.view_block(view, table, titles), *_beside(view, table, bp, titles)]
    return Page(f"view:{view.key}", title, f"View {view.name}", markup.page(title, {}, blocks))


def _beside(view: View, table: Table, bp: Blueprint, titles: Titles) -> Iterator[Block]:
    """What a view's page shows below its rows."""
    if view.key == "find":
        yield block("Search in whole pages: put your word in place of “index” in the next block.")
        yield _word_search(table, titles)
    if view.key == "archive":
        yield from _ready_to_archive(bp, titles)
    if view.key == f"all_{table.key}":
        for source in bp.tables:
            items = [item for item in table.fields if item.rollup and item.rollup.table == source.key]
            if items:
                yield results.rollup_block(table, source, items, titles)


def _word_search(table: Table, titles: Titles) -> Block:
    """Any word, in any block of a session's page, its properties included."""
    lines = [
        '#+BEGIN_QUERY\n{:title "Pages with this word"',
        " :query [:find (pull ?p [*])",
        "  :in $ ?word %",
        "  :where",
        f"  {of_kind(table, titles)}",
        "  [?block :block/page ?p]",
        "  [?block :block/content ?text]",
        '  [(str "(?i)" ?word) ?any-case]',
        "  [(re-pattern ?any-case) ?pattern]",
        "  [(re-find ?pattern ?text)]]",
        ' :inputs ["index" []]}\n#+END_QUERY',
    ]
    return Block("\n".join(lines), (), (("query-properties", "[:page :status :last-activity]"),))


def _ready_to_archive(bp: Blueprint, titles: Titles) -> Iterator[Block]:
    for item in bp.automations:
        if item.kind == "archive":
            quiet = And((Cmp("status", "eq", "Completed"), Cmp("last_activity", "le", Today(-item.days))))
            table = bp.sessions
            clauses = Clauses(table, titles)
            where = [of_kind(table, titles), *clauses.of(quiet)]
            text = results.datalog("Ready to archive", where, clauses)
            yield block(f"Completed, and quiet for {item.days} days: set status to Archived and archived-on to today.")
            yield Block(text, (), (("query-properties", "[:page :status :last-activity]"),))


# entries


def entry_page(table: Table, row: Mapping[str, Any], bp: Blueprint, titles: Titles) -> Page:
    """Return the page of one row of the design's own."""
    name = str(row[table.title.key])
    title = titles.entry(table, name)
    text = entry_text(table, row, title, bp, titles, titles.linked)
    return Page(f"entry:{table.key}:{title}", title, f"{table.singular} {name}", text)


def entry_text(
    table: Table, row: Mapping[str, Any], title: str, bp: Blueprint, titles: Titles, linked: Linked
) -> str:  # fmt: skip
    """Return the text of the page of a row, under this title; `linked` are the titles that relations point to."""
    blocks = [*_task(table, row), *_long(table, row), *_linked_here(table, title, bp, titles)]
    properties = _properties(table, row, title, titles.kind(table), linked)
    return markup.page(title, properties, blocks or [block("")])


def full_title(title: str, name: str) -> str:
    """Return the value of `full-title` for a page that could not be called as its row is, "" when it is."""
    return "" if title.endswith(f"/{name}") else markup.text_value(name)


def field_value(item: Field, value: Any, linked: Linked) -> str:
    """Return what stands behind a field's property, "" for nothing."""
    if value is None or value in ("", ()):
        return ""
    return markup.property_value(item, value, [linked(item.relation.table, one) for one in value]
                                 if item.relation else ())  # fmt: skip


def _properties(table: Table, row: Mapping[str, Any], title: str, kind: str, linked: Linked) -> dict[str, str]:
    """Return the properties of a row's page, without those that are empty."""
    found = {"type": kind, "full-title": full_title(title, str(row[table.title.key]))}
    found |= {prop(item): field_value(item, row.get(item.key), linked) for item in stored_fields(table)[1:]}
    return {key: value for key, value in found.items() if value}


def _task(table: Table, row: Mapping[str, Any]) -> Iterator[Block]:
    """A follow-up is a task with a date: Logseq shows it in the journal when the day comes near."""
    if not table.has("follow_up") or not row.get("follow_up"):
        return
    day = date.fromisoformat(row["follow_up"])
    marker = "DONE" if row.get("status") in _DONE else "TODO"
    why = f": {markup.escape(str(row['reminder']))}" if row.get("reminder") else ""
    yield block(f"{marker} Follow up{why}\nSCHEDULED: <{day.isoformat()} {_WEEKDAYS[day.weekday()]}>")


def _long(table: Table, row: Mapping[str, Any]) -> Iterator[Block]:
    """Text that is too long for a property, in full."""
    for item in table.fields:
        value = row.get(item.key)
        if value and markup.is_cut(item, value):
            yield block(f"## {markup.escape(item.name)}", *markup.long_blocks(str(value)))


def _linked_here(table: Table, title: str, bp: Blueprint, titles: Titles) -> Iterator[Block]:
    """Rows of other tables that point to this page; sessions have Logseq's own Linked References for that."""
    for source in bp.tables if table.key != "sessions" else ():
        for item in source.fields:
            if item.relation and item.relation.table == table.key:
                shown = "[:page :status :last-activity]" if source.key == "sessions" else "[:page]"
                here = f"(and (page-property type {edn_text(titles.kind(source))}) (page-property {prop(item)} {{}}))"
                yield block(f"{source.name} with this {markup.escape(item.name.lower())}:")
                yield _pointing(here, title, source, item, titles, shown)


def _pointing(here: str, title: str, source: Table, item: Field, titles: Titles, shown: str) -> Block:
    if fits(title) and simple(None, source, titles):
        return Block(f"{{{{query {here.format(link(title))}}}}}", (), (("query-properties", shown),))
    where = [of_kind(source, titles), f"(page-property ?p :{prop(item)} {edn_text(title)})"]
    text = results.datalog(source.name, where, Clauses(source, titles))
    return Block(text, (), (("query-properties", shown),))


# fields, templates, rules, governance


def _fields(bp: Blueprint, titles: Titles) -> Page:
    title = titles.page("Fields")
    blocks = [_table_fields(table, bp, titles) for table in bp.tables]
    return Page("fields", title, "What each property means", markup.page(title, {}, blocks))


def _table_fields(table: Table, bp: Blueprint, titles: Titles) -> Block:
    head = block(f"Every page of it has the property `type` with the value `{titles.kind(table)}`.")
    return block(f"## {markup.escape(table.name)}", head, *(_field(item, bp, titles) for item in table.fields))


def _field(item: Field, bp: Blueprint, titles: Titles) -> Block:
    if item.type == "title":
        where = "the title of the page; in full in `full-title` when a page may not be called that"
    elif item.owner == "computed":
        where = _COMPUTED.get(type(item.formula or item.rollup).__name__, "counted by queries")
    elif item.relation:
        where = f"`{prop(item)}`, as a link: `[[{titles.prefix(bp.table(item.relation.table))}…]]`"
    else:
        where = f"`{prop(item)}`"
    kind = markup.escape(type_text(item, bp))
    meaning = f"{kind}. {markup.escape(item.about)} Written by: {OWNER_NAMES[item.owner]}."
    return block(f"**{markup.escape(item.name)}** ({where}) {meaning}")


_COMPUTED = {
    "DaysSince": "counted by the queries that show it",
    "Test": "not a property: the view with the same condition lists these pages",
    "Rollup": "counted on the page of the view that lists the table",
}


_HOW_TO_USE = (
    "On a new page type /Template and choose one. Then click into the properties at the top and press Esc: only after "
    "that does Logseq take them as the properties of the page."
)


def _templates(bp: Blueprint, titles: Titles) -> Page:
    title = titles.page("Templates")
    blocks = [block(_HOW_TO_USE)]
    blocks += [_empty_template(table, titles) for table in bp.tables]
    blocks += [_template(template, bp.sessions, titles) for template in bp.templates]
    return Page("templates", title, "Templates for new pages", markup.page(title, {}, blocks))


def _named(name: str, about: str, titles: Titles, *content: Block) -> Block:
    return block(
        about, *content, template=f"{titles.root}: {name}", template_including_parent="false"
    )  # fmt: skip


def _preset(table: Table, titles: Titles, values: Mapping[str, str]) -> Block:
    """A block of nothing but properties: on a new page it becomes the page's own."""
    found = {"type": titles.kind(table)}
    for item in stored_fields(table)[1:]:
        if item.key in values:
            found[prop(item)] = markup.text_value(values[item.key])
        elif item.key in ("started", "last_activity", "start"):
            found[prop(item)] = "<% today %>"
        elif item.owner in ("person", "seed") and item.type != "checkbox":
            found[prop(item)] = ""
    return Block("\n".join(f"{key}:: {value}".rstrip(" ") for key, value in found.items()))


def _empty_template(table: Table, titles: Titles) -> Block:
    values = {"status": table.field("status").options[0].name} if table.has("status") else {}
    name = f"New {table.singular.lower()}"
    return _named(name, name, titles, _preset(table, titles, values), block("## Notes"))


def _template(template: Template, table: Table, titles: Titles) -> Block:
    headings = [block(f"## {markup.escape(head)}", block(markup.block_text(ask))) for head, ask in template.headings]
    return _named(
        template.name, f"{template.name}: {template.about}", titles, _preset(table, titles, template.values), *headings
    )


def _rules(bp: Blueprint, titles: Titles) -> Page:
    title = titles.page("Rules")
    return Page("rules", title, "Words that file a session", markup.page(title, {}, rules_blocks(bp, titles)))


def _governance(bp: Blueprint, titles: Titles) -> Page:
    team, title = bp.team, titles.page("Governance")
    levels = [block(f"**{level}**") for level in team.access_levels]
    roles = [block(f"**{role.name}** {role.may}: {role.who}.") for role in team.roles]
    due = next((view for view in bp.views if view.key == "to_delete"), None)
    look = f" {link(titles.view(due))} lists what is due." if due else ""
    blocks = [
        block(
            "## Access levels",
            *levels,
            block(
                "New sessions start with the first one. A file graph cannot hide a page: keep what only some may read "
                "in a graph of its own."
            ),
        ),
        block("## Roles", *roles),
        block(
            "## Retention",
            block(f"Sessions are kept for {team.retention_days} days; `keep-until` says until when.{look}"),
        ),
        block(
            "## Every quarter",
            block("Check who can read the folder or the Git repository, and remove people who left."),
        ),
    ]
    return Page("governance", title, "Access, roles and retention", markup.page(title, {}, blocks))
