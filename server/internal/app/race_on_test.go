//go:build race

package app

// raceDetector tells whether the tests are watched for data races.
const raceDetector = true
