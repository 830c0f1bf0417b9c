"""The pages around the databases: home, templates, tagging rules, and how the team works together."""

from __future__ import annotations

from chatbuilder import catalog
from chatbuilder.blueprint import Automation, Blueprint, Template
from chatbuilder.generators.notion.rich import (
    LIST_LIMIT,
    Json,
    block,
    bullet,
    heading,
    marked,
    numbered,
    paragraph,
    to_do,
)
from chatbuilder.solution import ManualStep

TEMPLATES_TITLE = "Templates"
RULES_TITLE = "Tagging rules"


def home(blueprint: Blueprint, manual: tuple[ManualStep, ...]) -> list[Json]:
    """Return the blocks of the home page; Notion lists the databases and pages below them."""
    size, depth = catalog.TEAM_SIZES[blueprint.team_size].name, catalog.COMPLEXITIES[blueprint.complexity].name
    priorities = ", ".join(catalog.PRIORITIES[key].name for key in blueprint.priorities)
    features = ", ".join(catalog.FEATURES[key].name for key in blueprint.features) or "none"
    blocks = [
        paragraph("Your AI chats, one row each. Open Chat Sessions below and choose a view at the top of the table."),
        heading("What is here"),
        *(bullet(f": {table.about}", lead=table.name) for table in blueprint.tables),
        heading("Every day"),
        numbered("Open All sessions and give new sessions a status."),
        numbered("Write one line of Summary for what was worth it."),
        heading("Made for"),
        bullet(f": {size}, {depth}", lead="Size"),
        bullet(f": {priorities}", lead="In order of importance"),
        bullet(f": {features}", lead="Features"),
    ]
    if manual:
        blocks += [heading("Still to do by hand"), *(to_do(step.title) for step in manual)]
    return [*blocks[: LIST_LIMIT - 1], block("paragraph", marked("home", colour="gray"))]


def templates_intro() -> list[Json]:
    """Return the blocks of the page that holds the session templates."""
    return [
        paragraph("One page for each kind of session. Copy its headings into a database template once:"),
        numbered("Open Chat Sessions, click the arrow beside New, then New template."),
        numbered("Give it the page's name, set the properties named at the top, paste the headings, and go back."),
    ]


def template(item: Template, blueprint: Blueprint) -> list[Json]:
    """Return the blocks of one session template."""
    table = blueprint.sessions
    presets = ", ".join(f"{table.field(k).name} to {v}" for k, v in item.values.items() if table.has(k))
    blocks = [paragraph(item.about)] + ([paragraph(f"Set {presets}.", colour="gray")] if presets else [])
    for title, prompt in item.headings:
        blocks += [heading(title), paragraph(prompt, colour="gray")]
    return blocks


def tagging(blueprint: Blueprint) -> Automation | None:
    """Return the automation that files sessions by words, if there is one."""
    return next((item for item in blueprint.automations if item.rules), None)


def rules(automation: Automation, blueprint: Blueprint) -> list[Json]:
    """Return the blocks of the page that lists the tagging rules."""
    names = {field.key: field.name for field in blueprint.sessions.fields}
    lines = [
        bullet(f" → {names.get(rule.field, rule.field)}: {rule.value}", lead=", ".join(rule.words))
        for rule in automation.rules
    ]
    note = "A rule sets an empty field once. What you set yourself stays."
    return [paragraph(f"{automation.trigger}. {automation.effect}"), paragraph(note), *lines][:LIST_LIMIT]


def team_title(blueprint: Blueprint) -> str:
    """Return the title of the page about working together."""
    return "Governance" if blueprint.team_size == "large" else "Working together"


def team(blueprint: Blueprint) -> list[Json]:
    """Return the blocks of the page about working together; [] when the team needs none."""
    rules_ = blueprint.team
    if not rules_.roles:
        return []
    blocks = [heading("Roles"), *(bullet(f": {role.may} ({role.who})", lead=role.name) for role in rules_.roles)]
    if rules_.permissions:
        blocks += [heading("Permissions"), *(bullet(line) for line in rules_.permissions)]
    blocks += [heading("Names everybody uses"), *(bullet(line) for line in rules_.naming)]
    if rules_.access_levels:
        levels = ", ".join(rules_.access_levels)
        blocks += [heading("Access"), paragraph(f"{levels}. A new session starts as {rules_.access_levels[0]}.")]
    if rules_.retention_days:
        blocks += [
            heading("Retention"),
            bullet(f"Keep sessions for {rules_.retention_days} days; Keep until holds the day."),
            bullet("Look at the view Retention due once a month and delete what is not needed."),
            bullet("Once a quarter an Owner checks who has access and removes people who left."),
        ]
    return blocks
