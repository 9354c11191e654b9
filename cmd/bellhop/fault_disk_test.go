package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// diskSize is a small disk, and yet one on which the hub starts.
const diskSize = 352 << 20

// A smallDisk is one that can be filled while the program is running on it.
type smallDisk struct {
	fill func(t *testing.T)
	free func(t *testing.T)
}

// onSmallDisk starts `bellhop serve` with its data on a small file system of its
// own. Where nobody may mount one, a limit on the size of files plays the disk: no
// file that is there grows then, either.
func (p *platforms) onSmallDisk(extra string) (*program, smallDisk) {
	p.t.Helper()
	data := filepath.Join(p.dir, "data")
	require.NoError(p.t, os.MkdirAll(data, 0o700))
	serve := []string{os.Args[0], "serve", "--config", p.config(extra)}
	own := []string{"--user", "--map-root-user", "--mount"}
	mounts := exec.CommandContext(p.t.Context(), "unshare", append(own, "mount", "-t", "tmpfs", "none", data)...).Run() == nil
	if !mounts {
		p.t.Log("a limit on the size of files plays the disk: no file system can be mounted here")
		s := launchAs(p.t, serveEnv(), exec.Command(serve[0], serve[1:]...))
		s.url = strings.TrimSpace(s.awaits("listening on "))
		return s, limitOn(s)
	}
	script := `mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"`
	args := append(own, "sh", "-c", script, strconv.Itoa(diskSize), data)
	s := launchAs(p.t, serveEnv(), exec.Command("unshare", append(args, serve...)...))
	s.url = strings.TrimSpace(s.awaits("listening on "))
	return s, fileOn(s, data)
}

// fileOn fills the disk of a program with a file. The test sees that disk through
// the eyes of the program.
func fileOn(s *program, data string) smallDisk {
	name := filepath.Join(fmt.Sprintf("/proc/%d/root", s.cmd.Process.Pid), data, "filler")
	return smallDisk{
		fill: func(t *testing.T) {
			t.Helper()
			f, err := os.Create(name)
			require.NoError(t, err)
			defer f.Close()
			for size := 1 << 20; size > 0; size /= 2 { // to the last byte
				for err = nil; err == nil; {
					_, err = f.Write(make([]byte, size))
				}
			}
			require.ErrorContains(t, err, "no space left")
		},
		free: func(t *testing.T) {
			t.Helper()
			require.NoError(t, os.Remove(name))
		},
	}
}

// limitOn limits the size of what a program may write.
func limitOn(s *program) smallDisk {
	limit := func(size string) func(t *testing.T) {
		return func(t *testing.T) {
			t.Helper()
			out, err := exec.CommandContext(t.Context(), "prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--fsize="+size+":").CombinedOutput()
			require.NoError(t, err, "%s", out)
		}
	}
	return smallDisk{fill: limit("64"), free: limit("unlimited")}
}

// TestFaultFullDisk fills the disk under load: webhooks are refused with 503 and a
// time, and taken again without a restart when there is space. What was answered
// with 202 arrives, before, meanwhile and after.
func TestFaultFullDisk(t *testing.T) {
	t.Parallel()
	rounds := 1
	if soak() {
		rounds = 10
	}
	w := newTroubled(t)
	s, disk := w.onSmallDisk(each)
	rooms := []string{"telegram | -1001000000001", "telegram | -1001000000002", "matrix | " + faultRooms["matrix"][1]}
	for _, room := range rooms {
		s.subscribe(room + " | *")
	}
	load := newPoster(s)
	c := &crowd{s: s, client: http.DefaultClient, post: load.first, status: map[int]int{}}
	taken := func() bool {
		before, mark := len(c.acked), load.mark()
		c.ask(mark, s.request(marked(load.first, mark)))
		return len(c.acked) > before
	}
	arrived := func(most int) {
		t.Helper()
		for _, room := range rooms {
			system, chat, _ := strings.Cut(room, " | ")
			twice := owed(t, w.byName()[system], chat, c.acked)
			require.LessOrEqual(t, twice, map[bool]int{false: most}[exact[system]], "%s was told twice", room)
		}
	}
	for round := range rounds {
		for range 10 {
			require.True(t, taken())
		}
		disk.fill(t)
		refused := 0
		require.Eventually(t, func() bool {
			if refused++; taken() {
				refused = 0
			}
			return refused == 20
		}, patience, 5*time.Millisecond, "a full disk takes webhooks")
		status, said := s.readiness()
		require.Equal(t, http.StatusServiceUnavailable, status, said)

		disk.free(t)
		freed := time.Now()
		require.Eventually(t, taken, patience, 20*time.Millisecond, "it does not take webhooks again")
		t.Logf("webhooks were taken again %s after there was space; answers so far: %v", time.Since(freed).Round(10*time.Millisecond), c.status)
		for range 10 {
			require.True(t, taken())
		}
		arrived(round + 1) // what was in flight when the disk was full has no receipt
		require.Eventually(t, func() bool {
			status, said = s.readiness()
			return status == http.StatusOK
		}, patience, 50*time.Millisecond, "it is not ready again")
	}
	require.Empty(t, c.wrong)
	require.Len(t, c.status, 2, "of all answers: %v", c.status)
	s.steady(load, len(rooms))
	s.letters(0)
}

// readiness is what /readyz answers.
func (p *program) readiness() (status int, said string) {
	p.t.Helper()
	resp, err := http.Get(p.url + "/readyz")
	require.NoError(p.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(body)
}
