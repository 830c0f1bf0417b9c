CREATE TABLE conversations (id TEXT, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, system TEXT, response TEXT, conversation_id TEXT, datetime_utc TEXT, reasoning TEXT);
INSERT INTO conversations VALUES ('c1', 'Old', 'gpt'), ('t1', 'Went on', 'gpt'), ('c2', NULL, 'unused');
INSERT INTO responses VALUES ('r2', 'gpt-4', 'And?', 'Be kind', 'Two', 'c1', '2025-05-01T10:01:00', NULL), ('r1', 'gpt-3', 'Hi', 'Be kind', 'One', 'c1', '2025-05-01T10:00:00', 'hm'),
 ('r3', 'gpt-4', 'And then?', 'Be brief', '', 'c1', '2025-05-01T10:02:00', NULL), ('r4', 'gpt-2', 'Lone', NULL, 'Wolf', NULL, '2025-05-02T10:00:00', NULL);
CREATE TABLE threads (id TEXT, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (id TEXT, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT, datetime_utc TEXT);
CREATE TABLE messages (hash TEXT, parent_hash TEXT, role TEXT);
CREATE TABLE parts (message_hash TEXT, position INTEGER, type TEXT, text TEXT, payload TEXT);
INSERT INTO threads VALUES ('t1', 'New', 'm3', NULL, '2026-08-06T12:00:00+00:00'), ('t2', NULL, NULL, NULL, NULL);
INSERT INTO turns VALUES ('1', 't1', 'm1', 'm2', 'm-a', '2026-08-06T12:00:01'), ('2', 't1', 'm1', 'm3', 'm-b', '2026-08-06T12:00:02'), ('3', 't2', NULL, 'n2', 'm-c', '2026-08-07T12:00:00');
INSERT INTO messages VALUES ('m1', 'm0', 'user'), ('m2', 'm1', 'assistant'), ('m3', 'm1', 'assistant'), ('m0', NULL, 'system'), ('n1', NULL, 'user'), ('n2', 'n1', 'tool'), ('n3', 'n1', 'ghost');
INSERT INTO turns VALUES ('4', 't2', 'n1', 'n3', 'm-c', '2026-08-07T12:00:01');
INSERT INTO parts VALUES ('m0', 0, 'text', 'Be kind', NULL), ('m1', 1, 'attachment', NULL, '{"path": "a.png", "url": "not this"}'), ('m1', 0, 'text', 'Q', NULL), ('m1', 2, 'attachment', NULL, '{"url": "https://b.example/b.png", "type": "not this"}'), ('m1', 3, 'attachment', NULL, CAST('{"type": "image/png"}' AS BLOB)),
 ('m2', 0, 'text', 'first', NULL), ('m3', 0, 'reasoning', 'hm', NULL), ('m3', 1, 'text', 'second', NULL), ('m3', 2, 'tool_call', 'asked', '{"name": "clock", "arguments": {"zone": "UTC"}}'), ('m3', 3, 'novel', 'x', '{'), ('m3', 4, 'thinking', 'so', NULL),
 ('n1', 0, 'text', 'What time?', NULL), ('n2', 0, 'text', 'noon', NULL), ('n2', 1, 'tool_result', 'it is', '{"name": "clock"}'), ('n3', 0, 'text', 'Boo', NULL);
