// Package differential holds tests alone: the proof that alerts become
// notifications here as they do in Alertmanager 0.34.2.
//
// A program is a configuration, and what happens meanwhile: alerts that are posted,
// silences, receivers that fail, reloads. Both pipelines are put through it in one
// bubble of virtual time, theirs composed of their own packages as their program
// does it, and their receivers write down what they are told: which group, why,
// which alerts with all their labels, annotations and times, and when. Both have to
// be told the same at the same time.
//
// Programs come from a catalogue, which has one for each rule of routing, grouping,
// deduplication, muting and so on that users rely on, and says what is to be told,
// and from chance. Where the pipelines differ on purpose, purpose_test.go says how,
// and does what is needed to compare the rest.
//
// In real time, and as servers with their APIs, Debian's Alertmanager, 0.34.2 and ours
// are put through one script side by side.
//
// What has no counterpart there is here too: what happens when both mended faults
// are asked for, restarts with all state, and two senders of the same alerts.
package differential
