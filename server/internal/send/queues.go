package send

// queues are queues by URL. The same URL may be there several times, in
// different sets.
type queues map[string][]*queue

func (qs queues) put(q *queue) {
	u := q.url.String()
	qs[u] = append(qs[u], q)
}

// take removes a queue and returns it, or nil if there is none.
func (qs queues) take(u string) *queue {
	all := qs[u]
	if len(all) == 0 {
		return nil
	}
	if qs[u] = all[1:]; len(all) == 1 {
		delete(qs, u)
	}
	return all[0]
}

// all returns the queues in no particular order.
func (qs queues) all(yield func(*queue) bool) {
	for _, same := range qs {
		for _, q := range same {
			if !yield(q) {
				return
			}
		}
	}
}

// resumed takes stopped queues of a URL out until one goes on, and returns that,
// or nil.
func (qs queues) resumed(u string) *queue {
	for q := qs.take(u); q != nil; q = qs.take(u) {
		if q.resume() {
			return q
		}
	}
	return nil
}
