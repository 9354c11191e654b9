package storetest

import (
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func settings(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"set and change":    setAndChange,
		"versions":          settingVersions,
		"one of many":       oneSetting,
		"refused and odd":   oddSettings,
		"a list by its key": settingList,
	})
}

func setAndChange(t *testing.T, s *store.Store) {
	before := time.Now().Truncate(time.Microsecond)
	look := hub.Setting{Key: "look", Value: json.RawMessage(`{"theme":"dark"}`), UpdatedBy: "ada"}
	require.NoError(t, s.PutSetting(t.Context(), &look))
	require.Equal(t, int64(1), look.Version)
	require.False(t, look.UpdatedAt.Before(before))
	look.Value, look.UpdatedBy = json.RawMessage(`{}`), "bob"
	require.NoError(t, s.PutSetting(t.Context(), &look))
	require.Equal(t, int64(2), look.Version)
	list, err := s.Settings(t.Context())
	require.NoError(t, err)
	equal(t, []hub.Setting{look}, list)
}

func settingVersions(t *testing.T, s *store.Store) {
	put := func(version int64) error {
		return s.PutSetting(t.Context(), &hub.Setting{Key: "look", Value: json.RawMessage(`1`), Version: version})
	}
	code(t, hub.CodeConflict, put(1)) // there is none yet
	require.NoError(t, put(0))
	code(t, hub.CodeConflict, put(0))
	code(t, hub.CodeConflict, put(2))
	require.NoError(t, put(1))
	code(t, hub.CodeConflict, put(1))
}

// oneSetting has many change one version at once.
func oneSetting(t *testing.T, s *store.Store) {
	var done atomic.Int32
	all(t, func(int) error {
		err := s.PutSetting(t.Context(), &hub.Setting{Key: "look", Value: json.RawMessage(`1`)})
		if err == nil {
			done.Add(1)
		} else if hub.CodeOf(err) != hub.CodeConflict {
			return err
		}
		return nil
	})
	require.Equal(t, int32(1), done.Load())
}

func oddSettings(t *testing.T, s *store.Store) {
	code(t, hub.CodeInvalid, s.PutSetting(t.Context(), &hub.Setting{Value: json.RawMessage(`1`)}))
	code(t, hub.CodeInvalid, s.PutSetting(t.Context(), &hub.Setting{Key: "look"}))
	code(t, hub.CodeInvalid, s.PutSetting(t.Context(), &hub.Setting{Key: "look", Value: json.RawMessage(`{`)}))
	for i, text := range odd() {
		value, err := json.Marshal(text)
		require.NoError(t, err)
		require.NoError(t, s.PutSetting(t.Context(), &hub.Setting{Key: "odd", Value: value, UpdatedBy: text, Version: int64(i)}))
		list, err := s.Settings(t.Context())
		require.NoError(t, err)
		require.JSONEq(t, string(value), string(list[0].Value))
		require.Equal(t, text, list[0].UpdatedBy)
	}
}

func settingList(t *testing.T, s *store.Store) {
	list, err := s.Settings(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	for _, key := range []string{"look", "Alerts", "alerts"} {
		require.NoError(t, s.PutSetting(t.Context(), &hub.Setting{Key: key, Value: json.RawMessage(`1`)}))
	}
	list, err = s.Settings(t.Context())
	require.NoError(t, err)
	var keys []string
	for _, set := range list {
		keys = append(keys, set.Key)
	}
	require.Equal(t, []string{"Alerts", "alerts", "look"}, keys)
}
