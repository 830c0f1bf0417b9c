"""A folder of Org files to fill: the platform of the example package."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from chatbuilder.blueprint import Field
from chatbuilder.design import design
from tests.foreign import ORG
from tests.integration.places.base import Place

assert ORG.is_dir()
HEADLINE = re.compile(r"^\* (?:(ACTIVE|ON_HOLD|COMPLETED|ARCHIVED) )?(.*?)(?: :([\w@#%:]+):)?$", re.MULTILINE)
TIME = re.compile(r"\[(\d{4}-\d\d-\d\d) (\d\d:\d\d)\]")


class OrgPlace(Place):
    """Org files in a folder."""

    platform = "org"
    brings = "chatbuilder_org:PLATFORM"
    follows_renames = False
    moments = "minutes"

    @property
    def file(self) -> Path:
        """The folder."""
        return self.room / "org"

    def target(self) -> dict[str, str]:
        return {"path": str(self.file)}

    def entries(self) -> dict[str, Path]:
        """The files of chats by key, wherever they are."""
        found: dict[str, Path] = {}
        for path in sorted(self.file.rglob("*.org")):
            key = drawer(path.read_bytes().decode()).get("SOURCE_ID", "")
            if key and not key.startswith("sample:"):
                assert key not in found, "a chat came twice"
                found[key] = path
        return found

    def rows(self) -> dict[str, dict[str, str]]:
        return {key: self._values(path.read_bytes().decode()) for key, path in self.entries().items()}

    def _fields(self) -> tuple[Field, ...]:
        return design(self.config).sessions.fields

    def _values(self, text: str) -> dict[str, str]:
        held, (status, title, tags) = drawer(text), HEADLINE.search(text).groups()  # type: ignore[union-attr]
        values = {field.key: told(held.get(name_of(field), "")) for field in self._fields()}
        values |= {f.key: section(text, f.name) for f in self._fields() if f"\n** {f.name}\n" in text}
        (offered,) = (f.option_names() for f in self._fields() if f.key == "status")
        states = [name for name in offered if name.upper().replace(" ", "_") == status]
        mine = {"title": title.strip("\u200b"), "status": "".join(states), "tags": (tags or "").replace(":", ", ")}
        return {**values, **mine, "text": text}

    def edit(self, key: str, **values: str) -> None:
        """Change the headline, a property or what stands in a section."""
        path = self.entries()[key]
        text = path.read_bytes().decode()
        status, title, tags = HEADLINE.search(text).groups()  # type: ignore[union-attr]
        status = values.pop("status", status or "").upper().replace(" ", "_")
        line = " ".join(filter(None, ("*", status, values.pop("title", title), f":{tags}:" if tags else "")))
        text = HEADLINE.sub(lambda _: line, text, count=1)
        fields = {field.key: field for field in self._fields()}
        for name, value in values.items():
            place = rf"^:{name_of(fields[name])}:.*$"
            if f"\n** {fields[name].name}\n" in text:
                place = rf"(?<=\n\*\* {re.escape(fields[name].name)}\n)((?!\*).*\n)*"
                text = re.sub(place, lambda _, value=value: f"{value}\n", text, count=1)
            else:
                said = f":{name_of(fields[name])}: {value}"
                text = re.sub(place, lambda _, said=said: said, text, count=1, flags=re.MULTILINE)
        path.write_bytes(text.encode())

    def delete(self, key: str) -> None:
        self.entries()[key].unlink()

    def said(self, key: str) -> list[str]:
        lines = section(self.entries()[key].read_text("utf-8"), "Transcript").split("\n")
        return [line for line in lines if line and not re.fullmatch(r"/.*/", line)]

    def retell(self, key: str, old: str, new: str) -> None:
        path = self.entries()[key]
        path.write_text(path.read_text("utf-8").replace(f"\n{old}\n", f"\n{new}\n"), "utf-8")

    def projects(self) -> list[str]:
        return [path.stem for path in self.file.glob("*/Projects/*.org")]

    def rename_project(self, old: str, new: str) -> None:
        """A person renames the file, and the links with it."""
        (path,) = self.file.glob(f"*/Projects/{old}.org")
        path.rename(path.with_stem(new))
        for entry in self.entries().values():
            text = entry.read_text("utf-8").replace(f"Projects/{old}.org][{old}]", f"Projects/{new}.org][{new}]")
            entry.write_text(text, "utf-8")

    def delete_project(self, title: str) -> None:
        next(iter(self.file.glob(f"*/Projects/{title}.org"))).unlink()

    def snapshot(self) -> dict[str, Any]:
        files = (path for path in self.file.rglob("*") if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files}

    def take_away(self) -> None:
        self.file.rename(self.room / "elsewhere")

    def wipe(self) -> None:
        shutil.rmtree(self.file, ignore_errors=True)


def name_of(field: Field) -> str:
    """The property of a field."""
    name = field.key.upper()
    return f"{name}_" if name == "PRIORITY" else name


def drawer(text: str) -> dict[str, str]:
    """The properties of a file."""
    inside = text.partition(":PROPERTIES:\n")[2].partition("\n:END:")[0]
    return dict(re.findall(r"^:(\S+?): ?(.*)$", inside, re.MULTILINE))


def section(text: str, name: str) -> str:
    """What stands below a headline of a file."""
    rest = text.partition(f"\n** {name}\n")[2]
    return re.split(r"^\*", rest, maxsplit=1, flags=re.MULTILINE)[0].strip("\n")


def told(value: str) -> str:
    """A value as the tests tell it."""
    if found := TIME.fullmatch(value):
        return f"{found[1]}T{found[2]}:00Z"
    links = re.findall(r"\[\[file:.*?\]\[(.*?)\]\]", value)
    return ", ".join(links) if links else value
