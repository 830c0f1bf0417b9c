"""design(): from answers to a blueprint. Pure: the same answers always give the same design."""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint, LeftOut, Table
from chatbuilder.config import Config
from chatbuilder.design import extras, findings
from chatbuilder.design.fields import session_fields
from chatbuilder.design.samples import with_samples
from chatbuilder.design.tables import other_tables, table_keys
from chatbuilder.design.views import session_views

__all__ = ["design"]


def design(config: Config) -> Blueprint:
    """Return the platform-neutral design for these answers."""
    keys = table_keys(config)
    fields = session_fields(config, keys)
    sessions = Table("sessions", "Chat Sessions", "Session", "One row for each chat.", fields)
    tables = (sessions, *other_tables(config))
    views, trimmed = session_views(config, tables)
    left_out = (*trimmed, *_trimmed_rest(config))
    return Blueprint(
        name=config.name,
        platform=config.platform,
        priorities=config.priorities,
        features=config.features,
        team_size=config.team_size,
        complexity=config.complexity,
        timezone=config.options.timezone,
        date_format=config.options.date_format,
        tables=with_samples(tables, config),
        views=views,
        templates=extras.templates(config),
        dashboard=extras.dashboard(config, charts="dashboard" in config.features),
        automations=extras.automations(config),
        team=extras.team(config),
        left_out=left_out,
        findings=findings.findings(config, left_out),
    )


def _trimmed_rest(config: Config) -> tuple[LeftOut, ...]:
    if "simplicity" not in config.priorities:
        return ()
    full = config.model_copy(update={"priorities": tuple(p for p in config.priorities if p != "simplicity")})
    why = "Simplicity trims it; add it by hand when you miss it."
    kept = {field.key for field in session_fields(config, frozenset())}
    fields = [f for f in session_fields(full, frozenset()) if f.key not in kept]
    return (
        *(LeftOut(f"Field {f.name}", f.source, why) for f in fields),
        *(LeftOut(f"Table {t.name}", t.fields[0].source, why) for t in other_tables(full)),
        *(LeftOut(f"Chart {c.name}", "feature:dashboard", why) for c in extras.trimmed_charts(config)),
    )
