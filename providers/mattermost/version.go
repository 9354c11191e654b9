package mattermost

import (
	"strconv"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// version is of a server: what dialogs can do has grown with it.
type version struct{ major, minor int }

// What dialogs can do since when:
// https://developers.mattermost.com/integrate/plugins/interactive-dialogs/
var (
	multiselects = version{11, 0}
	lookups      = version{11, 0} // selects whose options are asked for
	dates        = version{11, 1} // dates, refreshes, and forms as answers to a dialog
	files        = version{11, 10}
)

// parseVersion reads "11.2.0.11.2.0.abcdef.true", as the server says it in a
// header of each answer.
func parseVersion(s string) (version, bool) {
	parts := strings.SplitN(s, ".", 3)
	if len(parts) < 2 {
		return version{}, false
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil || major < 1 {
		return version{}, false
	}
	minor, err := strconv.Atoi(parts[1])
	return version{major, minor}, err == nil && minor >= 0
}

func (v version) has(since version) bool {
	return v.major > since.major || v.major == since.major && v.minor >= since.minor
}

// heard remembers the version that an answer tells.
func (c *Client) heard(resp *model.Response) {
	if resp != nil {
		c.heardVersion(resp.ServerVersion)
	}
}

func (c *Client) heardVersion(s string) {
	if v, ok := parseVersion(s); ok {
		c.version.Store(&v)
	}
}

// can reports whether the server is as new as that. One that has not said how
// old it is, is old.
func (c *Client) can(since version) bool {
	v := c.version.Load()
	return v != nil && v.has(since)
}
