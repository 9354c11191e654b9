// Package form is the engine behind hub.Form.
package form

// fewOptions is how many options are shown at once. With more a person writes a
// part of the name.
const fewOptions = 8
