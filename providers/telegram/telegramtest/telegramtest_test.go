package telegramtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

func TestParseHTMLTakes(t *testing.T) {
	for _, c := range []struct{ in, text string }{
		{"a &lt;b&gt; &amp; &quot;c&quot; &#39;&#x41;", `a <b> & "c" 'A`},
		{"a & b &nbsp; &lt c", "a & b &nbsp; < c"},
		{"<b>a<i>b</i></b>", "ab"},
		{`<a href="https://x.example/?a=1&amp;b=&quot;">x</a>`, "x"},
		{"<a href=x.example>x</a>", "x"},
		{`<pre><code class="language-go">x</code></pre>`, "x"},
		{"<blockquote expandable>x</blockquote>", "x"},
		{`<span class="tg-spoiler">x</span>`, "x"},
		{"<B>x</>", "x"},
	} {
		text, _, err := telegramtest.ParseHTML(c.in)
		require.NoError(t, err, c.in)
		require.Equal(t, c.text, text)
	}
}

func TestParseHTMLRefuses(t *testing.T) {
	for in, why := range map[string]string{
		"<br>":                      `Unsupported start tag "br" at byte offset 0`,
		"a < b":                     `Unsupported start tag "" at byte offset 2`,
		"x <b":                      "Unclosed start tag at byte offset 2",
		"<a href":                   `Unclosed start tag "a" at byte offset 0`,
		`<a ="x">y</a>`:             `Empty attribute name in the tag "a" at byte offset 0`,
		"<a href=x/>y</a>":          "Unexpected end of name token at byte offset 8",
		"<span>x</span>":            `Tag "span" must have class "tg-spoiler" at byte offset 0`,
		"x</b>":                     "Unexpected end tag at byte offset 1",
		"<b>x</b":                   "Unclosed end tag at byte offset 4",
		"<b>x</i>":                  `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`,
		"<b>x":                      `Can't find end tag corresponding to start tag "b"`,
		"<p>x</p>":                  `Unsupported start tag "p" at byte offset 0`,
		"<blockquote><blockquote>x": "blockquote entities can't be nested, at byte offset 12",
	} {
		_, _, err := telegramtest.ParseHTML(in)
		require.EqualError(t, err, why, in)
	}
}

func TestLiveHTML(t *testing.T) {
	for in, want := range map[string][]string{
		"@all and @<b>everyone</b>":                   {"@all", "@everyone"},
		"a@example.com @a @\u2060all":                 nil,
		"<code>@all</code> <pre>/stop</pre>":          nil,
		`<a href="http://x.example">@all</a>`:         nil,
		"/stop /etc/passwd a/b https://x.example/@al": {"/stop"},
		"(/stop@bellhop_bot)":                         {"/stop@bellhop_bot"},
	} {
		require.ElementsMatch(t, want, telegramtest.LiveHTML(in), in)
	}
}

func TestPlatformRefuses(t *testing.T) {
	server := httptest.NewServer(telegramtest.New("1:a"))
	defer server.Close()
	for _, c := range []struct {
		path, chat, text, reply, want string
	}{
		{"/bot1:a/sendMessage", "-100", strings.Repeat("😀", 2048), "", ""},
		{"/bot1:a/sendMessage", "-100", strings.Repeat("😀", 2049), "", "Bad Request: message is too long"},
		{"/bot1:a/sendMessage", "-100", "<b> </b>", "", "Bad Request: message text is empty"},
		{"/bot1:a/sendMessage", "general", "x", "", "Bad Request: chat not found"},
		{"/bot1:a/sendMessage", "-100", "x", `{"message_id":99}`, "Bad Request: message to be replied not found"},
		{"/bot1:a/sendMessage", "-100", "x", `{`, "Bad Request: can't parse reply parameters JSON object"},
		{"/bot1:b/sendMessage", "-100", "x", "", "Unauthorized"},
		{"/botx/sendMessage", "-100", "x", "", "Not Found"},
		{"/bot1:a/sendPigeon", "-100", "x", "", "Not Found"},
	} {
		form := url.Values{"chat_id": {c.chat}, "text": {c.text}, "parse_mode": {"HTML"}, "reply_parameters": {c.reply}}
		res, err := http.PostForm(server.URL+c.path, form)
		require.NoError(t, err)
		b, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		var answer struct {
			OK          bool
			Description string
		}
		require.NoError(t, json.Unmarshal(b, &answer))
		require.Equal(t, c.want, answer.Description)
		require.Equal(t, c.want == "", answer.OK)
	}
}
