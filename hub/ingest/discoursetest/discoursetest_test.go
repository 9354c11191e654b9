package discoursetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
)

func TestFixturesAreSigned(t *testing.T) {
	all := discoursetest.All()
	require.Len(t, all, 94)
	for _, f := range all {
		require.Equal(t, f.Header.Get("X-Discourse-Event-Signature"), discoursetest.Sign(f.Body), f.File)
		require.Equal(t, f.Event, f.Header.Get("X-Discourse-Event"), f.File)
		require.Equal(t, discoursetest.Instance, f.Header.Get("X-Discourse-Instance"), f.File)
	}
}
