-- +goose Up

-- Who may come in.
CREATE TABLE accounts (
    id         TEXT     NOT NULL PRIMARY KEY,
    login      TEXT     NOT NULL,
    login_key  TEXT     NOT NULL UNIQUE, -- login in small letters
    full_name  TEXT     NOT NULL,
    email      TEXT     NOT NULL,
    role       TEXT     NOT NULL,
    password   TEXT     NOT NULL,        -- a digest; '': none
    identity   TEXT     UNIQUE,          -- digest of issuer and subject; NULL: none
    issuer     TEXT     NOT NULL,
    subject    TEXT     NOT NULL,
    disabled   SMALLINT NOT NULL,
    settings   TEXT     NOT NULL,        -- JSON
    link       TEXT     UNIQUE,          -- digest; NULL: none
    link_until BIGINT   NOT NULL,
    created_at BIGINT   NOT NULL,
    seen_at    BIGINT   NOT NULL,        -- 0: never
    folded     TEXT     NOT NULL         -- what is searched, in small letters
);

ALTER TABLE sessions ADD COLUMN account TEXT NOT NULL DEFAULT ''; -- '': the admin token
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sessions_account ON sessions (account, seen_at);
CREATE INDEX sessions_seen ON sessions (seen_at);

CREATE TABLE tokens (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    account    TEXT   NOT NULL, -- '': the admin token
    role       TEXT   NOT NULL,
    digest     TEXT   NOT NULL UNIQUE,
    ends       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, -- 0: never
    used_at    BIGINT NOT NULL  -- 0: never
);
CREATE INDEX tokens_account ON tokens (account, created_at);
CREATE INDEX tokens_created ON tokens (created_at);

-- Tries to sign in that failed, by a digest of the name or the address.
CREATE TABLE tries (
    name    TEXT   NOT NULL PRIMARY KEY,
    failed  BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX tries_last ON tries (last_at);
