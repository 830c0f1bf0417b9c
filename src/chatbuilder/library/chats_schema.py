"""The part of the library's schema that holds chats; `database` makes it.

* Times of chats and messages are seconds since 1970 in UTC; NULL is unknown.
* A message's id is its chat's id times 2^20 plus its position, so one chat's messages lie together and in order and
  need no further index.
* A message with a single unnamed part keeps it as `kind` and `body`; else `kind` is NULL and `body` a JSON list of
  [kind, text, name]. `parent` is the position of the message it follows, or the source's id where that is not here.
* `search` is contentless: one row for each chat, made by `terms.indexed`; taking a row out needs the same text again.
"""

SHIFT = 20
"""How many bits of a message's id are its position: more than `importers` let into one chat."""

_WORDS = "unicode61 remove_diacritics 2 categories ''L* N* Co M*''"

CHATS = f"""
CREATE TABLE chats (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, source_id TEXT NOT NULL, title TEXT, started REAL, last_activity REAL,
  model TEXT, project_id TEXT, project TEXT, url TEXT, command TEXT, account TEXT, summary TEXT,
  tags TEXT NOT NULL CHECK (json_valid(tags)), archived INTEGER, starred INTEGER, mode TEXT, branches INTEGER NOT NULL,
  derived TEXT NOT NULL CHECK (json_valid(derived)), models TEXT NOT NULL CHECK (json_valid(models)),
  human INTEGER NOT NULL, answers INTEGER NOT NULL, messages INTEGER NOT NULL,
  hash TEXT NOT NULL, exported REAL NOT NULL, reader INTEGER NOT NULL, added TEXT NOT NULL, changed TEXT NOT NULL,
  UNIQUE (source, source_id)
) STRICT;
CREATE INDEX chats_activity ON chats (last_activity);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY, role TEXT NOT NULL, kind TEXT, body TEXT NOT NULL, time REAL, model TEXT,
  active INTEGER NOT NULL, source_id TEXT, parent ANY
) STRICT;
CREATE VIRTUAL TABLE search USING fts5 (title, prompts, answers, content='', tokenize='{_WORDS}');
INSERT INTO search (search, rank) VALUES ('hashsize', {16 * 1024 * 1024}), ('automerge', 16), ('crisismerge', 64);
CREATE TABLE deleted_chats (
  source TEXT NOT NULL, source_id TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (source, source_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE project_names (
  source TEXT NOT NULL, project_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (source, project_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE imports (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN ('running', 'done', 'stopped')),
  started TEXT NOT NULL, finished TEXT, report TEXT NOT NULL DEFAULT '{{}}' CHECK (json_valid(report))
) STRICT;
CREATE TABLE problems (
  import INTEGER NOT NULL REFERENCES imports (id), place TEXT NOT NULL, reason TEXT NOT NULL, code TEXT NOT NULL,
  source TEXT, title TEXT, chat INTEGER NOT NULL
) STRICT;
CREATE INDEX problems_import ON problems (import);
CREATE TABLE placements (
  system TEXT NOT NULL REFERENCES systems (id), source TEXT NOT NULL, source_id TEXT NOT NULL, remote TEXT,
  hash TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'removed')),
  facts TEXT NOT NULL DEFAULT '{{}}' CHECK (json_valid(facts)), at TEXT NOT NULL,
  PRIMARY KEY (system, source, source_id)
) STRICT, WITHOUT ROWID;
"""
