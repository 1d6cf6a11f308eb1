package benchmarks

import (
	"runtime"
	"sync"
	"testing"
)

// loop does something n times. It is made anew for each measurement; the worker
// tells the threads apart.
type loop func(worker, n int)

// sideBySide measures what two libraries make of the same task.
func sideBySide(b *testing.B, ours, theirs func() loop) {
	b.Run("cresset", func(b *testing.B) { alone(b, ours()) })
	b.Run("client_golang", func(b *testing.B) { alone(b, theirs()) })
}

// contended measures it on one thread and on two.
func contended(b *testing.B, ours, theirs func() loop) {
	sideBySide(b, ours, theirs)
	b.Run("cresset/contended", func(b *testing.B) { together(b, ours()) })
	b.Run("client_golang/contended", func(b *testing.B) { together(b, theirs()) })
}

func alone(b *testing.B, do loop) {
	b.ReportAllocs()
	b.ResetTimer()
	do(0, b.N)
}

func together(b *testing.B, do loop) {
	const workers = 2
	if runtime.NumCPU() < workers {
		b.Skip("needs two cores")
	}
	b.ReportAllocs()
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(workers)
	for w := range workers {
		done.Go(func() {
			defer pin(b, w)()
			ready.Done()
			<-start
			do(w, b.N/workers+w*(b.N%workers))
		})
	}
	ready.Wait()
	b.ResetTimer()
	close(start)
	done.Wait()
}
