package bus

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPlacesAreBounded holds that at least the last 100,000 keys are known and at most
// twice as many.
func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	const all = 3*mostPlaces + mostPlaces/2
	var p places
	for i := range uint64(all) {
		p.enter(fmt.Sprint("n", i), i+1)
	}
	require.LessOrEqual(t, len(p.young)+len(p.old), 2*mostPlaces)
	for i := range uint64(mostPlaces) {
		require.Equal(t, all-i, p.find(fmt.Sprint("n", all-i-1)))
	}
	require.Zero(t, p.find("n0"))
	p.enter("n7", 9)
	p.enter("n7", 8)
	require.EqualValues(t, 9, p.find("n7"), "the later place counts, in whichever order they are read")
}

// FuzzReceipts holds that each key of a list is found in it, whatever else it holds.
func FuzzReceipts(f *testing.F) {
	f.Add([]byte("n1 {\"ref\":\"1\"}\n=ab {}\nn1 {\"ref\":\"2\"}\n"))
	f.Add([]byte("\n \n  x\nn1\nn2 "))
	f.Fuzz(func(t *testing.T, list []byte) {
		said := map[string][]byte{}
		eachLine(list, func(key, s []byte) { said[string(key)] = s })
		for key, want := range said {
			require.Equal(t, want, lastSaid(list, key))
		}
		require.NotContains(t, said, "")
		require.Nil(t, lastSaid(list, "no such\nkey"))
	})
}
