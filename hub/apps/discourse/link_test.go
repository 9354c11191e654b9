package discourse

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

var linkSites = []Site{{"meta", "https://forum.example.com"}, {"docs", "http://example.org:8080/community/"}}

func TestLinks(t *testing.T) {
	for text, want := range map[string]string{
		"https://forum.example.com/c/support/5":                         "meta category 5 below false",
		"<https://Forum.Example.com:443/c/market/printers/12>":          "meta category 12 below false",
		"http://forum.example.com/c/support/5/l/latest?order=likes":     "meta category 5 below false",
		"https://forum.example.com/c/support/5/all":                     "meta category 5 below true",
		"https://forum.example.com/c/support/5/none":                    "meta category 5 below false",
		"https://forum.example.com/c/market/printers":                   "meta category market/printers below false",
		"https://forum.example.com/c/%E6%97%A5%E6%9C%AC":                "meta category 日本 below false",
		"https://forum.example.com/tag/bug":                             "meta tag bug",
		"<https://forum.example.com/tag/bug|forum.example.com/tag/bug>": "meta tag bug",
		"https://forum.example.com/tag/bug/12":                          "meta tag bug",
		"https://forum.example.com/t/paper-jam/301":                     "meta post 301/1",
		"https://forum.example.com/t/paper-jam/301/4?u=anna":            "meta post 301/4",
		"https://forum.example.com/t/301/4":                             "meta post 301/4",
		"https://forum.example.com/t/301":                               "meta post 301/1",
		"https://forum.example.com/t/2026/301/4":                        "meta post 301/4",
		"https://forum.example.com/p/77":                                "meta post id 77",
		"https://forum.example.com/p/seventy":                           "meta",
		"https://forum.example.com/t/paper-jam":                         "meta",
		"https://forum.example.com/t/paper-jam/0301":                    "meta",
		"https://forum.example.com/u/anna":                              "meta",
		"https://forum.example.com":                                     "meta",
		"http://example.org:8080/community/t/x/9":                       "docs post 9/1",
		"http://example.org:8080/t/x/9":                                 "elsewhere",
		"http://example.org:8080/communityx/t/x/9":                      "elsewhere",
		"http://example.org/community/t/x/9":                            "elsewhere",
		"https://forum.example.com.evil.example/t/x/9":                  "elsewhere",
		"https://other.example.com/t/x/9":                               "elsewhere",
		"https://%zz":                                                   "elsewhere",
		"support":                                                       "elsewhere",
	} {
		require.Equal(t, want, show(parseLink(linkSites, text)), text)
	}
}

func show(l link) string {
	switch {
	case l.site == nil:
		return "elsewhere"
	case l.category != "":
		return fmt.Sprintf("%s category %s below %t", l.site.Source, l.category, l.below)
	case l.tag != "":
		return fmt.Sprintf("%s tag %s", l.site.Source, l.tag)
	case l.post != nil && l.post.ID != "":
		return fmt.Sprintf("%s post id %s", l.site.Source, l.post.ID)
	case l.post != nil:
		return fmt.Sprintf("%s post %s/%d", l.site.Source, l.post.Topic, l.post.Number)
	}
	return string(l.site.Source)
}

func FuzzParseLink(f *testing.F) {
	for _, s := range []string{"https://forum.example.com/c/a/b/9/l/top", "https://forum.example.com/c/all/none", "https://forum.example.com/t/1/2/3", "http://example.org:8080/community/p/1", "https://forum.example.com//c//l//5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l := parseLink(linkSites, s)
		set := 0
		for _, is := range []bool{l.category != "", l.tag != "", l.post != nil} {
			if is {
				set++
			}
		}
		if set > 1 || set == 1 && l.site == nil {
			t.Fatalf("%q is %+v", s, l)
		}
		if l.post != nil && (l.post.ID == "") == (l.post.Topic == "" || l.post.Number < 1) {
			t.Fatalf("%q names no post: %+v", s, l.post)
		}
	})
}
