package dispatch

import "container/heap"

// queue holds the groups that wait for their next flush, the most urgent first.
type queue []*group

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].next.Before(q[j].next) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for container/heap; use push.
func (q *queue) Push(x any) { *q = append(*q, x.(*group)) }

// Pop is for container/heap; use pop.
func (q *queue) Pop() any {
	last := len(*q) - 1
	g := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return g
}

func (q *queue) push(g *group) { heap.Push(q, g) }
func (q *queue) pop() *group   { return heap.Pop(q).(*group) }

// init restores the order after timers were changed.
func (q *queue) init() { heap.Init(q) }
