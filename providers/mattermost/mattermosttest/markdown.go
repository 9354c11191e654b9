package mattermosttest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Read is what the apps make of what was sent, as far as they agree with
// CommonMark.
func Read(s providertest.Sent) (providertest.Reading, error) {
	var p model.Post
	if err := json.Unmarshal(s.Raw, &p); err != nil {
		return providertest.Reading{}, err
	}
	r, err := readPost(&p)
	for _, a := range p.Attachments() {
		for _, link := range []string{a.TitleLink, a.AuthorLink} {
			if link != "" {
				r.Links = append(r.Links, link)
			}
		}
		if a.ImageURL != "" {
			r.Images = append(r.Images, a.ImageURL)
		}
	}
	r.Images = append(r.Images, p.FileIds...)
	return r.Reading, err
}

// readPost reads what of a post is Markdown.
func readPost(p *model.Post) (*reader, error) {
	r := &reader{Reading: providertest.Reading{Plain: len(p.Attachments()) == 0 && len(p.FileIds) == 0}}
	texts := []string{p.Message}
	for _, a := range p.Attachments() {
		texts = append(texts, a.Pretext, a.Text)
		for _, f := range a.Fields {
			texts = append(texts, fmt.Sprint(f.Value))
		}
	}
	for _, t := range texts {
		if err := r.read(t); err != nil {
			return r, err
		}
	}
	return r, nil
}

type reader struct {
	providertest.Reading
	words  []string // runs of words between markup
	run    strings.Builder
	source []byte
}

var parser = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Parser()

func (r *reader) read(markdown string) error {
	r.source = []byte(markdown)
	err := ast.Walk(parser.Parse(text.NewReader(r.source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok {
			if entering {
				r.text(t)
			}
			return ast.WalkContinue, nil
		}
		r.endRun()
		if !entering {
			return ast.WalkContinue, nil
		}
		err := r.node(n)
		if n.Kind() == ast.KindCodeSpan { // its words are not read
			return ast.WalkSkipChildren, err
		}
		return ast.WalkContinue, err
	})
	r.endRun()
	return err
}

func (r *reader) text(t *ast.Text) {
	r.run.Write(util.UnescapePunctuations(t.Value(r.source)))
	if t.SoftLineBreak() || t.HardLineBreak() {
		r.run.WriteByte('\n')
	}
}

func (r *reader) endRun() {
	if r.run.Len() > 0 {
		r.words = append(r.words, r.run.String())
		r.run.Reset()
	}
}

func (r *reader) node(n ast.Node) error {
	switch n := n.(type) {
	case *ast.HTMLBlock, *ast.RawHTML:
		return fmt.Errorf("HTML in Markdown: %q", n.Kind())
	case *ast.Image:
		return fmt.Errorf("a picture in a text: %s", n.Destination)
	case *ast.Link:
		r.Links = append(r.Links, string(n.Destination))
	case *ast.FencedCodeBlock:
		var code strings.Builder
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			code.Write(line.Value(r.source))
		}
		r.Code = append(r.Code, strings.TrimSuffix(code.String(), "\n"))
	case *ast.Emphasis, *ast.CodeSpan, *ast.Heading, *extast.Strikethrough, *extast.Table:
	default:
		return nil
	}
	r.Plain = false
	return nil
}
