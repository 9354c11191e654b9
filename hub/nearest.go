package hub

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Nearest lists those of among that word may have been meant for, the nearest
// first, at most n. Case does not count, and nothing that is too far is listed.
func Nearest(word string, among []string, n int) []string {
	type candidate struct {
		text string
		far  int
	}
	word = strings.ToLower(word)
	letters := utf8.RuneCountInString(word)
	limit := max(1, letters/3)
	var near []candidate
	for _, text := range among {
		folded := strings.ToLower(text)
		far := limit + 1
		switch {
		case letters >= 3 && strings.HasPrefix(folded, word): // the beginning of a name
			far = min(1, len(folded)-len(word))
		case letters > 0:
			far = distance(word, folded, limit)
		}
		if far <= limit {
			near = append(near, candidate{text, far})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.far, b.far) })
	var out []string
	for _, c := range near[:min(max(n, 0), len(near))] {
		out = append(out, c.text)
	}
	return out
}

// distance is how many letters must be changed, left out, put in or swapped with
// their neighbour to make b of a, or more than limit if it is more than that.
func distance(a, b string, limit int) int {
	// A rune has at most four bytes, so that texts of very different lengths need
	// not be compared.
	if len(a) > 4*(len(b)+limit) || len(b) > 4*(len(a)+limit) {
		return limit + 1
	}
	from, to := []rune(a), []rune(b)
	if diff := len(from) - len(to); max(diff, -diff) > limit || max(len(from), len(to)) > 64 {
		return limit + 1
	}
	older, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i, r := range from {
		row[0] = i + 1
		for j, t := range to {
			cost := 1
			if r == t {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && r == to[j-1] && from[i-1] == t {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, last, row = last, row, older
	}
	return last[len(to)]
}
