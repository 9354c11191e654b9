package storetest

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func sections(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"put and find":     putAndFindSection,
		"versions":         sectionVersions,
		"delete":           deleteSection,
		"refused":          refusedSections,
		"concurrent makes": concurrentSections,
	})
}

func section(name string) hub.Section {
	return hub.Section{
		Part: hub.PartSource, Name: name, Kind: "discourse", Settings: json.RawMessage(`{"url":"https://forum.example.com"}`),
		Sealed: map[string]string{"secret": "c2VhbGVk"}, SealedBy: "0a1b2c3d", ChangedBy: "Anna", ChangedAt: noon,
	}
}

func putAndFindSection(t *testing.T, s *store.Store) {
	got, err := s.FindSection(t.Context(), hub.PartSource, "meta")
	require.NoError(t, err)
	require.Nil(t, got)
	want := section("meta")
	put, err := s.PutSection(t.Context(), want)
	require.NoError(t, err)
	want.Version, want.MadeBy, want.MadeAt = 1, "Anna", noon
	equal(t, &want, put)
	system := hub.Section{Part: hub.PartSystem, Name: "meta", Kind: "slack", ChangedBy: "Ben", ChangedAt: noon}
	_, err = s.PutSection(t.Context(), system) // of another part, so no conflict
	require.NoError(t, err)
	all, err := s.Sections(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	equal(t, want, all[0])
	require.Equal(t, hub.PartSystem, all[1].Part)
	require.JSONEq(t, "{}", string(all[1].Settings))
	require.Nil(t, all[1].Sealed)
}

func sectionVersions(t *testing.T, s *store.Store) {
	made, err := s.PutSection(t.Context(), section("meta"))
	require.NoError(t, err)
	_, err = s.PutSection(t.Context(), section("meta"))
	code(t, hub.CodeConflict, err)
	change := *made
	change.Settings, change.ChangedBy, change.ChangedAt = json.RawMessage(`{"url":"https://new.example.com"}`), "Ben", noon.AddDate(0, 0, 1)
	change.MadeBy = "nobody" // which is not believed
	now, err := s.PutSection(t.Context(), change)
	require.NoError(t, err)
	require.EqualValues(t, 2, now.Version)
	require.Equal(t, "Anna", now.MadeBy)
	require.Equal(t, "Ben", now.ChangedBy)
	require.Equal(t, noon, now.MadeAt)
	require.Equal(t, noon.AddDate(0, 0, 1), now.ChangedAt)
	_, err = s.PutSection(t.Context(), change) // of version 1
	code(t, hub.CodeConflict, err)
}

func deleteSection(t *testing.T, s *store.Store) {
	made, err := s.PutSection(t.Context(), section("meta"))
	require.NoError(t, err)
	code(t, hub.CodeNotFound, s.DeleteSection(t.Context(), hub.PartSystem, "meta"))
	require.NoError(t, s.DeleteSection(t.Context(), hub.PartSource, "meta"))
	code(t, hub.CodeNotFound, s.DeleteSection(t.Context(), hub.PartSource, "meta"))
	_, err = s.PutSection(t.Context(), *made)
	code(t, hub.CodeConflict, err)
	again, err := s.PutSection(t.Context(), section("meta"))
	require.NoError(t, err)
	require.EqualValues(t, 1, again.Version)
}

func refusedSections(t *testing.T, s *store.Store) {
	long := section(string(make([]byte, 4000)))
	_, err := s.PutSection(t.Context(), long)
	code(t, hub.CodeInvalid, err)
	torn := section("meta")
	torn.Settings = json.RawMessage(`{"url":`)
	_, err = s.PutSection(t.Context(), torn)
	code(t, hub.CodeInvalid, err)
}

func concurrentSections(t *testing.T, s *store.Store) {
	var made, refused atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch _, err := s.PutSection(t.Context(), section("meta")); hub.CodeOf(err) {
			case "":
				made.Add(1)
			case hub.CodeConflict:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, made.Load())
	require.EqualValues(t, 7, refused.Load())
}
