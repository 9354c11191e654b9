-- +goose Up

-- What a notification does: '' says something, 'edit' and 'retract' change what
-- was said.
ALTER TABLE deliveries ADD COLUMN act TEXT NOT NULL DEFAULT '';

CREATE TABLE tags (
    source     TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (source, name)
);

CREATE TABLE groups (
    source     TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (source, name)
);

CREATE TABLE announcements (
    notification TEXT   NOT NULL PRIMARY KEY,
    source       TEXT   NOT NULL,
    topic        TEXT   NOT NULL,
    post         BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    told_at      BIGINT NOT NULL -- last: at first, or by the last change
);
CREATE INDEX announcements_post ON announcements (source, topic, post);
CREATE INDEX announcements_told ON announcements (told_at, notification);

CREATE TABLE traces (
    event    TEXT   NOT NULL PRIMARY KEY,
    body     TEXT   NOT NULL,
    taken_at BIGINT NOT NULL
);
CREATE INDEX traces_taken ON traces (taken_at, event);

CREATE TABLE feeds (
    source     TEXT   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);
