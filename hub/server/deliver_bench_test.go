package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// counter is a chat platform that counts posts and takes some time for each.
type counter struct {
	*httptest.Server
	takes  time.Duration
	closed atomic.Bool // nobody is answered

	mu    sync.Mutex
	posts int
	want  int
	done  chan struct{}
	first chan struct{} // closed at the next post
	open  chan struct{}
}

func newCounter(b *testing.B, takes time.Duration) *counter {
	c := &counter{takes: takes, open: make(chan struct{}), first: make(chan struct{})}
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	b.Cleanup(c.Close)
	return c
}

func (c *counter) take(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	isPost := strings.HasSuffix(r.URL.Path, "chat.postMessage") || strings.HasPrefix(r.URL.Path, "/t/")
	if isPost && c.closed.Load() {
		select {
		case <-c.open:
		case <-r.Context().Done():
			return
		}
	}
	if isPost && c.takes > 0 {
		time.Sleep(c.takes)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"ok":true,"channel":"C1","ts":"1700000000.000100","message":{},"url":"https://x.slack.com/","team":"T","user":"U","bot_id":"B"}`)
	if !isPost {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.posts++; c.posts == c.want {
		close(c.done)
	}
	if c.first != nil {
		close(c.first)
		c.first = nil
	}
}

// expect waits for n more posts.
func (c *counter) expect(n int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts, c.want, c.done = 0, n, make(chan struct{})
	return c.done
}

func (c *counter) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = make(chan struct{})
	return c.first
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.posts
}

func awaitAll(b *testing.B, done <-chan struct{}, c *counter) {
	b.Helper()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		b.Fatalf("only %d posts of %d came", c.count(), c.want)
	}
}

// addRows subscribes chats, a thousand rows at a time.
func addRows(b *testing.B, hub *contender, rows []string) {
	b.Helper()
	base := strings.TrimSuffix(hub.url, "/in/meta")
	for len(rows) > 0 {
		n := min(len(rows), 1000)
		addRow(b, base, strings.Join(rows[:n], "\n"))
		rows = rows[n:]
	}
}

// burst sends n events as fast as clients can and waits for all of their posts.
func burst(b *testing.B, c *contender, sink *counter, clients, n, fanout int) result {
	b.Helper()
	prepared := prepare(c, n)
	done := sink.expect(n * fanout)
	var next atomic.Int64
	before, start := cpuTime(c.pid), time.Now()
	var all sync.WaitGroup
	for range clients {
		conn := dial(b, c)
		all.Go(func() {
			defer conn.Close()
			for {
				i := next.Add(1) - 1
				if i >= int64(n) {
					return
				}
				conn.send(b, prepared[i])
			}
		})
	}
	all.Wait()
	awaitAll(b, done, sink)
	return result{n: n, took: time.Since(start), cpuTime: cpuTime(c.pid) - before}
}

// BenchmarkFanOut measures events a second until the last of their posts, over
// 100 chats: each event to one of them, and each to ten.
func BenchmarkFanOut(b *testing.B) {
	b.Run("1", func(b *testing.B) { fanOut(b, 1, 4000) })
	b.Run("10", func(b *testing.B) { fanOut(b, 10, 1000) })
}

func fanOut(b *testing.B, fanout, events int) {
	const chats = 100
	sink := newCounter(b, 0)
	var rows []string
	for topic := range chats {
		for k := range fanout {
			rows = append(rows, fmt.Sprintf("slack | C%03d | topic/%d", (topic+k)%chats, 1+topic))
		}
	}
	pipe, hub := startPipe(b, "none", sink.URL, fanout), startHub(b, sink.URL, rows...)
	hub.body = func(id int) []byte { return fmt.Appendf(nil, benchPost, id, id, 1+id%chats) }
	results := map[string][]result{}
	for range rounds {
		for _, who := range []*contender{pipe, hub} {
			results[who.name] = append(results[who.name], burst(b, who, sink, 16, events, fanout))
		}
	}
	fmt.Printf("\nevents to %d of %d chats              events/s   posts/s   CPU µs/event\n", fanout, chats)
	for _, who := range []*contender{pipe, hub} {
		rate := median(results[who.name], result.rate)
		fmt.Printf("  %-32s %9.0f %9.0f %9.0f\n", who.name, rate, rate*float64(fanout), median(results[who.name], result.cpu))
	}
	fmt.Printf("  bellhop: %.2f × the pipe's rate, %.2f × its CPU; resident memory %d MiB\n", ratio(results["bellhop"], results["pipe none"], result.rate),
		ratio(results["bellhop"], results["pipe none"], result.cpu), resident(hub.pid)>>20)
}

// BenchmarkSlowPlatform measures posts a second to a platform that takes 50 ms
// for each, by how many chats there are: one post is in flight in each.
func BenchmarkSlowPlatform(b *testing.B) {
	for _, chats := range []int{100, 500, 1000} {
		sink := newCounter(b, 50*time.Millisecond)
		hub := startHub(b, sink.URL, everyChat(chats)...)
		events := 40
		bare := posting(b, sink, chats, events)
		r := burst(b, hub, sink, 4, events, chats)
		posts := float64(events * chats)
		fmt.Printf("\na platform that takes 50 ms, %4d chats: %.0f posts/s, CPU %.0f µs/post, resident memory %d MiB\n  bare HTTP clients, one for each chat, in the look-alike's own process: %.0f posts/s (the clock allows %d); bellhop %.2f of that\n",
			chats, posts/r.took.Seconds(), float64(r.cpuTime.Microseconds())/posts, resident(hub.pid)>>20,
			bare, 20*chats, posts/r.took.Seconds()/bare)
	}
}

// posting is how many posts a second this machine makes and takes at the most:
// the same form, from a goroutine for each chat that does nothing else.
func posting(b *testing.B, sink *counter, chats, each int) float64 {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: chats}}
	defer client.CloseIdleConnections()
	form := "text=" + strings.Repeat("x", 600) + "&blocks=" + strings.Repeat("y", 1200)
	done := sink.expect(chats * each)
	began := time.Now()
	for range chats {
		go func() {
			for range each {
				resp, err := client.Post(sink.URL+"/chat.postMessage", "application/x-www-form-urlencoded", strings.NewReader(form))
				if err != nil {
					return // the posts that are missing are told
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}()
	}
	awaitAll(b, done, sink)
	return float64(chats*each) / time.Since(began).Seconds()
}

func everyChat(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("slack | C%05d | *", i)
	}
	return rows
}

// BenchmarkDrain queues 100,000 notifications for 10,000 chats while the platform
// answers nobody, kills the program, and measures how it comes back.
func BenchmarkDrain(b *testing.B) {
	const chats, events = 10_000, 10
	sink := newCounter(b, 0)
	start := configureHub(b, sink.URL)
	hub := start()
	addRows(b, hub, everyChat(chats))
	sink.closed.Store(true)
	for _, request := range prepare(hub, events) {
		conn := dial(b, hub)
		conn.send(b, request)
		_ = conn.Close()
	}
	for backlog(b, hub) < chats*events {
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Printf("\n%d notifications queued for %d chats: resident memory %d MiB\n", chats*events, chats, resident(hub.pid)>>20)
	hub.kill()
	first, done := sink.next(), sink.expect(chats*events)
	sink.closed.Store(false)
	begin := time.Now()
	hub = start()
	ready := time.Since(begin)
	<-first
	redelivered := time.Since(begin)
	awaitAll(b, done, sink)
	took := time.Since(begin)
	fmt.Printf("  after kill -9: ready in %.2f s, first post after %.2f s, all after %.1f s (%.0f posts/s), CPU %.0f µs/post, resident memory %d MiB\n",
		ready.Seconds(), redelivered.Seconds(), took.Seconds(), chats*events/(took-redelivered).Seconds(),
		float64(cpuTime(hub.pid).Microseconds())/(chats*events), resident(hub.pid)>>20)
}

// backlog is how many notifications wait for Slack.
func backlog(b *testing.B, hub *contender) int {
	b.Helper()
	req, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(hub.url, "/in/meta")+"/metrics", nil)
	must(err)
	req.Header.Set("Authorization", "Bearer bench-token-bench-token")
	resp, err := http.DefaultClient.Do(req)
	must(err)
	page, err := io.ReadAll(resp.Body)
	must(err)
	_ = resp.Body.Close()
	_, after, _ := strings.Cut(string(page), "bellhop_queue_depth{system=\"slack\"} ")
	n, _ := strconv.ParseFloat(strings.Fields(after + " 0")[0], 64)
	return int(n)
}
