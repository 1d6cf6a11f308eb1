package prometheus

// Collector is whatever a registry collects metrics from. The metrics and
// vectors of this package are Collectors; a Collector of your own is for values
// that somebody else keeps, or that are only worth having when they are asked
// for.
type Collector interface {
	// Describe sends the Descs of everything that Collect will ever send,
	// always the same ones, and returns when it has. A Collector that sends
	// none is not checked when it is registered.
	Describe(chan<- *Desc)
	// Collect sends every metric there is now and returns when it has. It may
	// be called by several goroutines at once. Two metrics may not have the
	// same name and labels.
	Collect(chan<- Metric)
}

// DescribeByCollect is a Describe for Collectors that always send the same
// kinds of metrics: it collects, and sends the Descs of what comes.
func DescribeByCollect(c Collector, descs chan<- *Desc) {
	for _, m := range receive(c.Collect) {
		descs <- m.Desc()
	}
}

// receive returns all that foreign code sends. A panic of it comes out here,
// where somebody can catch it.
func receive[T any](send func(chan<- T)) []T {
	var all []T
	relay(send, func(v T) { all = append(all, v) })
	return all
}

// relay hands on all that foreign code sends. A panic of it comes out here too.
func relay[T any](send func(chan<- T), hand func(T)) {
	ch := make(chan T)
	var panicked any // written before ch is closed, read after
	go func() {
		defer close(ch)
		defer func() { panicked = recover() }()
		send(ch)
	}()
	defer func() {
		for range ch { // should hand panic, the sender must not wait for ever
		}
	}()
	for v := range ch {
		hand(v)
	}
	if panicked != nil {
		panic(panicked)
	}
}

// CollectorFunc is a Collect method that describes itself by collecting.
type CollectorFunc func(chan<- Metric)

// Collect calls the function.
func (f CollectorFunc) Collect(ch chan<- Metric) { f(ch) }

// Describe sends the Descs of what the function sends.
func (f CollectorFunc) Describe(ch chan<- *Desc) { DescribeByCollect(f, ch) }
