-- +goose Up

-- Figures: counts that are kept with the writes they count, so that nobody ever
-- has to count rows. An hour and a day are so many since 1970 in UTC.

-- What a delivery was before its last change: its status and since when. The
-- statement that changes a row tells so what to take away from which hour.
ALTER TABLE deliveries ADD COLUMN was SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN was_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE event_hours (
    hour   BIGINT NOT NULL,
    source TEXT   NOT NULL,
    n      BIGINT NOT NULL,
    PRIMARY KEY (hour, source)
);

-- A delivery counts once, in the hour in which it came to the status it has.
CREATE TABLE delivery_hours (
    hour   BIGINT   NOT NULL,
    system TEXT     NOT NULL,
    status SMALLINT NOT NULL, -- as in deliveries, but for queued
    n      BIGINT   NOT NULL,
    PRIMARY KEY (hour, system, status)
);
INSERT INTO delivery_hours (hour, system, status, n)
    SELECT updated_at / 3600000000, system, status, COUNT(*) FROM deliveries WHERE status <> 0 GROUP BY 1, 2, 3;

-- How long what was sent had waited since it was queued.
CREATE TABLE latency_hours (
    hour   BIGINT   NOT NULL,
    bucket SMALLINT NOT NULL, -- of hub.Took
    n      BIGINT   NOT NULL,
    PRIMARY KEY (hour, bucket)
);

CREATE TABLE subscription_days (
    subscription TEXT   NOT NULL,
    day          BIGINT NOT NULL,
    n            BIGINT NOT NULL, -- new messages
    PRIMARY KEY (subscription, day)
);
CREATE INDEX subscription_days_day ON subscription_days (day);

-- Lists of one system, source or mode, by age, without sorting all of its rows.
CREATE INDEX subscriptions_system ON subscriptions (system, seq);
CREATE INDEX subscriptions_source ON subscriptions (source, seq);
CREATE INDEX subscriptions_mode ON subscriptions (mode, seq);

-- What was given up, of one system: of a million rows of a system few are dead, and
-- of all the dead few may be of it. What is sent is never in it.
CREATE INDEX deliveries_dead ON deliveries (system, queued_at, id) WHERE status = 3;
