package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

// Secrets of the tests. None of them may ever be printed.
const (
	adminTokenText = "admin-token-of-the-tests"
	slackToken     = "xoxb-0000-test-secret"
	telegramToken  = "123456789:AAtest-secret_of_telegram_0123456789ab"
	mmToken        = "mattermosttestsecret000001"
	matrixToken    = "syt_matrix_test_secret"
	matrixUser     = "@bellhop:example.org"
)

var allSecrets = []string{adminTokenText, slackToken, telegramToken[10:], mmToken, matrixToken, discoursetest.Secret}

// program is a process of the real binary.
type program struct {
	t   *testing.T
	cmd *exec.Cmd
	url string

	mu     sync.Mutex
	output bytes.Buffer
	lines  chan string
	exited chan struct{}
}

// launch starts `bellhop args…` and returns at once.
func launch(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	return launchAs(t, env, exec.Command(os.Args[0], args...))
}

// launchAs starts a command that becomes the program.
func launchAs(t *testing.T, env []string, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd, lines: make(chan string, 1000), exited: make(chan struct{})}
	p.cmd.Env = append([]string{"BELLHOP_TEST_MAIN=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	out, in := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	require.NoError(t, p.cmd.Start())
	go p.read(out)
	go func() {
		_ = p.cmd.Wait()
		_ = in.Close()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", strings.Join(cmd.Args, " "), p.said())
		}
		for _, s := range allSecrets {
			if strings.Contains(p.said(), s) {
				t.Errorf("%s printed a secret", strings.Join(cmd.Args, " "))
			}
		}
	})
	return p
}

func (p *program) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.output.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		select {
		case p.lines <- lines.Text():
		default:
		}
	}
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// awaits returns the rest of the first line that holds text.
func (p *program) awaits(text string) string {
	p.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case line := <-p.lines:
			if _, after, found := strings.Cut(line, text); found {
				return after
			}
		case <-p.exited:
			p.t.Fatalf("it ended without saying %q", text)
		case <-deadline:
			p.t.Fatalf("it did not say %q", text)
		}
	}
}

// kill ends the process as kill -9 does.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop ends the process as Ctrl-C does, and says how long it took.
func (p *program) stop() time.Duration {
	p.t.Helper()
	begin := time.Now()
	require.NoError(p.t, p.cmd.Process.Signal(os.Interrupt))
	select {
	case <-p.exited:
	case <-time.After(20 * time.Second):
		p.t.Fatal("it did not end")
	}
	require.Zero(p.t, p.cmd.ProcessState.ExitCode(), "its exit code")
	return time.Since(begin)
}

// world of four look-alike platforms and a configuration that points at them.
type platforms struct {
	t          *testing.T
	dir        string
	slack      providertest.Platform
	telegram   providertest.Platform
	mattermost providertest.Platform
	matrix     providertest.Platform
	urls       map[string]string
}

func newPlatforms(t *testing.T) *platforms {
	t.Helper()
	p := &platforms{
		t: t, dir: t.TempDir(), urls: map[string]string{},
		slack: slacktest.New(slackToken), telegram: telegramtest.New(telegramToken),
		mattermost: mattermosttest.New(mmToken), matrix: matrixtest.New(matrixToken, matrixUser),
	}
	for name, handler := range p.byName() {
		s := httptest.NewServer(handler)
		t.Cleanup(s.Close)
		p.urls[name] = s.URL
	}
	return p
}

func (p *platforms) byName() map[string]providertest.Platform {
	return map[string]providertest.Platform{"slack": p.slack, "telegram": p.telegram, "mattermost": p.mattermost, "matrix": p.matrix}
}

