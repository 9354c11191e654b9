-- +goose Up

-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 in UTC
-- (0: not told), flags are 0 or 1, lists and objects are JSON in TEXT.

-- Numbers that grow. The row stays locked until its transaction ends, so a
-- higher number never becomes visible before a lower one.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE subscriptions (
    id            TEXT     NOT NULL PRIMARY KEY,
    seq           BIGINT   NOT NULL UNIQUE, -- by creation
    digest        TEXT     NOT NULL UNIQUE, -- of what makes two rows the same
    system        TEXT     NOT NULL,
    chat          TEXT     NOT NULL,
    source        TEXT     NOT NULL,
    mode          TEXT     NOT NULL,
    filters       TEXT     NOT NULL,
    options       TEXT     NOT NULL,
    enabled       SMALLINT NOT NULL,
    created_by    TEXT     NOT NULL,
    created_at    BIGINT   NOT NULL,
    updated_at    BIGINT   NOT NULL,
    last_fired_at BIGINT   NOT NULL,
    error         TEXT     NOT NULL
);
CREATE INDEX subscriptions_chat ON subscriptions (system, chat, seq);

CREATE TABLE deliveries (
    id           TEXT     NOT NULL PRIMARY KEY,
    system       TEXT     NOT NULL,
    chat         TEXT     NOT NULL,
    event        TEXT     NOT NULL,
    event_type   TEXT     NOT NULL,
    source       TEXT     NOT NULL,
    subscription TEXT     NOT NULL,
    title        TEXT     NOT NULL,
    status       SMALLINT NOT NULL CHECK (status BETWEEN 0 AND 3), -- queued, failed, sent, dead
    attempts     BIGINT   NOT NULL,
    reason       TEXT     NOT NULL,
    receipt      TEXT     NOT NULL,
    queued_at    BIGINT   NOT NULL,
    updated_at   BIGINT   NOT NULL,
    announced    SMALLINT NOT NULL -- 0: only an outcome has told of it so far
);
CREATE INDEX deliveries_queued ON deliveries (queued_at, id);
CREATE INDEX deliveries_chat ON deliveries (system, chat, queued_at, id);
CREATE INDEX deliveries_event ON deliveries (event);
CREATE INDEX deliveries_subscription ON deliveries (subscription, queued_at, id);
CREATE INDEX deliveries_status ON deliveries (status, queued_at, id);

CREATE TABLE categories (
    source     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);

CREATE TABLE topics (
    source     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);

CREATE TABLE console_posts (
    system    TEXT   NOT NULL,
    seq       BIGINT NOT NULL,
    room      TEXT   NOT NULL,
    post_key  TEXT, -- NULL: a post that has none
    root      TEXT   NOT NULL,
    message   TEXT   NOT NULL,
    posted_at BIGINT NOT NULL,
    PRIMARY KEY (system, seq),
    UNIQUE (system, room, post_key)
);
CREATE INDEX console_posts_room ON console_posts (system, room, seq);

CREATE TABLE sessions (
    digest     TEXT   NOT NULL PRIMARY KEY,
    who        TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);
