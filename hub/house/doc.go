// Package house is what people made of their Bellhop, as one document: it can be
// read, kept in git, changed by hand, held against what is there, and put in its
// place. TOML and JSON say the same.
//
// Each kind of thing is a Kind that its owner registers: how it is read, checked
// and changed. The package itself knows none of them. It does the rest: the order,
// what is unknown or wrong by its full path, the comparison, and that what is done
// is what somebody has looked at.
//
// What it refuses to do: carry secrets, which no document holds, and history,
// which a backup has.
package house
