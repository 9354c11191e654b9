package pane

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/web"
)

func TestCode(t *testing.T) {
	for raw, want := range map[string]string{
		`{"a":[1,true,null,"x"]}`: "<span class=\"p\">{</span>\n  <span class=\"k\">&#34;a&#34;</span><span class=\"p\">:</span> <span class=\"p\">[</span>\n    " +
			"<span class=\"n\">1</span><span class=\"p\">,</span>\n    <span class=\"n\">true</span><span class=\"p\">,</span>\n    <span class=\"n\">null</span><span class=\"p\">,</span>\n    " +
			"<span class=\"s\">&#34;x&#34;</span>\n  <span class=\"p\">]</span>\n<span class=\"p\">}</span>",
		`<b>no JSON`:                      "&lt;b&gt;no JSON",
		`"\u003cscript\u003e\"</script>"`: `<span class="s">&#34;&lt;script&gt;\&#34;&lt;/script&gt;&#34;</span>`,
		"a=1\nb":                          `<span class="k">a</span><span class="p">=</span>1` + "\nb",
		"":                                "",
	} {
		require.Equal(t, want, string(codeOf(web.English(), []byte(raw))), raw)
	}
	require.Contains(t, string(codeOf(web.English(), []byte(`blocks=[{"type":"x"}]`))), "\n    <span class=\"k\">&#34;type&#34;</span>")
	require.Contains(t, string(codeOf(web.English(), []byte("x \u202egnp"))), `x \u202egnp`)
}

func TestCodeHidesSecrets(t *testing.T) {
	for _, raw := range []string{
		`{"token":"xoxb-secret-9f3c"}`, `{"a":{"Authorization" : "Bearer xoxb-secret-9f3c"}}`, `{"api_key":"xoxb-secret-9f3c","b":1}`,
		"token=xoxb-secret-9f3c\nchannel=C1", `{"client_secret":"xoxb-secret-\"9f3c"}`,
	} {
		got := string(codeOf(web.English(), []byte(raw)))
		require.NotContains(t, got, "xoxb-secret")
		require.Contains(t, got, "hidden, ends 9f3c", raw)
	}
	require.Contains(t, string(codeOf(web.English(), []byte(`{"password":"short"}`))), ">hidden<")
	require.Contains(t, string(codeOf(web.English(), []byte("token=[secret]"))), ">hidden<")
}

func FuzzCode(f *testing.F) {
	for _, seed := range []string{`{"a":"\""}`, "a=<b>\n", `{"token":"<script>alert(1)</script>"}`, "\xff", `["\\"]`, "token=<img src=x>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := string(codeOf(web.English(), []byte(raw)))
		bare := strings.NewReplacer("</span>", "", `<span class="k">`, "", `<span class="s">`, "", `<span class="n">`, "", `<span class="p">`, "", `<span class="hush">`, "").Replace(got)
		require.NotContains(t, bare, "<")
		require.NotContains(t, bare, ">")
		require.NotContains(t, bare, `"`)
	})
}
