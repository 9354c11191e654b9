-- +goose Up

-- What was said in a room can be said differently, and taken back. A change
-- draws its rev where new posts draw their seq, so that one number tells what
-- is new and what has changed since.
ALTER TABLE console_posts ADD COLUMN rev BIGINT NOT NULL DEFAULT 0;
ALTER TABLE console_posts ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE console_posts ADD COLUMN gone SMALLINT NOT NULL DEFAULT 0;
UPDATE console_posts SET rev = seq;
CREATE UNIQUE INDEX console_posts_rev ON console_posts (system, rev);
