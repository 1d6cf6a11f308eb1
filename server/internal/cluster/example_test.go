package cluster_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/cresset-metrics/cresset/server/internal/cluster"
	"github.com/cresset-metrics/cresset/server/internal/notify"
)

// A copy that finds no other is ready all the same, and the first to notify.
func ExampleCluster() {
	o := cluster.DefaultOptions()
	o.ListenAddress = "127.0.0.1:0"
	o.PeerName = "alerts-0"
	o.SettleTimeout = 0 // there is nobody to wait for
	c, err := cluster.New(o)
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Share(cluster.NotificationLog, notify.NewLog(notify.LogOptions{}))

	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); err != nil {
			fmt.Println(err)
		}
	})
	if err := c.WaitReady(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(c.Status().Name, "is", c.Status().Status, "and waits", c.Wait())
	stop()
	running.Wait()
	// Output: alerts-0 is ready and waits 0s
}
