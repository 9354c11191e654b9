-- +goose Up

-- People speak in the console's rooms, and some answers are for one of them.
ALTER TABLE console_posts ADD COLUMN author TEXT NOT NULL DEFAULT ''; -- JSON; '': Bellhop
ALTER TABLE console_posts ADD COLUMN reader TEXT NOT NULL DEFAULT ''; -- '': everybody
CREATE INDEX console_posts_whispers ON console_posts (system, posted_at) WHERE reader <> '';
