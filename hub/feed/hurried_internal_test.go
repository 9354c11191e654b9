package feed

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A reader that has run out of time ends the library, which looks at no clock.
func TestAFeedMayNotTakeForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hurried{until: time.Now().Add(longest)}
		timer := time.NewTimer(longest + 1)
		<-timer.C
		_, err := h.Read(make([]byte, 1))
		require.ErrorIs(t, err, errSlow)
	})
}

// The library's error for what its reader says is the reader's.
func TestSlowFeedsAreRefusedInWords(t *testing.T) {
	from, err := url.Parse("https://blog.example.com/feed.xml")
	require.NoError(t, err)
	body := "<rss xmlns:x='y'><channel><item><x:a>" + strings.Repeat("a<!---->", 2000) + "</x:a></item></channel></rss>"
	_, err = parseUntil(&answer{body: []byte(body), from: from}, time.Now().Add(-time.Second))
	require.ErrorIs(t, err, errSlow)
	_, err = parseUntil(&answer{body: []byte(body), from: from}, time.Now().Add(longest))
	require.NoError(t, err)
}
