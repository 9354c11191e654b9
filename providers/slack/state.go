package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// element is what a person did with one element, or left in it:
// https://docs.slack.dev/reference/views#state
type element struct {
	Type                  string   `json:"type"`
	ActionID              string   `json:"action_id"`
	BlockID               string   `json:"block_id"`
	Value                 string   `json:"value"`
	SelectedOption        *option  `json:"selected_option"`
	SelectedOptions       []option `json:"selected_options"`
	SelectedUser          string   `json:"selected_user"`
	SelectedUsers         []string `json:"selected_users"`
	SelectedConversation  string   `json:"selected_conversation"`
	SelectedConversations []string `json:"selected_conversations"`
	SelectedDate          string   `json:"selected_date"`
	SelectedDateTime      int64    `json:"selected_date_time"`
	Files                 []file   `json:"files"`
}

type option struct {
	Value string `json:"value"`
}

// modal is an open modal as Slack shows it to us.
type modal struct {
	ID       string `json:"id"`
	Hash     string `json:"hash"`
	Callback string `json:"callback_id"`
	Metadata string `json:"private_metadata"`
	State    struct {
		Values map[string]map[string]element `json:"values"`
	} `json:"state"`
	Blocks []json.RawMessage `json:"blocks"`
	Title  struct {
		Text string `json:"text"`
	} `json:"title"`
	Submit *struct {
		Text string `json:"text"`
	} `json:"submit"`
}

// values is what an element holds, as a form wants it.
func (e *element) values() []string {
	switch {
	case e.Type == "checkboxes":
		return []string{strconv.FormatBool(len(e.SelectedOptions) > 0)}
	case e.SelectedOption != nil:
		return []string{e.SelectedOption.Value}
	case len(e.SelectedOptions) > 0:
		var all []string
		for _, o := range e.SelectedOptions {
			all = append(all, o.Value)
		}
		return all
	case len(e.SelectedUsers) > 0:
		return e.SelectedUsers
	case len(e.SelectedConversations) > 0:
		return e.SelectedConversations
	case len(e.Files) > 0:
		var all []string
		for _, f := range e.Files {
			all = append(all, f.ID)
		}
		return all
	case e.SelectedDateTime > 0 && e.SelectedDateTime < lastSecond:
		return []string{time.Unix(e.SelectedDateTime, 0).UTC().Format(time.RFC3339)}
	}
	for _, s := range []string{e.Value, e.SelectedUser, e.SelectedConversation, e.SelectedDate} {
		if s != "" {
			return []string{s}
		}
	}
	return nil
}

// values is what stands in a modal, by field. A field that is empty is left out.
func (m *modal) values() hub.Values {
	v := hub.Values{}
	for block, elements := range m.State.Values {
		for _, e := range elements {
			if held := e.values(); len(held) > 0 {
				v[fieldOf(block)] = held
			}
		}
	}
	return v
}

// A field's block is called as the field, and from its second generation on
// "name~1". Slack keeps what a person wrote as long as a block keeps its id: where
// a field is to hold something else its block gets another one.
const generationMark = "~"

func fieldOf(block string) string {
	name, _, _ := strings.Cut(block, generationMark)
	return name
}

func blockOf(field string, generation int) string {
	if generation == 0 {
		return field
	}
	return field + generationMark + strconv.Itoa(generation)
}

// generations is how often each field was given a block, less one.
func generations(blocks []string) map[string]int {
	g := map[string]int{}
	for _, block := range blocks {
		name, n, _ := strings.Cut(block, generationMark)
		g[name], _ = strconv.Atoi(n)
	}
	return g
}

// inputs are the ids of the blocks that hold fields, in order.
func (m *modal) inputs() []string {
	var ids []string
	for _, raw := range m.Blocks {
		var b struct {
			Type    string `json:"type"`
			BlockID string `json:"block_id"`
		}
		if json.Unmarshal(raw, &b) == nil && b.Type == "input" {
			ids = append(ids, b.BlockID)
		}
	}
	return ids
}

// holdsSame reports whether a field holds a already when it is to hold b.
func holdsSame(kind hub.FieldType, a, b []string) bool {
	a, b = filled(a), filled(b)
	if kind == hub.FieldBool {
		return isTrue(a) == isTrue(b)
	}
	if kind == hub.FieldDatetime && len(a) == 1 && len(b) == 1 {
		x, errX := time.Parse(time.RFC3339, a[0])
		y, errY := time.Parse(time.RFC3339, b[0])
		if errX == nil && errY == nil {
			return x.Equal(y)
		}
	}
	return slices.Equal(a, b)
}

func filled(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
}

func isTrue(values []string) bool { return len(values) > 0 && values[0] == "true" }
