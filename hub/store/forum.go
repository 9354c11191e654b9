package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// PutCategory stores c in place of what was known of it.
func (s *Store) PutCategory(ctx context.Context, source hub.Source, c hub.ForumCategory) error {
	return putObjects(ctx, s, categories, source, []hub.ForumCategory{c}, func(c *hub.ForumCategory) string { return c.ID })
}

// DeleteCategory forgets a category; one that is not known is fine.
func (s *Store) DeleteCategory(ctx context.Context, source hub.Source, id string) error {
	return s.deleteObject(ctx, categories, source, id)
}

// Categories lists what is known of a source, by name.
func (s *Store) Categories(ctx context.Context, source hub.Source) ([]hub.ForumCategory, error) {
	list, err := listObjects[hub.ForumCategory](ctx, s, categories, source)
	slices.SortFunc(list, func(a, b hub.ForumCategory) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// PutTag stores t in place of what was known of the tag of that name.
func (s *Store) PutTag(ctx context.Context, source hub.Source, t hub.ForumTag) error {
	return putObjects(ctx, s, tags, source, []hub.ForumTag{t}, func(t *hub.ForumTag) string { return t.Name })
}

// DeleteTag forgets a tag; one that is not known is fine.
func (s *Store) DeleteTag(ctx context.Context, source hub.Source, name string) error {
	return s.deleteObject(ctx, tags, source, name)
}

// Tags lists what is known of a source, by name.
func (s *Store) Tags(ctx context.Context, source hub.Source) ([]hub.ForumTag, error) {
	list, err := listObjects[hub.ForumTag](ctx, s, tags, source)
	slices.SortFunc(list, func(a, b hub.ForumTag) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

// PutGroup stores g, without its members, in place of what was known of the
// group of that name.
func (s *Store) PutGroup(ctx context.Context, source hub.Source, g hub.ForumGroup) error {
	g.Members = nil
	return putObjects(ctx, s, groups, source, []hub.ForumGroup{g}, func(g *hub.ForumGroup) string { return g.Name })
}

// DeleteGroup forgets a group; one that is not known is fine.
func (s *Store) DeleteGroup(ctx context.Context, source hub.Source, name string) error {
	return s.deleteObject(ctx, groups, source, name)
}

// Groups lists what is known of a source, by name.
func (s *Store) Groups(ctx context.Context, source hub.Source) ([]hub.ForumGroup, error) {
	list, err := listObjects[hub.ForumGroup](ctx, s, groups, source)
	slices.SortFunc(list, func(a, b hub.ForumGroup) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

// PutTopics stores topics in place of what was known of them. Of one that is
// given twice the last counts.
func (s *Store) PutTopics(ctx context.Context, source hub.Source, ts []hub.Topic) error {
	return putObjects(ctx, s, topics, source, ts, func(t *hub.Topic) string { return t.ID })
}

// FindTopic reads what is known of a topic, nil if nothing is.
func (s *Store) FindTopic(ctx context.Context, source hub.Source, id string) (*hub.Topic, error) {
	return findBody[hub.Topic](ctx, s, "find topic", `SELECT body FROM topics WHERE source = $1 AND id = $2`, text(source), text(id))
}

// objects is a table of what is known of forums, and the column that tells the
// objects of a source apart.
type objects struct{ table, key string }

var (
	categories = objects{"categories", "id"}
	tags       = objects{"tags", "name"}
	groups     = objects{"groups", "name"}
	topics     = objects{"topics", "id"}
)

func putObjects[T any](ctx context.Context, s *Store, o objects, source hub.Source, list []T, key func(*T) string) error {
	if len(list) == 0 {
		return nil
	}
	var rows [][]any
	for _, v := range lastOfEach(list, key) {
		row, err := o.args(source, key(v), v)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	put := insert{
		into: `` + o.table + ` (source, ` + o.key + `, body, updated_at)`,
		tail: `ON CONFLICT (source, ` + o.key + `) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at`,
		row:  marks(4),
	}
	return s.putRows(ctx, "put "+o.table, put, rows)
}

func (o objects) args(source hub.Source, key string, v any) ([]any, error) {
	if err := checkKeys("source", string(source), o.key, key); err != nil {
		return nil, err
	}
	body, err := document(v)
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "%q of the %s of %s: %v", key, o.table, source, err)
	}
	return []any{text(source), text(key), body, micros(clock())}, nil
}

func (s *Store) deleteObject(ctx context.Context, o objects, source hub.Source, key string) error {
	_, err := s.exec(ctx, "delete from "+o.table, `DELETE FROM `+o.table+` WHERE source = $1 AND `+o.key+` = $2`, text(source), text(key))
	return err
}

// listObjects reads all of a source, in no order: that of text in PostgreSQL
// depends on its locale.
func listObjects[T any](ctx context.Context, s *Store, o objects, source hub.Source) ([]T, error) {
	return bodies[T](ctx, s, "list "+o.table, `SELECT body FROM `+o.table+` WHERE source = $1`, text(source))
}
