package providertest_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

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
			return &client{url: url, token: secret.New(token), defect: defect}
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
		"sends after cancel":        "cancel/before_the_send",
		"leaks in errors":           "secrets",
		"leaks when printed":        "secrets",
		"leaks in logs":             "secrets",
		"quotes what was said back": "secrets",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestSuiteOfDefect$", "-test.v")
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
	if defect == "ignores cancel" { // else it would wait for its own failure
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

func TestMessagesAreFresh(t *testing.T) {
	m := providertest.Messages()["new-topic"]
	m.Card.Title = strings.ToUpper(m.Card.Title)
	require.Equal(t, "Printer does not start", providertest.Messages()["new-topic"].Card.Title)
}
