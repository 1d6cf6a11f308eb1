package prometheus

import (
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// BuildInfo says what the binary was built from.
type BuildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	Branch    string `json:"branch"`
	BuildUser string `json:"buildUser"`
	BuildDate string `json:"buildDate"`
	GoVersion string `json:"goVersion"`
}

// RuntimeInfo is what only the composition of the process knows of it.
type RuntimeInfo struct {
	StartTime        time.Time
	ReloadSuccess    bool      // of the last time that the configuration was loaded
	LastReload       time.Time // the last time that it succeeded
	CorruptionCount  int64     // of the write-ahead log
	StorageRetention string    // for people, such as "15d"
}

func (a *API) config(*http.Request) (*answer, error) {
	return &answer{data: map[string]string{"yaml": a.o.Config()}}, nil
}

func (a *API) flags(*http.Request) (*answer, error) {
	return &answer{data: a.o.Flags}, nil
}

func (a *API) buildInfo(*http.Request) (*answer, error) {
	return &answer{data: a.o.Build}, nil
}

func (a *API) runtimeInfo(*http.Request) (*answer, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, &apiError{internal, err}
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, &apiError{internal, err}
	}
	known := a.o.Runtime()
	return &answer{data: struct {
		StartTime           time.Time `json:"startTime"`
		CWD                 string    `json:"CWD"`
		Hostname            string    `json:"hostname"`
		ServerTime          time.Time `json:"serverTime"`
		ReloadConfigSuccess bool      `json:"reloadConfigSuccess"`
		LastConfigTime      time.Time `json:"lastConfigTime"`
		CorruptionCount     int64     `json:"corruptionCount"`
		GoroutineCount      int       `json:"goroutineCount"`
		GOMAXPROCS          int       `json:"GOMAXPROCS"`
		GOMEMLIMIT          int64     `json:"GOMEMLIMIT"`
		GOGC                string    `json:"GOGC"`
		GODEBUG             string    `json:"GODEBUG"`
		StorageRetention    string    `json:"storageRetention"`
	}{
		StartTime:           known.StartTime,
		CWD:                 dir,
		Hostname:            host,
		ServerTime:          a.o.Now().UTC(),
		ReloadConfigSuccess: known.ReloadSuccess,
		LastConfigTime:      known.LastReload,
		CorruptionCount:     known.CorruptionCount,
		GoroutineCount:      runtime.NumGoroutine(),
		GOMAXPROCS:          runtime.GOMAXPROCS(0),
		GOMEMLIMIT:          debug.SetMemoryLimit(-1), // a negative limit only asks
		GOGC:                os.Getenv("GOGC"),
		GODEBUG:             os.Getenv("GODEBUG"),
		StorageRetention:    known.StorageRetention,
	}}, nil
}
