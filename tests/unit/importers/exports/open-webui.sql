CREATE TABLE auth (id TEXT);
CREATE TABLE chat (id TEXT, user_id TEXT, title TEXT, chat TEXT, created_at INT, updated_at INT, archived INT, pinned INT, meta TEXT, folder_id TEXT);
INSERT INTO chat VALUES ('ow-1', 'me', 'Rivers', '{"models": ["llama"], "history": {"currentId": "1", "messages": {"1": {"parentId": null, "role": "user", "content": "Longest river?", "timestamp": 1750000001}}}}', 1750000000, 1750000060, 1, 0, '{"tags": ["water"]}', 'f-1');
INSERT INTO chat VALUES ('ow-2', 'me', 'Bad', '{', 0, 0, 0, 0, NULL, NULL), ('ow-3', 'me', 'None', NULL, 0, 0, 0, 0, NULL, NULL), ('ow-4', NULL, '', '{"title": "Pinned", "history": {"messages": {"1": {"role": "user", "content": "Hi"}}}}', NULL, NULL, NULL, 1, '{}', NULL);
