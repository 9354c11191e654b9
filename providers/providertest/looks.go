package providertest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// RefusalCase is a platform's answer to a message whose looks it refuses.
type RefusalCase struct {
	Name string
	Step Step
	Said string // a part of the receipt's note
}

const (
	asWords    = "sent as plain text: "
	imageless  = "sent without its image: "
	pictureURL = site + "/uploads/default/original/1X/aa.png?v=1&w=2"
)

func pictured() hub.Message {
	m := newTopic()
	m.Card.Text = "Look at **this**:\n\n[image: The display](" + pictureURL + ")"
	m.Card.Image = &hub.Image{URL: pictureURL, Alt: "The display <&> @all of the \"printer\"", Width: 690, Height: 388}
	return m
}

// images holds that a card shows its image where the provider promises that,
// and that nothing is lost where it does not.
func (c Case) images(t *testing.T) {
	b := c.open(t)
	shown := func(m hub.Message) []string {
		before := len(b.platform.Sent())
		b.mustSend(t, numbered("image", before), m)
		return c.reading(t, b.platform.Sent()[before]).Images
	}
	if !b.Describe().Can.Images {
		require.Empty(t, shown(pictured()), "Can.Images is false")
		require.Contains(t, b.platform.Sent()[0].Text, newTopic().Card.Title)
		return
	}
	require.Equal(t, []string{pictureURL}, shown(pictured()))
	for name, spoil := range map[string]func(*hub.Card){
		"none":            func(c *hub.Card) { c.Image = nil },
		"compact":         func(c *hub.Card) { c.Compact = true },
		"struck":          func(c *hub.Card) { c.Struck = true },
		"no text":         func(c *hub.Card) { c.Text = "" },
		"a file":          func(c *hub.Card) { c.Image.URL = "file:///etc/passwd" },
		"a script":        func(c *hub.Card) { c.Image.URL = "javascript:alert(1)" },
		"relative":        func(c *hub.Card) { c.Image.URL = "/uploads/a.png" },
		"without an end":  func(c *hub.Card) { c.Image.URL += "&x=" + strings.Repeat("x", 10_000) },
		"no address":      func(c *hub.Card) { c.Image.URL = "" },
		"a mail's":        func(c *hub.Card) { c.Image.URL = "mailto:a@example.com" },
		"not an address ": func(c *hub.Card) { c.Image.URL = "https://a b/%zz" },
	} {
		m := pictured()
		spoil(m.Card)
		require.Empty(t, shown(m), name)
	}
	long := pictured()
	long.Card.Image.Alt = strings.Repeat("👩‍👩‍👧‍👦", 3000)
	require.Equal(t, []string{pictureURL}, shown(long))
	long.Card.Image.Alt = " \n"
	require.Equal(t, []string{pictureURL}, shown(long), "a picture without a word for it")
	if b.Describe().Can.Edits {
		t.Run("come and go with edits", c.editImages)
	}
}

func (c Case) editImages(t *testing.T) {
	b := c.open(t)
	ref := b.mustSend(t, "said", text("hello")).Ref
	b.mustEdit(t, "edit one", ref, pictured())
	require.Equal(t, []string{pictureURL}, c.reading(t, b.changed(t, 1, 1)[0]).Images)
	gone := pictured()
	gone.Card.Image = nil
	b.mustEdit(t, "edit two", ref, gone)
	require.Empty(t, c.reading(t, b.changed(t, 1, 2)[0]).Images)
}

func (c Case) reading(t *testing.T, sent Sent) Reading {
	t.Helper()
	reading, err := c.Read(sent)
	require.NoError(t, err, "%s", tail(string(sent.Raw)))
	return reading
}

// saying is a call that says something: a send, or an edit of something said
// before.
type saying struct {
	name string
	do   func(t *testing.T, b *bench, m hub.Message, steps ...Step) (hub.Receipt, error)
}

func (c Case) sayings(t *testing.T) []saying {
	all := []saying{{"send", func(t *testing.T, b *bench, m hub.Message, steps ...Step) (hub.Receipt, error) {
		b.platform.Script(steps...)
		return b.send(t, b.post("saying", m))
	}}}
	if c.open(t).Describe().Can.Edits {
		all = append(all, saying{"edit", func(t *testing.T, b *bench, m hub.Message, steps ...Step) (hub.Receipt, error) {
			ref := b.mustSend(t, "first", text("hello")).Ref
			b.platform.Script(steps...)
			return b.edit(t, "saying", ref, m)
		}})
	}
	return all
}

// refused holds that a message whose looks the platform refuses arrives once
// all the same, in the plainest form that it takes.
func (c Case) refused(t *testing.T) {
	if len(c.RefusedMarkup)+len(c.RefusedImages) == 0 {
		t.Skip("the platform refuses none")
	}
	for _, s := range c.sayings(t) {
		for _, r := range c.RefusedMarkup {
			t.Run(s.name+", markup, "+r.Name, func(t *testing.T) { c.refusedMarkup(t, s, r) })
		}
		for _, r := range c.RefusedImages {
			t.Run(s.name+", image, "+r.Name, func(t *testing.T) { c.refusedImage(t, s, r) })
		}
	}
	if len(c.RefusedMarkup) > 0 {
		t.Run("words within limits", c.wordsWithinLimits)
		t.Run("words mention nobody", c.wordsMention)
		t.Run("words in their thread", c.wordsInThread)
		t.Run("words are limited", c.wordsLimited)
		t.Run("cancelled", c.wordsCancelled)
	}
}

