"""Two systems do not share one database, on either engine."""

from __future__ import annotations

from chatbuilder.errors import InputError
from chatbuilder.solution import Plan


def refuse_another(plan: Plan, there: str | None, place: str, kind: str) -> None:
    """Raise `InputError` when the system that is there has another name than the plan's; None: there is none.

    `place` names the database, `kind` says what another one would be: a file, a database.
    """
    wanted = next((step.payload["system"] for step in plan if "system" in step.payload), None)
    if there and wanted and there != wanted:
        raise InputError(
            f"{place} already holds the system “{there}”.", title="Another system lives here",
            kept="the database is untouched.",
            hint=f"choose another {kind} in [target] database, or give these answers that system's name.",
        )  # fmt: skip
