-- +goose Up

-- Sources and systems that were made while Bellhop ran. Secrets are sealed: who
-- has the database alone cannot read them.
CREATE TABLE sections (
    part       TEXT   NOT NULL, -- source or system
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    settings   TEXT   NOT NULL, -- JSON, without secrets
    sealed     TEXT   NOT NULL, -- JSON, secrets by key
    sealed_by  TEXT   NOT NULL, -- the id of the key that they were sealed with
    version    BIGINT NOT NULL,
    made_by    TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    changed_by TEXT   NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (part, name)
);
