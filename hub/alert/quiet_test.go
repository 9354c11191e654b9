package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/alert"
)

func TestQuiet(t *testing.T) {
	since := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	remembered := `{"v":1,"matters":{"source meta":{"open":true,"since":"2026-03-14T09:00:00Z"},"source ci":{"open":false},"system slack":{"open":true}},"habits":{}}`
	require.Equal(t, map[hub.Source]time.Time{"meta": since}, alert.Quiet([]byte(remembered)))
	require.Empty(t, alert.Quiet(nil))
	require.Empty(t, alert.Quiet([]byte("nonsense")))
}
