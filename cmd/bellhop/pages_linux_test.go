package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const smapsText = `00400000-01e91000 r-xp 00000000 fe:00 10019668                           /usr/bin/bellhop
Size:              27204 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me sd
01e91000-03b59000 r--p 01a91000 fe:00 10019668                           /usr/bin/bellhop
Anonymous:             4 kB
03b59000-03d4e000 rw-p 03759000 fe:00 10019668                           /usr/bin/bellhop
Anonymous:             0 kB
1eb8a5c00000-1eb8ab000000 r--p 00000000 00:00 0 
Anonymous:             0 kB
7f2f16c90000-7f2f16ff0000 r--s 00000000 fe:00 7                          /usr/bin/bellhop
Anonymous:             0 kB
7f2f26c90000-7f2f26ff0000 r--p 00000000 fe:00 8                          /usr/lib/other
Anonymous:             0 kB
`

// TestUnwritten holds that only what nobody can have written to is let go of.
func TestUnwritten(t *testing.T) {
	t.Parallel()
	require.Equal(t, []mapping{{0x400000, 0x1e91000}}, unwritten(strings.NewReader(smapsText), "/usr/bin/bellhop"))
	require.Empty(t, unwritten(strings.NewReader("Anonymous: 0 kB\nx-y r-xp 0 0 0 f\nAnonymous: 0 kB\n"), "f"))
}

// TestPagesAreGivenBack holds that what the program needed to start, and does not
// need any more, is not counted as its memory.
func TestPagesAreGivenBack(t *testing.T) {
	t.Parallel()
	s := newTroubled(t).servePlain("")
	binary, err := os.Stat(s.cmd.Path)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
		require.NoError(t, err)
		_, after, found := strings.Cut(string(status), "RssFile:")
		require.True(t, found)
		n, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
		require.NoError(t, err)
		return n<<10 < binary.Size()/2
	}, 20*time.Second, 10*time.Millisecond)
	require.NotEmpty(t, s.gauges("go_goroutines"), "and it goes on")
}
