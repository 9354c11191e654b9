package matrix

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressed(t *testing.T) {
	const pillHTML = `<a href="https://matrix.to/#/@bellhop:example.org">Bell Hop</a>`
	us := ourselves{user: "@bellhop:example.org", names: []string{"Bell Hop", ""}}
	for _, c := range []struct {
		name, content string
		text, line    string
		forUs         bool
	}{
		{"prefix", `{"body":"!discourse watch support"}`, "!discourse watch support", "discourse watch support", true},
		{"slash", `{"body":"/discourse status"}`, "/discourse status", "discourse status", true},
		{"prefix alone", `{"body":"!discourse"}`, "!discourse", "discourse", true},
		{"more lines", `{"body":"!faq add\nline two"}`, "!faq add\nline two", "faq add\nline two", true},
		{"a shout", `{"body":"!!! wow"}`, "!!! wow", "", false},
		{"a path", `{"body":"/etc/passwd is a file"}`, "/etc/passwd is a file", "", false},
		{"talk", `{"body":"who knows what discourse is?"}`, "who knows what discourse is?", "", false},
		{"pill", `{"body":"Bell Hop: watch support","formatted_body":` + quote(pillHTML+": watch support") + `,"m.mentions":{"user_ids":["@bellhop:example.org"]}}`, "Bell Hop: watch support", "watch support", true},
		{"pill without intent", `{"body":"Bell Hop status","formatted_body":` + quote(pillHTML+" status") + `}`, "Bell Hop status", "status", true},
		{"pill with a name of its own", `{"body":"hotel status","formatted_body":"<a href='https://matrix.to/#/%40bellhop%3Aexample.org'>hotel</a> status"}`, "hotel status", "status", true},
		{"pill by URI", `{"body":"hotel status","formatted_body":"<a href=\"matrix:u/bellhop:example.org?action=chat\">hotel</a> status"}`, "hotel status", "status", true},
		{"pill amid", `{"body":"hey Bell Hop, status","formatted_body":` + quote("hey "+pillHTML+", status") + `}`, "hey Bell Hop, status", "hey status", true},
		{"pill in Markdown", `{"body":"[Bell Hop](https://matrix.to/#/@bellhop:example.org) status","m.mentions":{"user_ids":["@bellhop:example.org"]}}`, "Bell Hop status", "status", true},
		{"mention alone", `{"body":"@bellhop:example.org","m.mentions":{"user_ids":["@bellhop:example.org"]}}`, "@bellhop:example.org", "", true},
		{"mention unseen", `{"body":"status","m.mentions":{"user_ids":["@bellhop:example.org"]}}`, "status", "status", true},
		{"name and colon", `{"body":"bellhop: status"}`, "bellhop: status", "status", true},
		{"name and comma", `{"body":"BELL HOP, status"}`, "BELL HOP, status", "status", true},
		{"at name", `{"body":"@bellhop status"}`, "@bellhop status", "status", true},
		{"at id", `{"body":"@bellhop:example.org status"}`, "@bellhop:example.org status", "status", true},
		{"name in talk", `{"body":"bellhop is useful"}`, "bellhop is useful", "", false},
		{"name in a longer one", `{"body":"@bellhops status"}`, "@bellhops status", "", false},
		{"somebody else", `{"body":"Anna: status","formatted_body":"<a href=\"https://matrix.to/#/@anna:example.org\">Anna</a>: status"}`, "Anna: status", "", false},
		{"an answer", `{"body":"> <@bellhop:example.org> New topic\n> more\n\nthanks","formatted_body":"<mx-reply><blockquote>` + `<a href=\"https://matrix.to/#/@bellhop:example.org\">Bell Hop</a></blockquote></mx-reply>thanks","m.mentions":{"user_ids":["@bellhop:example.org"]},"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}}`, "thanks", "", false},
		{"an answer with a command", `{"body":"> * <@a:b> waves\n\n!discourse mute","m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}}`, "!discourse mute", "discourse mute", true},
		{"an answer that calls", `{"body":"bellhop: why","m.mentions":{"user_ids":["@bellhop:example.org"]},"m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}}`, "bellhop: why", "why", true},
		{"a quotation that is none", `{"body":"> <@a:b> words\n\nmore"}`, "> <@a:b> words\n\nmore", "", false},
		{"an answer without quotation", `{"body":"> a quote of mine\n\nmore","m.relates_to":{"m.in_reply_to":{"event_id":"$1"}}}`, "> a quote of mine\n\nmore", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			said, err := readContent([]byte(c.content))
			require.NoError(t, err)
			s := listenTo(&said, said.Relates.InReplyTo.EventID != "")
			require.Equal(t, c.text, s.text)
			line, forUs := us.addressed(s)
			require.Equal(t, c.line, line)
			require.Equal(t, c.forUs, forUs)
		})
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestUserOf(t *testing.T) {
	for address, want := range map[string]string{
		"https://matrix.to/#/@a:b.example":           "@a:b.example",
		"https://matrix.to/#/%40a%3Ab.example?via=x": "@a:b.example",
		"matrix:u/a:b.example":                       "@a:b.example",
		"https://matrix.to/#/!room:b.example":        "",
		"https://matrix.to/#/%zz":                    "",
		"https://example.org/@a:b.example":           "",
		"":                                           "",
	} {
		require.Equal(t, want, userOf(address), address)
	}
}
