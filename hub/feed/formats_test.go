package feed_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/feed"
)

func items(t *testing.T, contentType, body string) []hub.Item {
	t.Helper()
	data, err := feed.Parse(contentType, []byte(body))
	require.NoError(t, err)
	out := make([]hub.Item, len(data))
	for i := range data {
		require.NoError(t, json.Unmarshal(data[i], &out[i]))
	}
	return out
}

func TestRSS(t *testing.T) {
	got := items(t, "application/rss+xml", `<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>News &amp;amp; views</title><link>https://blog.example.com/</link>
<item><title>Vec&lt;T&gt; is &lt;b&gt;here&lt;/b&gt; &amp;amp; now</title><link>/2026/vec?a=1&amp;b=2</link><guid>tag:blog,7</guid>
<dc:creator>Jane Doe</dc:creator><category>Go</category><category>Rust</category><category>Go</category>
<description>Short</description><content:encoded><![CDATA[<p>All of <em>it</em></p>]]></content:encoded></item>
<item><title>Plain</title><guid isPermaLink="true">https://blog.example.com/plain</guid><author>jane@example.com</author><description>No markup here</description></item>
</channel></rss>`)
	require.Equal(t, []hub.Item{{
		Key: "https://blog.example.com/plain", Title: "Plain", Category: "News & views", Text: "No markup here",
	}, {
		Key: "tag:blog,7", Title: "Vec<T> is here & now", URL: "https://blog.example.com/2026/vec?a=1&b=2", Author: &hub.Person{Name: "Jane Doe"},
		Category: "News & views", Tags: []string{"Go", "Rust"}, HTML: "<p>All of <em>it</em></p>",
	}}, got)
}

