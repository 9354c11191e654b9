package providers

// Split writes d as several messages, none of which measures more than limit.
// What a message ends within is closed there and opened again in the next.
// Messages end between blocks, lines or words where such an end is near, else
// between graphemes. No words are lost, save a grapheme that alone is over the
// limit; of a link that is, the text stays.
func Split(d *Doc, to Dialect, limit int, measure func(string) int) []string {
	f := fitter{root: d.root, to: to, limit: limit, measure: measure, shape: asIs}
	if all, ok := f.whole(); ok {
		return all
	}
	f.root = f.shorten(d.root)
	var out []string
	for at := f.skipSpace(0); at < f.root.units; {
		part, next := f.next(at)
		if part != "" {
			out = append(out, part)
		}
		at = f.skipSpace(next)
	}
	return out
}

// whole is all in one message, as nearly everything is, if that fits.
func (f fitter) whole() ([]string, bool) {
	if f.root.units == 0 {
		return nil, true
	}
	if f.skipSpace(0) > 0 || f.trimmed(0, f.root.units) < f.root.units {
		return nil, false
	}
	out := renderNode(f.root, f.to)
	if out == "" || f.measure(out) > f.limit {
		return nil, false
	}
	return []string{out}, true
}

// next is the message that starts at lo, and where the one after it starts.
func (f fitter) next(lo int) (string, int) {
	for _, shape := range []func(*node) *node{asIs, flat} {
		f.shape = shape
		if hi := f.farthest(lo, f.root.units, f.fits); hi > lo {
			hi = f.messageEnd(lo, hi)
			return f.part(lo, f.trimmed(lo, hi)), hi
		}
	}
	return "", lo + 1
}

// messageEnd moves the end of a message back to a good place.
func (f fitter) messageEnd(lo, hi int) int {
	if hi == f.root.units {
		return hi
	}
	end := f.goodEnd(lo, hi)
	if f.fits(lo, f.trimmed(lo, end)) {
		return end
	}
	return hi
}

// goodEnd looks back from hi: a third of the message for the end of a block, a
// quarter for the end of a line, a few words for the end of a word. In code it
// may be one further than hi, behind a line end that is not written.
func (f fitter) goodEnd(lo, hi int) int {
	span := hi - lo
	from := max(lo+1, hi-max(span/3, 2*wordSearch))
	near := f.root.window(from, hi+1)
	line, word := -1, -1
	for i := len(near) - 1; i >= 0; i-- {
		u, at, back := near[i], from+i, hi-from-i
		switch {
		case u.fresh && back <= span/3:
			return at
		case u.text == "\n" && line < 0 && back <= max(span/4, wordSearch):
			line = u.after(at)
		case (u.space() || u.fresh) && word < 0 && back <= 2*wordSearch:
			word = u.after(at)
		}
	}
	for _, end := range []int{line, word} {
		if end > 0 && end <= hi+1 {
			return end
		}
	}
	return hi
}

// after is where to cut at a whitespace: before it, for there it is dropped; in
// code, where it counts, behind.
func (u position) after(at int) int {
	if u.code {
		return at + 1
	}
	return at
}

// trimmed is hi without the whitespace before it, which in code counts.
func (f fitter) trimmed(lo, hi int) int {
	for hi > lo+1 {
		if u := f.root.window(hi-1, hi)[0]; u.code || !u.space() {
			break
		}
		hi--
	}
	return hi
}

func (f fitter) skipSpace(at int) int {
	for at < f.root.units {
		if u := f.root.window(at, at+1)[0]; u.code || !u.space() {
			break
		}
		at++
	}
	return at
}
