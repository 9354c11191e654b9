-- +goose Up

-- What is searched in the table, in small letters: chat, who made the row, error
-- and filters.
ALTER TABLE subscriptions ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE subscriptions SET folded = LOWER(chat || ' ' || created_by || ' ' || error || ' ' || filters);
