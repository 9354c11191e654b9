package ingest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// BenchmarkDecodePost is the hot path without the network and the bus: the
// signature of a post of 1.4 KB, and its event with the encoded data.
func BenchmarkDecodePost(b *testing.B) {
	f := discoursetest.Get("post_created_group_mention.json")
	d, key, r := ingest.Discourse{}, secret.New(discoursetest.Secret), request(f)
	b.SetBytes(int64(len(f.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if !d.Signed(key, f.Header, f.Body) {
			b.Fatal("the signature does not fit")
		}
		_, err := d.Decode(r)
		require.NoError(b, err)
	}
}
