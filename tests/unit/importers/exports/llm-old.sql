CREATE TABLE conversations (id TEXT, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, system TEXT, response TEXT, conversation_id TEXT, datetime_utc TEXT);
INSERT INTO conversations VALUES ('c1', 'Old', 'gpt');
INSERT INTO responses VALUES ('r1', NULL, 'Hi', NULL, 'Yo', 'c1', '2025-05-01T10:00:00');
