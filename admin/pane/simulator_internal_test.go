package pane

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPackedBodies(t *testing.T) {
	body := strings.Repeat(`{"post":{"id":1,"cooked":"<p>Grüße</p>"}}`, 50)
	packed := pack(body)
	require.Less(t, len(packed), 300)
	got, err := unpack(packed, 1<<20)
	require.NoError(t, err)
	require.Equal(t, body, got)
	_, err = unpack(packed, 100)
	require.ErrorContains(t, err, "too long")
	for _, wrong := range []string{"%", packed[:len(packed)/2], "AAAA"} {
		_, err := unpack(wrong, 1<<20)
		require.Error(t, err, wrong)
	}
}
