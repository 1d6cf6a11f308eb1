package demo

import (
	"embed"
	"os"
	"path/filepath"
	"strings"
)

//go:embed files
var templates embed.FS

// Files are what a server is started with. All are below one folder, which goes
// when the demo ends.
type Files struct {
	Prometheus   string // path of prometheus.yml, which names rules.yml beside it
	Alertmanager string // path of alertmanager.yml
	Storage      string // path of a folder for the server's data; it is not made yet
}

// WriteFiles writes the files of a server that scrapes the shop at the given
// address (host:port) every second, watches it, and notifies webhookURL.
func WriteFiles(dir, shopAddress, webhookURL string) (Files, error) {
	fill := strings.NewReplacer("SHOP_ADDRESS", shopAddress, "WEBHOOK_URL", webhookURL)
	for _, name := range []string{"prometheus.yml", "rules.yml", "alertmanager.yml"} {
		content, err := templates.ReadFile("files/" + name)
		if err != nil {
			return Files{}, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(fill.Replace(string(content))), 0o600); err != nil {
			return Files{}, err
		}
	}
	return Files{
		Prometheus:   filepath.Join(dir, "prometheus.yml"),
		Alertmanager: filepath.Join(dir, "alertmanager.yml"),
		Storage:      filepath.Join(dir, "data"),
	}, nil
}
