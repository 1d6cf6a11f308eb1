module github.com/cresset-metrics/cresset/adapters/clientgolang

go 1.26.0

require (
	github.com/cresset-metrics/cresset v0.0.0
	github.com/prometheus/client_golang v1.25.0
	github.com/prometheus/client_model v0.6.3
	github.com/prometheus/common v0.72.1
	google.golang.org/protobuf v1.36.12
)

// Test dependencies.
require (
	github.com/klauspost/compress v1.20.3
	github.com/slok/go-http-metrics v0.13.0
	go.uber.org/goleak v1.3.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/kylelemons/godebug v1.1.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/procfs v0.23.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

// Until the first tagged release.
replace github.com/cresset-metrics/cresset => ../..
