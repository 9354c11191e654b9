package house

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/pelletier/go-toml/v2"

	"github.com/bellhop-chat/bellhop/hub"
)

// versionKey is the key of the document that says how it is to be read, and
// version what this release writes.
const (
	versionKey = "bellhop"
	version    = 1
)

// The formats of a document.
const (
	TOML = "toml"
	JSON = "json"
)

// Document is what somebody wrote or what was exported, not judged yet.
type Document struct{ said map[string]any }

// Parse reads a document as far as it is TOML or JSON at all.
func Parse(format string, text []byte) (*Document, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	d := &Document{}
	var err error
	if format == JSON {
		err = jsonv2.Unmarshal(text, &d.said)
	} else {
		err = toml.Unmarshal(text, &d.said)
	}
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := at.Position()
		return nil, hub.Errorf(hub.CodeInvalid, "this is no TOML: line %d, column %d: %s", row, column, strings.TrimPrefix(at.Error(), "toml: "))
	}
	if err != nil {
		return nil, hub.Errorf(hub.CodeInvalid, "this is no %s: %s", strings.ToUpper(format), strings.TrimPrefix(err.Error(), "json: "))
	}
	return d, nil
}

// FormatOf is the format of a text: JSON begins with a brace.
func FormatOf(text []byte) string {
	if text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n"); len(text) > 0 && text[0] == '{' {
		return JSON
	}
	return TOML
}

// checkKeys notes what a document has that no part is called.
func (h *House) checkKeys(d *Document, bad *Problems) {
	known := append(h.Parts(), versionKey)
	for name := range d.said {
		if !slices.Contains(known, name) {
			bad.add(name, "unknown key"+suggest(name, known))
		}
	}
	switch v, found := number(d.said[versionKey]); {
	case d.said[versionKey] == nil:
		bad.add(versionKey, fmt.Sprintf("is required: %d is what this release writes and reads", version))
	case !found || v < 1:
		bad.add(versionKey, fmt.Sprintf("is no version of such a document, want %d", version))
	case v > version:
		bad.add(versionKey, fmt.Sprintf("is %d, of a newer release: this one reads %d", v, version))
	}
}

const heading = `# What people made of this Bellhop: bellhop plan FILE says what it would change,
# bellhop apply FILE changes it. Secrets are not in it, and history is not.
`

// Export writes a document of all that is there.
func (h *House) Export(ctx context.Context, format string) ([]byte, error) {
	var sections []section
	for _, p := range h.parts {
		s, err := p.things(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name(), err)
		}
		if s.value != nil {
			sections = append(sections, s)
		}
	}
	if format == JSON {
		return exportJSON(sections)
	}
	return exportTOML(sections)
}

func exportTOML(sections []section) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s = %d\n", heading, versionKey, version)
	for _, s := range sections {
		text, err := toml.Marshal(map[string]any{s.name: s.value})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		b.WriteByte('\n')
		b.Write(text)
	}
	return b.Bytes(), nil
}

func exportJSON(sections []section) ([]byte, error) {
	var b, indented bytes.Buffer
	fmt.Fprintf(&b, `{%q:%d`, versionKey, version)
	for _, s := range sections {
		fmt.Fprintf(&b, `,%q:`, s.name)
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s.value); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	b.WriteString("}")
	err := json.Indent(&indented, b.Bytes(), "", "  ")
	indented.WriteByte('\n')
	return indented.Bytes(), err
}
