package prometheus

func init() {
	MustRegister(NewProcessCollector(ProcessCollectorOpts{}), NewGoCollector())
}
