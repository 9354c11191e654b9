-- +goose Up

-- Pages about one chat, for whoever has the link. Of the link only a digest is
-- kept.
CREATE TABLE room_pages (
    id         TEXT   NOT NULL PRIMARY KEY,
    digest     TEXT   NOT NULL UNIQUE,
    system     TEXT   NOT NULL,
    chat       TEXT   NOT NULL,
    ask        TEXT   NOT NULL, -- whom to ask, for people
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, -- 0: never
    opened_at  BIGINT NOT NULL  -- last; 0: never
);
CREATE INDEX room_pages_chat ON room_pages (system, chat, created_at);
