-- +goose Up

-- Users of chat systems. Those of one person share an account; '' is that
-- nothing is linked.
CREATE TABLE chat_users (
    system    TEXT     NOT NULL,
    id        TEXT     NOT NULL,
    name      TEXT     NOT NULL,
    full_name TEXT     NOT NULL,
    bot       SMALLINT NOT NULL,
    level     TEXT     NOT NULL,
    account   TEXT     NOT NULL,
    folded    TEXT     NOT NULL, -- id and names in small letters
    seen_at   BIGINT   NOT NULL, -- last; 0: never
    PRIMARY KEY (system, id)
);
CREATE INDEX chat_users_account ON chat_users (account) WHERE account <> '';
CREATE INDEX chat_users_seen ON chat_users (seen_at, system, id);

-- A user has one code at a time. It is deleted when it is used.
CREATE TABLE link_codes (
    system   TEXT   NOT NULL,
    user_id  TEXT   NOT NULL,
    digest   TEXT   NOT NULL UNIQUE,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (system, user_id)
);
CREATE INDEX link_codes_until ON link_codes (until_at);

-- Chats in which somebody has spoken to us.
CREATE TABLE known_chats (
    system   TEXT     NOT NULL,
    id       TEXT     NOT NULL,
    name     TEXT     NOT NULL,
    team     TEXT     NOT NULL,
    direct   SMALLINT NOT NULL,
    first_by TEXT     NOT NULL,
    first_at BIGINT   NOT NULL,
    last_at  BIGINT   NOT NULL,
    PRIMARY KEY (system, id)
);

-- Who did what.
CREATE TABLE audit (
    id          TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    who         TEXT   NOT NULL,
    system      TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    chat        TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    line        TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    message     TEXT   NOT NULL,
    command     TEXT   UNIQUE,   -- NULL: it was none
    before_json TEXT   NOT NULL,
    after_json  TEXT   NOT NULL,
    folded      TEXT   NOT NULL  -- what is searched for words, in small letters
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_user ON audit (system, user_id, at, id);
CREATE INDEX audit_chat ON audit (system, chat, at, id);
