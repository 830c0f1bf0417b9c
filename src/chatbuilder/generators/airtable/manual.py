"""What Airtable's API cannot do, as exact clicks: views, computed fields, single links, pages, automations."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Automation, Blueprint, Chart, DaysSince, Field, Figure, Table, View
from chatbuilder.generators.airtable.conditions import conditions, formula_text, group_text
from chatbuilder.generators.common.text import md
from chatbuilder.solution import ManualStep

NO_VIEWS = "Airtable's API can read views but not create or change them."
NO_COMPUTED = "Airtable's API does not create fields that compute."
NO_INTERFACES = "Airtable's API does not create interfaces."
_KIND = {
    "table": "Grid", "board": "Kanban", "calendar": "Calendar", "timeline": "Timeline", "gallery": "Gallery",
    "list": "List",
}  # fmt: skip
_BUCKET = {"day": "Day", "week": "Week", "month": "Month"}


def manual_steps(blueprint: Blueprint) -> tuple[ManualStep, ...]:
    """Return everything that a person has to click, in the order in which it works."""
    return (
        *_single_links(blueprint),
        *_computed_fields(blueprint),
        *(_view(view, blueprint) for view in blueprint.views),
        *_dashboard(blueprint),
        *_record_templates(blueprint),
        *_automations(blueprint),
    )


def _single_links(blueprint: Blueprint) -> Iterator[ManualStep]:
    links = [(t, f) for t in blueprint.tables for f in t.fields if f.relation and not f.relation.many]
    if links:
        yield ManualStep(
            "single_links",
            "Let a session link to one row only",
            "The API makes every link a link to many; only the field's own settings can narrow it.",
            tuple(
                f"In **{md(t.name)}**, click the arrow beside **{md(f.name)}** → **Edit field**, switch off "
                "**Allow linking to multiple records**, then **Save**."
                for t, f in links
            ),
        )


def _computed_fields(blueprint: Blueprint) -> Iterator[ManualStep]:
    for table in blueprint.tables:
        for item in table.fields:
            if item.owner == "computed":
                how: tuple[str, ...] = (
                    f"Open the table **{md(table.name)}** and click **+** at the right end of the header row.",
                )
                how += (
                    f"Name the field **{md(item.name)}**.",
                    *_computed(item, table, blueprint),
                    "Click **Create field**.",
                )
                key = f"field_{table.key}_{item.key}"
                yield ManualStep(key, f"Add the field {table.name}: {item.name}", NO_COMPUTED, how)


def _computed(item: Field, table: Table, blueprint: Blueprint) -> tuple[str, ...]:
    if item.formula:
        kind = "**Formatting** → **Number**, 0 decimal places." if isinstance(item.formula, DaysSince) else ""
        lines = (f"Choose **Formula** and paste: `{formula_text(item.formula, table)}`", kind)
        return tuple(line for line in lines if line)
    if item.rollup is None:
        raise ValueError(f"{item.key} is computed but has no formula")
    source = blueprint.table(item.rollup.table)
    link = source.field(item.rollup.via).relation
    far = (link.reverse if link else "") or source.name
    if item.rollup.function == "count":
        return (f"Choose **Count**, and as linked record field **{md(far)}**.",)
    function = {"latest": "MAX", "sum": "SUM"}[item.rollup.function]
    field = source.field(item.rollup.field).name
    return (
        f"Choose **Rollup**; as linked record field **{md(far)}**, as field to roll up **{md(field)}**.",
        f"As aggregation formula enter `{function}(values)`.",
    )


def _view(view: View, blueprint: Blueprint) -> ManualStep:
    table = blueprint.table(view.table)
    lines = [_create(view, table, first=view is blueprint.views[0])]
    if view.date_field:
        lines.append(_dates(view, table))
    if view.filter is not None:
        lines.append(f"Click **Filter** and add: {group_text(conditions(view.filter, table))}.{_me(view)}")
    if view.group_by:
        lines.append(_group(view, table))
    if view.sorts:
        order = "; then ".join(_sort(s.field, table, descending=s.descending) for s in view.sorts)
        lines.append(f"Click **Sort** and add: {order}.")
    shown = ", ".join(f"**{md(table.field(key).name)}**" for key in view.fields)
    lines.append(f"Click **Hide fields** → **Hide all**, then switch on {shown}.")
    return ManualStep(f"view_{view.key}", f"Make the view {view.name}", NO_VIEWS, tuple(lines))


def _create(view: View, table: Table, *, first: bool) -> str:
    if first:
        return (
            f"Open the table **{md(table.name)}**. Double-click **Grid view** in the sidebar on the left "
            f"and name it **{md(view.name)}**."
        )
    plan = (
        " (Timeline needs the Team plan; on Free use a Grid with the same settings.)" if view.kind == "timeline" else ""
    )
    return (
        f"Open the table **{md(table.name)}**. In the sidebar on the left click **+ Create new…** → "
        f"**{_KIND[view.kind]}** and name it **{md(view.name)}**.{plan}"
    )


def _dates(view: View, table: Table) -> str:
    start = md(table.field(view.date_field).name)
    if view.end_field:
        return f"As date fields choose start **{start}** and end **{md(table.field(view.end_field).name)}**."
    return f"As date field choose **{start}**."


def _me(view: View) -> str:
    if "Me()" not in repr(view.filter):
        return ""
    return (
        " Where **Current user** is not offered, choose your own name; in an interface page the filter "
        "**Viewer's records only** does the same for everybody."
    )


def _group(view: View, table: Table) -> str:
    item = table.field(view.group_by)
    name = md(item.name)
    if view.kind == "board":
        more = " The field must link to one row only (see the first step by hand)." if item.relation else ""
        return f"As the field to stack by choose **{name}**.{more}"
    part = f" by {_BUCKET[view.interval].lower()}" if view.interval else ""
    descending = any(s.field == view.group_by and s.descending for s in view.sorts)
    return f"Click **Group** and choose **{name}**{part}, {_direction(item, descending=descending)}."


def _sort(key: str, table: Table, *, descending: bool) -> str:
    item = table.field(key)
    return f"**{md(item.name)}**, {_direction(item, descending=descending)}"


def _direction(item: Field, *, descending: bool) -> str:
    if item.type in ("date", "datetime"):
        return "latest first" if descending else "earliest first"
    if item.type in ("number", "rollup", "formula"):
        return "9 → 1" if descending else "1 → 9"
    if item.type in ("select", "multi_select"):
        return "Last → First" if descending else "First → Last"
    return "Z → A" if descending else "A → Z"


def _dashboard(blueprint: Blueprint) -> Iterator[ManualStep]:
    dash = blueprint.dashboard
    if dash is None:
        return
    start = (
        "Click **Interfaces** in the top bar → **Start building** → **Build an interface**, name it "
        f"**{md(dash.name)}**, choose the layout **Blank** (or **Dashboard**) and the table **Chat Sessions**.",
    )
    figures = tuple(_figure(figure, blueprint) for figure in dash.figures)
    charts = tuple(_chart(chart, blueprint) for chart in dash.charts)
    yield ManualStep(
        "dashboard", "Make the dashboard", NO_INTERFACES, (*start, *figures, *charts, "Click **Publish**.")
    )


def _figure(figure: Figure, blueprint: Blueprint) -> str:
    table = blueprint.table(figure.table)
    what = "**Count**"
    if figure.aggregate != "count":
        word = {"sum": "Sum", "average": "Average"}[figure.aggregate]
        what = f"**{word}** of **{md(table.field(figure.field).name)}**"
    where = f", filter: {group_text(conditions(figure.filter, table))}" if figure.filter is not None else ""
    return f"**+ Add element** → **Number**, title **{md(figure.name)}**: source **{md(table.name)}**, {what}{where}."


_CHART = {"column": "Bar", "bar": "Bar", "line": "Line", "donut": "Donut"}


def _chart(chart: Chart, blueprint: Blueprint) -> str:
    table = blueprint.table(chart.table)
    name = md(table.field(chart.group_by).name)
    bucket = f", bucket **{_BUCKET[chart.interval]}**" if chart.interval else ""
    top = f" Sort by count, largest first; the first {chart.limit} are what counts." if chart.limit else ""
    turned = " Switch **Orientation** to horizontal." if chart.kind == "bar" else ""
    return (
        f"**+ Add element** → **Chart**, type **{_CHART[chart.kind]}**, title **{md(chart.name)}**: source "
        f"**{md(table.name)}**, X-axis **{name}**{bucket}, Y-axis **Count**.{turned}{top}"
    )


def _record_templates(blueprint: Blueprint) -> Iterator[ManualStep]:
    if not blueprint.templates:
        return
    table = blueprint.sessions
    lines = [
        "Open **Chat Sessions** and click the arrow beside **+** (add record) → **Record templates** → **Create "
        "template**."
    ]
    for item in blueprint.templates:
        values = "; ".join(f"**{md(table.field(k).name)}** “{md(v)}”" for k, v in item.values.items() if table.has(k))
        headings = ", ".join(heading for heading, _ in item.headings)
        notes = f"**Notes** with the headings {headings} (copy the text from the table **Session templates**)"
        lines.append(f"Template **{md(item.name)}**: {values}; {notes}.")
    lines.append(
        "On a plan without record templates, copy **Body** from the table **Session templates** into **Notes**."
    )
    why = "Airtable's API does not create record templates."
    yield ManualStep("record_templates", "Turn the templates into record templates", why, tuple(lines))


def _automations(blueprint: Blueprint) -> Iterator[ManualStep]:
    for item in blueprint.automations:
        if lines := _automation(item):
            why = "Airtable's API does not create automations."
            yield ManualStep(f"automation_{item.key}", f"Switch on the automation {item.name}", why, lines)


def _automation(item: Automation) -> tuple[str, ...]:
    start = "Click **Automations** in the top bar → **Create automation**."
    script = (
        "Click **+ Add advanced logic or action** → **Run a script**, delete what stands there and paste "
        "`airtable/automation.js`."
    )
    end = "Click **Test**, then switch the automation on at the top."
    match item.kind:
        case "tagging":
            return (
                start, "Choose the trigger **When record created** and the table **Chat Sessions**.", script,
                "Left of the script add the input variable `recordId` = the trigger's **Record ID**.", end,
                "To file older sessions once, run it with the input variable `fileAll` = 1 instead.",
            )  # fmt: skip
        case "archive":
            return (
                start, "Choose the trigger **At scheduled time**, every day.", script,
                f"It needs no input variable: what is Completed and quiet for {item.days} days becomes Archived.", end,
                "Without a script: instead of it the action **Find records** with **Status** *is* “Completed” and "
                f"**Last activity** *is before* “number of days ago: {item.days}”, then **Repeating group** → **Update "
                "record**.",
            )  # fmt: skip
        case "reminder":
            due = "**Follow-up** *is on or before* “today”; **Status** *is none of* “Completed”, “Archived”"
            return (
                start, "Choose the trigger **At scheduled time**, every day at 8:00.",
                f"Add the action **Find records** in **Chat Sessions** with {due}.",
                "Add the action **Send email** to yourself with the list as a grid.", end,
            )  # fmt: skip
    return ()
