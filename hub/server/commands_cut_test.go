package server_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/apps"
)

// cuts is how often every connection is broken.
const cuts = 20

// TestCuts breaks every connection again and again while people talk and give
// commands: what they say is on the bus exactly once, and what they command is
// done exactly once.
func TestCuts(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", slackPlace(true), telegramPlace, mattermostPlace, matrixPlace)
	for _, p := range w.places {
		c := &cutter{place: p, kiosk: k, chat: p.Chat(t, "cuts"), talk: "said"}
		if p.system == "telegram" {
			c.talk = "/said" // a bot in privacy mode hears commands, also those that it does not know
		}
		t.Run(string(p.system), func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			for i := range cuts {
				c.round(t, i)
			}
			t.Logf("%d cuts in %s", cuts, time.Since(began))
			c.check(t, w)
		})
	}
}

// cutter is a system whose connections are cut.
type cutter struct {
	*place
	kiosk   *kiosk
	chat    string
	talk    string // what everything begins with that is said
	timeout int    // slash commands that the platform gave up
}

// round lets two people say and command something while the connections break.
func (c *cutter) round(t *testing.T, i int) {
	anna, bob := c.people["anna"], c.people["bob"]
	word := func(what string) string { return fmt.Sprintf("%s-%d", what, i) }
	var all sync.WaitGroup
	c.Say(t, c.chat, bob, c.talk+word("-before"))
	all.Go(func() { c.Cut(t) })
	all.Go(func() {
		seen := c.Command(t, c.chat, anna, "kiosk count "+word("slash"))
		if strings.Contains(seen.Text, "operation_timeout") {
			// Slack offers a slash command once: https://docs.slack.dev/interactivity/implementing-slash-commands
			c.timeout++
			return
		}
		if !strings.Contains(seen.Text, "Counted "+word("slash")) {
			t.Errorf("round %d shows %q", i, seen.Text)
		}
	})
	all.Go(func() { c.Say(t, c.chat, bob, c.talk+word("-during")) })
	all.Wait()
	all.Go(func() { c.Cut(t) })
	all.Go(func() {
		if seen := c.Mention(t, c.chat, bob, "kiosk count "+word("mention")); !strings.Contains(seen.Text, "Counted "+word("mention")) {
			t.Errorf("round %d shows %q", i, seen.Text)
		}
	})
	c.Say(t, c.chat, anna, c.talk+word("-after"))
	all.Wait()
}

// check counts what was heard and done.
func (c *cutter) check(t *testing.T, w *town) {
	t.Helper()
	heard := map[string]int{}
	require.Eventually(t, func() bool {
		clear(heard)
		for _, said := range w.heard(c.system, c.talk+"-") {
			heard[said.Text]++
		}
		return len(heard) >= 3*cuts
	}, 30*time.Second, 50*time.Millisecond, "%d of %d messages are heard", len(heard), 3*cuts)
	for text, times := range heard {
		require.Equal(t, 1, times, "%q is on the bus", text)
	}
	once := 0
	for i := range cuts {
		require.Equal(t, 1, c.kiosk.times(c.place, c.chat, fmt.Sprintf("mention-%d", i)), "mention %d", i)
		slash := c.kiosk.times(c.place, c.chat, fmt.Sprintf("slash-%d", i))
		require.LessOrEqual(t, slash, 1, "slash %d", i)
		once += slash
	}
	require.GreaterOrEqual(t, once, cuts-c.timeout, "every slash command that was not given up was done")
	if c.system != "slack" {
		require.Zero(t, c.timeout)
	}
	require.Less(t, c.timeout, cuts)
}