func (c Case) refusedMarkup(t *testing.T, s saying, r RefusalCase) {
	b := c.open(t)
	m := newTopic()
	receipt, err := s.do(t, b, m, r.Step)
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Ref)
	require.Contains(t, receipt.Note, asWords+r.Said)
	sent := b.arrived(t, 1)[0]
	c.requireWords(t, sent)
	for _, part := range []string{m.Card.Title, m.Card.URL, "E-42", "Alice Moreau", "off and on"} {
		require.Contains(t, sent.Text, part)
	}

	b = c.open(t)
	_, err = s.do(t, b, m, r.Step, r.Step)
	requireError(t, err, hub.FaultRejected)
	require.NotContains(t, joined(b.platform.Sent()), m.Card.Title, "what is refused twice is not said")
	b.mustSend(t, "next", text("the next one goes through"))
}

func (c Case) requireWords(t *testing.T, sent Sent) {
	t.Helper()
	reading := c.reading(t, sent)
	require.True(t, reading.Plain, "not words alone: %s", tail(string(sent.Raw)))
	require.Empty(t, reading.Images)
}

func (c Case) refusedImage(t *testing.T, s saying, r RefusalCase) {
	b := c.open(t)
	receipt, err := s.do(t, b, pictured(), r.Step)
	require.NoError(t, err)
	require.Contains(t, receipt.Note, imageless+r.Said)
	sent := b.arrived(t, 1)[0]
	reading := c.reading(t, sent)
	require.Empty(t, reading.Images)
	require.False(t, reading.Plain, "only the image was refused")
	require.Contains(t, sent.Text, newTopic().Card.Title)
	if len(c.RefusedMarkup) == 0 {
		return
	}

	b = c.open(t)
	receipt, err = s.do(t, b, pictured(), r.Step, c.RefusedMarkup[0].Step)
	require.NoError(t, err)
	require.Contains(t, receipt.Note, imageless+r.Said)
	require.Contains(t, receipt.Note, asWords)
	c.requireWords(t, b.arrived(t, 1)[0])
}

func (c Case) wordsWithinLimits(t *testing.T) {
	all := nasty(c.open(t).Describe().Limits)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			n := all[name]
			for _, m := range n.messages()[1:] {
				b := c.open(t)
				b.mustSend(t, name, m)
				if c.reading(t, b.arrived(t, 1)[0]).Plain {
					continue // there was nothing to refuse
				}
				b.platform.Script(c.RefusedMarkup[0].Step)
				b.mustSend(t, name+" in words", m)
				sent := b.arrived(t, 2)[1:]
				requireWithin(t, b.Describe().Limits, sent, n.whole)
				c.requireWords(t, sent[0])
			}
		})
	}
}

func (c Case) wordsMention(t *testing.T) {
	if c.Pings == nil {
		t.Skip("the platform has none")
	}
	all := mentioning()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b := c.open(t)
		b.platform.Script(c.RefusedMarkup[0].Step)
		_, err := b.send(t, b.post(name, all[name]))
		require.NoError(t, err)
		for _, s := range b.platform.Sent() {
			require.Empty(t, c.Pings(s), "%s: %s", name, s.Raw)
		}
	}
}

func (c Case) wordsInThread(t *testing.T) {
	b := c.open(t)
	if !b.Describe().Can.Threads {
		t.Skip("the platform has no threads")
	}
	root := b.mustSend(t, "root", text("root"))
	b.platform.Script(c.RefusedMarkup[0].Step)
	p := b.post("reply", reply())
	p.Root = root.Ref
	_, err := b.send(t, p)
	require.NoError(t, err)
	sent := b.arrived(t, 2)
	require.Equal(t, sent[0].Ref, sent[1].Root)
}

// wordsLimited holds that what becomes of the words is what became of the
// message: a provider does not wait, and tries no more than once.
func (c Case) wordsLimited(t *testing.T) {
	b := c.open(t)
	b.platform.Script(c.RefusedMarkup[0].Step, Step{Status: 503, Body: `{}`})
	_, err := b.send(t, b.post("limited", newTopic()))
	requireError(t, err, hub.FaultTemporary)
	require.Empty(t, b.platform.Sent())
	b.mustSend(t, "limited", newTopic())
	require.False(t, c.reading(t, b.arrived(t, 1)[0]).Plain, "the next attempt starts with all of it")
}

func (c Case) wordsCancelled(t *testing.T) {
	b := c.open(t)
	b.platform.Script(c.RefusedMarkup[0].Step)
	b.cancelled(t, Step{Hang: true}, func(ctx context.Context) error {
		_, err := b.Send(ctx, b.post("cancelled", newTopic()))
		return err
	})
	require.Empty(t, b.platform.Sent())
}
