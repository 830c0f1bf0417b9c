"""Small programs for the exported package: they need Python and a token, and nothing else.

They talk to the live system, so what they do works before and after the first sync. Everything that comes from the
answers is in a JSON file beside them, never in their text.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Automation, Blueprint
from chatbuilder.generators.notion.pages import tagging
from chatbuilder.generators.notion.queries import notion_type
from chatbuilder.generators.notion.rich import Json
from chatbuilder.solution import OutputFile, json_text

VERSION = "2026-03-11"

_CLIENT = '''
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

BASE = os.environ.get("NOTION_URL", "https://api.notion.com").rstrip("/")
AGAIN = (409, 429, 500, 502, 503, 504, 529)


def call(method, path, body=None):
    """Send one request; wait and try again when Notion is busy."""
    headers = {
        "Authorization": "Bearer " + os.environ["NOTION_TOKEN"],
        "Notion-Version": "@VERSION@",
        "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(6):
        request = urllib.request.Request(BASE + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in AGAIN or attempt == 5:
                sys.exit(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}")
            time.sleep(int(error.headers.get("Retry-After") or 2**attempt))


def children(page):
    """Yield the blocks of a page."""
    cursor = ""
    while cursor is not None:
        found = call("GET", f"/v1/blocks/{page}/children?page_size=100" + (f"&start_cursor={cursor}" if cursor else ""))
        yield from found["results"]
        cursor = found["next_cursor"] if found["has_more"] else None


def sources():
    """Return the data sources of all databases on the home page: name -> id."""
    found = re.search(r"[0-9a-f]{32}$", os.environ["NOTION_PAGE"].lower().split("?")[0].rstrip("/").replace("-", ""))
    if not found:
        sys.exit("NOTION_PAGE must be the link to the home page (Share, Copy link).")
    databases = [block["id"] for block in children(found[0]) if block["type"] == "child_database"]
    return {s["name"]: s["id"] for d in databases for s in call("GET", f"/v1/databases/{d}")["data_sources"]}


def rows(source, condition=None):
    """Yield every page of a data source, oldest first. Notion stops at 10,000: then go on from the last one."""
    seen, since, cursor = set(), None, None
    while True:
        parts = [part for part in (condition, since) if part]
        body = {"page_size": 100, "sorts": [{"timestamp": "created_time", "direction": "ascending"}]}
        body.update({"filter": {"and": parts}} if parts else {})
        body.update({"start_cursor": cursor} if cursor else {})
        found = call("POST", f"/v1/data_sources/{source}/query", body)
        fresh = [page for page in found["results"] if page["id"] not in seen]
        seen.update(page["id"] for page in fresh)
        yield from fresh
        cursor = found["next_cursor"] if found["has_more"] else None
        if cursor is None:
            if found.get("request_status", {}).get("type") != "incomplete" or not fresh:
                return
            after = {"on_or_after": fresh[-1]["created_time"]}
            since = {"timestamp": "created_time", "created_time": after}


def needs(*names):
    """Stop with a clear word when a setting is missing."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        sys.exit("Set " + " and ".join(missing) + " in the environment first. See the README.")
'''.replace("@VERSION@", VERSION)

_BACKUP = '''#!/usr/bin/env python3
"""Save a copy of the live system: one JSON file for each database, fields and all rows.

    NOTION_TOKEN=... NOTION_PAGE=<link to the home page> python3 backup.py [FOLDER]
"""
@CLIENT@

def main():
    needs("NOTION_TOKEN", "NOTION_PAGE")
    folder = sys.argv[1] if len(sys.argv) > 1 else time.strftime("backup-%Y-%m-%d")
    os.makedirs(folder, exist_ok=True)
    for name, source in sources().items():
        fields = call("GET", f"/v1/data_sources/{source}")
        pages = list(rows(source))
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "table"
        path = os.path.join(folder, f"{plain}-{source[:8]}.json")
        with open(path + ".part", "w", encoding="utf-8") as out:
            json.dump({"data_source": fields, "pages": pages}, out, ensure_ascii=False, indent=1)
        os.replace(path + ".part", path)
        print(f"{path}: rows saved: {len(pages)}")


if __name__ == "__main__":
    main()
'''

_ARCHIVE = '''#!/usr/bin/env python3
"""Archive completed sessions that have been quiet for @DAYS@ days.

    NOTION_TOKEN=... NOTION_PAGE=<link to the home page> python3 archive.py [--dry-run]
"""
@CLIENT@

