package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// soakFor is how long TestFaultSoak lasts. BELLHOP_SOAK_FOR is another duration.
func soakFor(t *testing.T) time.Duration {
	t.Helper()
	if text := os.Getenv("BELLHOP_SOAK_FOR"); text != "" {
		d, err := time.ParseDuration(text)
		require.NoError(t, err)
		return d
	}
	if soak() {
		return 20 * time.Minute
	}
	return 10 * time.Second
}

// plain builds the program as it is shipped, without the race detector, whose
// memory says nothing about the program's.
func plain(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "bellhop")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// servePlain is serve with the program as it is shipped.
func (p *platforms) servePlain(extra string) *program {
	p.t.Helper()
	s := launchAs(p.t, serveEnv(), exec.Command(plain(p.t), "serve", "--config", p.config(extra)))
	s.url = strings.TrimSpace(s.awaits("listening on "))
	return s
}

// sample is what a process has at some moment.
type sample struct {
	at         time.Duration
	posts      int
	memory     float64 // MiB
	goroutines float64
	files      float64
}

// gauges reads metrics that have no labels.
func (p *program) gauges(names ...string) map[string]float64 {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/metrics", nil)
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+adminTokenText)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	found := map[string]float64{}
	for line := range bytes.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if slices.Contains(names, name) {
			found[name], err = strconv.ParseFloat(value, 64)
			require.NoError(p.t, err)
		}
	}
	require.Len(p.t, found, len(names), "/metrics lacks some of %v", names)
	return found
}

func (p *program) sample(since time.Time, posts int) sample {
	p.t.Helper()
	g := p.gauges("process_resident_memory_bytes", "go_goroutines", "process_open_fds")
	return sample{time.Since(since), posts, g["process_resident_memory_bytes"] / (1 << 20), g["go_goroutines"], g["process_open_fds"]}
}

// flat requires that a figure's mean over the last third of the samples is within
// 15 % of that over the middle third, or within slack of it.
func flat(t *testing.T, what string, samples []sample, slack float64, of func(sample) float64) {
	t.Helper()
	third := len(samples) / 3
	mean := func(part []sample) float64 {
		sum := 0.0
		for _, s := range part {
			sum += of(s)
		}
		return sum / float64(len(part))
	}
	middle, last := mean(samples[third:2*third]), mean(samples[2*third:])
	t.Logf("%s: %.1f on average in the middle third, %.1f in the last", what, middle, last)
	require.InDelta(t, middle, last, max(0.15*middle, slack), "%s is not flat", what)
}

// table is the samples as a person reads them.
func table(samples []sample) string {
	text := fmt.Sprintf("\n%10s %8s %10s %12s %8s\n", "after", "posts", "MiB", "goroutines", "files")
	for _, s := range samples {
		text += fmt.Sprintf("%10s %8d %10.1f %12.0f %8.0f\n", s.at.Round(time.Second), s.posts, s.memory, s.goroutines, s.files)
	}
	return text
}

// oneOfAHundred lets one attempt of a hundred fail in one of the ways of platforms.
func (w *troubled) oneOfAHundred(enough <-chan struct{}) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same faults each time
	for name, g := range w.gates {
		ways := []answer{
			says(providertest.Step{Status: http.StatusInternalServerError}),
			resets,
			hangs(enough),
		}
		if !oneLimit[name] { // there it would teach the account a pace of one post a second, for a minute
			ways = append(ways, saysJSON(http.StatusTooManyRequests, limited[name], "Retry-After", "1"))
		}
		own := rand.New(rand.NewPCG(random.Uint64(), random.Uint64())) //nolint:gosec // as above
		g.has(func(c call) answer {                                    // the gate holds its lock
			if c.act != callSend || own.IntN(100) != 0 {
				return nil
			}
			return ways[own.IntN(len(ways))]
		})
	}
}

// soakTopics is among how many topics the posts of TestFaultSoak are dealt out: a
// room that a call hangs for waits for half a minute, and must catch up.
const soakTopics = 20

// soakRoom is the room of a platform that hears of a topic. Slack and Mattermost
// have three, for the first topics.
func soakRoom(name string, topic int) string {
	switch {
	case name == "telegram":
		return strconv.Itoa(-1007000000000 - topic)
	case name == "matrix":
		return fmt.Sprintf("!soak%d:example.org", topic)
	case topic < len(faultRooms[name]):
		return faultRooms[name][topic]
	}
	return ""
}

// deal subscribes the rooms of TestFaultSoak.
func (w *troubled) deal(s *program) {
	w.t.Helper()
	for topic := range soakTopics {
		w.matrix.(*matrixtest.Platform).AddRoom(matrixtest.Room{ID: soakRoom("matrix", topic)})
		for name := range w.gates {
			if room := soakRoom(name, topic); room != "" {
				s.subscribe(fmt.Sprintf("%s | %s | topic/%d", name, room, firstTopic+topic))
			}
		}
	}
}

// firstTopic is the first of those that posts are dealt out among.
const firstTopic = 3000

// in is a post in one of the topics.
func in(topic int, f discoursetest.Fixture) discoursetest.Fixture {
	f.Body = bytes.ReplaceAll(f.Body, []byte(`"topic_id":301`), fmt.Appendf(nil, `"topic_id":%d`, firstTopic+topic))
	return signed(f)
}

// TestFaultSoak sends fifty posts a second for twenty minutes, while one attempt of a hundred fails: nothing is
// lost, and memory, goroutines and open files stay where they are.
func TestFaultSoak(t *testing.T) {
	if !soak() {
		t.Parallel()
	}
	lasts := soakFor(t)
	every := min(15*time.Second, lasts/20)
	w := newTroubled(t)
	s := w.servePlain(each)
	w.deal(s)
	enough := make(chan struct{})
	w.oneOfAHundred(enough)

	load := newPoster(s)
	began := time.Now()
	beat, look := time.NewTicker(20*time.Millisecond), time.NewTicker(every)
	defer beat.Stop()
	defer look.Stop()
	topics := map[int][]string{}
	var samples []sample
	for sent := 0; time.Since(began) < lasts; {
		select {
		case <-beat.C:
			topic := sent % soakTopics
			mark := load.mark()
			require.Equal(t, http.StatusAccepted, s.webhook(in(topic, marked(load.first, mark))), "post %s", mark)
			topics[topic] = append(topics[topic], mark)
			sent++
		case <-look.C:
			samples = append(samples, s.sample(began, sent))
		}
	}
	t.Log(table(samples))
	close(enough)
	for _, g := range w.gates {
		g.has(nil)
	}
	for topic, marks := range topics {
		for name, platform := range w.byName() {
			if room := soakRoom(name, topic); room != "" {
				require.Zero(t, owed(t, platform, room, marks), "%s %s: came twice, though no fault accepts a post", name, room)
			}
		}
	}
	s.letters(0)
	flat(t, "memory in MiB", samples, 24, func(s sample) float64 { return s.memory })
	flat(t, "goroutines", samples, 40, func(s sample) float64 { return s.goroutines })
	flat(t, "open files", samples, 30, func(s sample) float64 { return s.files })
}
