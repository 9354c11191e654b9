package house

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
)

// Kind is one kind of thing that people make. T is a struct whose fields have json
// and toml tags of one name.
type Kind[T any] struct {
	// Name is its key in the document.
	Name string
	// One is that there is at most one of it: a table, and not a list of them.
	One bool
	// Key tells things apart. It is by what they are named, not by what they say.
	Key func(T) string
	// Line says a thing in one line, for people.
	Line func(T) string
	// Read lists what is there, in an order that stays.
	Read func(ctx context.Context) ([]T, error)
	// Check makes things as a document has them ready to be compared, and tells what
	// is wrong by the place of the thing and its field. there is what Read gave. May be
	// nil.
	Check func(ctx context.Context, things, there []T, bad func(at int, field, text string)) error
	// Fill puts what a document leaves out into after, as it is there. May be nil.
	Fill func(before T, after *T)
	// Apply makes changes, all or none where it can.
	Apply func(ctx context.Context, changes []Change[T]) error
}

// Change is that one thing takes the place of another. Without Before it is new,
// without After it goes.
type Change[T any] struct{ Before, After *T }

// part is a Kind of any T.
type part interface {
	name() string
	things(ctx context.Context) (section, error)
	// hold compares what a document says, nil for nothing, with what is there.
	hold(ctx context.Context, said any, prune bool, bad *Problems) (*held, error)
}

// held is what a part would change.
type held struct {
	changes []Changed
	left    int // that are there, are not in the document, and stay
	apply   func(ctx context.Context) error
}

// section is a part of a document.
type section struct {
	name  string
	value any // a []T, or a T of which there is one; nil for nothing
}

func (k Kind[T]) name() string { return k.Name }

func (k Kind[T]) things(ctx context.Context) (section, error) {
	all, err := k.Read(ctx)
	switch {
	case err != nil || len(all) == 0:
		return section{name: k.Name}, err
	case k.One:
		return section{k.Name, all[0]}, nil
	}
	return section{k.Name, all}, nil
}

func (k Kind[T]) hold(ctx context.Context, said any, prune bool, bad *Problems) (*held, error) {
	wanted := k.decode(said, bad)
	there, err := k.Read(ctx)
	if err != nil {
		return nil, err
	}
	if k.Check != nil {
		note := func(at int, field, text string) { bad.also(join(k.path(at), field), text) }
		if err := k.Check(ctx, wanted, there, note); err != nil {
			return nil, err
		}
	}
	known := map[string]*T{}
	for i := range there {
		known[k.Key(there[i])] = &there[i]
	}
	h, named := &held{}, map[string]int{}
	var changes []Change[T]
	for i := range wanted {
		key := k.Key(wanted[i])
		if first, twice := named[key]; twice {
			bad.also(k.path(i), fmt.Sprintf("is the same as %s", k.path(first)))
			continue
		}
		named[key] = i
		before := known[key]
		if before != nil && k.Fill != nil {
			k.Fill(*before, &wanted[i])
		}
		if before == nil || !same(*before, wanted[i]) {
			changes = append(changes, Change[T]{before, &wanted[i]})
		}
	}
	for i := range there {
		switch _, stays := named[k.Key(there[i])]; {
		case stays:
		case prune:
			changes = append(changes, Change[T]{Before: &there[i]})
		default:
			h.left++
		}
	}
	for _, c := range changes {
		h.changes = append(h.changes, k.tell(c))
	}
	if len(changes) > 0 {
		h.apply = func(ctx context.Context) error { return k.Apply(ctx, changes) }
	}
	return h, nil
}

// decode reads what a document says of the part.
func (k Kind[T]) decode(said any, bad *Problems) []T {
	switch {
	case said == nil:
		return nil
	case k.One:
		one := make([]T, 1)
		decode(k.Name, said, reflect.ValueOf(&one[0]).Elem(), bad)
		return one
	}
	var all []T
	decode(k.Name, said, reflect.ValueOf(&all).Elem(), bad)
	return all
}

// path is where a document says a thing: the third of a list is name[3].
func (k Kind[T]) path(at int) string {
	if k.One {
		return k.Name
	}
	return fmt.Sprintf("%s[%d]", k.Name, at+1)
}

func same[T any](a, b T) bool {
	return bytes.Equal(encoded(a), encoded(b))
}

// encoded is a thing as JSON, nil for one that is not there or cannot be told.
func encoded(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// tell puts a change into words.
func (k Kind[T]) tell(c Change[T]) Changed {
	switch {
	case c.Before == nil:
		return Changed{Part: k.Name, Op: Add, Key: k.Key(*c.After), Line: k.Line(*c.After), After: encoded(c.After)}
	case c.After == nil:
		return Changed{Part: k.Name, Op: Remove, Key: k.Key(*c.Before), Line: k.Line(*c.Before), Before: encoded(c.Before)}
	}
	told := Changed{Part: k.Name, Op: Alter, Key: k.Key(*c.Before), Line: k.Line(*c.After), Before: encoded(c.Before), After: encoded(c.After)}
	if was := k.Line(*c.Before); was != told.Line {
		told.Was = was
	}
	return told
}
