-- +goose Up

-- What was set while the hub runs, besides its configuration file.
CREATE TABLE settings (
    name       TEXT   NOT NULL PRIMARY KEY,
    value      TEXT   NOT NULL, -- JSON
    version    BIGINT NOT NULL,
    updated_by TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Where a change was asked for: pane, api, cli, hub; '': in a chat, or not known.
ALTER TABLE audit ADD COLUMN via TEXT NOT NULL DEFAULT '';
