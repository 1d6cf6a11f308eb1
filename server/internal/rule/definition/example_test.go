package definition_test

import (
	"fmt"

	"github.com/cresset-metrics/cresset/server/internal/rule/definition"
)

const office = `
groups:
- name: coffee
  interval: 30s
  rules:
  - record: machine:cups:sum
    expr: sum by (machine) (cups_total)
  - alert: OutOfBeans
    expr: beans_grams < 50
    for: 10m
  - alert: NobodyDrinks
    expr: rate(machine:cups:sum[1h]) == 0
`

func ExampleParse() {
	file, _, err := definition.Parse("office.yml", []byte(office), definition.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range file.Groups[0].Rules {
		fmt.Printf("%s %s: %s\n", rule.Kind, rule.Name, rule.Query)
	}

	_, _, err = definition.Parse("office.yml", []byte(office+"  - {alert: TooHot, expr: celsius >}\n"), definition.Options{})
	fmt.Println(err)
	// Output:
	// recording machine:cups:sum: sum by (machine) (cups_total)
	// alerting OutOfBeans: beans_grams < 50
	// alerting NobodyDrinks: rate(machine:cups:sum[1h]) == 0
	// office.yml:13:27: group "coffee", rule 4, "TooHot": could not parse expression: 1:10: parse error: unexpected end of input
}

// One bad rule does not take the good ones along.
func ExampleOptions_lenient() {
	const mixed = "groups:\n- name: g\n  rules:\n  - {record: good, expr: up}\n  - {record: bad, expr: up +}\n"
	file, _, _ := definition.Parse("mixed.yml", []byte(mixed), definition.Options{Lenient: true})
	group := file.Groups[0]
	fmt.Println("used:", group.Rules[0].Name)
	fmt.Println("left out:", group.Bad[0].Name, "because of", group.Bad[0].Err)
	// Output:
	// used: good
	// left out: bad because of mixed.yml:5:25: group "g", rule 2, "bad": could not parse expression: 1:5: parse error: unexpected end of input
}

// The third rule waits for the first, whose series it reads.
func ExampleBatches() {
	file, _, err := definition.Parse("office.yml", []byte(office), definition.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(definition.Batches(file.Groups[0].Rules))
	// Output: [[0 1] [2]]
}
