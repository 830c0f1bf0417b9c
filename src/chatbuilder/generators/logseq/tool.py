"""`tools/logseq_csv.py`: pages to CSV and CSV to pages, for a person who has only Python.

Logseq itself reads and writes no CSV. The script stands alone (standard library only), so it repeats the rules of
`names` and `markup` in short; a test holds the two against each other.
"""

from __future__ import annotations

import json

from chatbuilder.blueprint import Blueprint, Table
from chatbuilder.generators.common.data import stored_fields
from chatbuilder.generators.common.text import slug
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import prop


def script(blueprint: Blueprint, titles: Titles) -> str:
    """Return the script for this design."""
    tables = {slug(table.name): _table(table, titles) for table in blueprint.tables}
    places = {table.key: titles.prefix(table) for table in blueprint.tables}
    spec = json.dumps({"tables": tables, "places": places}, indent=1)
    return _SCRIPT.replace("@SPEC@", spec)


def _table(table: Table, titles: Titles) -> dict[str, object]:
    fields = [
        {"name": f.name, "prop": prop(f), "type": f.type, "to": f.relation.table if f.relation else ""}
        for f in stored_fields(table)[1:]
    ]
    return {"type": titles.kind(table), "key": table.key, "title": table.title.name, "fields": fields}


_SCRIPT = '''\
#!/usr/bin/env python3
"""Pages of a Logseq graph as CSV, and CSV rows as new pages. Needs Python 3.9 or newer, nothing else.

    python3 logseq_csv.py export GRAPH OUT        writes one CSV and one JSON file for each table into OUT
    python3 logseq_csv.py add GRAPH TABLE.csv     adds a page for each row; pages that exist stay as they are

GRAPH is the folder that holds pages/ and logseq/. The name of the CSV says which table it is for.
"""
import argparse, csv, datetime, json, pathlib, re, sys, unicodedata
from urllib.parse import quote, unquote

SPEC = json.loads(r"""@SPEC@""")
ESCAPES = (("(?<=\\\\])\\\\]|\\\\](?=\\\\()", r"\\\\]"), (r"(?<=\\))\\)", r"\\\\)"), (r"(?<=\\{)\\{", r"\\\\{"),
           (r"#(?=\\S)", r"\\\\#"), (r"<(?=[A-Za-z0-9/!%?])", r"\\\\<"),
           (r"(?<=\\[)[:^]", r"\\\\\\g<0>"), (r"(?<=@)@", r"\\\\@"))
DEVICES = {"CON", "PRN", "AUX", "NUL", *(d + str(n) for d in ("COM", "LPT") for n in range(1, 10))}


def escape(text):
    text = " ".join(unicodedata.normalize("NFC", text).split()).replace("\\\\", "\\\\\\\\")
    for pattern, replacement in ESCAPES:
        text = re.sub(pattern, replacement, text)
    return text


def text_value(text):
    value = escape(text)
    if len(value) > 1 and value[0] == value[-1] == '"':
        return "\\\\" + value
    return '"%s"' % value if value.isdecimal() and str(int(value)) != value else value


def plain(value):
    if re.fullmatch(r'"\\d+"', value):
        return value[1:-1]
    return re.sub(r"\\\\([\\\\\\])#{<:^@\\"])", r"\\1", value)


def file_body(title):
    text = re.sub("%[0-9a-fA-F]{2}", lambda m: m[0].replace("%", "%25"), title)
    text = re.sub(r'[:*?"<>|#\\\\]+', lambda m: quote(m[0], safe=""), text)
    text = "%2E" + text[1:] if text.startswith(".") else text
    text += "/" if text in DEVICES or text.endswith(".") else ""
    for doubtful in ("___", "_/", "/_"):
        text = text.replace(doubtful, doubtful.replace("_", "%5F"))
    return text.replace("/", "___")


def segment(name):
    text = re.sub(r'[\\x00-\\x1f\\x7f<>:"/\\\\|?*#^\\[\\]%{}`]+', " ", unicodedata.normalize("NFC", name))
    text = re.sub("_{2,}", "_", re.sub(r"\\s+", " ", text)).strip(" ._")[:100]
    while len(text.encode()) > 140:
        text = text[:-1]
    return text.strip(" ._") or "Untitled"


def title_of(body):
    return re.sub("%[0-7][0-9a-fA-F]", lambda m: unquote(m[0]), body.replace("___", "/"))


def pages(graph):
    """Title and properties of every page; a property is a `key:: value` line before the first bullet."""
    for path in sorted((graph / "pages").glob("*.md")):
        found = {}
        for line in path.read_text("utf-8").splitlines():
            match = re.match(r"([^\\s:]+):: ?(.*)", line)
            if not match:
                break
            found[match[1].lower().replace("_", "-")] = match[2].strip()
        yield found.get("title") or title_of(path.stem), found


def read(field, value, names):
    if not value:
        return "" if field["type"] not in ("multi_select", "relation") else []
    if field["type"] in ("multi_select", "relation"):
        linked = re.findall(r"\\[\\[(.*?)\\]\\]", value)
        return [names.get(one, one) for one in linked] if linked else [plain(v.strip()) for v in value.split(",")]
    value = re.sub(r"^\\[\\[(.*)\\]\\]$", r"\\1", value)
    if field["type"] == "datetime" and re.fullmatch(r"\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d(:\\d\\d)?", value):
        return value.replace(" ", "T") + ("Z" if value.count(":") == 2 else ":00Z")
    if field["type"] in ("number", "checkbox"):
        return {"true": True, "false": False}.get(value, value)
    return value if field["type"] == "url" else plain(value)


def cell(value):
    value = "; ".join(value) if isinstance(value, list) else {True: "yes", False: "no"}.get(value, value)
    return "'" + value if value[:1] in ("=", "+", "-", "@") and not re.fullmatch(r"[+-]?[\\d.]+", value) else value


def export(graph, out):
    found = list(pages(graph))
    names = {t: plain(p.get("full-title", "")) or t.rsplit("/", 1)[-1] for t, p in found}
    out.mkdir(parents=True, exist_ok=True)
    for slug, table in SPEC["tables"].items():
        rows = [[names[t], *(read(f, p.get(f["prop"], ""), names) for f in table["fields"])]
                for t, p in found if p.get("type") == table["type"]]
        head = [table["title"], *(f["name"] for f in table["fields"])]
        with open(out / (slug + ".csv"), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\\n")
            writer.writerow([cell(name) for name in head])
            writer.writerows([cell(value) for value in row] for row in rows)
        data = [dict(zip(["title", *(f["prop"] for f in table["fields"])], row)) for row in rows]
        (out / (slug + ".json")).write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\\n", "utf-8")
        print("%s: %d" % (slug, len(rows)))


def write(field, value):
    kind = field["type"]
    if kind == "relation":
        return ", ".join("[[%s%s]]" % (SPEC["places"][field["to"]], segment(v)) for v in value.split("; "))
    if kind == "multi_select":
        clean = (lambda v: re.sub(r"[^\\w .&+'-]+", " ", v).strip(" .'&+-")) if field["prop"] == "tags" else escape
        return ", ".join(clean(v) for v in value.split("; "))
    if kind == "checkbox":
        return "true" if value.lower() in ("yes", "true", "1", "x") else "false"
    if kind == "datetime":
        moment = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        moment = moment.astimezone(datetime.timezone.utc) if moment.tzinfo else moment
        return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")
    if field["prop"] == "day":
        return "[[%s]]" % value[:10]
    if kind == "url" and re.fullmatch(r"https?://\\S+", value):
        return re.sub(r'[\\[\\](){}<>"`\\\\|^]', lambda m: "%%%02X" % ord(m[0]), value)
    return value if kind in ("number", "date") else text_value(value)


def add(graph, path):
    table = SPEC["tables"].get(path.stem)
    if table is None:
        sys.exit("The file must be called one of: " + ", ".join(n + ".csv" for n in SPEC["tables"]))
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    made = 0
    for row in rows:
        row = {k: re.sub(r"^'(?=[=+@-])", "", v or "").strip() for k, v in row.items() if k}
        name = row.get(table["title"], "")
        if not name:
            continue
        title = SPEC["places"][table["key"]] + segment(name)
        lines = ["title:: " + title, "type:: " + table["type"]]
        lines += [] if title.endswith("/" + name) else ["full-title:: " + text_value(name)]
        lines += [f["prop"] + ":: " + write(f, row[f["name"]]) for f in table["fields"] if row.get(f["name"])]
        target = graph / "pages" / (file_body(title) + ".md")
        try:
            with open(target, "x", encoding="utf-8", newline="\\n") as file:
                file.write("\\n".join(lines) + "\\n\\n-\\n")
            made += 1
        except FileExistsError:
            print("kept as it is: " + title)
    print("%d pages added" % made)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("export", "add"))
    parser.add_argument("graph", type=pathlib.Path)
    parser.add_argument("other", type=pathlib.Path)
    wanted = parser.parse_args()
    if not (wanted.graph / "pages").is_dir():
        sys.exit("%s has no folder pages: it is not a Logseq graph" % wanted.graph)
    (export if wanted.what == "export" else add)(wanted.graph, wanted.other)
'''
