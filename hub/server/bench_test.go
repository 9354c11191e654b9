package server_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/web/webtest"
)

// The benchmarks hold the product against the pipe of pipe_test.go: three
// processes that run side by side and are loaded in turns, round by round.
// Rates differ from machine to machine; the ratios are what counts.

const (
	rounds    = 5
	roundTime = 2 * time.Second
)

// TestMain lets the test binary be the pipe's process. The tests of the pane share a
// browser.
func TestMain(m *testing.M) {
	switch mode := os.Getenv("BELLHOP_PIPE"); mode {
	case "":
	case "bare":
		runBare()
		return
	default:
		fanout, _ := strconv.Atoi(os.Getenv("BELLHOP_PIPE_FANOUT"))
		runPipe(mode == "always", os.Getenv("BELLHOP_PIPE_SINK"), fanout)
		return
	}
	os.Exit(webtest.Main(m))
}

// contender is a process under load.
type contender struct {
	name string
	url  string
	pid  int
	kill func()
	sign func(req *http.Request, body []byte)
	body func(id int) []byte
}

// BenchmarkIngest measures webhooks answered: signature, decoding, and the
// event on disk.
func BenchmarkIngest(b *testing.B) {
	none := startPipe(b, "none", "", 0)
	always := startPipe(b, "always", "", 0)
	hub := startHub(b, "")
	field := []*contender{always, none, hub}
	for _, clients := range []int{1, 16, 64} {
		results := map[string][]result{}
		for range rounds {
			for _, c := range field {
				results[c.name] = append(results[c.name], load(b, c, clients))
			}
		}
		fmt.Printf("\nwebhook in, %d clients            req/s      p50 ms   p99 ms   CPU µs\n", clients)
		for _, c := range field {
			fmt.Printf("  %-28s %8.0f   %8.2f %8.2f %8.0f\n", c.name, median(results[c.name], result.rate), median(results[c.name], result.p50), median(results[c.name], result.p99), median(results[c.name], result.cpu))
		}
		if clients == 1 {
			fmt.Printf("  latency: %.2f of SyncAlways, %.2f of no fsync\n", ratio(results["pipe always"], results["bellhop"], result.p50), ratio(results["pipe none"], results["bellhop"], result.p50))
		} else {
			fmt.Printf("  bellhop: %.2f × SyncAlways, %.2f × no fsync\n", ratio(results["bellhop"], results["pipe always"], result.rate), ratio(results["bellhop"], results["pipe none"], result.rate))
		}
	}
}

// BenchmarkEventToPost measures from a webhook's start to the arrival of the last
// of its posts: at 200 events a second with one post each, and at 50 with ten.
func BenchmarkEventToPost(b *testing.B) {
	b.Run("1", func(b *testing.B) { eventToPost(b, 200, 1) })
	b.Run("10", func(b *testing.B) { eventToPost(b, 50, 10) })
}

func eventToPost(b *testing.B, perSecond, fanout int) {
	sink := newSink(b, fanout)
	pipe := startPipe(b, "none", sink.URL, fanout)
	hub := startHub(b, sink.URL, everyChat(fanout)...)
	idle := resident(hub.pid)
	results := map[string][]result{}
	for range rounds {
		for _, c := range []*contender{pipe, hub} {
			results[c.name] = append(results[c.name], pace(b, c, sink, perSecond, 5*time.Second))
		}
	}
	fmt.Printf("\nevent to its last post of %2d, %3d/s    p50 ms   p99 ms   CPU µs/event\n", fanout, perSecond)
	for _, c := range []*contender{pipe, hub} {
		fmt.Printf("  %-28s %12.2f %8.2f %8.0f\n", c.name, median(results[c.name], result.p50), median(results[c.name], result.p99), median(results[c.name], result.cpu))
	}
	fmt.Printf("  bellhop: p50 %.2f ×, p99 %.2f ×, CPU %.2f × the pipe\n", ratio(results["bellhop"], results["pipe none"], result.p50), ratio(results["bellhop"], results["pipe none"], result.p99), ratio(results["bellhop"], results["pipe none"], result.cpu))
	fmt.Printf("  resident memory: %d MiB idle with five providers, %d MiB after the load\n", idle>>20, resident(hub.pid)>>20)
}

