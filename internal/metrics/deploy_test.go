package metrics

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/node"
)

// names are the metrics with their labels.
func names() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(list) {
		name, labels, _ := strings.Cut(strings.TrimSpace(line), " ")
		all[name] = "," + labels + ",instance,job,le,"
	}
	return all
}

var (
	metricName = regexp.MustCompile(`\bflute_[a-z_]+`)
	matchers   = regexp.MustCompile(`(flute_[a-z_]+)\{([^}]*)\}`)
	labelOf    = regexp.MustCompile(`([a-z_]+)\s*[=!]~?`)
	labelsTold = regexp.MustCompile(`\$labels\.([a-z_]+)`)
)

// checkExpression reports what an expression of PromQL asks for that is not there.
func checkExpression(t *testing.T, where, expression string) {
	t.Helper()
	all := names()
	base := func(name string) string {
		if _, ok := all[name]; !ok {
			name = strings.TrimSuffix(name, "_bucket")
		}
		return name
	}
	found := metricName.FindAllString(expression, -1)
	if len(found) == 0 {
		t.Errorf("%s: no metric in %s", where, expression)
	}
	for _, name := range found {
		if _, ok := all[base(name)]; !ok {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	for _, m := range matchers.FindAllStringSubmatch(expression, -1) {
		for _, l := range labelOf.FindAllStringSubmatch(m[2], -1) {
			if !strings.Contains(all[base(m[1])], ","+l[1]+",") {
				t.Errorf("%s: %s has no label %s", where, m[1], l[1])
			}
		}
	}
	if strings.Count(expression, "(") != strings.Count(expression, ")") {
		t.Errorf("%s: %s", where, expression)
	}
}

func deployed(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAlerts: the alarms ask for, and tell, metrics and labels that there are, and the manual tells what to do at each.
func TestAlerts(t *testing.T) {
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(deployed(t, "deploy/alerts.yaml"), &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	manual := string(deployed(t, "docs/operations.md"))
	n := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			n++
			checkExpression(t, r.Alert, r.Expr)
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("%s: %+v", r.Alert, r)
			}
			for _, label := range labelsTold.FindAllStringSubmatch(r.Annotations["summary"], -1) {
				if name := metricName.FindString(r.Expr); !strings.Contains(names()[name], ","+label[1]+",") {
					t.Errorf("%s: %s has no label %s to tell", r.Alert, name, label[1])
				}
			}
			if !strings.Contains(manual, "| "+r.Alert+" |") {
				t.Errorf("%s: the manual does not tell what to do", r.Alert)
			}
		}
	}
	if n != 18 {
		t.Errorf("%d alarms", n)
	}
}

// TestDashboard: each panel asks for metrics and labels that there are.
func TestDashboard(t *testing.T) {
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(deployed(t, "deploy/grafana.json"), &board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || len(p.Targets) == 0 {
			t.Errorf("%+v", p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			checkExpression(t, p.Title, target.Expr)
		}
	}
	if len(ids) == 0 {
		t.Error("there are no panels")
	}
}

// increases are the counters that alarms watch, with what they ask of the labels.
var increases = regexp.MustCompile(`increase\((flute_[a-z_]+)(?:\{[a-z]+="([a-z]+)"\})?\[`)

// TestAlarmsBegin: a counter that an alarm watches is there, with 0, before it has counted. To Prometheus a counter
// that appears with 1 has not increased, so that the alarm would not see the first failure.
func TestAlarmsBegin(t *testing.T) {
	w := newWorld()
	w.snapshot.Receptions = []node.ReceptionState{{ID: 1, Feeds: []flute.Feed{{Group: key(1).Group}}}}
	got, _ := w.gather(t)
	found := increases.FindAllStringSubmatch(string(deployed(t, "deploy/alerts.yaml")), -1)
	if len(found) < 6 {
		t.Fatalf("%d alarms watch counters", len(found))
	}
	for _, m := range found {
		there := false
		for name := range got {
			there = there || strings.HasPrefix(name, m[1]+"{") && strings.Contains(name, m[2])
		}
		if !there {
			t.Errorf("%s %s is not there until it counts", m[1], m[2])
		}
	}
	w.meter.Observe("in", notice.ActorRestarted{Actor: "nobody knows"}, time.Now())
	if _, ok := got["flute_actor_restarts_total{"+kindOf("nobody knows")+"}"]; !ok {
		t.Error("actors of no kind")
	}
}
