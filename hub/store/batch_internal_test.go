package store

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// A statement that fails takes all of its transaction back, and the connection
// goes on.
func TestStatementThatFails(t *testing.T) {
	s, err := Open(t.Context(), Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	d := hub.Delivery{ID: "n1", Chat: hub.Chat{System: "slack", ID: "C1"}}
	wrong := announce()
	wrong.row = `?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 9, 0, '', '', ?, ?, 1, ?, '', ?` // there is no such status
	err = s.transact(t.Context(), "test", func(tx *sql.Tx) error {
		if _, err := s.insertRows(t.Context(), tx, announce(), [][]any{s.queuedArgs(&d)}); err != nil {
			return err
		}
		d.ID = "n2"
		_, err := s.insertRows(t.Context(), tx, wrong, [][]any{s.queuedArgs(&d)})
		return err
	})
	require.ErrorContains(t, err, "constraint")
	rows, _, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{})
	require.NoError(t, err)
	require.Empty(t, rows)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
	_, err = s.GetDelivery(t.Context(), "n2")
	require.NoError(t, err)
}
