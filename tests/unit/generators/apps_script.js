// A stand-in for Google's services, so that Code.gs runs in node. Reads [code, job] from stdin, prints what happened.
const vm = require('vm');
const [code, job] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const written = [], mails = [], triggers = [], menu = [], sent = [], copied = [], trashed = [];

class Day extends Date {
  constructor(...given) {
    given.length ? super(...given) : super(job.now + 'T12:00:00Z');
  }
}
const dayOf = (date) => date.toISOString().slice(0, 10);

class Cell {
  constructor(sheet, row, column) { Object.assign(this, { sheet, row, column }); }
  getSheet() { return this.sheet; }
  getRow() { return this.row; }
  getColumn() { return this.column; }
  put(how, value) {
    written.push([this.sheet.name, this.row, this.column, how, value instanceof Date ? dayOf(value) : value]);
  }
  setValue(value) { this.put('value', value); }
  setRichTextValue(value) { this.put('text', value); }
  activate() {}
}

class Sheet {
  constructor(name, rows) { Object.assign(this, { name, rows }); }
  getName() { return this.name; }
  getRange(row, column) { return new Cell(this, row, column); }
  getDataRange() {
    const cell = (value) => (value && value.day ? new Day(value.day + 'T00:00:00Z') : value);
    return { getValues: () => this.rows.map((row) => row.map(cell)) };
  }
}

const sheets = Object.fromEntries(Object.entries(job.sheets).map(([name, rows]) => [name, new Sheet(name, rows)]));
const book = {
  getId: () => 'book-id',
  getName: () => 'My chats',
  getSheetByName: (name) => sheets[name],
  getSpreadsheetTimeZone: () => 'UTC',
  getUrl: () => 'URL',
  toast: () => {},
};
const each = (items) => ({ hasNext: () => items.length > 0, next: () => items.shift() });
const file = (name) => ({
  getName: () => name,
  setTrashed: () => trashed.push(name),
  makeCopy: (copy) => { copied.push(copy); job.files.push(copy); },
});
const folder = { getFiles: () => each(job.files.map(file)) };
const trigger = (name) => {
  const chain = new Proxy({}, { get: (_, key) => (key === 'create' ? () => triggers.push(name) : () => chain) });
  return chain;
};
const context = {
  SpreadsheetApp: {
    getActiveSpreadsheet: () => book,
    newRichTextValue: () => ({ setText: (text) => ({ build: () => text }) }),
    getUi: () => ({ createMenu: () => ({ addItem: (...item) => menu.push(item), addToUi: () => {} }) }),
  },
  Utilities: { formatDate: dayOf },
  MailApp: { sendEmail: (...mail) => mails.push(mail) },
  Session: { getEffectiveUser: () => ({ getEmail: () => 'me@example.org' }) },
  ScriptApp: { getProjectTriggers: () => [], newTrigger: trigger, WeekDay: { MONDAY: 1 } },
  DriveApp: {
    getFoldersByName: () => each(job.files ? [folder] : []),
    createFolder: () => { job.files = []; return folder; },
    getFileById: file,
  },
  Sheets: { Spreadsheets: { batchUpdate: (body, id) => sent.push([id, body]) } },
  Date: Day,
};
vm.createContext(context);
vm.runInContext(code, context);
if (job.event) context.event = { range: new Cell(sheets[job.event[0]], job.event[1], job.event[2]) };
vm.runInContext(job.call, context);
const known = menu.every(([, name]) => vm.runInContext('typeof ' + name, context) === 'function');
console.log(JSON.stringify({ written, mails, triggers, menu, known, sent, copied, trashed }));
