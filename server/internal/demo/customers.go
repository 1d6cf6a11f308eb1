package demo

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// customersAtOnce is how many visit the shop at the same time. Together they make
// some fifty requests a second.
const customersAtOnce = 4

// customers visit the shop at the given URL until ctx ends: each looks around,
// checks out, and goes away for a moment.
func customers(ctx context.Context, client *http.Client, shop string) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for range customersAtOnce {
		wg.Go(func() {
			for ctx.Err() == nil {
				visit(ctx, client, shop+"/products")
				visit(ctx, client, shop+"/checkout")
				select {
				case <-ctx.Done():
				case <-time.After(rand.N(200 * time.Millisecond)):
				}
			}
		})
	}
}

// visit asks for one page. How the shop answers is for its metrics to tell.
func visit(ctx context.Context, client *http.Client, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return
	}
	res, err := client.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
}
