//! One measurement of rust-prometheus: `peer TASK THREADS N SIZE` does TASK N
//! times on THREADS threads and prints what that took, as JSON. SIZE is how many
//! series a page or a heap has. The tasks are those of the Go sides.

use prometheus::{Counter, CounterVec, Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, Opts, Registry, TextEncoder};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const CODES: [&str; 4] = ["200", "204", "404", "500"];

/// What was measured: time of the wall and of all processors, and bytes where
/// the task is about bytes.
struct Figure {
    elapsed: Duration,
    cpu: Duration,
    size: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() != 5 {
        eprintln!("usage: peer TASK THREADS N SIZE");
        std::process::exit(2);
    }
    let number = |i: usize| args[i].parse::<usize>().expect("a whole number");
    let (threads, n, size) = (number(2), number(3), number(4));
    let figure = match args[1].as_str() {
        "counter_inc" => {
            let c = Counter::new("c", "c").unwrap();
            looped(threads, n, |_| c.inc())
        }
        "counter_add" => {
            let c = Counter::new("c", "c").unwrap();
            looped(threads, n, |_| c.inc_by(1.5))
        }
        "gauge_set" => {
            let g = Gauge::new("g", "g").unwrap();
            looped(threads, n, |i| g.set(i as f64))
        }
        "gauge_add" => {
            let g = Gauge::new("g", "g").unwrap();
            looped(threads, n, |_| g.add(1.5))
        }
        "histogram_observe" => {
            let h = Histogram::with_opts(HistogramOpts::new("h", "h")).unwrap();
            looped(threads, n, |i| h.observe(OBSERVATIONS[i % 16]))
        }
        "label_values" => {
            let v = counters(&["method", "code"]);
            looped(threads, n, |i| v.with_label_values(&[METHODS[i % 4], CODES[i / 4 % 4]]).inc())
        }
        "labels" => {
            let v = counters(&["method", "code"]);
            looped(threads, n, |i| {
                let labels = HashMap::from([("method", METHODS[i % 4]), ("code", CODES[i / 4 % 4])]);
                v.with(&labels).inc()
            })
        }
        "new_child" => {
            let v = counters(&["method", "code", "path"]);
            let paths: Vec<String> = (0..n).map(|i| i.to_string()).collect();
            looped(threads, n, |i| v.with_label_values(&["GET", "200", &paths[i]]).inc())
        }
        "page_whole" => page_of_counters(n, size, |_, c| c.inc()),
        "page_fractions" => page_of_counters(n, size, |i, c| c.inc_by(fraction(i))),
        "page_histograms" => page_of_histograms(n, size),
        "heap" => heap(size),
        task => {
            eprintln!("there is no task {task}");
            std::process::exit(2);
        }
    };
    println!(
        "{{\"elapsed\":{},\"cpu\":{},\"size\":{}}}",
        figure.elapsed.as_nanos(),
        figure.cpu.as_nanos(),
        figure.size
    );
}

