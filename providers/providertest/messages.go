package providertest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

const site = "https://forum.example.com"

// Messages are the fixtures that every provider keeps golden renderings of.
func Messages() map[string]hub.Message {
	return map[string]hub.Message{
		"new-topic": newTopic(),
		"reply":     reply(),
		"image":     pictured(),
		"compact":   compact(),
		"text":      {Text: "The **nightly build** is [green again](https://ci.example.com/42).\nThanks, _everyone_ who helped!"},
		"hostile":   hostile(),
		"rtl":       rtl(),
		"long":      long(),
		"blocks":    blocks(),
		"tags":      tags(),
		"bare":      {Card: &hub.Card{Kind: "Closed", Title: "Printer does not start"}},
	}
}

func alice() *hub.Person {
	return &hub.Person{
		ID: "7", Username: "alice", Name: "Alice Moreau", URL: site + "/u/alice",
		Avatar: site + "/user_avatar/alice/48/1.png",
	}
}

func newTopic() hub.Message {
	return hub.Message{
		Thread: "meta/topic/301",
		Card: &hub.Card{
			Kind:     "New topic",
			Title:    "Printer does not start",
			URL:      site + "/t/printer-does-not-start/301",
			Site:     "forum.example.com",
			Author:   alice(),
			Category: &hub.Label{Name: "Support", URL: site + "/c/support/6", Color: "#0088cc"},
			Tags: []hub.Label{
				{Name: "printer", URL: site + "/tag/printer"},
				{Name: "needs-triage", URL: site + "/tag/needs-triage"},
			},
			Text: "Since *this morning* the **third-floor** printer only says `E-42`.\n\n" +
				"I tried:\n\n1. turning it [off and on](https://en.wikipedia.org/wiki/Reboot_(computing)?a=1&b=2)\n2. ~~kicking it~~\n\n" +
				"Any ideas?",
			Cut:  true,
			Time: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC),
		},
	}
}

func reply() hub.Message {
	return hub.Message{
		Thread: "meta/topic/301", InThread: true,
		Card: &hub.Card{
			Kind:   "Reply",
			Title:  "Printer does not start",
			URL:    site + "/t/printer-does-not-start/301/2",
			Site:   "forum.example.com",
			Author: &hub.Person{Username: "bob_the_builder", URL: site + "/u/bob_the_builder"},
			Text:   "> the third-floor printer only says `E-42`\n\nThat is the *paper tray*.",
			Time:   time.Date(2026, 3, 14, 10, 2, 0, 0, time.UTC),
		},
	}
}

func compact() hub.Message {
	m := newTopic()
	m.Card.Compact = true
	return m
}

// attack is what someone may put wherever a forum lets them write.
const attack = "A < B & \"C\" > D * _x_ `y` | [z](http://q.example) <!channel> <!here> <!everyone> <!subteam^S1> <@U1> @all @channel @here @everyone @room"

func hostile() hub.Message {
	return hub.Message{Card: &hub.Card{
		Kind:     "New topic",
		Title:    attack,
		URL:      site + "/t/a/302?x=<b>|\"'&y=)*_`",
		Site:     "forum.example.com",
		Author:   &hub.Person{Username: "channel", Name: "@channel <!here> </b> *@all*", URL: site + "/u/channel"},
		Category: &hub.Label{Name: "@here & <!channel> _c_", URL: site + "/c/here/7"},
		Tags:     []hub.Label{{Name: "@everyone", URL: site + "/tag/everyone"}, {Name: "<!channel>"}, {Name: "`@all`"}},
		Text: attack + "\n\n@**channel** **@here** `@all` *@room* [@everyone](http://q.example/@all) [<!channel>](http://q.example)\n\n" +
			"```\n" + attack + "\n```\n\n| @all | <!here> |\n|---|---|\n| @channel | @room |\n\n" +
			"<script>alert(1)</script> <b>@all</b> [x](javascript:alert(1)) ![@all](http://q.example/a.png)\n\n" +
			"# @**all**\n\n> @channel\n\n- @here\n",
	}}
}