// config writes the configuration and returns its path. extra is TOML.
func (p *platforms) config(extra string) string {
	text := fmt.Sprintf(`
[server]
listen = "127.0.0.1:0"
data_dir = %q
[sources.meta]
url = "https://forum.example.com"
secret = "env:META_SECRET"
visibility = "trust_webhook"
delay = "0s"
[providers.console]
[providers.slack]
pace = "off"
token = "env:SLACK_TOKEN"
api_url = "%s/api/"
[providers.telegram]
pace = "off"
token = "env:TELEGRAM_TOKEN"
api_url = %q
[providers.mattermost]
url = %q
token = "env:MATTERMOST_TOKEN"
[providers.matrix]
homeserver_url = %q
user_id = %q
token = "env:MATRIX_TOKEN"
%s`, filepath.Join(p.dir, "data"), p.urls["slack"], p.urls["telegram"], p.urls["mattermost"], p.urls["matrix"], matrixUser, extra)
	storetest.Prepare(p.t, filepath.Join(p.dir, "data"))
	file := filepath.Join(p.dir, "config.toml")
	require.NoError(p.t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// The environment of a process, by what it needs to know.
var (
	hubEnv    = []string{"BELLHOP_ADMIN_TOKEN=" + adminTokenText, "META_SECRET=" + discoursetest.Secret}
	workerEnv = map[string][]string{
		"slack":      {"SLACK_TOKEN=" + slackToken},
		"telegram":   {"TELEGRAM_TOKEN=" + telegramToken},
		"mattermost": {"MATTERMOST_TOKEN=" + mmToken},
		"matrix":     {"MATRIX_TOKEN=" + matrixToken},
	}
)

func serveEnv() []string {
	env := slices.Clone(hubEnv)
	for _, more := range workerEnv {
		env = append(env, more...)
	}
	return env
}

// serve starts `bellhop serve` and waits until it listens.
func (p *platforms) serve(extra string) *program {
	p.t.Helper()
	s := launch(p.t, serveEnv(), "serve", "--config", p.config(extra))
	s.url = strings.TrimSpace(s.awaits("listening on "))
	return s
}

// api calls the REST API and decodes the answer.
func (p *program) api(method, path, contentType, body string, out any) {
	p.t.Helper()
	require.NoError(p.t, p.ask(p.t.Context(), method, path, contentType, body, out))
}

// ask is api for a goroutine, which may not end the test.
func (p *program) ask(ctx context.Context, method, path, contentType, body string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+adminTokenText)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%w: %s", err, answer)
	}
	return nil
}

func (p *program) subscribe(rows ...string) {
	p.t.Helper()
	for _, row := range rows {
		p.api("POST", "/api/v1/subscriptions?format=table", "text/plain", row, nil)
	}
}

// webhook posts a fixture as the forum does and returns the status.
func (p *program) webhook(f discoursetest.Fixture) int {
	p.t.Helper()
	resp, err := http.DefaultClient.Do(p.request(f))
	require.NoError(p.t, err)
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func (p *program) request(f discoursetest.Fixture) *http.Request {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/in/meta", bytes.NewReader(f.Body))
	require.NoError(p.t, err)
	req.Header = f.Header.Clone()
	return req
}

// sends waits until a platform has accepted n messages and returns them.
func sends(t *testing.T, p providertest.Platform, n int) []providertest.Sent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sent, err := p.Wait(ctx, n)
	require.NoError(t, err, "%d messages of %d came", len(sent), n)
	return sent
}

// settled waits until the hub's log holds n messages, all of them sent, and no
// change of one that waits, and returns the messages.
func (p *program) settled(n int) []hub.Delivery {
	p.t.Helper()
	var sent []hub.Delivery
	require.Eventually(p.t, func() bool {
		var log struct{ Items []hub.Delivery }
		p.api("GET", "/api/v1/deliveries?limit=500", "", "", &log)
		sent = slices.DeleteFunc(slices.Clone(log.Items), func(d hub.Delivery) bool { return d.Act != hub.ActSend })
		open := func(d hub.Delivery) bool {
			return d.Status != hub.StatusSent || d.Act == hub.ActSend && d.Title == ""
		}
		return len(sent) == n && !slices.ContainsFunc(log.Items, open)
	}, 30*time.Second, 100*time.Millisecond, "the log does not hold %d sent messages", n)
	return sent
}

func decodeBody(t *testing.T, resp *http.Response, out any) {
	t.Helper()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(out))
}
