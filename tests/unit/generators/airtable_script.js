// A stand-in for Airtable's scripting services, so that automation.js runs in node. Reads [code, job] from stdin.
const vm = require('vm');
const [code, job] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const updates = [];

class Day extends Date {
  constructor(...given) {
    given.length ? super(...given) : super(job.now + 'T12:00:00Z');
  }
}

class Row {
  constructor(table, { id, cells }) { Object.assign(this, { table, id, cells, name: cells[table.fields[0].name] }); }
  check(name) {
    if (!this.table.fields.some((field) => field.name === name)) throw new Error('no field ' + name);
  }
  getCellValue(name) { this.check(name); return this.cells[name] ?? null; }
  getCellValueAsString(name) { return String(this.getCellValue(name) ?? ''); }
}

class Table {
  constructor({ fields, records }) {
    this.fields = fields.map((name) => ({ name }));
    this.records = records;
  }
  async selectRecordsAsync({ fields }) {
    fields.forEach((name) => {
      if (!this.fields.some((field) => field.name === name)) throw new Error('no field ' + name);
    });
    return { records: this.records.map((record) => new Row(this, record)) };
  }
  async updateRecordsAsync(changes) {
    if (changes.length > 50) throw new Error('at most 50 records');
    updates.push(changes);
  }
}

const context = {
  base: {
    getTable: (name) => {
      if (!(name in job.tables)) throw new Error('no table ' + name);
      return new Table(job.tables[name]);
    },
  },
  input: { config: () => job.inputs },
  console: { log: () => {} },
  Date: Day,
};
vm.createContext(context);
vm.runInContext('(async () => {' + code + '\n})()', context).then(
  () => console.log(JSON.stringify(updates)),
  (error) => { console.error(error); process.exit(1); },
);
