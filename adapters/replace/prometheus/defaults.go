package prometheus

// What follows goes by the DefaultRegisterer of this package, which a program may
// replace.

// Register adds a Collector to the DefaultRegisterer.
func Register(c Collector) error { return DefaultRegisterer.Register(c) }

// MustRegister adds Collectors to the DefaultRegisterer and panics at the first
// error.
func MustRegister(cs ...Collector) { DefaultRegisterer.MustRegister(cs...) }

// Unregister removes a Collector from the DefaultRegisterer and tells whether
// there was one.
func Unregister(c Collector) bool { return DefaultRegisterer.Unregister(c) }
