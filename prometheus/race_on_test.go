//go:build race

package prometheus_test

// raceDetector tells whether memory and time are those of a program that is watched.
const raceDetector = true
