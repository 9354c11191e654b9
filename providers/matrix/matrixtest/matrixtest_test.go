package matrixtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

func TestCheckHTML(t *testing.T) {
	for _, s := range []string{"", "a &lt; b", `<p><a href="https://x.example">x</a><br></p>`, `<ol start="3"><li>x</li></ol>`, `<pre><code class="language-go">x</code></pre>`} {
		require.NoError(t, matrixtest.CheckHTML(s), s)
	}
	for _, s := range []string{
		"<p>a", "a</p>", "<b><i>a</b></i>", "<script>a</script>", `<a href="javascript:a">b</a>`, `<b onclick="a">b</b>`,
		`<code class="x">b</code>`, "<!-- a -->", `<img src="https://x.example/a.png">`, strings.Repeat("<b>", 101) + strings.Repeat("</b>", 101),
	} {
		require.Error(t, matrixtest.CheckHTML(s), s)
	}
}

func TestPings(t *testing.T) {
	for raw, want := range map[string]int{
		`{"body":"@room","m.mentions":{}}`:        1,
		`{"body":"x","m.mentions":{"room":true}}`: 1,
		`{"body":"x"}`: 1,
		`{"body":"x","formatted_body":"@<b>ROOM</b>","m.mentions":{}}`:                  1,
		`{"body":"@rooms","formatted_body":"@</p><p>room @\u2060room","m.mentions":{}}`: 0,
	} {
		require.Len(t, matrixtest.Pings(providertest.Sent{Raw: json.RawMessage(raw)}), want, raw)
	}
}

func TestPlatformRefuses(t *testing.T) {
	server := httptest.NewServer(matrixtest.New("secret", "@bot:example.org"))
	defer server.Close()
	const (
		good = "/_matrix/client/v3/rooms/!general:example.org/send/m.room.message/1"
		body = `{"msgtype":"m.text","body":"x"}`
	)
	for _, c := range []struct{ path, token, body, want string }{
		{good, "Bearer secret", body, ""},
		{good, "", body, "M_MISSING_TOKEN"},
		{good, "Bearer other", body, "M_UNKNOWN_TOKEN"},
		{good, "Bearer secret", `{"body":"x"}`, "M_BAD_JSON"},
		{good, "Bearer secret", `{"msgtype":"m.text"}`, "M_BAD_JSON"},
		{good, "Bearer secret", `{`, "M_NOT_JSON"},
		{good, "Bearer secret", `{"msgtype":"m.text","body":"` + strings.Repeat("<", 65_000) + `"}`, "M_TOO_LARGE"},
		{strings.Replace(good, "general", "other", 1), "Bearer secret", body, "M_FORBIDDEN"},
		{"/_matrix/client/v3/nothing", "Bearer secret", body, "M_UNRECOGNIZED"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		r.Header.Set("Authorization", c.token)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		var answer struct{ ErrCode string }
		require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
		require.NoError(t, res.Body.Close())
		require.Equal(t, c.want, answer.ErrCode)
	}
}
