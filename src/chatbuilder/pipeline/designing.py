"""From answers to a blueprint and a solution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder import answers as answers_io
from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.errors import InputError
from chatbuilder.pipeline.platforms import platform
from chatbuilder.solution import Solution


def load_answers(source: str) -> Config:
    """Return the Config in an answers file or share token. Raises `InputError` with every problem."""
    return check(*answers_io.raw(source))


def check(data: Mapping[str, Any], source: str = "The answers") -> Config:
    """Return the valid Config of answers, also for a platform of another package. Raises `InputError`.

    `source` names the file in the message.
    """
    name = data.get("platform")
    know(name)
    try:
        return answers_io.check(data, source)
    except InputError as error:
        if name not in tuple(catalog.PLATFORMS):
            from chatbuilder.pipeline import plugins

            error.hint += plugins.advice(name)
        raise


def know(name: object) -> None:
    """Look for the platforms of other packages when this is the id of none that is known."""
    if isinstance(name, str) and name not in catalog.PLATFORMS:
        from chatbuilder.pipeline import plugins

        plugins.platforms()


def raw_toml(answers: Mapping[str, Any]) -> str:
    """Return unfinished answers as TOML."""
    return answers_io.raw_toml(answers)


def design_text(blueprint: Blueprint) -> str:
    """Return the design as Markdown: tables with their fields, then views."""
    from chatbuilder.generators.common.data import dictionary_document
    from chatbuilder.generators.common.words import views_text

    return dictionary_document(blueprint).markdown + "\n" + views_text(blueprint)


def answers_toml(config: Config) -> str:
    """Return the answers as a TOML file."""
    return answers_io.to_toml(config)


def share(config: Config) -> str:
    """Return a short token of the answers, without the target."""
    return answers_io.share(config)


def build(config: Config) -> Solution:
    """Return the platform's rendering of the design: guide, files, plan."""
    return platform(config.platform).generate(config, design(config))


def preview(partial: Mapping[str, Any]) -> Blueprint:
    """Return the design of answers that are not finished: what is missing or wrong falls back to the default."""
    return design(_best_effort(partial))


def _best_effort(partial: Mapping[str, Any]) -> Config:
    know(partial.get("platform"))
    data: dict[str, Any] = {"platform": "obsidian", "priorities": ["organization"], "features": []}
    for key, value in partial.items():
        if value in (None, "", []) or key == "target":
            continue
        try:
            answers_io.check({**data, key: value})
        except InputError:
            continue
        data[key] = value
    return answers_io.check(data)
