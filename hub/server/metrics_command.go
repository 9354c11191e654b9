package server

import (
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// commandSeconds are the bounds of both histograms of commands: a person waits.
var commandSeconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3, 10, 60}

// outcomes are the labels of what came of a command. An app may tell others.
var outcomes = []string{
	hub.OutcomeCreated, hub.OutcomeUpdated, hub.OutcomeUnchanged, hub.OutcomeDeleted,
	hub.OutcomeRefused, hub.OutcomeError, hub.OutcomeOK, hub.OutcomeForm,
}

// answered notes how long a command took until its reply was ready.
func (m *metrics) answered(app, outcome string, took time.Duration) {
	if !slices.Contains(outcomes, outcome) {
		outcome = elsewhere
	}
	m.commands.WithLabelValues(m.app(app), outcome).Observe(took.Seconds())
}

// appTook notes how long an app worked on a command.
func (m *metrics) appTook(app string, took time.Duration) {
	m.apps.WithLabelValues(m.app(app)).Observe(took.Seconds())
}

// app is a label: callers of the API may name any.
func (m *metrics) app(name string) string {
	if m.appNames[name] {
		return name
	}
	return elsewhere
}
