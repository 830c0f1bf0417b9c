"""From answers to a blueprint and a solution."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from chatbuilder import answers as answers_io
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.errors import InputError
from chatbuilder.solution import Solution


def load_answers(source: str) -> Config:
    """Return the Config in an answers file or share token. Raises `InputError` with every problem."""
    return answers_io.load(source)


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
    module = import_module(f"chatbuilder.generators.{config.platform}")
    solution: Solution = module.generate(config, design(config))
    return solution


def preview(partial: Mapping[str, Any]) -> Blueprint:
    """Return the design of answers that are not finished: what is missing or wrong falls back to the default."""
    return design(_best_effort(partial))


def _best_effort(partial: Mapping[str, Any]) -> Config:
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
