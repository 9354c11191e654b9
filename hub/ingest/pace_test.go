package ingest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

// TestSendersAreSlowedDown holds that the answer to a webhook that was taken waits
// while many messages could be sent, the longer the more there are, and that one which
// was refused is told so at once.
func TestSendersAreSlowedDown(t *testing.T) {
	post := discoursetest.Get("post_created_reply.json")
	for _, c := range []struct {
		due  int
		want time.Duration
	}{
		{0, 0},
		{4_000, 0},
		{4_080, time.Millisecond},
		{12_000, 100 * time.Millisecond},
		{20_000, 200 * time.Millisecond},
		{1_000_000, 200 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &stream{}
			config := config(s)
			config.Due = func() int { return c.due }
			h := serve(t, config)
			began := time.Now()
			require.Equal(t, http.StatusAccepted, do(h, webhook(post)).Code)
			require.Equal(t, c.want, time.Since(began), "%d due", c.due)
			require.Len(t, s.stored(), 1)

			forged := webhook(post)
			forged.Header.Set("X-Discourse-Event-Signature", "sha256=00")
			began = time.Now()
			require.Equal(t, http.StatusUnauthorized, do(h, forged).Code)
			require.Zero(t, time.Since(began))
		})
	}
}
