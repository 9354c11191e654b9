// Package alert tells the operators what needs them, in the chat that they
// chose: a system that is paused or that nobody serves, a source that has gone
// quiet against its habit, a disk that fills, messages that were given up. Each
// is told once, and once more when it is over.
//
// A Watcher looks at the facts every few seconds, holds them against what it
// has told already, and says the difference. What was told is kept in a Memory
// that outlives the process, so that a restart repeats nothing; of several hubs
// only the one that leads runs a Watcher.
//
// What it refuses to do: find the facts out, deliver what it says, and mend
// anything. Those who give it Facts and Say do.
package alert
