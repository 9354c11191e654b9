//go:build linux || darwin

package bus_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/stretchr/testify/require"
)

const childDir, childRole = "BUS_TEST_CHILD_DIR", "BUS_TEST_CHILD_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(childRole) {
	case "":
		os.Exit(m.Run())
	case "publish":
		publishForEver(os.Getenv(childDir))
	case "full":
		publishOnAFullDisk(os.Getenv(childDir))
	}
}

func child(t *testing.T, role, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(self)
	c.Env = append(os.Environ(), childDir+"="+dir, childRole+"="+role)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c, bufio.NewScanner(out)
}

func publishForEver(dir string) {
	b, err := bus.Open(context.Background(), bus.Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	var out sync.Mutex
	for g := range 16 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), g, i)
				if _, err := b.Publish(context.Background(), event(id)); err != nil {
					continue
				}
				out.Lock()
				fmt.Println(id)
				out.Unlock()
			}
		}()
	}
	select {}
}

// What was acknowledged before a kill -9 is there after it.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := map[hub.EventID]bool{}
	rounds := 3
	if os.Getenv("BELLHOP_SOAK") != "" {
		rounds = 20
	}
	for round := range rounds {
		c, out := child(t, "publish", dir)
		for n := 0; n < 500*(1+round%3) && out.Scan(); n++ {
			acked[hub.EventID(out.Text())] = true
		}
		require.NoError(t, c.Process.Kill())
		for out.Scan() { // printed before the kill
			acked[hub.EventID(out.Text())] = true
		}
		require.Error(t, c.Wait())
	}
	require.GreaterOrEqual(t, len(acked), 3000)

	b := open(t, dir)
	cursor := ""
	for {
		got, next, err := b.Events(t.Context(), bus.EventQuery{Page: hub.Page{Limit: 500, Cursor: cursor}})
		require.NoError(t, err)
		for _, r := range got {
			delete(acked, r.Event.ID)
		}
		if cursor = next; next == "" {
			break
		}
	}
	require.Empty(t, acked)
}

// publishOnAFullDisk lets every write past the end of the files there are fail,
// as on a full disk, and lifts that again.
func publishOnAFullDisk(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	b, err := bus.Open(context.Background(), bus.Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	limit := func(bytes uint64) {
		var l syscall.Rlimit
		_ = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l)
		l.Cur = min(bytes, l.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
			panic(err)
		}
	}
	say := func(id string) error {
		_, err := b.Publish(context.Background(), event(id))
		fmt.Println(id, err == nil)
		return err
	}
	for i := range 20 {
		_ = say(fmt.Sprint("before-", i))
	}
	limit(64)
	_ = say("full-1")
	fmt.Println("health", b.Health(context.Background()))
	begin := time.Now()
	_ = say("full-2")
	fmt.Println("at-once", time.Since(begin) < 100*time.Millisecond)
	limit(1 << 62)
	for i := 0; say(fmt.Sprint("after-", i)) != nil; i++ {
		<-time.After(200 * time.Millisecond)
	}
	fmt.Println("mended", b.Health(context.Background()))
}

// A disk that is full refuses events, says so, and the bus stores again by
// itself once there is space. Nothing acknowledged is missing.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, out := child(t, "full", dir)
	said := map[string]string{}
	for out.Scan() {
		k, v, _ := strings.Cut(out.Text(), " ")
		said[k] = v
	}
	require.NoError(t, c.Wait())
	require.Equal(t, "false", said["full-1"])
	require.Contains(t, said["health"], "EVENTS")
	require.Equal(t, "false", said["full-2"])
	require.Equal(t, "true", said["at-once"], "not after another timeout")
	require.Equal(t, "<nil>", said["mended"])

	b := open(t, dir)
	for id, ok := range said {
		if ok == "true" && strings.Contains(id, "-") && id != "at-once" {
			_, err := b.Event(t.Context(), hub.EventID(id))
			require.NoError(t, err, id)
		}
	}
}
