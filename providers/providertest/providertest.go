// Package providertest is the suite that every provider must pass: what
// package providers promises, tried on a look-alike of the platform.
//
// A provider's test brings the look-alike, an http.Handler that embeds Recorder
// and answers as the platform does. The suite has no opinion on how messages
// look: for that, each provider keeps golden renderings of Messages in its own
// testdata, and someone reads them.
package providertest

import (
	"context"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Case is one provider to be put through the suite.
type Case struct {
	// Open makes the provider against the look-alike platform at url. Where it
	// wants a logger, give it slog.Default(): the suite listens there.
	Open     func(t *testing.T, url string) providers.Provider
	Platform func(t *testing.T) Platform // a new look-alike
	Chat     string                      // a chat id that the look-alike knows
	Secrets  []string                    // must never surface in any error, log or String
	Faults   []FaultCase                 // platform answers and the fault each must map to
	// EditFaults and RetractFaults are answers to an edit and to a retraction that
	// a send does not get. Those of Faults that are temporary, a rate limit or
	// refused credentials are tried with both anyway.
	EditFaults    []FaultCase
	RetractFaults []FaultCase
	// RefusedMarkup and RefusedImages are answers to a message whose markup, or
	// whose card's image, the platform refuses; none for one that refuses none.
	RefusedMarkup []RefusalCase
	RefusedImages []RefusalCase
	// Uploading opens the provider as Open does, with a setting for images and where
	// it gets them; nil for one that uploads none.
	Uploading func(t *testing.T, url, images string, pictures providers.Pictures) providers.Provider
	// PhotoPosts says that a file comes to the platform as a message, and that one
	// with a file never becomes one without.
	PhotoPosts bool
	// Read says what a client makes of what was sent. Its error is of markup that
	// the platform would show as such, or that it would have to guess at.
	Read func(Sent) (Reading, error)
	// Pings reports the mass mentions that are live in what was sent; nil for a
	// platform without any.
	Pings func(Sent) []string
	// Rooms makes chats on a new look-alike in which something is amiss; nil for a
	// provider that is no Inspector.
	Rooms func(t *testing.T, p Platform) Rooms
	// BlindEdits says that the platform takes an edit of a message that is gone,
	// and shows nothing of it: no provider could tell.
	BlindEdits bool
	// Local says that no network lies between provider and platform: the faults
	// of one are left out.
	Local bool
}

// FaultCase is a platform's answer and the fault it must map to.
type FaultCase struct {
	Name  string
	Step  Step
	Want  hub.Fault
	After time.Duration // what Error.After must say
	// SendOnly says that to an edit or a retraction the answer means something
	// else, such as an answer that lacks what only a new message has.
	SendOnly bool
}

// Run puts a provider through the suite.
func Run(t *testing.T, c Case) {
	t.Run("describe", c.describe)
	t.Run("can", c.can)
	t.Run("check", c.check)
	t.Run("send", c.send)
	t.Run("thread", c.thread)
	t.Run("again", c.again)
	t.Run("concurrent", c.concurrent)
	t.Run("messages", c.messages)
	t.Run("limits", c.limits)
	t.Run("nasty texts", c.nasties)
	t.Run("images", c.images)
	t.Run("uploads", c.uploads)
	t.Run("refused", c.refused)
	t.Run("mentions", c.mentions)
	t.Run("faults", c.faults)
	t.Run("cancel", c.cancel)
	t.Run("edits", c.edits)
	t.Run("retractions", c.retractions)
	t.Run("change faults", c.changeFaults)
	t.Run("change cancel", c.changeCancel)
	t.Run("inspect", c.inspect)
	t.Run("secrets", c.secrets)
}

// bench is a provider and the look-alike it talks to.
type bench struct {
	providers.Provider
	editor   providers.Editor // nil: it is none
	platform Platform
	chat     hub.Chat
}

// patience is for things that take milliseconds, on a machine that is busy.
const patience = 30 * time.Second

func (c Case) open(t *testing.T) *bench {
	t.Helper()
	platform := c.Platform(t)
	server := httptest.NewServer(platform)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p := c.Open(t, server.URL)
	return &bench{p, editorOf(p), platform, hub.Chat{System: p.Describe().ID, ID: c.Chat}}
}

func (b *bench) post(key string, m hub.Message) providers.Post {
	return providers.Post{Key: "n" + hub.Digest(key), To: b.chat, Message: m}
}

func (b *bench) send(t *testing.T, p providers.Post) (hub.Receipt, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return b.Send(ctx, p)
}

func (b *bench) mustSend(t *testing.T, key string, m hub.Message) hub.Receipt {
	t.Helper()
	receipt, err := b.send(t, b.post(key, m))
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Ref, "a receipt without a ref can be neither threaded nor edited")
	return receipt
}

// arrived waits for n messages and requires that there are no more.
func (b *bench) arrived(t *testing.T, n int) []Sent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := b.platform.Wait(ctx, n)
	require.NoError(t, err)
	sent := b.platform.Sent()
	require.Len(t, sent, n)
	return sent
}

func text(s string) hub.Message { return hub.Message{Text: s} }

func numbered(s string, i int) string { return s + strconv.Itoa(i) }
