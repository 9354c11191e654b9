package house

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Line is a line of a diff. Its sign is "+", "-" or a blank.
type Line struct {
	Sign string `json:"sign"`
	Text string `json:"text"`
}

// mostLines bounds what is compared line by line. Longer values are told whole,
// the one after the other.
const mostLines = 2000

// Diff compares two values as JSON has them, for people: a line for each field,
// as TOML would write it. Nothing and null are no lines.
func Diff(before, after json.RawMessage) []Line {
	return compare(lines(before), lines(after))
}

// compare finds the longest common subsequence:
// https://en.wikipedia.org/wiki/Longest_common_subsequence
func compare(a, b []string) (out []Line) {
	begin := 0
	for begin < len(a) && begin < len(b) && a[begin] == b[begin] {
		out = append(out, Line{" ", a[begin]})
		begin++
	}
	a, b = a[begin:], b[begin:]
	if len(a)*len(b) > mostLines*mostLines {
		return append(append(out, signed("-", a)...), signed("+", b)...)
	}
	// common[i][j] is how much a[i:] and b[j:] have in common.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, Line{" ", a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, Line{"-", a[i]})
			i++
		default:
			out = append(out, Line{"+", b[j]})
			j++
		}
	}
	return append(append(out, signed("-", a[i:])...), signed("+", b[j:])...)
}

func signed(sign string, texts []string) (out []Line) {
	for _, text := range texts {
		out = append(out, Line{sign, text})
	}
	return out
}

// lines writes a value, its fields in the order that they came in.
func lines(raw json.RawMessage) []string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	w := &writer{dec: json.NewDecoder(bytes.NewReader(raw))}
	w.dec.UseNumber()
	w.top()
	return w.lines
}

// writer writes JSON tokens as lines.
type writer struct {
	dec   *json.Decoder
	lines []string
}

func (w *writer) add(line string) { w.lines = append(w.lines, line) }

// top writes the outermost value: of an object each field has its line, of a list
// of objects each field of each.
func (w *writer) top() {
	first, err := w.dec.Token()
	if err != nil {
		return
	}
	switch first {
	case json.Delim('{'):
		for w.dec.More() {
			name, _ := w.dec.Token()
			w.field(key(name)+" = ", "")
		}
	case json.Delim('['):
		for w.dec.More() {
			w.add(w.inline() + ",")
		}
	default:
		w.add(scalar(first))
	}
}

// field writes a value behind its name. A list of objects is a line for each.
func (w *writer) field(before, after string) {
	text := w.inline()
	if !strings.HasPrefix(text, "[{") {
		w.add(before + text + after)
		return
	}
	w.add(before + "[")
	for _, one := range w.items(text) {
		w.add("  " + one + ",")
	}
	w.add("]" + after)
}

// items are the parts of a list that inline wrote.
func (*writer) items(text string) (all []string) {
	depth, begin, quoted := 0, 1, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth--; depth == 0 && i > begin {
				all = append(all, strings.TrimSpace(text[begin:i]))
			}
		case c == ',' && depth == 1:
			all = append(all, strings.TrimSpace(text[begin:i]))
			begin = i + 1
		}
	}
	return all
}

// inline writes a value in one line.
func (w *writer) inline() string {
	first, err := w.dec.Token()
	if err != nil {
		return ""
	}
	switch first {
	case json.Delim('{'):
		var fields []string
		for w.dec.More() {
			name, _ := w.dec.Token()
			fields = append(fields, key(name)+" = "+w.inline())
		}
		_, _ = w.dec.Token()
		return "{ " + strings.Join(fields, ", ") + " }"
	case json.Delim('['):
		var items []string
		for w.dec.More() {
			items = append(items, w.inline())
		}
		_, _ = w.dec.Token()
		return "[" + strings.Join(items, ", ") + "]"
	}
	return scalar(first)
}

func key(name json.Token) string {
	s, _ := name.(string)
	return s
}

func scalar(token json.Token) string {
	if token == nil {
		return "null"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(token) // a token of JSON is JSON
	return strings.TrimSuffix(b.String(), "\n")
}
