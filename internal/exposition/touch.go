package exposition

// To touch memory is to look at it before it is needed. Where many places far from
// each other are read one after the other, with work in between, each read waits for
// the memory. A loop that does nothing but touch them has many on their way at the
// same time: that more than halves the time of a page of 100,000 series that are in
// memory in no particular order.

// Touch looks at the text of each series' labels, which an encoder is going to copy:
// at both ends, which may be in two lines of the cache.
func Touch(series []Series) {
	var sum byte
	for i := range series {
		if text := series[i].Labels.Text(); text != "" {
			sum += text[0] + text[len(text)-1]
		}
	}
	Touched(int(sum))
}

// Touched takes what was made of what was touched, for the compiler leaves out what
// has no effect.
//
//go:noinline
func Touched(int) {}
