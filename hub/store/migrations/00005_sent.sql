-- +goose Up

-- Nearly all deliveries are sent in the end, and those are looked for by time:
-- the statuses of all others are what is worth an index.
DROP INDEX deliveries_status;
CREATE INDEX deliveries_status ON deliveries (status, queued_at, id) WHERE status <> 2;