def main():
    needs("NOTION_TOKEN", "NOTION_PAGE")
    now = time.time()
    before = time.strftime("%Y-%m-%d", time.gmtime(now - @DAYS@ * 86400))
    old = {
        "and": [
            {"property": "Status", "select": {"equals": "Completed"}},
            {"property": "Last activity", "date": {"before": before}},
        ]
    }
    change = {
        "Status": {"select": {"name": "Archived"}},
        "Archived on": {"date": {"start": time.strftime("%Y-%m-%d", time.gmtime(now))}},
    }
    pages = list(rows(sources()["Chat Sessions"], old))
    for page in pages:
        if "--dry-run" not in sys.argv:
            call("PATCH", f"/v1/pages/{page['id']}", {"properties": change})
    print(f"Sessions {'to be ' if '--dry-run' in sys.argv else ''}archived: {len(pages)}")


if __name__ == "__main__":
    main()
'''

_TAG = '''#!/usr/bin/env python3
"""File sessions by the words in rules.json: sets empty fields only, and only once for each session.

    NOTION_TOKEN=... NOTION_PAGE=<link to the home page> python3 tag.py [--dry-run]
"""
@CLIENT@

def words_of(value):
    """Return a property's text in lower case."""
    return "".join(item["plain_text"] for item in value.get(value["type"]) or []).lower()


def linked_page(source, title, known={}):
    """Return the id of the page with this title, or None."""
    if (source, title) not in known:
        body = {"page_size": 1, "filter": {"property": "title", "title": {"equals": title}}}
        found = call("POST", f"/v1/data_sources/{source}/query", body)["results"]
        known[source, title] = found[0]["id"] if found else None
    return known[source, title]


def new_value(rule, field):
    """Return the property value that a rule sets, or None when there is no such page to link."""
    if rule["type"] == "relation":
        page = linked_page(field["relation"]["data_source_id"], rule["value"])
        return {"relation": [{"id": page}]} if page else None
    shapes = {
        "select": {"name": rule["value"]},
        "multi_select": [{"name": rule["value"]}],
        "rich_text": [{"text": {"content": rule["value"]}}],
    }
    return {rule["type"]: shapes[rule["type"]]}


def main():
    needs("NOTION_TOKEN", "NOTION_PAGE")
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "rules.json"), encoding="utf-8") as text:
        plan = json.load(text)
    source = sources()["Chat Sessions"]
    fields = call("GET", f"/v1/data_sources/{source}")["properties"]
    filed = 0
    for page in list(rows(source, {"property": "Auto-filed", "checkbox": {"equals": False}})):
        values = page["properties"]
        text = " ".join(words_of(values[name]) for name in plan["look_in"] if name in values)
        change = {}
        for rule in plan["rules"]:
            name = rule["property"]
            free = not values[name][values[name]["type"]] and name not in change
            if free and any(word.lower() in text for word in rule["words"]):
                value = new_value(rule, fields[name])
                change.update({name: value} if value else {})
        if change:
            filed += 1
            if "--dry-run" not in sys.argv:
                change["Auto-filed"] = {"checkbox": True}
                call("PATCH", f"/v1/pages/{page['id']}", {"properties": change})
    print(f"Sessions {'to be ' if '--dry-run' in sys.argv else ''}filed: {filed}")


if __name__ == "__main__":
    main()
'''


def script_files(blueprint: Blueprint) -> Iterator[OutputFile]:
    """Return the programs that these answers ask for."""
    if blueprint.wants("exports"):
        yield OutputFile("scripts/backup.py", _with_client(_BACKUP), "Saves a copy of the live system")
    for item in blueprint.automations:
        if item.kind == "archive":
            text = _with_client(_ARCHIVE).replace("@DAYS@", str(item.days))
            yield OutputFile("scripts/archive.py", text, "Archives finished sessions")
    if (automation := tagging(blueprint)) is not None:
        yield OutputFile("scripts/tag.py", _with_client(_TAG), "Files sessions by words")
        yield OutputFile("scripts/rules.json", json_text(_rules(automation, blueprint)), "The words and what they set")


def _with_client(text: str) -> str:
    return text.replace("@CLIENT@", _CLIENT.rstrip("\n") + "\n")


def _rules(automation: Automation, blueprint: Blueprint) -> Json:
    table = blueprint.sessions
    look_in = [table.field(key).name for key in ("title", "first_prompt", "keywords") if table.has(key)]
    rules = [
        {"words": list(r.words), "property": f.name, "type": notion_type(f), "value": r.value}
        for r in automation.rules
        if table.has(r.field)
        for f in (table.field(r.field),)
    ]
    return {"look_in": look_in, "rules": rules}
