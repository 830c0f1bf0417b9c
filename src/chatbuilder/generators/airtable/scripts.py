"""Scripts that go with an Airtable base: the automation script (JavaScript) and the backup program (Python)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from chatbuilder.blueprint import Automation, Blueprint, TagRule
from chatbuilder.generators.airtable.fields import airtable_type

_HEAD = """\
// Automation script for Airtable: paste it into a "Run a script" action.
// Input variables (left of the script, all optional):
//   recordId  the id of one record: files that record only (trigger "When record created")
//   fileAll   any value: files every record that no rule has touched yet
// Without input variables it does the nightly work. Nothing that you typed is changed.
const SETTINGS = %s;
"""

_BODY = r"""
const table = base.getTable(SETTINGS.table);
const { recordId, fileAll } = input.config();
const known = new Set(table.fields.map((field) => field.name));
const wanted = Object.values(SETTINGS.fields).filter((name) => known.has(name));
const { records } = await table.selectRecordsAsync({ fields: wanted });
const today = new Date().toISOString().slice(0, 10);

// The rows of linked tables by title, read once.
const linked = {};
for (const rule of SETTINGS.rules) {
    if (rule.table && !linked[rule.table]) {
        const rows = await base.getTable(rule.table).selectRecordsAsync({ fields: [] });
        linked[rule.table] = new Map(rows.records.map((row) => [row.name, row.id]));
    }
}

function read(record, key) {
    const name = SETTINGS.fields[key];
    return name && known.has(name) ? record.getCellValue(name) : null;
}

function textOf(record, key) {
    const name = SETTINGS.fields[key];
    return name && known.has(name) ? record.getCellValueAsString(name) : "";
}

function fileRecord(record) {
    const text = ["title", "first_prompt", "keywords"].map((key) => textOf(record, key)).join("\n").toLowerCase();
    const changes = {};
    for (const rule of SETTINGS.rules) {
        const name = SETTINGS.fields[rule.field];
        if (known.has(name) && rule.words.some((word) => text.includes(word.toLowerCase()))) {
            applyRule(rule, name, record, changes);
        }
    }
    const filed = SETTINGS.fields.auto_filed;
    if (Object.keys(changes).length && filed && known.has(filed)) changes[filed] = true;
    return changes;
}

// One value is set only where there is none; several values gain the new one once.
function applyRule(rule, name, record, changes) {
    const now = name in changes ? changes[name] : record.getCellValue(name);
    if (rule.type === "singleSelect") {
        if (!now) changes[name] = { name: rule.value };
    } else if (rule.type === "multipleSelects") {
        const have = now || [];
        if (!have.some((item) => item.name === rule.value)) changes[name] = [...have, { name: rule.value }];
    } else if (rule.type === "multipleRecordLinks") {
        const id = linked[rule.table].get(rule.value);
        if (id && !(now || []).length) changes[name] = [{ id }];
    } else if (!String(now || "").includes("#" + rule.value)) {
        changes[name] = (now ? now + "\n" : "") + "#" + rule.value;
    }
}

function archiveRecord(record) {
    const status = read(record, "status");
    const last = read(record, "last_activity");
    if (!SETTINGS.archiveAfterDays || !status || status.name !== "Completed" || !last) return {};
    const idle = Math.floor((Date.parse(today) - Date.parse(last.slice(0, 10))) / 86400000);
    if (idle < SETTINGS.archiveAfterDays) return {};
    const changes = { [SETTINGS.fields.status]: { name: "Archived" } };
    if (known.has(SETTINGS.fields.archived_on)) changes[SETTINGS.fields.archived_on] = today;
    return changes;
}

function plan(record) {
    if (recordId) return record.id === recordId ? fileRecord(record) : {};
    if (fileAll) return read(record, "auto_filed") ? {} : fileRecord(record);
    return archiveRecord(record);
}

