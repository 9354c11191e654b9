package main

import (
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program that is tested.
func TestMain(m *testing.M) {
	if os.Getenv("BELLHOP_TEST_MAIN") != "" {
		signal.Ignore(syscall.SIGXFSZ) // a limit on files plays a full disk, which sends no signal
		main()
		return
	}
	_ = os.Setenv("TZ", "UTC") // times are printed in the reader's zone
	testscript.Main(m, map[string]func(){"bellhop": main})
}

// TestScripts runs testdata/script/*.txtar: what a person types, and what they
// read. `await ADDRESS` waits until a hub there is ready.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			env.Setenv("ADDRESS", l.Addr().String())
			env.Setenv("BELLHOP_URL", "http://"+l.Addr().String())
			return l.Close()
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"await": await},
	})
}

func await(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		resp, err := http.Get("http://" + args[0] + "/readyz")
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("no hub is ready at %s", args[0])
}