func rtl() hub.Message {
	return hub.Message{Card: &hub.Card{
		Kind:     "New topic",
		Title:    "الطابعة لا تعمل 🖨️ (HP 12)",
		URL:      site + "/t/printer/303",
		Author:   &hub.Person{Username: "layla", Name: "ليلى حداد"},
		Category: &hub.Label{Name: "الدعم"},
		Text:     "مرحبا 👩‍👩‍👧‍👦، **الطابعة** لا تعمل منذ الصباح 🇫🇷👍🏽\n\nשלום `E-42` עולם",
	}}
}

func long() hub.Message {
	paragraph := strings.Repeat("This sentence **goes on** and [on](https://example.com/on) 👩‍👩‍👧‍👦. ", 40)
	return hub.Message{Card: &hub.Card{
		Kind:   "New topic",
		Title:  strings.TrimSpace(strings.Repeat("A very long title about printers ", 12)),
		URL:    site + "/t/long/304",
		Author: alice(),
		Text:   strings.TrimSpace(strings.Repeat(paragraph+"\n\n", 30)),
	}}
}

func blocks() hub.Message {
	return hub.Message{Text: "# Release 2.0\n\nWhat is **new**:\n\n- rules\n  - by tag\n  - by `category`\n- receipts\n\n" +
		"1. stop\n2. upgrade\n\n> Back up *first*.\n>\n> > Really.\n\n```go\nif a < b && c {\n\tfmt.Println(\"`hi` ```\")\n}\n```\n\n" +
		"| Version | State |\n|---|---|\n| 1.9 | ~~supported~~ |\n| 2.0 | **current** |\n\n---\n\n![Screenshot](https://example.com/s.png)"}
}

func tags() hub.Message {
	return hub.Message{Card: &hub.Card{
		Kind:  "New topic",
		Title: "打印机无法启动",
		URL:   site + "/t/topic/305",
		Tags: []hub.Label{
			{Name: "打印机", URL: site + "/tag/%E6%89%93%E5%8D%B0%E6%9C%BA"},
			{Name: "дом", URL: site + "/tag/дом"},
			{Name: "ไทย"},
		},
		Text: "请帮忙，谢谢！",
	}}
}

func (c Case) messages(t *testing.T) {
	all := Messages()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			b := c.open(t)
			b.mustSend(t, name, all[name])
			sent := b.platform.Sent()
			requireWithin(t, b.Describe().Limits, sent, "")
			for _, s := range sent {
				require.Equal(t, c.Chat, s.Chat)
			}
			if card := all[name].Card; card != nil && strings.HasPrefix(card.Title, "Printer") {
				require.Contains(t, sent[0].Text, card.Title)
			}
		})
	}
}

// mentions requires that nobody can call everyone by what they write.
func (c Case) mentions(t *testing.T) {
	if c.Pings == nil {
		t.Skip("the platform has none")
	}
	all := mentioning()
	b := c.open(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.mustSend(t, name, all[name])
	}
	for _, s := range b.platform.Sent() {
		require.Empty(t, c.Pings(s), "%s", s.Raw)
	}
}

// mentioning are messages with mass mentions wherever someone can write.
func mentioning() map[string]hub.Message {
	all := map[string]hub.Message{"text": {Text: attack}, "card": hostile()}
	for _, style := range []string{"@channel", "<!channel>", "@all.", "(@here)", "@everyone", "<!here|x>", "@room"} {
		all[style] = hub.Message{Text: style, Card: &hub.Card{
			Kind: style, Title: style, Author: &hub.Person{Username: style}, Category: &hub.Label{Name: style},
			Tags: []hub.Label{{Name: style}}, Text: "*" + style + "* `" + style + "`",
		}}
		flat := all[style]
		line := *flat.Card
		line.Compact = true
		all[style+" compact"] = hub.Message{Card: &line}
	}
	return all
}
