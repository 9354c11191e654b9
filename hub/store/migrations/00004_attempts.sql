-- +goose Up

-- How often people had a notification sent again.
ALTER TABLE deliveries ADD COLUMN again BIGINT NOT NULL DEFAULT 0;

-- What is searched for words, in small letters: the LOWER of SQLite knows ASCII
-- only. Of rows that are here already that must do.
ALTER TABLE deliveries ADD COLUMN title_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN reason_folded TEXT NOT NULL DEFAULT '';
UPDATE deliveries SET title_folded = LOWER(title), reason_folded = LOWER(reason);

CREATE INDEX deliveries_system ON deliveries (system, queued_at, id);
CREATE INDEX deliveries_source ON deliveries (source, queued_at, id);

-- How attempts ended. What is told of one several times, such as a wait for a
-- rate limit, is one row: of a chat that its platform holds up for days there
-- would be thousands.
CREATE TABLE attempts (
    notification TEXT     NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
    again        BIGINT   NOT NULL,
    attempt      BIGINT   NOT NULL,
    status       SMALLINT NOT NULL, -- as in deliveries
    fault        TEXT     NOT NULL,
    times        BIGINT   NOT NULL,
    at           BIGINT   NOT NULL, -- the last time
    body         TEXT     NOT NULL, -- reason, retry_at, exchange
    PRIMARY KEY (notification, again, attempt, status, fault)
);
