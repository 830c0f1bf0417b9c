"""The Apps Script project: menu, filing, archive, reminders, backup, and a way to build without tokens.

Sources: developers.google.com/apps-script/guides/sheets, …/guides/triggers/installable, …/advanced/sheets.
"""

from __future__ import annotations

import json
from typing import Any

from chatbuilder.blueprint import Automation, Blueprint
from chatbuilder.generators.sheets.cells import Request
from chatbuilder.generators.sheets.layout import ENTRY_BREAK, RULES
from chatbuilder.generators.sheets.pages import template_body
from chatbuilder.solution import resolve

_BUILD = """\
/**
 * Builds the system in the spreadsheet that this script belongs to: the same requests as provisioning, in one batch.
 * Run buildSystem once. Google asks for permission, because the script changes this spreadsheet.
 * It needs the service "Google Sheets API" (Services + in the editor, or appsscript.json as it is here).
 */
function buildSystem() {
  const id = SpreadsheetApp.getActiveSpreadsheet().getId();
  Sheets.Spreadsheets.batchUpdate({ requests: REQUESTS }, id);
  SpreadsheetApp.getActiveSpreadsheet().toast('Done. Delete the empty first sheet when you like.');
}

const REQUESTS = %s;
"""
_HEAD = """\
/**
 * Automations of this spreadsheet. Paste this file into Extensions > Apps Script and run installTriggers once.
 * Nothing that you typed is overwritten: an automation fills only what is empty.
 */
const SETTINGS = %s;
"""
_MENU = r"""
function onOpen() {
  const menu = SpreadsheetApp.getUi().createMenu('Chatbuilder');
  SETTINGS.menu.forEach(([title, name]) => menu.addItem(title, name));
  menu.addToUi();
}

/** Puts the daily and weekly runs in place; running it again replaces them. */
function installTriggers() {
  const wanted = SETTINGS.daily.concat(SETTINGS.weekly);
  ScriptApp.getProjectTriggers()
    .filter((trigger) => wanted.includes(trigger.getHandlerFunction()))
    .forEach((trigger) => ScriptApp.deleteTrigger(trigger));
  SETTINGS.daily.forEach((name) => ScriptApp.newTrigger(name).timeBased().everyDays(1).atHour(6).create());
  SETTINGS.weekly.forEach((name) => {
    const monday = ScriptApp.WeekDay.MONDAY;
    ScriptApp.newTrigger(name).timeBased().onWeekDay(monday).atHour(7).create();
  });
}

/** Reads the sessions: header, and one object for each row with its number. */
function readRows_(title) {
  const sheet = SpreadsheetApp.getActiveSpreadsheet().getSheetByName(title || SETTINGS.table);
  const values = sheet.getDataRange().getValues();
  const header = values[0].map(String);
  const rows = values.slice(1).map((cells, index) => {
    const row = { number: index + 2 };
    header.forEach((name, at) => { if (name && !(name in row)) row[name] = cells[at]; });
    return row;
  });
  const first = header[0];
  return { sheet, header, rows: rows.filter((row) => row[first] !== '') };
}

/** Writes changes of one row. Text goes in as text: it can never become a formula. */
function writeRow_(table, number, changes) {
  Object.entries(changes).forEach(([name, value]) => {
    const cell = table.sheet.getRange(number, table.header.indexOf(name) + 1);
    if (typeof value === 'string') {
      cell.setRichTextValue(SpreadsheetApp.newRichTextValue().setText(value).build());
    } else {
      cell.setValue(value);
    }
  });
}

function dayOf_(value) {
  if (!(value instanceof Date)) return '';
  const zone = SpreadsheetApp.getActiveSpreadsheet().getSpreadsheetTimeZone();
  return Utilities.formatDate(value, zone, 'yyyy-MM-dd');
}
"""
_FILING = r"""
/** Returns what the rules would set in a row; {} when nothing is to be set. */
function filing_(row, rules, names) {
  const text = names.searched.map((name) => String(row[name] || '')).join('\n').toLowerCase();
  const changes = {};
  rules.forEach((rule) => {
    if (!(rule.field in row) || !rule.words.some((word) => word && text.includes(word.toLowerCase()))) return;
    const now = String((rule.field in changes ? changes[rule.field] : row[rule.field]) || '');
    if (rule.field === names.tags) {
      const have = now ? now.split(SETTINGS.entryBreak) : [];
      if (!have.includes(rule.value)) changes[rule.field] = have.concat(rule.value).join(SETTINGS.entryBreak);
    } else if (rule.field === names.notes) {
      if (!now.includes('#' + rule.value)) changes[rule.field] = (now ? now + '\n' : '') + '#' + rule.value;
    } else if (!now) {
      changes[rule.field] = rule.value;
    }
  });
  if (Object.keys(changes).length && names.filed in row) changes[names.filed] = true;
  return changes;
}

/** Reads the rules from their sheet, so that you can change them there. */
function readRules_() {
  return readRows_(SETTINGS.rulesSheet).rows.map((row) => ({
    words: String(row.Words).split(',').map((word) => word.trim()),
    field: String(row.Field),
    value: String(row.Value),
  }));
}

/** A row is filed when its title, first prompt or keywords are typed in. */
function onEdit(event) {
  const range = event.range;
  const sheet = range.getSheet();
  if (sheet.getName() !== SETTINGS.table || range.getRow() < 2) return;
  const table = readRows_();
  if (!SETTINGS.names.searched.includes(table.header[range.getColumn() - 1])) return;
  table.rows
    .filter((row) => row.number === range.getRow() && row[SETTINGS.names.filed] !== true)
    .forEach((row) => writeRow_(table, row.number, filing_(row, readRules_(), SETTINGS.names)));
}

/** Files every session that no rule has touched yet. */
function fileAll() {
  const table = readRows_();
  const rules = readRules_();
  table.rows
    .filter((row) => row[SETTINGS.names.filed] !== true)
    .forEach((row) => writeRow_(table, row.number, filing_(row, rules, SETTINGS.names)));
}
"""
_ARCHIVE = r"""
/** Returns what the archive rule sets in a row: only what is Completed and quiet for long enough. */
function archiving_(row, today) {
  const last = dayOf_(row[SETTINGS.names.lastActivity]);
  if (row[SETTINGS.names.status] !== 'Completed' || !last) return {};
  const quiet = Math.floor((Date.parse(today) - Date.parse(last)) / 86400000);
  if (quiet < SETTINGS.archiveAfterDays) return {};
  const [year, month, day] = today.split('-').map(Number);
  return { [SETTINGS.names.status]: 'Archived', [SETTINGS.names.archivedOn]: new Date(year, month - 1, day) };
}

function archiveOld() {
  const table = readRows_();
  const today = dayOf_(new Date());
  table.rows.forEach((row) => writeRow_(table, row.number, archiving_(row, today)));
}
"""
_REMIND = r"""
/** Returns the sessions whose follow-up day is reached and that are not finished. */
function due_(rows, today) {
  const open = (row) => !['Completed', 'Archived'].includes(row[SETTINGS.names.status]);
  return rows.filter((row) => {
    const day = dayOf_(row[SETTINGS.names.followUp]);
    return day && day <= today && open(row);
  });
}

/** Mails you the sessions to come back to; no mail when there are none. */
function remind() {
  const rows = due_(readRows_().rows, dayOf_(new Date()));
  if (!rows.length) return;
  const lines = rows.map((row) => '- ' + row[SETTINGS.names.title] + ' (' + dayOf_(row[SETTINGS.names.followUp]) + ')');
  const book = SpreadsheetApp.getActiveSpreadsheet();
  const body = lines.join('\n') + '\n\n' + book.getUrl();
  MailApp.sendEmail(Session.getEffectiveUser().getEmail(), rows.length + ' follow-ups are due', body);
}
"""
_BACKUP = r"""
/** Saves a copy of this spreadsheet in the Drive folder "Chatbuilder backups"; the ten newest copies are kept. */
function backup() {
  const book = SpreadsheetApp.getActiveSpreadsheet();
  const found = DriveApp.getFoldersByName(SETTINGS.backupFolder);
  const folder = found.hasNext() ? found.next() : DriveApp.createFolder(SETTINGS.backupFolder);
  const stem = book.getName() + ' ';
  DriveApp.getFileById(book.getId()).makeCopy(stem + new Date().toISOString().slice(0, 16), folder);
  const dated = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;
  const copies = [];
  for (const files = folder.getFiles(); files.hasNext(); ) copies.push(files.next());
  copies
    .filter((file) => file.getName().startsWith(stem) && dated.test(file.getName().slice(stem.length)))
    .sort((a, b) => (a.getName() < b.getName() ? 1 : -1))
    .slice(10)
    .forEach((file) => file.setTrashed(true));
}
"""
_TEMPLATES = r"""
/** Adds a row with a template's values; its headings go into Notes. */
function addFromTemplate_(number) {
  const table = readRows_();
  const last = table.rows.length ? table.rows[table.rows.length - 1].number : 1;
  writeRow_(table, last + 1, SETTINGS.templates[number]);
  table.sheet.getRange(last + 1, 1).activate();
}
"""


