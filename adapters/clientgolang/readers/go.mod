module github.com/cresset-metrics/cresset/adapters/clientgolang/readers

go 1.26.0

// Test dependencies.
require (
	github.com/cresset-metrics/cresset v0.0.0
	github.com/cresset-metrics/cresset/adapters/clientgolang v0.0.0
	github.com/prometheus/client_model v0.6.3
	github.com/prometheus/common v0.72.1
	github.com/prometheus/prometheus v0.315.0
	google.golang.org/protobuf v1.36.12
	pgregory.net/rapid v1.3.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/grafana/regexp v0.0.0-20250905093917-f7b3be9d1853 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/procfs v0.23.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

// Until the first tagged release.
replace (
	github.com/cresset-metrics/cresset => ../../..
	github.com/cresset-metrics/cresset/adapters/clientgolang => ..
)
