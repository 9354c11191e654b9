package server_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// pipe is the baseline of the benchmarks: the architecture of the hub with
// nothing in it. HTTP and HMAC, a stream, a stage that makes fanout messages of
// an event, a work queue, 64 workers that POST. What the hub costs more is what
// its own work costs.
type pipe struct {
	js     jetstream.JetStream
	sink   string
	fanout int
	client *http.Client
}

type pipeEvent struct {
	ID       string `json:"id"`
	Category string `json:"category"`
	Title    string `json:"title"`
}

const pipeSecret = "secret"

// runPipe serves until its standard input closes. It prints its address.
func runPipe(always bool, sink string, fanout int) {
	dir, err := os.MkdirTemp("", "pipe-")
	must(err)
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true, DontListen: true, SyncAlways: always})
	must(err)
	s.Start()
	nc, err := nats.Connect("", nats.InProcessServer(s))
	must(err)
	js, err := jetstream.New(nc)
	must(err)
	p := &pipe{js: js, sink: sink, fanout: fanout, client: &http.Client{
		Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}, Timeout: 10 * time.Second,
	}}
	p.start(context.Background())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println("http://" + l.Addr().String())
	go func() { _ = http.Serve(l, http.HandlerFunc(p.hook)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
	s.WaitForShutdown()
}

func (p *pipe) start(ctx context.Context) {
	const window = 2 * time.Minute
	_, err := p.js.CreateStream(ctx, jetstream.StreamConfig{Name: "EV", Subjects: []string{"ev.>"}, Storage: jetstream.FileStorage, Duplicates: window})
	must(err)
	_, err = p.js.CreateStream(ctx, jetstream.StreamConfig{Name: "NC", Subjects: []string{"notify_chat.>"}, Storage: jetstream.FileStorage, Retention: jetstream.WorkQueuePolicy, Duplicates: window})
	must(err)
	p.consume(ctx, "EV", 16, p.fan)
	p.consume(ctx, "NC", 64, func(m jetstream.Msg) error {
		s := m.Subject()
		return p.post(s[strings.LastIndexByte(s, '.')+1:], m.Data())
	})
}

func (p *pipe) consume(ctx context.Context, stream string, workers int, handle func(jetstream.Msg) error) {
	c, err := p.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{Durable: "work", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 1024})
	must(err)
	queue := make(chan jetstream.Msg, 1024)
	for range workers {
		go func() {
			for m := range queue {
				if handle(m) != nil {
					_ = m.NakWithDelay(time.Second)
				} else {
					_ = m.Ack()
				}
			}
		}()
	}
	_, err = c.Consume(func(m jetstream.Msg) { queue <- m }, jetstream.PullMaxMessages(256))
	must(err)
}

func (p *pipe) fan(m jetstream.Msg) error {
	var v pipeEvent
	if err := json.Unmarshal(m.Data(), &v); err != nil {
		return err
	}
	futures := make([]jetstream.PubAckFuture, 0, p.fanout)
	for k := range p.fanout {
		b, _ := json.Marshal(map[string]string{"channel": "c" + strconv.Itoa(k), "text": v.ID + " " + v.Category + " " + v.Title})
		f, err := p.js.PublishAsync("notify_chat.slack."+strconv.Itoa(k), b, jetstream.WithMsgID(v.ID+"/"+strconv.Itoa(k)))
		if err != nil {
			return err
		}
		futures = append(futures, f)
	}
	for _, f := range futures {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return err
		}
	}
	return nil
}

func (p *pipe) post(target string, body []byte) error {
	resp, err := p.client.Post(p.sink+"/t/"+target, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

func (p *pipe) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	mac := hmac.New(sha256.New, []byte(pipeSecret))
	mac.Write(body)
	got, _ := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Signature-256"), "sha256="))
	if !hmac.Equal(mac.Sum(nil), got) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if _, err := p.js.Publish(r.Context(), "ev.hook", body); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
