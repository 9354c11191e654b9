INSERT INTO counters (name, value) VALUES ('subscriptions', 2), ('console/console', 1);
INSERT INTO subscriptions (id, seq, digest, system, chat, source, mode, filters, options, enabled, created_by, created_at, updated_at, last_fired_at, error) VALUES
    ('saaaaaaaaaaaaaaaa', 1, 'd1', 'slack', 'C1', 'meta', 'watch', '[{"type":"category","any":["5"]},{"type":"tag","any":["bug"],"none":["wip"]}]', '{"style":"compact","excerpt":120}', 1, 'admin', 1767225600000001, 1767225600000002, 1767225600000003, ''),
    ('sbbbbbbbbbbbbbbbb', 2, 'd2', 'matrix', '!room:example.org', '', 'mute', '[]', '{}', 0, '', 1767225600000004, 1767225600000004, 0, 'the room is gone');
INSERT INTO deliveries (id, system, chat, event, event_type, source, subscription, title, status, attempts, reason, receipt, queued_at, updated_at, announced) VALUES
    ('nqueued', 'slack', 'C1', 'e1', 'forum.post.created', 'meta', 'saaaaaaaaaaaaaaaa', 'A topic', 0, 0, '', '', 1767225600000001, 1767225600000001, 1),
    ('nfailed', 'slack', 'C1', 'e2', 'forum.post.created', 'meta', 'saaaaaaaaaaaaaaaa', 'A topic', 1, 2, 'timeout', '', 1767225600000002, 1767225600000009, 1),
    ('nsent', 'slack', 'C1', 'e3', 'forum.topic.created', 'meta', 'saaaaaaaaaaaaaaaa', 'Another', 2, 1, '', '{"ref":"1700000000.000100","url":"https://example.slack.com/p1","at":"2026-01-01T00:00:01Z"}', 1767225600000003, 1767225600000009, 1),
    ('ndead', 'slack', 'C2', '', '', '', '', '', 3, 8, 'channel_not_found', '', 1767225600000004, 1767225600000009, 0);
INSERT INTO categories (source, id, body, updated_at) VALUES ('meta', '5', '{"id":"5","name":"Support","slug":"support"}', 1767225600000001);
INSERT INTO topics (source, id, body, updated_at) VALUES ('meta', '301', '{"id":"301","title":"A topic","tags":["bug"]}', 1767225600000001);
INSERT INTO console_posts (system, seq, room, post_key, root, message, posted_at) VALUES ('console', 1, 'general', 'k1', '', '{"text":"hello"}', 1767225600000001);
INSERT INTO sessions (digest, who, created_at, expires_at) VALUES ('d', 'admin', 1767225600000001, 1767225600000005);
