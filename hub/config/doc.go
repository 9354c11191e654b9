// Package config reads Bellhop's settings: flags over environment over file
// over defaults. Everything that is wrong is told at once, by full path and
// line, before anything starts.
//
// What it refuses to do is guess: a key it does not know is a mistake, never
// ignored. It knows no provider: the table of a provider is kept as a Section
// and decoded into the provider's own type by whoever opens it.
package config
