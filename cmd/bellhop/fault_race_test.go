//go:build race

package main

// raceEnabled is that the program under test is built like the test.
const raceEnabled = true
