"""What only the person can do in Notion, why, and the exact clicks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chatbuilder.blueprint import Blueprint, Chart, Figure, View
from chatbuilder.generators.common.text import md, one_line
from chatbuilder.generators.common.words import filter_text, view_text
from chatbuilder.generators.notion.dashboard import Widget
from chatbuilder.generators.notion.views import NotionView
from chatbuilder.solution import ManualStep


def manual_steps(
    blueprint: Blueprint, views: Mapping[str, NotionView], boxes: tuple[Widget, ...]
) -> tuple[ManualStep, ...]:
    """Return the steps that these answers need; `views` and `boxes` are the views and widgets as Notion gets them."""
    makers = (_single_links, _templates, _dashboard, _archive, _reminders, _people, _team)
    by_answers = [step for make in makers for step in make(blueprint)]
    return (*_views(blueprint, views), *by_answers, *_listed(boxes))


def _views(bp: Blueprint, views: Mapping[str, NotionView]) -> Iterator[ManualStep]:
    for view in bp.views:
        for what, words in views[view.key].by_hand:
            yield _view_step(view, what, words)


def _view_step(view: View, what: str, words: str) -> ManualStep:
    key, name = f"view_{view.key}_{what}", one_line(view.name)
    opened = f"Open the view {md(view.name)}."
    if what == "group":
        return ManualStep(
            key, f"Group {name} by {one_line(words)}", "Notion's API cannot group this kind of view.",
            (opened, f"Click the settings icon at the top right, then Group, and choose {md(words)}."),
        )  # fmt: skip
    if what == "kind":
        return ManualStep(
            key, f"Turn {name} into a {words}", "What this kind of view needs cannot be set through Notion's API.",
            (opened, f"Click its name, then Edit view, then Layout, and choose {words.capitalize()}."),
        )  # fmt: skip
    return ManualStep(
        key, f"Finish the filter of {name}", "Notion's API has no words for this condition; the view shows more rows.",
        (opened, "Click the filter icon, then Add filter.", f"Add: {md(words)}. For dates choose Custom."),
    )  # fmt: skip


def _single_links(bp: Blueprint) -> Iterator[ManualStep]:
    singles = [
        (table.name, field.name)
        for table in bp.tables
        for field in table.fields
        if field.relation and not field.relation.many
    ]
    if singles:
        names = ", ".join(f"{md(field)} in {md(table)}" for table, field in singles)
        yield ManualStep(
            "single_links", "Limit links to one page", "The API cannot limit a relation; it works without, too.",
            (f"Do this for {names}.", "Click the property's name, then Edit property.", "Set Limit to 1 page."),
        )  # fmt: skip


def _templates(bp: Blueprint) -> Iterator[ManualStep]:
    if bp.templates:
        names = ", ".join(item.name for item in bp.templates)
        yield ManualStep(
            "templates", "Turn the template pages into database templates", "The API cannot create database templates.",
            (
                "Open Chat Sessions, click the arrow beside New, then New template.",
                f"Name it, and set its properties, like one of the pages below Templates: {names}.",
                "Copy that page's headings into it and go back. Repeat for each.",
            ),
        )  # fmt: skip


def _dashboard(bp: Blueprint) -> Iterator[ManualStep]:
    if bp.dashboard is None:
        return
    figures = "; ".join(f"{figure.name}: {_figure_words(figure, bp)}" for figure in bp.dashboard.figures)
    yield ManualStep(
        "dashboard", f"Figures{' and charts' if bp.dashboard.charts else ''} without the Business plan",
        "Dashboard views need the Business or Enterprise plan; Free has one chart in all.",
        (
            f"Figures: open a view, go below its last row, click Calculate under a column. {md(figures)}.",
            *(
                f"Chart {md(chart.name)}: click + beside the views, choose Chart, then {_chart_words(chart, bp)}."
                for chart in bp.dashboard.charts
            ),
        ),
    )  # fmt: skip
    limited = [chart for chart in bp.dashboard.charts if chart.limit]
    if limited:
        names = ", ".join(chart.name for chart in limited)
        yield ManualStep(
            "chart_limit", f"Show only the top {limited[0].limit}",
            "The API cannot limit a chart; it is sorted, largest first.",
            (f"Open the chart {names}, click its settings, then the axis.", "Hide the groups you do not want to see."),
        )  # fmt: skip


def _listed(boxes: tuple[Widget, ...]) -> Iterator[ManualStep]:
    listed = [box.body["name"] for box in boxes if box.listed]
    if listed:
        names = ", ".join(listed)
        yield ManualStep(
            "listed_figures", f"Read {names} from a list", "Charts made by the API fail on dates that move with today.",
            (f"The dashboard lists the rows of {names} instead of their number.", "Count them below the list."),
        )  # fmt: skip


def _chart_words(chart: Chart, bp: Blueprint) -> str:
    by = f", by {chart.interval}" if chart.interval else ""
    return f"{chart.kind}, grouped by {md(bp.table(chart.table).field(chart.group_by).name)}{by}"


def _figure_words(figure: Figure, bp: Blueprint) -> str:
    table = bp.table(figure.table)
    what = f"{figure.aggregate} of {table.field(figure.field).name}" if figure.field else "count all"
    where = filter_text(figure.filter, table)
    return f"{what} where {where}" if where else what


def _archive(bp: Blueprint) -> Iterator[ManualStep]:
    for item in bp.automations:
        if item.kind == "archive":
            yield ManualStep(
                "archive", "Archive by itself", "The API cannot create automations, and Free cannot run them.",
                (
                    "Open Chat Sessions, click the lightning icon at the top right, then New automation.",
                    "When: Every day. Do: Edit pages in Chat Sessions.",
                    f"Filter them: Status is Completed, and Last activity is before {item.days} days ago.",
                    "Set Status to Archived and Archived on to Today, then Create.",
                    "On the Free plan run scripts/archive.py from this package instead.",
                ),
            )  # fmt: skip


def _reminders(bp: Blueprint) -> Iterator[ManualStep]:
    if bp.wants("reminders"):
        yield ManualStep(
            "reminders", "Be told on the day", "A date set through the API carries no reminder.",
            ("Open a session and click its Follow-up date.", "Click Remind and choose On day of event."),
        )  # fmt: skip


def _people(bp: Blueprint) -> Iterator[ManualStep]:
    people = [field.name for field in bp.sessions.fields if field.type == "person"]
    if people and bp.sessions.samples:
        yield ManualStep(
            "people", f"Fill {', '.join(people)}", "Notion wants members of your workspace; samples have none.",
            ("Open All sessions.", f"Click the cell under {', '.join(people)} and pick a member."),
        )  # fmt: skip


def _team(bp: Blueprint) -> Iterator[ManualStep]:
    if bp.team_size == "solo":
        return
    yield ManualStep(
        "share", "Share it with your team", "Only you can invite people; no API does.",
        (
            f"Open the page {md(bp.name)} and click Share at the top right.",
            "Type a name, an e-mail address or a group, and choose what they may do.",
            "Readers: Can view. Editors: Can edit content. Owners: Full access."
            if bp.team.roles
            else "Choose Can edit.",
        ),
    )  # fmt: skip
    if bp.team.access_levels:
        yield ManualStep(
            "access", "Keep private sessions private", "The field Access is a label: Notion does not enforce it.",
            (
                "Move what only some may read to a page that is shared with them alone.",
                "Once a quarter, open Share on each page and remove people who left.",
            ),
        )  # fmt: skip


def view_notes(views: Mapping[str, NotionView]) -> dict[str, str]:
    """Return, for each view that the API cannot finish, what is left to do in it."""
    words = {"group": "group by {}", "kind": "choose the layout {}", "filter": "add the filter: {}"}
    return {
        key: f"By hand: {'; '.join(words[what].format(md(text)) for what, text in view.by_hand)}."
        for key, view in views.items()
        if view.by_hand
    }


def view_recipe(bp: Blueprint) -> str:
    """Return every view with its settings, as a Markdown list for building views by hand."""
    return "\n".join(f"- **{md(view.name)}** ({view.kind}): {md(view_text(view, bp))}" for view in bp.views)
