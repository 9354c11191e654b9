package store

import (
	"context"
	"encoding/json"

	"github.com/bellhop-chat/bellhop/hub"
)

// Settings lists all settings by key.
func (s *Store) Settings(ctx context.Context) (list []hub.Setting, err error) {
	const op = "list settings"
	rows, err := s.reader.QueryContext(ctx, `SELECT name, value, version, updated_by, updated_at FROM settings`)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		var set hub.Setting
		var value string
		if err := rows.Scan(&set.Key, &value, &set.Version, &set.UpdatedBy, timeColumn{&set.UpdatedAt}); err != nil {
			return nil, fault(ctx, op, err)
		}
		set.Value = rawJSON(value)
		list = append(list, set)
	}
	sortBy(list, func(set hub.Setting) string { return set.Key })
	return list, fault(ctx, op, rows.Err())
}

// PutSetting stores a setting in place of the version that it names.
func (s *Store) PutSetting(ctx context.Context, set *hub.Setting) error {
	if err := checkKeys("setting", set.Key); err != nil {
		return err
	}
	if set.Key == "" || !json.Valid(set.Value) {
		return hub.Errorf(hub.CodeInvalid, "setting %q: a setting has a key and a value that is JSON", set.Key)
	}
	now := clock()
	n, err := s.exec(ctx, "put setting", `
		INSERT INTO settings (name, value, version, updated_by, updated_at)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) + 1, CAST($4 AS TEXT), CAST($5 AS BIGINT)
			WHERE $3 = 0 OR EXISTS (SELECT 1 FROM settings WHERE name = $1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = excluded.version,
			updated_by = excluded.updated_by, updated_at = excluded.updated_at
			WHERE settings.version = $3`,
		text(set.Key), text(string(set.Value)), set.Version, text(set.UpdatedBy), micros(now))
	if err != nil {
		return err
	}
	if n == 0 {
		return hub.Errorf(hub.CodeConflict, "%s was set by somebody else meanwhile: look at it and try again", set.Key)
	}
	set.Version++
	set.UpdatedAt = now
	return nil
}
