"""A platform that lives in memory, and crashes at chosen moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from chatbuilder.errors import RefusedError
from chatbuilder.provision.base import Links, Preflight, Removal, Result, State
from chatbuilder.solution import Plan, Ref, Step


class Crash(BaseException):
    """The process dies here: nothing that catches errors may notice."""


class World:
    """What exists outside, and survives every crash: things by id, each with the step and content that made it."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.created: list[str] = []
        self.calls: list[str] = []

    def content(self) -> dict[str, Any]:
        """Everything there is, by step key."""
        found = {thing["key"]: thing["content"] for thing in self.things.values()}
        assert len(found) == len(self.things), "something is there twice"
        return found

    def edit(self, key: str, content: str) -> None:
        """The person changes something."""
        self.things[self.id_of(key)]["content"] = content

    def lose(self, key: str) -> None:
        """The person deletes something."""
        del self.things[self.id_of(key)]

    def id_of(self, key: str) -> str:
        """The id of the thing that a step made."""
        return next(name for name, thing in self.things.items() if thing["key"] == key)


class MemoryProvisioner:
    """Delivers into a World; one for each process."""

    abreast = 1

    def __init__(self, world: World) -> None:
        self.world = world
        self.refuse: dict[str, Exception] = {}
        self.closed = False

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        self.world.calls.append(f"preflight {sorted(known)}")
        return Preflight("memory", exists=bool(self.world.things))

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        self.world.calls.append(f"look up {step.key}")
        for name, thing in self.world.things.items():
            if thing["key"] == step.key and thing["content"] == payload["content"]:
                return {"id": name, "written": payload["content"]}
        return None

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        self.world.calls.append(f"deliver {step.key}")
        if step.key in self.refuse:
            raise self.refuse[step.key]
        if previous is not None and previous["id"] in self.world.things:
            thing = self.world.things[previous["id"]]
            if thing["content"] != previous["written"]:
                return {**previous, "kept": "you changed it"}
            thing["content"] = payload["content"]
            return {"id": previous["id"], "written": payload["content"]}
        name = f"id{len(self.world.created) + 1}"
        self.world.created.append(step.key)
        self.world.things[name] = {"key": step.key, "content": payload["content"], "parent": payload.get("parent")}
        return {"id": name, "written": payload["content"]}

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        thing = self.world.things.get(result["id"])
        if thing is None:
            return "missing"
        return "same" if thing["content"] == result["written"] else "edited"

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        self.world.calls.append(f"remove {step.key}")
        if step.key in self.refuse:
            raise self.refuse[step.key]
        thing = self.world.things.get(result["id"])
        if thing is None:
            return Removal(True, step.title, "it was gone already")
        if thing["content"] != result["written"]:
            return Removal(False, step.title, "you changed it")
        del self.world.things[result["id"]]
        return Removal(True, step.title)

    def links(self, results: Mapping[str, Result]) -> Links:
        return Links("memory://x", "memory", ("Look at it.",))

    def close(self) -> None:
        self.closed = True


def plan_of(**contents: str) -> Plan:
    """Steps in the given order; each but the first hangs on the one before it by a Ref to its id."""
    steps: list[Step] = []
    for key, content in contents.items():
        payload: dict[str, Any] = {"content": content}
        if steps:
            payload["parent"] = Ref(steps[-1].key)
        depends = (steps[-1].key,) if steps else ()
        steps.append(Step(key, f"Make {key}", "http", payload, depends))
    return Plan(tuple(steps))


@contextmanager
def crash(patch: pytest.MonkeyPatch, owner: Any, name: str, index: int, *, after: bool) -> Iterator[None]:
    """Die at the call of this index (from 0) of a method, just before its effect or just after it."""
    real, count = getattr(owner, name), iter(range(1_000_000))

    def dying(*args: Any, **more: Any) -> Any:
        now = next(count) == index
        if now and not after:
            raise Crash
        result = real(*args, **more)
        if now:
            raise Crash
        return result

    with patch.context() as inner:
        inner.setattr(owner, name, dying)
        yield


def refusal() -> RefusedError:
    """A platform that says no."""
    return RefusedError("No.", title="Refused", hint="ask again.")
