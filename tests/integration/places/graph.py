"""A Logseq graph to fill."""

from __future__ import annotations

import re
import shutil
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from chatbuilder.design import design
from tests.integration.places.base import Place

_ESCAPED = re.compile(r"\\([\\\])#{<:^@\"])")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d)?")


class GraphPlace(Place):
    """Pages in a folder."""

    platform = "logseq"
    follows_renames = False

    @property
    def file(self) -> Path:
        """The graph."""
        return self.room / "graph"

    def target(self) -> dict[str, str]:
        return {"path": str(self.file)}

    def pages(self) -> dict[str, Path]:
        """The pages of chats by key, wherever they are."""
        found: dict[str, Path] = {}
        for path in sorted(self.file.rglob("*.md")):
            key = plain(top(path.read_bytes().decode()).get("source-id", ""))
            if key and not key.startswith("sample:") and "logseq" not in path.parts:
                assert key not in found, "a chat came twice"
                found[key] = path
        return found

    def rows(self) -> dict[str, dict[str, str]]:
        return {key: self._values(path) for key, path in self.pages().items()}

    def _values(self, path: Path) -> dict[str, str]:
        text = path.read_bytes().decode()
        values = {key.replace("-", "_"): _told(value) for key, value in top(text).items()}
        title = values.pop("full_title", "") or title_of(path).rpartition("/")[2]
        named = [field.key for field in self.system_fields()]
        return dict.fromkeys(named, "") | values | {"title": title, "text": text}

    def system_fields(self) -> Any:
        """The fields of a session."""
        return design(self.config).sessions.fields

    def edit(self, key: str, **values: str) -> None:
        """Change properties in the text; a new title renames the page as Logseq does it, file and all."""
        path = self.pages()[key]
        lines = path.read_bytes().decode().split("\n")
        end = lines.index("")
        for name, value in values.items():
            written = name.replace("_", "-")
            if name == "title":
                path = self._renamed(path, value, lines)
            else:
                lines[1:end] = [line for line in lines[1:end] if not line.startswith(f"{written}::")]
                lines.insert(1, f"{written}:: {value}".strip())
            end = lines.index("")
        path.write_bytes("\n".join(lines).encode())

    def _renamed(self, path: Path, value: str, lines: list[str]) -> Path:
        """No two pages have the same title: the others get a number."""
        root = title_of(path).partition("/")[0]
        names = (f"{value} ({n})" if n > 1 else value for n in count(1))
        name = next(one for one in names if not path.with_name(f"{root}___{one}.md").exists())
        lines[0] = f"title:: {root}/{name}"
        lines[1:] = [line for line in lines[1:] if not line.startswith("full-title::")]
        lines.insert(1, f"full-title:: {value}")
        return path.rename(path.with_name(f"{root}___{name}.md"))

    def delete(self, key: str) -> None:
        """Logseq moves deleted pages aside."""
        path = self.pages()[key]
        (self.file / "logseq/.recycle").mkdir(exist_ok=True)
        path.rename(self.file / "logseq/.recycle" / f"pages_{path.name}")

    def said(self, key: str) -> list[str]:
        body = self.pages()[key].read_text("utf-8").split("\n- ## Transcript\n")[1]
        return [plain(found) for found in re.findall(r"^\t\t- (.*)$", body, re.MULTILINE)]

    def retell(self, key: str, old: str, new: str) -> None:
        path = self.pages()[key]
        path.write_text(path.read_text("utf-8").replace(f"- {old}\n", f"- {new}\n"), "utf-8")

    def projects(self) -> list[str]:
        return [title_of(path).rpartition("/")[2] for path in self.file.glob("pages/*___Projects___*.md")]

    def rename_project(self, old: str, new: str) -> None:
        """Logseq renames the references along with the page."""
        (path,) = self.file.glob(f"pages/*___Projects___{old}.md")
        path.write_text(path.read_text("utf-8").replace(f"Projects/{old}\n", f"Projects/{new}\n", 1), "utf-8")
        path.rename(path.with_name(path.name.replace(old, new)))
        for page in self.pages().values():
            page.write_text(page.read_text("utf-8").replace(f"Projects/{old}]]", f"Projects/{new}]]"), "utf-8")

    def delete_project(self, title: str) -> None:
        next(iter(self.file.glob(f"pages/*___Projects___{title}.md"))).unlink()

    def snapshot(self) -> dict[str, Any]:
        files = (path for path in self.file.rglob("*") if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files}

    def take_away(self) -> None:
        self.file.rename(self.room / "elsewhere")

    def wipe(self) -> None:
        shutil.rmtree(self.file, ignore_errors=True)


def title_of(path: Path) -> str:
    """The title of a page."""
    return top(path.read_bytes().decode()).get("title") or unquote(path.stem.replace("___", "/"))


def top(text: str) -> dict[str, str]:
    """The properties of a page: its first lines."""
    found = {}
    for line in text.splitlines():
        if not (match := re.match(r"([^\s:]+):: ?(.*)", line)):
            break
        found[match[1]] = match[2].strip()
    return found


def plain(text: str) -> str:
    """Text as it reads, its escapes gone."""
    return _ESCAPED.sub(r"\1", text)


def _told(value: str) -> str:
    links = re.findall(r"\[\[(.*?)\]\]", value)
    if links:
        return ", ".join(link.rpartition("/")[2] for link in links)
    found = _MOMENT.fullmatch(value)
    return f"{found[1]}T{found[2]}{found[3] or ':00'}Z" if found else plain(value)
