package registry

import (
	"context"
	"strconv"
	"time"
)

// ScrapeTimeoutHeader is the header of HTTP by which a scraper says how many
// seconds it waits for a page.
const ScrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// Deadline returns when a gather for a request should be over, the zero time if
// nobody says: the scraper may, in its header, and the context may have a
// deadline. Something is left for writing the page and sending it.
func Deadline(ctx context.Context, scrapeTimeout string) time.Time {
	now := time.Now()
	wait, known := parseSeconds(scrapeTimeout)
	if end, ok := ctx.Deadline(); ok && (!known || end.Sub(now) < wait) {
		wait, known = end.Sub(now), true
	}
	if !known {
		return time.Time{}
	}
	return now.Add(inTime(wait))
}

// parseSeconds reads a positive number of seconds that a time.Duration can hold.
// Anything else says nothing.
func parseSeconds(seconds string) (d time.Duration, known bool) {
	n, err := strconv.ParseFloat(seconds, 64)
	if err != nil || !(n > 0 && n < float64(1<<63-1)/float64(time.Second)) {
		return 0, false
	}
	return time.Duration(n * float64(time.Second)), true
}

// inTime returns how long a gather may take for somebody who waits so long for the
// page: half a second less, or, if that is less, a quarter.
func inTime(wait time.Duration) time.Duration {
	return wait - min(500*time.Millisecond, wait/4)
}
