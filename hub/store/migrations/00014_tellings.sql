-- +goose Up

-- What many chats were told of a post at once, in one row. A row of announcements is
-- newer than what is said here of the same notification.
CREATE TABLE tellings (
    id      TEXT   NOT NULL PRIMARY KEY, -- the first of its notifications
    source  TEXT   NOT NULL,
    topic   TEXT   NOT NULL,
    post    BIGINT NOT NULL,
    event   TEXT   NOT NULL,
    members TEXT   NOT NULL, -- its notifications, a space between two
    body    TEXT   NOT NULL, -- a list of announcements, the message in the first
    told_at BIGINT NOT NULL
);
CREATE INDEX tellings_post ON tellings (source, topic, post);
CREATE INDEX tellings_event ON tellings (event);
CREATE INDEX tellings_told ON tellings (told_at, id);
