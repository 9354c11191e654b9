package route

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// shelf is a store whose sources can be out of order.
type shelf struct {
	hub.ForumStore
	broken map[hub.Source]bool
	topics map[topicKey]hub.Topic
}

func (s *shelf) PutTopics(_ context.Context, source hub.Source, ts []hub.Topic) error {
	if s.broken[source] {
		return errors.New("the database is away")
	}
	for _, t := range ts {
		s.topics[topicKey{source, t.ID}] = t
	}
	return nil
}

func (s *shelf) FindTopic(_ context.Context, source hub.Source, id string) (*hub.Topic, error) {
	if t, ok := s.topics[topicKey{source, id}]; ok {
		return &t, nil
	}
	return nil, nil
}

func learn(t *testing.T, s *state, source hub.Source, id string) {
	t.Helper()
	topic := &hub.Topic{ID: id, Title: "t" + id, Archetype: hub.ArchetypeRegular, Tags: []string{"x"}}
	require.NoError(t, s.learn(t.Context(), &hub.Event{Source: source, Type: hub.ForumTopicCreated}, &hub.Forum{Topic: topic}))
}

// TestUnstoredTopicsStay holds that a database that is away loses nothing, of
// no source, whatever else comes meanwhile.
func TestUnstoredTopicsStay(t *testing.T) {
	db := &shelf{broken: map[hub.Source]bool{"b": true}, topics: map[topicKey]hub.Topic{}}
	s := newState(db)
	for _, source := range []hub.Source{"a", "b", "c"} {
		learn(t, s, source, "1")
	}
	require.ErrorContains(t, s.flush(t.Context()), "topics of b")
	require.Len(t, db.topics, 2, "the other sources are stored all the same")

	for i := range 2 * maxTopics { // far more than is kept in memory
		_, err := s.topic(t.Context(), topicKey{"a", fmt.Sprint("n", i)})
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(s.topics), maxTopics)
	require.Error(t, s.flush(t.Context()))
	db.broken = nil
	require.NoError(t, s.flush(t.Context()))
	require.Equal(t, []string{"x"}, db.topics[topicKey{"b", "1"}].Tags)
	require.Empty(t, s.dirty)
}