func TestAtom(t *testing.T) {
	got := items(t, "application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom"><title>B</title>
<entry><id>urn:1</id><title type="html">A &lt;i&gt;title&lt;/i&gt;</title><link href="https://blog.example.com/1"/>
<updated>2026-01-10T10:00:00Z</updated><author><name>Jane</name><email>jane@example.com</email></author>
<category term="go"/><summary>In short</summary></entry></feed>`)
	require.Equal(t, []hub.Item{{
		Key: "urn:1", Title: "A title", URL: "https://blog.example.com/1", Author: &hub.Person{Name: "Jane"}, Category: "B",
		Tags: []string{"go"}, Text: "In short",
	}}, got)
}

// The form of https://www.jsonfeed.org/version/1.1/
func TestJSONFeed(t *testing.T) {
	got := items(t, "application/feed+json", `{"version":"https://jsonfeed.org/version/1.1","title":"B","items":[
		{"id":2,"url":"https://blog.example.com/2","title":"Two","content_html":"<p>x</p>","tags":["a"],"authors":[{"name":"Jane"}]}]}`)
	require.Equal(t, []hub.Item{{
		Key: "2", Title: "Two", URL: "https://blog.example.com/2", Author: &hub.Person{Name: "Jane"}, Category: "B", Tags: []string{"a"}, HTML: "<p>x</p>",
	}}, got)
}

func TestEntriesWithoutAnID(t *testing.T) {
	const first, second = `<item><title>a</title><pubDate>Sat, 10 Jan 2026 09:00:00 GMT</pubDate></item>`, `<item><title>b</title></item>`
	got := items(t, "", `<rss><channel>`+second+`<item/>`+first+`<item><link>https://blog.example.com/c</link></item></channel></rss>`)
	require.Len(t, got, 3, "what says nothing at all is nothing")
	require.Equal(t, "https://blog.example.com/c", got[0].Key, "the link stands in")
	require.NotEmpty(t, got[1].Key)
	again := items(t, "", `<rss><channel>`+first+`</channel></rss>`)
	require.Equal(t, got[1].Key, again[0].Key)
}

func TestCharsets(t *testing.T) {
	const inside = `<rss><channel><item><guid>1</guid><title>Caf` + "\xe9" + `</title></item></channel></rss>`
	for name, c := range map[string]struct{ contentType, body, want string }{
		"declared":          {"text/xml", `<?xml version="1.0" encoding="ISO-8859-1"?>` + inside, "Café"},
		"declared, single":  {"text/xml", `<?xml version='1.0' encoding='windows-1252'?>` + inside, "Café"},
		"header":            {"text/xml; charset=iso-8859-1", inside, "Café"},
		"declared wins":     {"text/xml; charset=utf-8", `<?xml version="1.0" encoding="ISO-8859-1"?>` + inside, "Café"},
		"wrongly declared":  {"text/xml", `<?xml version="1.0" encoding="UTF-8"?>` + inside, "Caf"},
		"not declared":      {"text/xml", inside, "Caf"},
		"header is unknown": {"text/xml; charset=klingon", inside, "Caf"},
		"mark":              {"text/xml", "\xef\xbb\xbf" + strings.ReplaceAll(inside, "\xe9", "é"), "Café"},
	} {
		got := items(t, c.contentType, c.body)
		require.Len(t, got, 1, name)
		require.Equal(t, c.want, got[0].Title, name)
	}
	_, err := feed.Parse("text/xml", []byte(`<?xml version="1.0" encoding="klingon"?>`+inside))
	require.Error(t, err)
}

func TestItemsOfFeedsAreBounded(t *testing.T) {
	long := strings.Repeat("é ", 60_000)
	got := items(t, "", `<rss><channel><title>`+long+`</title><item><guid>`+long+`</guid><title>`+long+`</title><link>https://x/`+
		strings.Repeat("a", 5000)+`</link><description>`+long+`</description>`+strings.Repeat("<category>x</category>", 10)+`</item></channel></rss>`)
	require.Len(t, got, 1)
	i := got[0]
	require.Equal(t, 300, utf8.RuneCountInString(i.Title))
	require.LessOrEqual(t, utf8.RuneCountInString(i.Category), 200)
	require.Len(t, i.Key, 26, "an id that is too long is digested, so that it stays the only one")
	require.Empty(t, i.URL)
	require.LessOrEqual(t, len(i.Text), 64<<10+len("…"))
	require.Equal(t, []string{"x"}, i.Tags)
}

// Whatever a publisher sends is refused in words or becomes events that others
// can read.
func FuzzFeed(f *testing.F) {
	f.Add("application/rss+xml", rss("two", "one"))
	f.Add("text/xml; charset=iso-8859-1", "<rss><channel><item><title>\xe9&nbsp;&bad;<b></title><link>//x</link></item>")
	f.Add("application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom"><entry xml:base="http://[::1"><id>1</id><updated>0000-01-01T00:00:00Z</updated></entry></feed>`)
	f.Add("application/feed+json", `{"version":"https://jsonfeed.org/version/1","items":[{"id":[1],"tags":{},"date_published":"x"},null]}`)
	f.Add("text/html", `<html><link rel=alternate type=rss href="%zz"><rdf>`)
	f.Add("", `<?xml version="1.0" encoding="utf-16"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><item rdf:about="x"><title>a</title></item></rdf:RDF>`)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		events, err := feed.Parse(contentType, []byte(body))
		if err != nil {
			require.NotEmpty(t, err.Error())
			require.Less(t, len(err.Error()), 4096)
			return
		}
		for _, data := range events {
			var i hub.Item
			require.NoError(t, json.Unmarshal(data, &i))
			require.True(t, utf8.Valid(data))
			require.NotEmpty(t, i.Key+i.Title+i.URL+i.Text+i.HTML)
			require.LessOrEqual(t, utf8.RuneCountInString(i.Title), 300)
			require.LessOrEqual(t, len(i.Tags), 50)
			require.True(t, i.URL == "" || strings.HasPrefix(i.URL, "http"), i.URL)
		}
	})
}
