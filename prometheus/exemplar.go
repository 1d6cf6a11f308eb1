package prometheus

// ExemplarMaxRunes is how many runes the names and values of an exemplar's
// labels may have together.
const ExemplarMaxRunes = 128
