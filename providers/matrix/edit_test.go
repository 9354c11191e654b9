package matrix_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
)

func (s scene) editor(t *testing.T) providers.Editor {
	t.Helper()
	e, ok := providers.As[providers.Editor](s.Provider)
	require.True(t, ok)
	return e
}

func gone() hub.Message {
	return hub.Message{Card: &hub.Card{
		Kind: "New topic · deleted", Title: "Printer <does> not start", URL: "https://forum.example.com/t/301", Struck: true,
		Author: &hub.Person{Username: "alice"}, Text: "it must not be shown",
	}}
}

func TestEditsReplaceTheOriginal(t *testing.T) {
	s := newScene(t)
	root, err := s.say(t, room, "the root", "")
	require.NoError(t, err)
	reply, err := s.say(t, room, "a reply", root.Ref)
	require.NoError(t, err)
	at := hub.Chat{System: "matrix-acme", ID: room}
	for key, text := range map[string]string{"n7": "changed", "n8": "changed again"} {
		edited, err := s.editor(t).Edit(t.Context(), providers.Post{Key: key, To: at, Message: hub.Message{Text: text}}, reply.Ref)
		require.NoError(t, err)
		require.Equal(t, reply.Ref, edited.Ref, "an edit of an edit goes to the original, too")
		require.Equal(t, reply.URL, edited.URL)
	}
	require.Equal(t, string(root.Ref), s.Sent()[1].Root)
	require.Equal(t, 2, s.Sent()[1].Edits)
	require.Contains(t, string(s.Sent()[1].Raw), `"rel_type":"m.thread"`)

	_, err = s.editor(t).Edit(t.Context(), providers.Post{Key: "n9", To: at, Message: gone()}, root.Ref)
	require.NoError(t, err)
	require.Equal(t, "New topic · deleted: ~Printer <does> not start~\nhttps://forum.example.com/t/301\nalice", s.Sent()[0].Text)
	require.Contains(t, string(s.Sent()[0].Raw), `<strong>New topic · deleted: <del><a href=\"https://forum.example.com/t/301\">Printer &lt;does&gt; not start</a></del></strong>`)
}

func TestChangesThatMatrixRefuses(t *testing.T) {
	s := newScene(t)
	at := hub.Chat{System: "matrix-acme", ID: room}
	for _, ref := range []hub.MessageRef{"", "$", "x", "C1/2"} {
		_, err := s.editor(t).Edit(t.Context(), providers.Post{Key: "n7", To: at, Message: hub.Message{Text: "x"}}, ref)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), ref)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(s.editor(t).Retract(t.Context(), at, ref)), ref)
	}
	err := s.editor(t).Retract(t.Context(), at, hub.MessageRef(s.Say()))
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "power level")
	require.NoError(t, s.editor(t).Retract(t.Context(), at, "$never:example.org"))
	s.Kick(room)
	_, err = s.editor(t).Edit(t.Context(), providers.Post{Key: "n7", To: at, Message: hub.Message{Text: "x"}}, "$event1")
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
}

func TestPreview(t *testing.T) {
	r := matrix.Kind().Preview(gone())
	require.Equal(t, "matrix", r.Kind)
	require.NoError(t, matrixtest.CheckHTML(r.Markup))
	require.Contains(t, r.Markup, "<del>")
	require.Equal(t, "hello", matrix.Kind().Preview(hub.Message{Text: "hello"}).Markup)
}

// TestRetractWhereEncryptionCame holds that what may not be read any more goes from
// rooms that came to be encrypted, too: a redaction says nothing that encryption
// would hide.
func TestRetractWhereEncryptionCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := matrixtest.New(token, userID)
		p := openWith(t, "http://matrix.example", &http.Client{Transport: direct{platform}})
		sent, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: hub.Message{Text: "hello"}})
		require.NoError(t, err)
		platform.AddRoom(matrixtest.Room{ID: room, Encrypted: true})
		<-time.After(11 * time.Minute) // of the bubble's clock
		e, _ := providers.As[providers.Editor](p)
		require.NoError(t, e.Retract(t.Context(), hub.Chat{ID: room}, sent.Ref))
		require.True(t, platform.Sent()[0].Gone)
	})
}
