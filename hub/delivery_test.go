package hub_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestExchangeIsBounded(t *testing.T) {
	x := exchange()
	require.Equal(t, x, x.Bounded())
	for pad := range 5 { // the cut falls on each byte of a character
		long := strings.Repeat("x", pad) + strings.Repeat("😄", hub.MaxExchangeText)
		got := hub.Exchange{URL: long, Request: long, Answer: long, Status: 400, At: heard}.Bounded()
		for _, text := range []string{got.URL, got.Request, got.Answer} {
			require.LessOrEqual(t, len(text), hub.MaxExchangeText)
			require.Greater(t, len(text), hub.MaxExchangeText-8)
			require.True(t, utf8.ValidString(text))
			require.True(t, strings.HasSuffix(text, "😄…"))
		}
		require.Equal(t, []any{400, heard}, []any{got.Status, got.At})
	}
	exact := strings.Repeat("x", hub.MaxExchangeText)
	require.Equal(t, exact, hub.Exchange{Answer: exact}.Bounded().Answer)
	require.Equal(t, "a\uFFFDb", hub.Exchange{Answer: "a\xff\xfeb"}.Bounded().Answer)
}

func TestDeadQuery(t *testing.T) {
	d := hub.DeadLetter{
		Notification: hub.Notification{
			ID: "n1", Chat: general, Source: "meta", Subscription: "s1",
			Message: hub.Message{Text: "By HAND", Card: &hub.Card{Title: "Der DRUCKER ÄCHZT", Text: "excerpt"}},
		},
		Fault: hub.FaultRejected, Reason: "slack says: Invalid_Blocks", At: heard,
	}
	for name, c := range map[string]struct {
		query hub.DeadQuery
		want  bool
	}{
		"all":             {hub.DeadQuery{}, true},
		"a page":          {hub.DeadQuery{Page: hub.Page{Limit: 1, Cursor: "x"}}, true},
		"system":          {hub.DeadQuery{System: general.System}, true},
		"other system":    {hub.DeadQuery{System: "matrix"}, false},
		"chat":            {hub.DeadQuery{Chat: general.ID}, true},
		"other chat":      {hub.DeadQuery{Chat: "C2"}, false},
		"source":          {hub.DeadQuery{Source: "meta"}, true},
		"other source":    {hub.DeadQuery{Source: "ci"}, false},
		"row":             {hub.DeadQuery{Subscription: "s1"}, true},
		"other row":       {hub.DeadQuery{Subscription: "s2"}, false},
		"fault":           {hub.DeadQuery{Fault: hub.FaultRejected}, true},
		"other fault":     {hub.DeadQuery{Fault: hub.FaultStale}, false},
		"since":           {hub.DeadQuery{Since: heard}, true},
		"since later":     {hub.DeadQuery{Since: heard.Add(time.Nanosecond)}, false},
		"until":           {hub.DeadQuery{Until: heard}, false},
		"until later":     {hub.DeadQuery{Until: heard.Add(time.Nanosecond)}, true},
		"title":           {hub.DeadQuery{Text: "drucker ächzt"}, true},
		"text":            {hub.DeadQuery{Text: "by hand"}, true},
		"excerpt":         {hub.DeadQuery{Text: "EXCERPT"}, true},
		"reason":          {hub.DeadQuery{Text: "invalid_blocks"}, true},
		"nothing of that": {hub.DeadQuery{Text: "invalid blocks"}, false},
		"all of them":     {hub.DeadQuery{System: general.System, Source: "meta", Fault: hub.FaultStale}, false},
	} {
		require.Equal(t, c.want, c.query.Match(&d), name)
	}
	d.Notification.Message.Card = nil
	require.True(t, hub.DeadQuery{Text: "hand"}.Match(&d))
	require.False(t, hub.DeadQuery{Text: "drucker"}.Match(&d))
}

func TestParseOutcomes(t *testing.T) {
	for data, want := range map[string][]hub.NotificationID{
		`{"notification":"n1"}`:                           {"n1"},
		` [{"notification":"n1"}, {"notification":"n2"}]`: {"n1", "n2"},
		`[]`: nil,
	} {
		outcomes, err := hub.ParseOutcomes([]byte(data), json.Unmarshal)
		require.NoError(t, err, data)
		var got []hub.NotificationID
		for _, o := range outcomes {
			got = append(got, o.Notification)
		}
		require.Equal(t, want, got, data)
	}
	for _, data := range []string{``, `[`, `7`, `[[{"notification":"n1"}]]`, `{"notification":7}`} {
		_, err := hub.ParseOutcomes([]byte(data), json.Unmarshal)
		require.Error(t, err, data)
	}
}
