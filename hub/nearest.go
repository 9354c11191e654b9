package hub

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest lists those of among that word may have been meant for, the nearest
// first, at most n. Case does not count, and nothing that is too far is listed.
func Nearest(word string, among []string, n int) []string {
	type candidate struct {
		text string
		far  int
	}
	word = strings.ToLower(word)
	limit := max(1, len(word)/3)
	var near []candidate
	for _, text := range among {
		folded := strings.ToLower(text)
		far := distance(word, folded)
		if len(word) >= 3 && strings.HasPrefix(folded, word) { // the beginning of a name
			far = min(far, 1)
		}
		if far <= limit {
			near = append(near, candidate{text, far})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, c := range near[:min(n, len(near))] {
		out = append(out, c.text)
	}
	return out
}

// distance is how many single-byte edits lead from a to b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(before[j+1]+1, row[j]+1, before[j]+cost)
		}
	}
	return row[len(b)]
}
