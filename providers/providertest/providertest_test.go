package providertest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const token = "t0ken-that-must-not-surface"

func suite(defect string) providertest.Case {
	return providertest.Case{
		Open: func(_ *testing.T, url string) providers.Provider {
			c := &client{url: url, token: secret.New(token), defect: defect}
			if defect == "promises edits" {
				return struct{ providers.Provider }{c}
			}
			return c
		},
		Platform: func(*testing.T) providertest.Platform { return &lookalike{} },
		Chat:     "room-1",
		Secrets:  []string{token},
		Faults: []providertest.FaultCase{
			{Name: "rate limit", Step: providertest.Step{
				Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"error":"slow down"}`,
			}, Want: hub.FaultRateLimited, After: 7 * time.Second},
			{Name: "bad token", Step: providertest.Step{Status: 401}, Want: hub.FaultUnauthorized},
		},
		RefusedMarkup: []providertest.RefusalCase{{Name: "tags", Step: providertest.Step{Status: 422, Body: "bad markup"}, Said: "bad markup"}},
		RefusedImages: []providertest.RefusalCase{{Name: "gone", Step: providertest.Step{Status: 422, Body: "bad image"}, Said: "bad image"}},
		Read:          read,
		Pings: func(s providertest.Sent) []string {
			return regexp.MustCompile(`@(all|channel|here)`).FindAllString(string(s.Raw), -1)
		},
	}
}

func TestSuitePassesASoundProvider(t *testing.T) { providertest.Run(t, suite("")) }

// Each defect is run in a process of its own, for there the suite must fail;
// and it must fail in the part that is about the defect.
func TestSuiteFindsDefects(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each defect")
	}
	for defect, part := range map[string]string{
		"description changes":       "describe",
		"promises chats":            "can",
		"promises edits":            "can",
		"hides that it edits":       "can",
		"check posts":               "check",
		"wrong chat":                "send",
		"no ref":                    "send",
		"forgets the root":          "thread",
		"key not passed":            "again",
		"one ref for all":           "concurrent",
		"refuses cards":             "messages/new-topic",
		"does not cut":              "limits/words",
		"cuts bytes":                "limits/flags",
		"cuts early":                "limits/a_text_at_the_limit_stays_whole",
		"pings":                     "mentions",
		"bare error":                "faults/500",
		"no op":                     "faults/500",
		"retries":                   "faults/500",
		"all temporary":             "faults/bad_token",
		"no after":                  "faults/rate_limit",
		"believes 200":              "faults/half_an_answer",
		"ignores cancel":            "cancel/no_answer_comes",
		"sends after cancel":        "cancel/before_the_call",
		"leaks in errors":           "secrets",
		"leaks when printed":        "secrets",
		"leaks in logs":             "secrets",
		"quotes what was said back": "secrets",

		"hides its images":             "images",
		"shows images of everything":   "images",
		"links elsewhere":              "nasty_texts/500_links",
		"writes code anew":             "nasty_texts/code_with_fences_within",
		"simplifies nothing":           "refused/send,_markup,_tags",
		"sends markup again":           "refused/send,_markup,_tags",
		"sends words without end":      "refused/words_are_limited",
		"keeps its image":              "refused/send,_image,_gone",
		"drops all looks for an image": "refused/send,_image,_gone",
		"shows images beside words":    "refused/send,_image,_gone",
		"does not say what is missing": "refused/send,_markup,_tags",
		"edits do not simplify":        "refused/edit,_markup,_tags",
		"pings in words":               "refused/words_mention_nobody",

		"edits nothing":              "edits/changes_the_message",
		"edits by sending anew":      "edits/changes_the_message",
		"edits by adding":            "edits/messages/new-topic",
		"names the edit":             "edits/changes_the_message",
		"edits twice":                "edits/changes_the_message",
		"edits the last":             "edits/keeps_its_place_and_its_thread",
		"does not cut edits":         "edits/limits/words",
		"pings in edits":             "edits/mentions",
		"believes any edit":          "edits/of_what_is_gone",
		"edits again":                "change_faults/edit/500",
		"changes fail barely":        "change_faults/retract/500",
		"changes fail for ever":      "change_faults/edit/500",
		"changes fail without after": "change_faults/retract/rate_limit",
		"changes after cancel":       "change_cancel/edit/before_the_call",
		"retracts nothing":           "retractions/removes_the_message",
		"retracts by editing":        "retractions/removes_the_message",
		"retracts the last":          "retractions/removes_the_message",
		"minds what is gone":         "retractions/twice",
		"leaks in changes":           "secrets",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			about, _, _ := strings.Cut(part, "/")
			cmd := exec.Command(os.Args[0], "-test.run=^TestSuiteOfDefect$/^"+about+"$", "-test.v") //nolint:gosec // our own binary
			cmd.Env = append(os.Environ(), "DEFECT="+defect)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.True(t, errors.As(err, &exit), "the suite has not seen it")
			failed := regexp.MustCompile(`--- FAIL: TestSuiteOfDefect/(\S+)`).FindAllStringSubmatch(string(out), -1)
			require.Contains(t, fmt.Sprint(failed), " "+part+"]")
		})
	}
}

func TestSuiteOfDefect(t *testing.T) {
	defect := os.Getenv("DEFECT")
	if defect == "" {
		t.Skip("run by TestSuiteFindsDefects")
	}
	c := suite(defect)
	if defect == "ignores cancel" || defect == "changes after cancel" { // else it would wait for its own failure
		c.Faults = nil
	}
	providertest.Run(t, c)
}

func TestRecorderOnce(t *testing.T) {
	var r providertest.Recorder
	first := r.RecordOnce(providertest.Sent{Key: "k", Ref: "1"})
	require.Equal(t, first, r.RecordOnce(providertest.Sent{Key: "k", Ref: "2"}))
	r.RecordOnce(providertest.Sent{Ref: "3"})
	r.RecordOnce(providertest.Sent{Ref: "4"})
	require.Len(t, r.Sent(), 3, "messages without a key are all different")
}

func TestRecorderChanges(t *testing.T) {
	var r providertest.Recorder
	r.Record(providertest.Sent{Ref: "1", Text: "hello", Raw: []byte(`"hello"`)})
	require.False(t, r.Edit("2", "changed", nil), "there is no such message")
	require.False(t, r.Retract("2"))

	changed := make(chan []providertest.Sent)
	go func() {
		sent, err := r.Changes(t.Context(), 2)
		assert.NoError(t, err)
		changed <- sent
	}()
	require.True(t, r.Edit("1", "changed", []byte(`"changed"`)))
	require.True(t, r.Retract("1"))
	sent := <-changed
	require.Len(t, sent, 1)
	require.Equal(t, "changed", sent[0].Text)
	require.Equal(t, `"changed"`, string(sent[0].Raw))
	require.Equal(t, 1, sent[0].Edits)
	require.True(t, sent[0].Gone)
	require.False(t, r.Edit("1", "again", nil), "it is gone")
	require.False(t, r.Retract("1"))

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Changes(ended, 3)
	require.ErrorIs(t, err, context.Canceled)
}

func TestMessagesAreFresh(t *testing.T) {
	m := providertest.Messages()["new-topic"]
	m.Card.Title = strings.ToUpper(m.Card.Title)
	require.Equal(t, "Printer does not start", providertest.Messages()["new-topic"].Card.Title)
}
