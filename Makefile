# The commands people type. Continuous integration runs .ci/run.

.PHONY: demo test race lint bench fuzz ci

demo: ## one alert's whole way, in a minute
	go run ./server/cmd/cresset demo

test: ## everything, in all modules
	go test work

race:
	go test -race work

lint: ## formatting, vet, staticcheck, tidy modules
	./.ci/lint

bench: ## every row beside other libraries; FLAGS=-write keeps the results
	cd benchmarks && go run . $(FLAGS)

fuzz: ## every fuzz target for FUZZTIME (default 1m)
	./.ci/fuzz $(FUZZTIME)

ci: ## all of what continuous integration does; installs Debian packages
	bash .ci/run
