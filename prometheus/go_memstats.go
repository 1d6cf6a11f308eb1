package prometheus

// memStats are metrics that are named after the fields of runtime.MemStats.
// Their values come from runtime/metrics, which does not stop the world to get
// them: each is the sum of its sources.
var memStats = []struct {
	name, help string
	typ        ValueType
	sources    []string
}{
	{
		"go_memstats_alloc_bytes",
		"Number of bytes allocated in heap and currently in use. Equals to /memory/classes/heap/objects:bytes.",
		GaugeValue, []string{heapObjectBytes},
	},
	{
		"go_memstats_alloc_bytes_total",
		"Total number of bytes allocated in heap until now, even if released already. Equals to /gc/heap/allocs:bytes.",
		CounterValue, []string{"/gc/heap/allocs:bytes"},
	},
	{
		"go_memstats_sys_bytes",
		"Number of bytes obtained from system. Equals to /memory/classes/total:byte.",
		GaugeValue, []string{"/memory/classes/total:bytes"},
	},
	{
		"go_memstats_mallocs_total",
		"Total number of heap objects allocated, both live and gc-ed. Semantically a counter version for go_memstats_heap_objects gauge. Equals to /gc/heap/allocs:objects + /gc/heap/tiny/allocs:objects.",
		CounterValue, []string{"/gc/heap/allocs:objects", tinyAllocs},
	},
	{
		"go_memstats_frees_total",
		"Total number of heap objects frees. Equals to /gc/heap/frees:objects + /gc/heap/tiny/allocs:objects.",
		CounterValue, []string{"/gc/heap/frees:objects", tinyAllocs},
	},
	{
		"go_memstats_heap_alloc_bytes",
		"Number of heap bytes allocated and currently in use, same as go_memstats_alloc_bytes. Equals to /memory/classes/heap/objects:bytes.",
		GaugeValue, []string{heapObjectBytes},
	},
	{
		"go_memstats_heap_sys_bytes",
		"Number of heap bytes obtained from system. Equals to /memory/classes/heap/objects:bytes + /memory/classes/heap/unused:bytes + /memory/classes/heap/released:bytes + /memory/classes/heap/free:bytes.",
		GaugeValue, []string{heapObjectBytes, heapUnusedBytes, heapReleasedBytes, heapFreeBytes},
	},
	{
		"go_memstats_heap_idle_bytes",
		"Number of heap bytes waiting to be used. Equals to /memory/classes/heap/released:bytes + /memory/classes/heap/free:bytes.",
		GaugeValue, []string{heapReleasedBytes, heapFreeBytes},
	},
	{
		"go_memstats_heap_inuse_bytes",
		"Number of heap bytes that are in use. Equals to /memory/classes/heap/objects:bytes + /memory/classes/heap/unused:bytes",
		GaugeValue, []string{heapObjectBytes, heapUnusedBytes},
	},
	{
		"go_memstats_heap_released_bytes",
		"Number of heap bytes released to OS. Equals to /memory/classes/heap/released:bytes.",
		GaugeValue, []string{heapReleasedBytes},
	},
	{
		"go_memstats_heap_objects",
		"Number of currently allocated objects. Equals to /gc/heap/objects:objects.",
		GaugeValue, []string{"/gc/heap/objects:objects"},
	},
	{
		"go_memstats_stack_inuse_bytes",
		"Number of bytes obtained from system for stack allocator in non-CGO environments. Equals to /memory/classes/heap/stacks:bytes.",
		GaugeValue, []string{heapStackBytes},
	},
	{
		"go_memstats_stack_sys_bytes",
		"Number of bytes obtained from system for stack allocator. Equals to /memory/classes/heap/stacks:bytes + /memory/classes/os-stacks:bytes.",
		GaugeValue, []string{heapStackBytes, "/memory/classes/os-stacks:bytes"},
	},
	{
		"go_memstats_mspan_inuse_bytes",
		"Number of bytes in use by mspan structures. Equals to /memory/classes/metadata/mspan/inuse:bytes.",
		GaugeValue, []string{mspanInUseBytes},
	},
	{
		"go_memstats_mspan_sys_bytes",
		"Number of bytes used for mspan structures obtained from system. Equals to /memory/classes/metadata/mspan/inuse:bytes + /memory/classes/metadata/mspan/free:bytes.",
		GaugeValue, []string{mspanInUseBytes, "/memory/classes/metadata/mspan/free:bytes"},
	},
	{
		"go_memstats_mcache_inuse_bytes",
		"Number of bytes in use by mcache structures. Equals to /memory/classes/metadata/mcache/inuse:bytes.",
		GaugeValue, []string{mcacheInUseBytes},
	},
	{
		"go_memstats_mcache_sys_bytes",
		"Number of bytes used for mcache structures obtained from system. Equals to /memory/classes/metadata/mcache/inuse:bytes + /memory/classes/metadata/mcache/free:bytes.",
		GaugeValue, []string{mcacheInUseBytes, "/memory/classes/metadata/mcache/free:bytes"},
	},
	{
		"go_memstats_buck_hash_sys_bytes",
		"Number of bytes used by the profiling bucket hash table. Equals to /memory/classes/profiling/buckets:bytes.",
		GaugeValue, []string{"/memory/classes/profiling/buckets:bytes"},
	},
	{
		"go_memstats_gc_sys_bytes",
		"Number of bytes used for garbage collection system metadata. Equals to /memory/classes/metadata/other:bytes.",
		GaugeValue, []string{"/memory/classes/metadata/other:bytes"},
	},
	{
		"go_memstats_other_sys_bytes",
		"Number of bytes used for other system allocations. Equals to /memory/classes/other:bytes.",
		GaugeValue, []string{"/memory/classes/other:bytes"},
	},
	{
		"go_memstats_next_gc_bytes",
		"Number of heap bytes when next garbage collection will take place. Equals to /gc/heap/goal:bytes.",
		GaugeValue, []string{"/gc/heap/goal:bytes"},
	},
}

// Sources that more than one of memStats has.
const (
	tinyAllocs        = "/gc/heap/tiny/allocs:objects"
	heapObjectBytes   = "/memory/classes/heap/objects:bytes"
	heapUnusedBytes   = "/memory/classes/heap/unused:bytes"
	heapReleasedBytes = "/memory/classes/heap/released:bytes"
	heapFreeBytes     = "/memory/classes/heap/free:bytes"
	heapStackBytes    = "/memory/classes/heap/stacks:bytes"
	mspanInUseBytes   = "/memory/classes/metadata/mspan/inuse:bytes"
	mcacheInUseBytes  = "/memory/classes/metadata/mcache/inuse:bytes"
)
