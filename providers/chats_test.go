package providers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
)

func TestBestChats(t *testing.T) {
	var all []providers.ChatInfo
	for _, name := range []string{"#it-support", "#general", "#Support-eu", "#support"} {
		all = append(all, providers.ChatInfo{Name: name})
	}
	for query, want := range map[string][]string{
		"support":  {"#support", "#Support-eu", "#it-support"},
		"#SUPPORT": {"#support", "#Support-eu"},
		"":         {"#general", "#it-support", "#support", "#Support-eu"},
		"nobody":   nil,
	} {
		t.Run(query, func(t *testing.T) {
			var got []string
			for _, c := range providers.BestChats(all, query) {
				got = append(got, c.Name)
			}
			require.Equal(t, want, got)
		})
	}
}

func TestBestChatsAreAtMostAHundred(t *testing.T) {
	all := make([]providers.ChatInfo, 250)
	for i := range all {
		all[i].Name = fmt.Sprintf("#room-%03d", i)
	}
	got := providers.BestChats(all, "room")
	require.Len(t, got, 100)
	require.Equal(t, "#room-000", got[0].Name)
}
