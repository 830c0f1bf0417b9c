CREATE TABLE threads (id TEXT, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (id TEXT, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT, datetime_utc TEXT);
CREATE TABLE messages (hash TEXT, parent_hash TEXT, role TEXT);
CREATE TABLE parts (message_hash TEXT, position INTEGER, type TEXT, text TEXT, payload TEXT);
INSERT INTO threads VALUES ('t1', 'New', 'm2', NULL, '2026-08-06T12:00:00+00:00');
INSERT INTO turns VALUES ('1', 't1', 'm1', 'm2', 'm-a', '2026-08-06T12:00:01');
INSERT INTO messages VALUES ('m1', NULL, 'user'), ('m2', 'm1', 'assistant');
INSERT INTO parts VALUES ('m1', 0, 'text', 'Hi', NULL), ('m2', 0, 'text', 'Yo', NULL);
