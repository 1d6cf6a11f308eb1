package silence

import (
	"strings"
	"time"
)

// operators are those of the types of matchers, by type.
var operators = []string{"=", "!=", "=~", "!~"}

// logChange logs what somebody did to a silence, if that is wanted.
func (s *Store) logChange(message string, sil *Silence) {
	if !s.logChanges {
		return
	}
	var matchers []string
	for _, set := range sil.Matchers {
		for _, m := range set {
			matchers = append(matchers, m.Name+operators[m.Type]+m.Value)
		}
	}
	s.logger.Info(message,
		"Id", sil.ID,
		"CreatedBy", sil.CreatedBy,
		"Comment", sil.Comment,
		"StartsAt", sil.StartsAt.Format(time.RFC3339),
		"EndsAt", sil.EndsAt.Format(time.RFC3339),
		"Matchers", strings.Join(matchers, ","),
	)
}
