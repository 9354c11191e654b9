package providers

import (
	"cmp"
	"slices"
	"strings"
)

// mostChats is how many chats a ChatLister lists.
const mostChats = 100

// BestChats picks what a ChatLister answers from all the chats there are: those
// whose name contains query, in any case, the best match first.
func BestChats(all []ChatInfo, query string) []ChatInfo {
	query = strings.ToLower(strings.TrimSpace(query))
	var found []ChatInfo
	for _, c := range all {
		if strings.Contains(strings.ToLower(c.Name), query) {
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b ChatInfo) int {
		return cmp.Or(
			cmp.Compare(distance(a.Name, query), distance(b.Name, query)),
			cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)),
		)
	})
	return found[:min(len(found), mostChats)]
}

// distance is 0 for the name itself, 1 for its start, 2 for a part. The sign
// before a name is not typed.
func distance(name, query string) int {
	bare := strings.TrimLeft(strings.ToLower(name), "#~!@")
	query = strings.TrimLeft(query, "#~!@")
	switch {
	case bare == query:
		return 0
	case strings.HasPrefix(bare, query):
		return 1
	default:
		return 2
	}
}
