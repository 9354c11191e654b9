-- +goose Up

-- An era is a stretch of the delivery log of some thousand rows, named after the time
-- of queueing with which it begins. Indexes that begin with it take new rows, of
-- whatever chats, in a few pages; in an index over all, each row changes a page of its
-- own. On PostgreSQL, where several hubs write, all is one.
CREATE TABLE eras (
    began_at BIGINT NOT NULL PRIMARY KEY
);
INSERT INTO eras (began_at) VALUES (0);

ALTER TABLE deliveries ADD COLUMN era BIGINT NOT NULL DEFAULT 0;
DROP INDEX deliveries_chat;
CREATE INDEX deliveries_chat ON deliveries (era, system, chat, queued_at, id);
DROP INDEX deliveries_subscription;
CREATE INDEX deliveries_subscription ON deliveries (era, subscription, queued_at, id);
