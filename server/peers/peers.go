// Package peers is empty: its module says, as tools, which programs of others tests
// compare ours with. It is a module of its own because they need far more than the
// server does, and are to be built as their own releases are: it is not part of the
// workspace, which would choose other versions of what they import.
//
// Package peertest builds them.
package peers