const updates = records.map((record) => ({ id: record.id, fields: plan(record) }));
const changed = updates.filter((update) => Object.keys(update.fields).length);
for (let start = 0; start < changed.length; start += 50) {
    await table.updateRecordsAsync(changed.slice(start, start + 50));
}
console.log(`${changed.length} of ${records.length} sessions changed`);
"""

BACKUP = r'''"""Save every table of an Airtable base as JSON and CSV. Needs Python 3.9 or newer, nothing else.

    export AIRTABLE_TOKEN=pat…       (scopes data.records:read and schema.bases:read)
    python backup.py appXXXXXXXXXXXXXX [folder]
"""

import csv
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

API = os.environ.get("CHATBUILDER_AIRTABLE_URL", "https://api.airtable.com").rstrip("/")


def get(path, **query):
    url = f"{API}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {os.environ['AIRTABLE_TOKEN']}"})
    for attempt in range(4):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            if error.code != 429 or attempt == 3 or "BILLING" in text:
                raise SystemExit(f"Airtable refused {path}: {error.code} {text[:300]}")
            time.sleep(30)


def rows_of(base, table):
    rows, query = [], {"pageSize": 100}
    while True:
        page = get(f"/v0/{base}/{table}", **query)
        rows += page["records"]
        if "offset" not in page:
            return rows
        query["offset"] = page["offset"]


def flat(value):
    if isinstance(value, list):
        return "; ".join(flat(item) for item in value)
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value.get("name", value) if isinstance(value, dict) else value)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def safe(name):
    return "".join(c if c.isalnum() or c in " -_" else "_" for c in name).strip() or "table"


def main(base, folder="."):
    schema = get(f"/v0/meta/bases/{base}/tables")
    place = Path(folder) / datetime.now(timezone.utc).strftime("airtable-backup-%Y-%m-%dT%H%M%SZ")
    place.mkdir(parents=True)
    (place / "schema.json").write_text(json.dumps(schema, indent=2, ensure_ascii=False), encoding="utf-8")
    for table in schema["tables"]:
        rows = rows_of(base, table["id"])
        names = [field["name"] for field in table["fields"]]
        file = place / f"{safe(table['name'])}.json"
        file.write_text(json.dumps(rows, indent=2, ensure_ascii=False), encoding="utf-8")
        with file.with_suffix(".csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([flat(name) for name in names])
            writer.writerows([[flat(row["fields"].get(name, "")) for name in names] for row in rows])
        print(f"{table['name']}: {len(rows)} rows")
    print(f"Saved in {place}")


if __name__ == "__main__":
    if len(sys.argv) < 2 or "AIRTABLE_TOKEN" not in os.environ:
        raise SystemExit(__doc__)
    main(*sys.argv[1:3])
'''


def automation_script(blueprint: Blueprint) -> str:
    """Return the JavaScript of the base's automations, "" when none of them needs a script."""
    kinds: dict[str, Automation] = {item.kind: item for item in blueprint.automations}
    if not {"tagging", "archive"} & set(kinds):
        return ""
    # ASCII only: whatever a name holds, it stays inside its string.
    return _HEAD % json.dumps(_settings(blueprint, kinds), indent=4, ensure_ascii=True) + _BODY


def _settings(blueprint: Blueprint, kinds: dict[str, Automation]) -> dict[str, Any]:
    table = blueprint.sessions
    rules = kinds["tagging"].rules if "tagging" in kinds else ()
    keys = ["title", "first_prompt", "keywords", "status", "last_activity", "archived_on", "auto_filed"]
    keys += [rule.field for rule in rules]
    return {
        "table": table.name,
        "fields": {key: table.field(key).name for key in dict.fromkeys(keys) if table.has(key)},
        "rules": list(_rules(blueprint, rules)),
        "archiveAfterDays": kinds["archive"].days if "archive" in kinds else 0,
    }


def _rules(blueprint: Blueprint, rules: Iterable[TagRule]) -> Iterable[dict[str, Any]]:
    for rule in rules:
        field = blueprint.sessions.field(rule.field)
        entry = {"words": list(rule.words), "field": rule.field, "type": airtable_type(field), "value": rule.value}
        if field.relation:
            entry["table"] = blueprint.table(field.relation.table).name
        yield entry