type result struct {
	n         int
	took      time.Duration
	latencies []time.Duration
	cpuTime   time.Duration
}

func (r result) rate() float64 { return float64(r.n) / r.took.Seconds() }
func (r result) p50() float64  { return r.quantile(0.50) }
func (r result) p99() float64  { return r.quantile(0.99) }
func (r result) cpu() float64  { return float64(r.cpuTime.Microseconds()) / float64(r.n) }

func (r result) quantile(q float64) float64 {
	slices.Sort(r.latencies)
	return float64(r.latencies[int(q*float64(len(r.latencies)-1))].Microseconds()) / 1000
}

func median(rs []result, of func(result) float64) float64 {
	values := make([]float64, len(rs))
	for i, r := range rs {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ratio is the median of the rounds' own ratios.
func ratio(a, b []result, of func(result) float64) float64 {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = of(a[i]) / of(b[i])
	}
	slices.Sort(values)
	return values[len(values)/2]
}

var nextID atomic.Int64

// load keeps clients busy for a round. It shares the machine with what it
// measures, so it does little: requests are written beforehand, and a client is
// a connection.
func load(b *testing.B, c *contender, clients int) result {
	b.Helper()
	prepared := prepare(c, 500*clients+20_000)
	conns := make([]*conn, clients)
	for i := range conns {
		conns[i] = dial(b, c)
	}
	var next atomic.Int64
	var mu sync.Mutex
	var r result
	before, start := cpuTime(c.pid), time.Now()
	var all sync.WaitGroup
	for _, conn := range conns {
		all.Go(func() {
			defer conn.Close()
			var mine []time.Duration
			for time.Since(start) < roundTime {
				i := next.Add(1) - 1
				if i >= int64(len(prepared)) {
					break
				}
				at := time.Now()
				conn.send(b, prepared[i])
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			r.latencies = append(r.latencies, mine...)
			mu.Unlock()
		})
	}
	all.Wait()
	r.n, r.took, r.cpuTime = len(r.latencies), time.Since(start), cpuTime(c.pid)-before
	return r
}

// prepare writes n requests as they go over the wire.
func prepare(c *contender, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		var b bytes.Buffer
		must(request(c, int(nextID.Add(1))).Write(&b))
		out[i] = b.Bytes()
	}
	return out
}

// conn is a client of one connection.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func dial(b *testing.B, c *contender) *conn {
	b.Helper()
	u, err := url.Parse(c.url)
	must(err)
	raw, err := net.Dial("tcp", u.Host)
	must(err)
	return newConn(raw)
}

func (c *conn) send(b *testing.B, request []byte) {
	if _, err := c.Write(request); err != nil {
		b.Error(err)
		return
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		b.Error(err)
		return
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		b.Errorf("%s: %s", resp.Status, answer)
	}
}

func request(c *contender, id int) *http.Request {
	body := c.body(id)
	req, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(body))
	must(err)
	req.Header.Set("Content-Type", "application/json")
	c.sign(req, body)
	return req
}

func send(b *testing.B, client *http.Client, req *http.Request) {
	resp, err := client.Do(req)
	if err != nil {
		b.Error(err)
		return
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		b.Errorf("%s: %s", resp.Status, answer)
	}
}

// pace sends at a steady rate, whatever the answers take, and waits for the
// posts.
func pace(b *testing.B, c *contender, sink *sink, perSecond int, d time.Duration) result {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	n := int(d.Seconds() * float64(perSecond))
	before, start := cpuTime(c.pid), time.Now()
	first := int(nextID.Add(int64(n))) - n + 1
	arrived := sink.expect(first, n)
	sent := make([]time.Time, n)
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for i := range n {
		<-tick.C
		req := request(c, first+i)
		sent[i] = time.Now()
		go send(b, client, req)
	}
	select {
	case <-arrived:
	case <-time.After(10 * time.Second):
		b.Fatalf("%s: posts are missing", c.name)
	}
	r := result{n: n, took: time.Since(start), cpuTime: cpuTime(c.pid) - before}
	for i := range n {
		r.latencies = append(r.latencies, sink.at(first+i).Sub(sent[i]))
	}
	return r
}