def automation_script(blueprint: Blueprint) -> str:
    """Return Code.gs with only the parts that these answers ask for, "" when they ask for none."""
    kinds: dict[str, Automation] = {item.kind: item for item in blueprint.automations}
    parts = {"tagging": _FILING, "archive": _ARCHIVE, "reminder": _REMIND, "backup": _BACKUP}
    chosen = [code for kind, code in parts.items() if kind in kinds]
    if blueprint.templates:
        chosen.append(_TEMPLATES + "".join(_template_function(n) for n in range(len(blueprint.templates))))
    if not chosen:
        return ""
    # ASCII only: whatever a name holds, it stays inside its string.
    settings = json.dumps(_settings(blueprint, kinds), indent=2, ensure_ascii=True)
    return _HEAD % settings + _MENU + "".join(chosen)


def _template_function(number: int) -> str:
    return f"\nfunction template{number + 1}() {{\n  addFromTemplate_({number});\n}}\n"


def _settings(blueprint: Blueprint, kinds: dict[str, Automation]) -> dict[str, Any]:
    table = blueprint.sessions
    names = {
        "title": "title", "status": "status", "lastActivity": "last_activity", "archivedOn": "archived_on",
        "followUp": "follow_up", "tags": "tags", "notes": "notes", "filed": "auto_filed",
    }  # fmt: skip
    searched = [table.field(key).name for key in ("title", "first_prompt", "keywords") if table.has(key)]
    menu = [[f"New: {item.name}", f"template{n}"] for n, item in enumerate(blueprint.templates, 1)]
    jobs = {"tagging": ("File all sessions", "fileAll"), "archive": ("Archive old sessions now", "archiveOld")}
    jobs |= {"reminder": ("Mail me what is due", "remind"), "backup": ("Save a backup now", "backup")}
    menu += [list(jobs[kind]) for kind in jobs if kind in kinds]
    return {
        "table": table.name,
        "rulesSheet": RULES,
        "entryBreak": ENTRY_BREAK,
        "names": {**{k: table.field(v).name for k, v in names.items() if table.has(v)}, "searched": searched},
        "archiveAfterDays": kinds["archive"].days if "archive" in kinds else 0,
        "backupFolder": "Chatbuilder backups",
        "menu": menu,
        "daily": [jobs[kind][1] for kind in ("tagging", "archive", "reminder") if kind in kinds],
        "weekly": [jobs["backup"][1]] if "backup" in kinds else [],
        "templates": [
            {
                table.title.name: template.name,
                **{table.field(k).name: v for k, v in template.values.items() if table.has(k)},
                table.field("notes").name: template_body(template.headings),
            }
            for template in blueprint.templates
        ],
    }


def build_script(requests: list[Request]) -> str:
    """Return Build.gs: the batch as a script, for people who want no token and no API."""
    marked = resolve(requests, {"target": {"mark": "script"}})
    return _BUILD % json.dumps(marked, ensure_ascii=True, separators=(",", ":"))


def manifest(blueprint: Blueprint) -> str:
    """Return appsscript.json."""
    service = {"userSymbol": "Sheets", "version": "v4", "serviceId": "sheets"}
    data = {
        "timeZone": blueprint.timezone,
        "dependencies": {"enabledAdvancedServices": [service]},
        "exceptionLogging": "STACKDRIVER",
        "runtimeVersion": "V8",
    }
    return json.dumps(data, indent=2) + "\n"
