// Command benchmarks measures this library beside others that do the same, and
// writes RESULTS.md and the table in README.md.
//
//	go run .                                   measure all rows and print them
//	go run . -write                            and write results.json, RESULTS.md and README.md's table
//	go run . -rows Counter -libraries cresset -cpuprofile cpu.out
//	go run . -render                           write the files from results.json, measuring nothing
//
// Machines are noisy, and only the ratio of two figures of the same run means
// anything: so the libraries take turns, run by run, in one process (Rust's in a
// process for each run). What a row is, and what it is to reach, stands in the
// tables of this package; RESULTS.md says how it is measured.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/pprof"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rows := flags.String("rows", "", "measure the rows whose names match this regular expression only")
	libraries := flags.String("libraries", "", "measure the libraries whose names match this regular expression only")
	runs := flags.Int("runs", 5, "how often each library is measured")
	duration := flags.Duration("time", 100*time.Millisecond, "how long a run is to last")
	write := flags.Bool("write", false, "write results.json, RESULTS.md and README.md's table")
	render := flags.Bool("render", false, "write RESULTS.md and README.md's table from results.json, and measure nothing")
	profile := flags.String("cpuprofile", "", "write a CPU profile to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there are no arguments beside flags, such as %q", flags.Arg(0))
	}
	if _, err := os.Stat(readmeFile); err != nil && (*write || *render) {
		return fmt.Errorf("run it in the directory benchmarks, beside RESULTS.md: %w", err)
	}
	if *render {
		return renderAll(table(full, nil))
	}
	if *runs < 1 || *duration <= 0 {
		return errors.New("-runs and -time must be positive")
	}
	if *write && *libraries != "" {
		return errors.New("a row is written with all its libraries: leave out -libraries or -write")
	}
	r := runner{runs: *runs, duration: *duration, out: stdout, progress: progressOn(stderr)}
	var err error
	if r.rows, err = regexp.Compile(*rows); err != nil {
		return fmt.Errorf("-rows: %w", err)
	}
	if r.libraries, err = regexp.Compile(*libraries); err != nil {
		return fmt.Errorf("-libraries: %w", err)
	}

	leftOut := make(map[string]string)
	peer, err := buildRust()
	if err != nil {
		fmt.Fprintf(stderr, "%s is left out: %v\n", rust, err)
		leftOut[rust], _, _ = strings.Cut(err.Error(), "\n") // what the compiler says is for the terminal
	}
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	groups := table(full, peer)
	measured, err := r.measure(groups)
	if err != nil {
		return err
	}
	if len(measured) == 0 {
		return fmt.Errorf("no row is called anything like %q", *rows)
	}
	if !*write {
		return nil
	}
	return store(&results{thisMachine(), versions(peer), leftOut, measured}, groups)
}

// store writes the data file with these results, and what is made of it.
func store(newer *results, groups []group) error {
	older, err := readData(dataFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
		older = &results{}
	case err != nil:
		return err
	}
	all, err := older.merge(newer, groups)
	if err != nil {
		return err
	}
	if err := all.write(dataFile); err != nil {
		return err
	}
	return renderAll(groups)
}

// progressOn returns where to say what is under way: nowhere, unless a person watches.
func progressOn(w io.Writer) io.Writer {
	file, ok := w.(*os.File)
	if !ok {
		return io.Discard
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return io.Discard
	}
	return w
}