// sink is the chat platform: it notes when the last post of each event arrived.
type sink struct {
	*httptest.Server
	each int // posts of an event

	mu    sync.Mutex
	posts map[int]int
	times map[int]time.Time
	left  int
	done  chan struct{}
}

func newSink(b *testing.B, each int) *sink {
	s := &sink{each: each, posts: map[int]int{}, times: map[int]time.Time{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	b.Cleanup(s.Close)
	return s
}

func (s *sink) take(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"ok":true,"channel":"C1","ts":"1700000000.000100","message":{},"url":"https://x.slack.com/","team":"T","user":"U","bot_id":"B"}`)
	_, after, found := bytes.Cut(body, []byte("event-"))
	if !found {
		return
	}
	end := bytes.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
	id, _ := strconv.Atoi(string(after[:max(end, 0)]))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.posts[id]++; s.posts[id] != s.each {
		return
	}
	s.times[id] = at
	if s.left--; s.left == 0 {
		close(s.done)
	}
}

func (s *sink) expect(_, n int) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.done = n, make(chan struct{})
	return s.done
}

func (s *sink) at(id int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.times[id]
}

func signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func startPipe(b *testing.B, mode, sink string, fanout int) *contender {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BELLHOP_PIPE="+mode, "BELLHOP_PIPE_SINK="+sink, "BELLHOP_PIPE_FANOUT="+strconv.Itoa(fanout))
	stdin, err := cmd.StdinPipe()
	must(err)
	stdout, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	b.Cleanup(func() { _ = stdin.Close(); _ = cmd.Wait() })
	address := firstLine(stdout)
	filler := strings.Repeat("x", 1300) // as long as a forum's body
	return &contender{
		name: "pipe " + mode, url: address + "/hook", pid: cmd.Process.Pid,
		sign: func(r *http.Request, body []byte) { r.Header.Set("X-Signature-256", signature(pipeSecret, body)) },
		body: func(id int) []byte {
			return fmt.Appendf(nil, `{"id":"event-%d","category":"support","title":"Printer does not start","text":"%s"}`, id, filler)
		},
	}
}

// unreachable is where the ingest benchmark points the providers: nothing is
// sent there.
const unreachable = "http://127.0.0.1:9"

const benchSecret = "a secret of the benchmark"

// startHub starts the product as its user would: bellhop serve, all five
// providers on, each against the sink.
func startHub(b *testing.B, sink string, rows ...string) *contender {
	b.Helper()
	hub := configureHub(b, sink)()
	addRows(b, hub, rows)
	return hub
}

// configureHub returns what starts the product, and starts it again.
func configureHub(b *testing.B, sink string) func() *contender {
	b.Helper()
	binary := os.Getenv("BELLHOP_BENCH")
	if binary == "" {
		b.Skip("BELLHOP_BENCH names no binary: run make bench")
	}
	dir := b.TempDir()
	if sink == "" {
		sink = unreachable
	}
	file := filepath.Join(dir, "config.toml")
	must(os.WriteFile(file, fmt.Appendf(nil, benchConfig, dir, benchSecret, sink, sink, sink, sink), 0o600))
	return func() *contender { return launch(b, binary, file) }
}

func launch(b *testing.B, binary, file string) *contender {
	b.Helper()
	cmd := exec.Command(binary, "serve", "--config", file)
	cmd.Env = append(os.Environ(), "BELLHOP_ADMIN_TOKEN=bench-token-bench-token")
	logs, err := cmd.StderrPipe()
	must(err)
	must(cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	address := listening(b, logs)
	return &contender{
		name: "bellhop", url: address + "/in/meta", pid: cmd.Process.Pid,
		kill: func() { _ = cmd.Process.Kill(); _ = cmd.Wait() },
		sign: func(r *http.Request, body []byte) {
			r.Header.Set("X-Discourse-Event-Signature", signature(benchSecret, body))
			r.Header.Set("X-Discourse-Instance", "https://forum.example.com")
			r.Header.Set("X-Discourse-Event-Type", "post")
			r.Header.Set("X-Discourse-Event", "post_created")
		},
		body: func(id int) []byte { return fmt.Appendf(nil, benchPost, id, id, 1+id%500) },
	}
}

const benchConfig = `
[server]
listen = "127.0.0.1:0"
data_dir = %q
log_level = "warn"
[sources.meta]
kind = "discourse"
url = "https://forum.example.com"
secret = %q
visibility = "trust_webhook"
delay = "0s"
[deliver]
storm = 0
[providers.console]
[providers.slack]
pace = "off"
token = "xoxb-bench"
api_url = "%s/"
[providers.telegram]
pace = "off"
token = "123456:bench-bench-bench-bench-bench-bench"
api_url = %q
[providers.mattermost]
url = %q
token = "bench"
[providers.matrix]
homeserver_url = %q
token = "bench"
user_id = "@bench:example.org"
`

const benchPost = `{"post":{"id":%d,"name":"Alice Moreau","username":"alice","avatar_template":"/letter_avatar_proxy/v4/letter/a/5daacb/{size}.png","created_at":"2026-01-10T09:05:00.000Z","cooked":"<p>Which model is it, event-%d? Mine is an A100, and it needed <strong>new firmware</strong> before it would start at all. See <a href=\"https://example.org/firmware\">the page of the maker</a>.</p>","post_number":2,"post_type":1,"posts_count":2,"updated_at":"2026-01-10T09:05:00.000Z","reply_count":0,"reply_to_post_number":null,"quote_count":0,"incoming_link_count":0,"reads":0,"score":0,"topic_id":%d,"topic_slug":"printer-does-not-start","topic_title":"Printer does not start","category_id":5,"display_username":null,"primary_group_name":null,"flair_name":null,"flair_group_id":null,"version":1,"user_title":null,"bookmarked":false,"raw":"Which model is it? Mine is an A100, and it needed **new firmware** before it would start at all.","moderator":false,"admin":false,"staff":false,"user_id":22,"hidden":false,"trust_level":1,"deleted_at":null,"user_deleted":false,"edit_reason":null,"wiki":false,"reviewable_id":null,"reviewable_score_count":0,"reviewable_score_pending_count":0,"post_url":"/t/printer-does-not-start/301/2","topic_posts_count":2,"topic_filtered_posts_count":2,"topic_archetype":"regular","category_slug":"support"}}`

// listening reads a hub's log until it says where it listens.
func listening(b *testing.B, logs io.Reader) string {
	b.Helper()
	var said strings.Builder
	lines := bufio.NewScanner(io.TeeReader(logs, &said))
	for lines.Scan() {
		if _, after, found := strings.Cut(lines.Text(), "listening on "); found {
			go func() { _, _ = io.Copy(io.Discard, logs) }()
			return strings.Fields(after)[0]
		}
	}
	b.Fatalf("the hub did not start:\n%s", said.String())
	return ""
}

func addRow(b *testing.B, url, row string) {
	b.Helper()
	req, err := http.NewRequest(http.MethodPost, url+"/api/v1/subscriptions?format=table", strings.NewReader(row))
	must(err)
	req.Header.Set("Authorization", "Bearer bench-token-bench-token")
	req.Header.Set("Content-Type", "text/plain")
	resp, err := http.DefaultClient.Do(req)
	must(err)
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 {
		b.Fatalf("add %q: %s", row, resp.Status)
	}
}

// cpuTime is what a process has used so far, all threads, user and system.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // in ticks of 1/100 s
}

// resident is a process's memory in bytes.
func resident(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(err)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, _ := strconv.Atoi(strings.Fields(after)[0])
	return kib << 10
}
