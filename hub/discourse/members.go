package discourse

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// membersPage is the largest page that a forum gives:
// https://github.com/discourse/discourse/blob/main/app/controllers/groups_controller.rb
const membersPage = 1000

// GroupMembers lists the usernames of a group's members, without bots.
// ErrNotFound says that there is no such group, or that its members are kept
// from the user who asks.
func (c *Client) GroupMembers(ctx context.Context, name string) ([]string, error) {
	where := c.site.base + "/groups/" + url.PathEscape(name)
	if name == "" || name == "." || name == ".." {
		return nil, &absent{where: where, status: http.StatusNotFound, message: "a group has a name"}
	}
	out, seen := []string{}, map[string]bool{}
	for page, offset := 0, 0; page < maxPages; page++ {
		var said struct {
			Members listOf[member] `json:"members"`
			Owners  listOf[member] `json:"owners"` // also among the members
			Meta    struct {
				Total whole `json:"total"`
			} `json:"meta"`
		}
		path := fmt.Sprintf("/groups/%s/members.json?limit=%d&offset=%d", url.PathEscape(name), membersPage, offset)
		if err := c.get(ctx, c.self(), path, &said); err != nil {
			return nil, err
		}
		for _, m := range append(said.Members, said.Owners...) {
			if m.Username != "" && !seen[m.Username] {
				seen[m.Username] = true
				out = append(out, m.Username)
			}
		}
		offset += len(said.Members)
		if len(said.Members) == 0 || offset >= int(said.Meta.Total) {
			return out, nil
		}
	}
	return out, nil
}
