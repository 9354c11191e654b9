package server_test

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

const (
	commandsEach = 1000 // of a way in
	talkers      = 10   // people who give commands at the same time
)

// BenchmarkCommands measures what a person waits for: from the last byte of what
// a platform tells of a command to the last byte of its answer, on every way in,
// beside a server that checks the same signature and answers with a fixed body,
// at once and after one write to the disk, such as the audit log takes.
// Where the look-alike has to be asked for it, its own time is in the figure.
func BenchmarkCommands(b *testing.B) {
	t := newTalk(b)
	field := append([]*way{t.bare(bareName, ""), t.bare("the same, with one fsync", "/fsync")}, t.ways()...)
	for _, w := range field {
		t.warm(b, w)
	}
	for _, c := range []struct {
		title string
		give  func(*way, int, int) (chat, line string)
	}{
		{"/discourse status, 5 rows", func(w *way, person, _ int) (string, string) { return w.chats[person], "discourse status" }},
		{"/discourse watch, a change", func(w *way, person, i int) (string, string) {
			return w.own[person], "discourse " + []string{"watch", "follow"}[i%2] + " " + benchCategory
		}},
	} {
		t.compare(b, field, c.title, c.give)
	}
}

// compare has each way answer its commands and prints the figures.
func (t *talk) compare(b *testing.B, field []*way, title string, give func(*way, int, int) (chat, line string)) {
	b.Helper()
	fmt.Printf("\n%-36s  commands/s   p50 ms   p95 ms   max ms   app ms   hub ms   CPU ms\n", fmt.Sprintf("%s, %d at a time", title, talkers))
	results, worst := map[string]result{}, 0.0
	for _, w := range field {
		before := t.inside(b)
		r := t.load(b, w, give)
		in := t.inside(b).since(before)
		fmt.Printf("  %-36s %9.0f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f\n", w.name, r.rate(), r.p50(), r.p95(), r.quantile(1), in.app(), in.hub(), r.cpu()/1000)
		results[w.name], worst = r, max(worst, r.p95()-in.app())
	}
	fmt.Printf("  bellhop: p50 %.1f × the bare server on Slack's HTTP; worst p95 without the app's own time %.1f ms (to be at most 100)\n",
		results["slack, HTTP"].p50()/results[bareName].p50(), worst)
}

func (r result) p95() float64 { return r.quantile(0.95) }

// load has the talkers give commands on one way in.
func (t *talk) load(b *testing.B, w *way, give func(*way, int, int) (chat, line string)) result {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var r result
	before, start := cpuTime(w.pid), time.Now()
	var all sync.WaitGroup
	for person := range talkers {
		all.Go(func() {
			var mine []time.Duration
			for n := 0; next.Add(1) <= commandsEach; n++ {
				chat, line := give(w, person, n)
				took, err := w.give(person, chat, line)
				if err != nil {
					b.Errorf("%s: %s: %v", w.name, line, err)
					return
				}
				mine = append(mine, took)
			}
			mu.Lock()
			defer mu.Unlock()
			r.latencies = append(r.latencies, mine...)
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
	r.n, r.took, r.cpuTime = len(r.latencies), time.Since(start), cpuTime(w.pid)-before
	return r
}

// inside is what the hub measured itself, of the app and of whole commands.
type inside struct{ appSum, appCount, hubSum, hubCount float64 }

func (in inside) since(before inside) inside {
	return inside{in.appSum - before.appSum, in.appCount - before.appCount, in.hubSum - before.hubSum, in.hubCount - before.hubCount}
}

// app and hub are means in milliseconds.
func (in inside) app() float64 { return 1000 * in.appSum / max(in.appCount, 1) }
func (in inside) hub() float64 { return 1000 * in.hubSum / max(in.hubCount, 1) }

func (t *talk) inside(b *testing.B) (in inside) {
	b.Helper()
	for line := range strings.SplitSeq(t.api(b, http.MethodGet, "/metrics", ""), "\n") {
		name, value, _ := strings.Cut(line, " ")
		n, _ := strconv.ParseFloat(value, 64)
		switch name, _, _ = strings.Cut(name, "{"); name {
		case "bellhop_command_app_seconds_sum":
			in.appSum += n
		case "bellhop_command_app_seconds_count":
			in.appCount += n
		case "bellhop_command_seconds_sum":
			in.hubSum += n
		case "bellhop_command_seconds_count":
			in.hubCount += n
		}
	}
	return in
}

// asks are connections over which requests go, one for each talker.
type asks struct {
	to    string // host and port
	conns [talkers]*conn
}

// exchange makes a request, with nothing but bytes within the time that counts.
func (a *asks) exchange(person int, r *http.Request) (took time.Duration, answer []byte, err error) {
	var raw bytes.Buffer
	if err := r.Write(&raw); err != nil {
		return 0, nil, err
	}
	if a.conns[person] == nil {
		c, err := net.Dial("tcp", a.to)
		if err != nil {
			return 0, nil, err
		}
		a.conns[person] = newConn(c)
	}
	c := a.conns[person]
	began := time.Now()
	if _, err := c.Write(raw.Bytes()); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(c.in, r)
	if err != nil {
		return 0, nil, err
	}
	answer, err = io.ReadAll(resp.Body)
	took = time.Since(began)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return took, answer, err
}

const bareName = "a bare HTTP server"

// bare is the server that checks Slack's signature and answers with fixed words.
func (t *talk) bare(name, path string) *way {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BELLHOP_PIPE=bare")
	stdin, err := cmd.StdinPipe()
	must(err)
	stdout, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	t.b.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	w := t.slackOver(firstLine(stdout)+path, "slack")
	w.name, w.pid = name, cmd.Process.Pid
	return w
}

// runBare serves until its standard input closes. It prints its address.
func runBare() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println("http://" + l.Addr().String())
	log, err := os.CreateTemp("", "bare-")
	must(err)
	defer func() { _ = os.Remove(log.Name()) }()
	answer := `{"response_type":"ephemeral","text":"` + strings.Repeat("1. new topics and replies in Support. ", 20) + `"}`
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			stamp, _ := strconv.ParseInt(r.Header.Get("X-Slack-Request-Timestamp"), 10, 64)
			want := http.Header{}
			slacktest.Sign(want, slackSecret, time.Unix(stamp, 0), body)
			if !hmac.Equal([]byte(want.Get("X-Slack-Signature")), []byte(r.Header.Get("X-Slack-Signature"))) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			if strings.HasPrefix(r.URL.Path, "/fsync/") {
				_, err := log.Write(body)
				must(errors.Join(err, log.Sync()))
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
		}))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
