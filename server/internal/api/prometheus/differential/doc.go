// Package differential has the tests that hold what Cresset tells about rules to
// what Prometheus tells: the answers of /api/v1/rules and /api/v1/alerts, byte for
// byte, and the metrics of the rule engine.
//
// Prometheus' own manager, API and metrics run beside ours, with the same files
// and samples, in one bubble of virtual time. So even times of evaluation are
// equal, and nothing has to be masked.
//
// It is a module of its own, outside the workspace, because Prometheus' API needs
// far more than the server does.
package differential
