// Package push sends metrics to a Pushgateway, for jobs that end before anybody
// could scrape them.
//
// A Pusher is made by New, told what to send, and sent:
//
//	err := push.New("http://pushgateway:9091", "nightly_backup").
//		Collector(duration).
//		Grouping("database", "orders").
//		Push()
//
// A Pushgateway keeps what it is sent in groups, which the job and the grouping
// labels name, and keeps it until it is replaced or deleted. Push replaces all
// metrics of the group, Add those of the names that are sent, and Delete removes
// the group. What all instances of a job have in common belongs into one group;
// a service that lives on is better scraped.
package push
