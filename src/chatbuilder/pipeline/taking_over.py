"""A system that stands at its target though the library knows none there: lost, or on another machine.

What is built by an API carries a mark. By it the system is found again, and every step of the plan is looked up and put
on record as it stands. Nothing is sent but questions: what a person edited, renamed or deleted stays so. What is not
found counts as built and gone, so that only `repair` makes it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatbuilder.config import Config
from chatbuilder.errors import RefusedError
from chatbuilder.library.systems import Library
from chatbuilder.pipeline.evolving import seed_of
from chatbuilder.provision.base import Provisioner, Recovering, Result
from chatbuilder.provision.runner import digest_of
from chatbuilder.solution import Plan, Step, resolve

TOLD = 5  # parts that are named one by one


@dataclass(frozen=True, slots=True)
class Standing:
    """A system that was found: its mark, and the steps that are there with what was sent and what came of it."""

    mark: str
    steps: tuple[tuple[Step, Mapping[str, object], Result], ...]

    @property
    def results(self) -> dict[str, Result]:
        """What came of the steps, by key."""
        return {step.key: result for step, _, result in self.steps}

    def told(self, system: str) -> tuple[str, ...]:
        """Return what the person should know."""
        words = ["This system stood here already, built by chatbuilder: it was taken over as it stands."]
        gone = [str(result["lost"]) for _, _, result in self.steps if result.get("lost")]
        if gone:
            more = f" and {len(gone) - TOLD} more" if len(gone) > TOLD else ""
            words.append(
                f"Not found, so renamed or deleted, and left so: {'; '.join(gone[:TOLD])}{more}. "
                f"`chatbuilder repair {system}` would make them anew."
            )
        return tuple(words)


def standing(config: Config, plan: Plan, provisioner: Provisioner, library: Library | None) -> Standing | None:
    """Return the system of a plan that stands at its target though the library has none; None without one.

    Only asks. Raises `RefusedError` when it cannot be taken over without the risk that something comes twice, and as
    `Provisioner.preflight` does.
    """
    if not isinstance(provisioner, Recovering):
        return None
    known = {system.mark for system in library.systems(destroyed=True)} if library else set()
    mark = provisioner.lost(plan, known)
    if mark is None:
        return None
    results: dict[str, Result] = dict(seed_of(config, mark))
    found = []
    for step in plan:
        if not results.keys() >= set(step.depends_on):
            continue  # what it needs is still to be made, and so is this
        try:
            payload = resolve(step.payload, results)
        except (KeyError, IndexError, TypeError):
            raise _not_whole(step) from None
        result = provisioner.adopt(step, payload)
        if result is not None:
            results[step.key] = result
            found.append((step, payload, result))
    return Standing(mark, tuple(found))


def take_over(library: Library, system: str, config: Config, place: str, found: Standing) -> None:
    """Put a system that was found on record, all of it at once."""
    with library.at_once():
        library.save_system(system, config.name, config.platform, place, config.data(), found.mark)
        journal = library.journal(system)
        for number, (step, payload, result) in enumerate(found.steps, 1):
            journal.intent(step.key, number, step.title, step.kind, payload, digest_of(payload))
            journal.done(step.key, result)


def _not_whole(step: Step) -> RefusedError:
    return RefusedError(
        f"chatbuilder built this system here, and this library does not know it. “{step.title}” hangs on a part that "
        "is not there any more, so it cannot be taken over.",
        title="A system stands here already", kept="everything there; nothing was sent.",
        hint="bring back what was deleted (from the trash), or use the library file that it was built with, or give "
        "the new system another name or place.",
    )  # fmt: skip