/// Does a task n times, shared among threads; two threads are held to a core each.
fn looped(threads: usize, n: usize, task: impl Fn(usize) + Sync) -> Figure {
    if threads == 1 {
        return timed(|| (0..n).for_each(&task));
    }
    let (ready, cpu) = (Barrier::new(threads), system::cpu());
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|w| {
                let (ready, task) = (&ready, &task);
                let share = n / threads + if w < n % threads { 1 } else { 0 };
                scope.spawn(move || {
                    if threads == 2 {
                        system::pin(w);
                    }
                    ready.wait();
                    let start = Instant::now();
                    (0..share).for_each(task);
                    (start, Instant::now())
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    let first = spans.iter().map(|s| s.0).min().unwrap();
    let last = spans.iter().map(|s| s.1).max().unwrap();
    Figure { elapsed: last - first, cpu: system::cpu() - cpu, size: 0 }
}

fn timed(work: impl FnOnce()) -> Figure {
    let (start, cpu) = (Instant::now(), system::cpu());
    work();
    Figure { elapsed: start.elapsed(), cpu: system::cpu() - cpu, size: 0 }
}

fn counters(labels: &[&str]) -> CounterVec {
    CounterVec::new(Opts::new("requests_total", "Requests."), labels).unwrap()
}

fn page_of_counters(n: usize, size: usize, change: impl Fn(usize, &Counter)) -> Figure {
    let (registry, vec) = (Registry::new(), counters(&["method", "code", "path"]));
    registry.register(Box::new(vec.clone())).unwrap();
    let all: Vec<Counter> = (0..size)
        .map(|i| vec.with_label_values(&[METHODS[i % 4], CODES[i / 4 % 4], &i.to_string()]))
        .collect();
    page(&registry, n, || all.iter().enumerate().for_each(|(i, c)| change(i, c)))
}

fn page_of_histograms(n: usize, size: usize) -> Figure {
    let registry = Registry::new();
    let vec = HistogramVec::new(HistogramOpts::new("seconds", "Seconds."), &["method", "code", "path"]).unwrap();
    registry.register(Box::new(vec.clone())).unwrap();
    let all: Vec<Histogram> = (0..size)
        .map(|i| vec.with_label_values(&[METHODS[i % 4], CODES[i / 4 % 4], &i.to_string()]))
        .collect();
    page(&registry, n, || all.iter().enumerate().for_each(|(i, h)| h.observe(OBSERVATIONS[i % 16])))
}

/// Writes a page n times; every series changes before each, which does not count.
fn page(registry: &Registry, n: usize, change: impl Fn()) -> Figure {
    let mut total = Figure { elapsed: Duration::ZERO, cpu: Duration::ZERO, size: 0 };
    let mut body = Vec::new();
    for round in 0..=n {
        change();
        body.clear();
        let one = timed(|| TextEncoder::new().encode(&registry.gather(), &mut body).unwrap());
        if round > 0 {
            total.elapsed += one.elapsed;
            total.cpu += one.cpu;
        }
    }
    total.size = black_box(body.len());
    total
}

/// How many bytes so many counters of three labels hold after the first page.
fn heap(size: usize) -> Figure {
    let before = system::heap();
    let (registry, vec) = (Registry::new(), counters(&["method", "code", "path"]));
    registry.register(Box::new(vec.clone())).unwrap();
    for i in 0..size {
        vec.with_label_values(&[METHODS[i % 4], CODES[i / 4 % 4], &i.to_string()]).inc();
    }
    let mut body = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut body).unwrap();
    drop(body);
    let after = system::heap();
    Figure { elapsed: Duration::ZERO, cpu: Duration::ZERO, size: after.saturating_sub(before) }
}

/// The values that the Go sides observe too: they fall into all default buckets.
const OBSERVATIONS: [f64; 16] = [
    0.001, 0.005, 0.007, 0.02, 0.03, 0.07, 0.2, 0.3, 0.7, 2.0, 3.0, 7.0, 11.0, 0.0125, 0.06, 0.9,
];

fn fraction(i: usize) -> f64 {
    (i as f64 * 0.618_033_988_749_894_9).fract()
}

/// What the C library tells about this process.
mod system {
    use std::time::Duration;

    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }

    #[repr(C)]
    struct Mallinfo {
        arena: usize,
        ordblks: usize,
        smblks: usize,
        hblks: usize,
        hblkhd: usize,
        usmblks: usize,
        fsmblks: usize,
        uordblks: usize,
        fordblks: usize,
        keepcost: usize,
    }

    extern "C" {
        fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
        fn mallinfo2() -> Mallinfo;
        fn sched_getaffinity(thread: i32, size: usize, mask: *mut u64) -> i32;
        fn sched_setaffinity(thread: i32, size: usize, mask: *const u64) -> i32;
    }

    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;

    /// CPU time of all threads of the process.
    pub fn cpu() -> Duration {
        let mut time = Timespec { seconds: 0, nanoseconds: 0 };
        // SAFETY: time is a timespec that outlives the call.
        let status = unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) };
        assert_eq!(status, 0, "no clock of the CPU time");
        Duration::new(time.seconds as u64, time.nanoseconds as u32)
    }

    /// Bytes in use by allocations.
    pub fn heap() -> usize {
        // SAFETY: it takes nothing and returns a plain struct.
        let info = unsafe { mallinfo2() };
        info.uordblks + info.hblkhd
    }

    /// Holds the calling thread to the nth of the cores that it may run on.
    pub fn pin(n: usize) {
        let mut mask = [0u64; 16];
        let size = std::mem::size_of_val(&mask);
        // SAFETY: mask has as many bytes as is said, and outlives the calls.
        unsafe {
            assert!(sched_getaffinity(0, size, mask.as_mut_ptr()) >= 0, "no affinity");
            let core = (0..mask.len() * 64).filter(|c| mask[c / 64] >> (c % 64) & 1 == 1).nth(n).expect("a core for each thread");
            mask = [0; 16];
            mask[core / 64] = 1 << (core % 64);
            assert_eq!(sched_setaffinity(0, size, mask.as_ptr()), 0, "cannot hold a thread to a core");
        }
    }
}
