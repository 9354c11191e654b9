package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

const allSections = `SELECT part, name, kind, settings, sealed, sealed_by, version, made_by, made_at, changed_by, changed_at FROM sections`

// Sections are all that were made while Bellhop ran, by part and name.
func (s *Store) Sections(ctx context.Context) (list []hub.Section, err error) {
	const op = "list sections"
	rows, err := s.reader.QueryContext(ctx, allSections)
	if err != nil {
		return nil, fault(ctx, op, err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scanSection(rows)
		if err != nil {
			return nil, fault(ctx, op, err)
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b hub.Section) int { return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Name, b.Name)) })
	return list, fault(ctx, op, rows.Err())
}

// FindSection reads a section, nil if there is none of that name.
func (s *Store) FindSection(ctx context.Context, part hub.SectionPart, name string) (*hub.Section, error) {
	one, err := scanSection(s.reader.QueryRowContext(ctx, allSections+` WHERE part = $1 AND name = $2`, text(part), text(name)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(ctx, "find section", err)
	}
	return &one, nil
}

// PutSection stores a section that was made from its Version.
func (s *Store) PutSection(ctx context.Context, sec hub.Section) (*hub.Section, error) {
	const op = "put section"
	if err := checkKeys("part", string(sec.Part), "name", sec.Name); err != nil {
		return nil, err
	}
	settings, sealed := string(sec.Settings), "{}"
	if settings == "" {
		settings = "{}"
	}
	if !json.Valid([]byte(settings)) {
		return nil, hub.Errorf(hub.CodeInvalid, "the settings of %s %q are not JSON", sec.Part, sec.Name)
	}
	if len(sec.Sealed) > 0 {
		var err error
		if sealed, err = document(sec.Sealed); err != nil {
			return nil, err
		}
	}
	if sec.ChangedAt.IsZero() {
		sec.ChangedAt = clock()
	}
	query, args := `
		INSERT INTO sections (part, name, kind, settings, sealed, sealed_by, version, made_by, made_at, changed_by, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $7, $8) ON CONFLICT (part, name) DO NOTHING`,
		[]any{text(sec.Part), text(sec.Name), text(sec.Kind), text(settings), text(sealed), text(sec.SealedBy), text(sec.ChangedBy), micros(sec.ChangedAt)}
	if sec.Version > 0 {
		query = `
		UPDATE sections SET kind = $3, settings = $4, sealed = $5, sealed_by = $6, version = version + 1, changed_by = $7, changed_at = $8
		WHERE part = $1 AND name = $2 AND version = $9`
		args = append(args, sec.Version)
	}
	n, err := s.exec(ctx, op, query, args...)
	switch {
	case err != nil:
		return nil, err
	case n == 0 && sec.Version == 0:
		return nil, hub.Errorf(hub.CodeConflict, "there is a %s %q already", sec.Part, sec.Name)
	case n == 0:
		return nil, hub.Errorf(hub.CodeConflict, "%s %q was changed or removed meanwhile: look at it again, then change it", sec.Part, sec.Name)
	}
	put, err := s.FindSection(ctx, sec.Part, sec.Name)
	if err == nil && put == nil {
		return nil, hub.Errorf(hub.CodeConflict, "%s %q was removed meanwhile", sec.Part, sec.Name)
	}
	return put, err
}

// DeleteSection removes a section.
func (s *Store) DeleteSection(ctx context.Context, part hub.SectionPart, name string) error {
	n, err := s.exec(ctx, "delete section", `DELETE FROM sections WHERE part = $1 AND name = $2`, text(part), text(name))
	if err == nil && n == 0 {
		return hub.Errorf(hub.CodeNotFound, "there is no %s %q that was made here", part, name)
	}
	return err
}

func scanSection(row interface{ Scan(...any) error }) (c hub.Section, err error) {
	var settings string
	err = row.Scan(&c.Part, &c.Name, &c.Kind, &settings, jsonColumn{&c.Sealed}, &c.SealedBy, &c.Version, &c.MadeBy, timeColumn{&c.MadeAt}, &c.ChangedBy, timeColumn{&c.ChangedAt})
	c.Settings = json.RawMessage(settings)
	if len(c.Sealed) == 0 {
		c.Sealed = nil
	}
	return c, err
}
