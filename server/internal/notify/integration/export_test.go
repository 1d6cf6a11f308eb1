package integration

// IsEndless is for tests of what the limits say.
var IsEndless = isEndless
