package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"
)

const kubernetesDir = "../../examples/kubernetes"

// object is a manifest, as far as it is looked at here. Whatever is misspelt in one
// is a field that stays empty.
type object struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name      string            `yaml:"name"`
		Namespace string            `yaml:"namespace"`
		Labels    map[string]string `yaml:"labels"`
	} `yaml:"metadata"`
	Spec struct {
		podSpec        `yaml:",inline"`
		CompletionMode string `yaml:"completionMode"`
		Completions    int    `yaml:"completions"`
		Parallelism    int    `yaml:"parallelism"`
		BackoffLimit   *int   `yaml:"backoffLimit"`
		PerIndex       *int   `yaml:"backoffLimitPerIndex"`
		Deadline       int    `yaml:"activeDeadlineSeconds"`
		Template       struct {
			Metadata struct {
				Labels map[string]string `yaml:"labels"`
			} `yaml:"metadata"`
			Spec podSpec `yaml:"spec"`
		} `yaml:"template"`
		// of a Service
		Selector map[string]string `yaml:"selector"`
		Ports    []struct {
			Port int `yaml:"port"`
		} `yaml:"ports"`
		// of a NetworkPolicy
		PodSelector selector `yaml:"podSelector"`
		PolicyTypes []string `yaml:"policyTypes"`
		Egress      []rule   `yaml:"egress"`
		Ingress     []rule   `yaml:"ingress"`
	} `yaml:"spec"`
	// of a Kustomization
	Resources []string `yaml:"resources"`
	Patches   []struct {
		Path string `yaml:"path"`
	} `yaml:"patches"`
	Images []struct {
		Name    string `yaml:"name"`
		NewName string `yaml:"newName"`
	} `yaml:"images"`
	ConfigMaps []struct {
		Name  string   `yaml:"name"`
		Files []string `yaml:"files"`
	} `yaml:"configMapGenerator"`
}

type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type rule struct {
	To    []peer `yaml:"to"`
	From  []peer `yaml:"from"`
	Ports []struct {
		Port int `yaml:"port"`
	} `yaml:"ports"`
}

type peer struct {
	PodSelector       selector `yaml:"podSelector"`
	NamespaceSelector selector `yaml:"namespaceSelector"`
	IPBlock           struct {
		CIDR string `yaml:"cidr"`
	} `yaml:"ipBlock"`
}

type podSpec struct {
	RestartPolicy string `yaml:"restartPolicy"`
	Automount     *bool  `yaml:"automountServiceAccountToken"`
	Security      struct {
		NonRoot bool `yaml:"runAsNonRoot"`
		User    int  `yaml:"runAsUser"`
		FSGroup int  `yaml:"fsGroup"`
		Seccomp struct {
			Type string `yaml:"type"`
		} `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Spread []struct {
		LabelSelector selector `yaml:"labelSelector"`
	} `yaml:"topologySpreadConstraints"`
	Containers []container `yaml:"containers"`
	Volumes    []struct {
		Name   string `yaml:"name"`
		Secret struct {
			Name string `yaml:"secretName"`
		} `yaml:"secret"`
		ConfigMap struct {
			Name string `yaml:"name"`
		} `yaml:"configMap"`
		Claim struct {
			Name string `yaml:"claimName"`
		} `yaml:"persistentVolumeClaim"`
	} `yaml:"volumes"`
}

type container struct {
	Image string   `yaml:"image"`
	Args  []string `yaml:"args"`
	Env   []struct {
		Name string `yaml:"name"`
	} `yaml:"env"`
	Ports []struct {
		Port int `yaml:"containerPort"`
	} `yaml:"ports"`
	Resources struct {
		Requests map[string]string `yaml:"requests"`
		Limits   map[string]string `yaml:"limits"`
	} `yaml:"resources"`
	Security struct {
		Escalation   *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRoot bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities struct {
			Drop []string `yaml:"drop"`
		} `yaml:"capabilities"`
	} `yaml:"securityContext"`
	Mounts []struct {
		Name    string `yaml:"name"`
		Path    string `yaml:"mountPath"`
		SubPath string `yaml:"subPathExpr"`
	} `yaml:"volumeMounts"`
}

// manifests reads every YAML file of the example by its path.
func manifests(t *testing.T) map[string][]object {
	t.Helper()
	all := map[string][]object{}
	err := filepath.WalkDir(kubernetesDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || d.Name() == "scenario.yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(kubernetesDir, path)
		for loader := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var o object
			if err := loader.Decode(&o); err == io.EOF {
				return nil
			} else if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			all[rel] = append(all[rel], o)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// named gives the one object of a kind and name in a file.
func named(t *testing.T, all map[string][]object, file, kind, name string) object {
	t.Helper()
	for _, o := range all[file] {
		if o.Kind == kind && o.Metadata.Name == name {
			return o
		}
	}
	t.Fatalf("%s has no %s %s", file, kind, name)
	panic("unreachable")
}

func TestKubernetesFilesAreThere(t *testing.T) {
	for file, objects := range manifests(t) {
		dir := filepath.Join(kubernetesDir, filepath.Dir(file))
		for _, o := range objects {
			if o.Kind == "" || o.Kind != "Kustomization" && (o.Metadata.Name == "" || o.Kind != "Namespace" && o.Metadata.Namespace != "firstbell") {
				t.Errorf("%s: a %q called %q in %q", file, o.Kind, o.Metadata.Name, o.Metadata.Namespace)
			}
			var paths []string
			paths = append(paths, o.Resources...)
			for _, p := range o.Patches {
				paths = append(paths, p.Path)
			}
			for _, c := range o.ConfigMaps {
				paths = append(paths, c.Files...)
			}
			for _, p := range paths {
				info, err := os.Stat(filepath.Join(dir, p))
				if err == nil && info.IsDir() {
					_, err = os.Stat(filepath.Join(dir, p, "kustomization.yaml"))
				}
				if err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
}

// Every pod obeys the restricted profile, and asks for what it may use.
func TestKubernetesPodsMayLittle(t *testing.T) {
	pods := 0
	for file, objects := range manifests(t) {
		for _, o := range objects {
			spec := o.Spec.Template.Spec
			if o.Kind == "Pod" {
				spec = o.Spec.podSpec
			}
			if strings.HasPrefix(file, "overlays") || len(spec.Containers) == 0 {
				continue
			}
			pods++
			s := spec.Security
			if !s.NonRoot || s.User == 0 || s.FSGroup != s.User || s.Seccomp.Type != "RuntimeDefault" || spec.Automount == nil || *spec.Automount || spec.RestartPolicy != "Never" {
				t.Errorf("%s: %s may too much: %+v", file, o.Metadata.Name, s)
			}
			for _, c := range spec.Containers {
				if x := c.Security; x.Escalation == nil || *x.Escalation || !x.ReadOnlyRoot || !slices.Equal(x.Capabilities.Drop, []string{"ALL"}) {
					t.Errorf("%s: the container of %s may too much: %+v", file, o.Metadata.Name, x)
				}
				if r := c.Resources; r.Requests["cpu"] == "" || fmt.Sprint(r.Requests) != fmt.Sprint(r.Limits) {
					t.Errorf("%s: %s requests %v and is limited to %v", file, o.Metadata.Name, r.Requests, r.Limits)
				}
				checkMounts(t, file, spec, c)
			}
		}
	}
	if pods != 3 {
		t.Errorf("%d pods looked at; want 3", pods)
	}
}

func checkMounts(t *testing.T, file string, spec podSpec, c container) {
	t.Helper()
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
		for _, known := range []struct{ name, want string }{
			{v.Claim.Name, "firstbell-runs"}, {v.ConfigMap.Name, "firstbell-scenario"},
		} {
			if known.name != "" && known.name != known.want {
				t.Errorf("%s: volume %s is of %s, which nothing makes", file, v.Name, known.name)
			}
		}
		if s := v.Secret.Name; s != "" && !strings.Contains(readme(t), "create secret generic "+s+" ") {
			t.Errorf("%s: the README makes no secret %s", file, s)
		}
	}
	var paths []string
	for _, m := range c.Mounts {
		if !volumes[m.Name] {
			t.Errorf("%s: no volume %s", file, m.Name)
		}
		delete(volumes, m.Name)
		paths = append(paths, m.Path)
	}
	for v := range volumes {
		t.Errorf("%s: volume %s is not mounted", file, v)
	}
	// What the program is told to read or write is on a volume: the rest is read-only.
	for _, a := range c.Args {
		_, path, _ := strings.Cut(a, "=")
		if path == "" {
			path = a
		}
		if strings.HasPrefix(path, "/") && !slices.ContainsFunc(paths, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") }) {
			t.Errorf("%s: %s is on no volume", file, path)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(kubernetesDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Commands and flags of the manifests and of the README are the program's.
func TestKubernetesCommandsExist(t *testing.T) {
	lines := 0
	for file, objects := range manifests(t) {
		for _, o := range objects {
			for _, c := range o.Spec.Template.Spec.Containers {
				if c.Image != "firstbell" && c.Image != "" {
					t.Errorf("%s: image %s", file, c.Image)
				}
				lines++
				checkCommand(t, file, c.Args)
			}
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^ *firstbell .*$`).FindAllString(readme(t), -1) {
		lines++
		checkCommand(t, "README.md", strings.Fields(line)[1:])
	}
	if lines < 8 {
		t.Errorf("only %d commands", lines)
	}
}

func checkCommand(t *testing.T, file string, args []string) {
	t.Helper()
	root := newRootCmd(&env{getenv: func(string) string { return "" }})
	c, rest, err := root.Find(args)
	if err != nil || c == root {
		t.Errorf("%s: there is no firstbell %v: %v", file, args, err)
		return
	}
	if err := c.ParseFlags(rest); err != nil {
		t.Errorf("%s: firstbell %v: %v", file, args, err)
		return
	}
	if file != "README.md" {
		if err := c.ValidateArgs(positional(c)); err != nil {
			t.Errorf("%s: firstbell %v: %v", file, args, err)
		}
	}
}

func positional(c *cobra.Command) []string { return c.Flags().Args() }

// Names, ports and labels agree with each other.
func TestKubernetesAgrees(t *testing.T) {
	all := manifests(t)
	service := named(t, all, "base/coordinator.yaml", "Service", "firstbell-coordinator")
	lead := named(t, all, "base/coordinator.yaml", "Job", "firstbell-coordinator").Spec.Template
	workers := named(t, all, "base/workers.yaml", "Job", "firstbell-workers")
	work := workers.Spec.Template

	port := service.Spec.Ports[0].Port
	if got := lead.Spec.Containers[0].Ports[0].Port; got != port {
		t.Errorf("the coordinator's port is %d, the Service's %d", got, port)
	}
	has := func(c container, arg string) {
		if !slices.Contains(c.Args, arg) {
			t.Errorf("%v lack %s", c.Args, arg)
		}
	}
	has(lead.Spec.Containers[0], fmt.Sprintf("--listen=0.0.0.0:%d", port))
	has(work.Spec.Containers[0], fmt.Sprintf("--join=tls://%s:%d", service.Metadata.Name, port))
	if !strings.Contains(readme(t), "--host "+service.Metadata.Name+" ") {
		t.Error("the README makes no certificate for the Service's name")
	}
	if !matches(service.Spec.Selector, lead.Metadata.Labels) || matches(service.Spec.Selector, work.Metadata.Labels) {
		t.Error("the Service is not the coordinator's")
	}
	for _, s := range work.Spec.Spread {
		if !matches(s.LabelSelector.MatchLabels, work.Metadata.Labels) {
			t.Errorf("workers are not spread by %v", s.LabelSelector.MatchLabels)
		}
	}
	for _, p := range all["base/network.yaml"] {
		checkPolicy(t, p, port, lead.Metadata.Labels, work.Metadata.Labels)
	}
}

func matches(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

// checkPolicy: each policy is about pods that are there, and opens what was agreed.
func checkPolicy(t *testing.T, p object, port int, pods ...map[string]string) {
	t.Helper()
	known := func(s selector) bool {
		return slices.ContainsFunc(pods, func(l map[string]string) bool { return matches(s.MatchLabels, l) })
	}
	name := p.Metadata.Name
	if name == "firstbell-nothing" {
		if len(p.Spec.PodSelector.MatchLabels) > 0 || len(p.Spec.PolicyTypes) != 2 || len(p.Spec.Egress)+len(p.Spec.Ingress) > 0 {
			t.Error("nothing is denied by default")
		}
		return
	}
	if !known(p.Spec.PodSelector) {
		t.Errorf("%s is about no pod: %v", name, p.Spec.PodSelector)
	}
	for _, r := range append(p.Spec.Egress, p.Spec.Ingress...) {
		if len(r.Ports) == 0 || len(r.To)+len(r.From) == 0 {
			t.Errorf("%s opens everything", name)
		}
		for _, peer := range append(r.To, r.From...) {
			switch ours := len(peer.NamespaceSelector.MatchLabels) == 0 && peer.IPBlock.CIDR == ""; {
			case ours && (!known(peer.PodSelector) || r.Ports[0].Port != port):
				t.Errorf("%s: %v at port %d", name, peer, r.Ports[0].Port)
			case peer.IPBlock.CIDR == "0.0.0.0/0":
				t.Errorf("%s opens the world", name)
			}
		}
	}
}

// All workers are there at once, once, and each has its own credentials.
func TestKubernetesWorkers(t *testing.T) {
	all := manifests(t)
	for file, want := range map[string]int{"base/workers.yaml": 4, "overlays/staging/workers.yaml": 50} {
		s := named(t, all, file, "Job", "firstbell-workers").Spec
		if s.Completions != want || s.Parallelism != want {
			t.Errorf("%s: %d completions, %d at once; want %d", file, s.Completions, s.Parallelism, want)
		}
	}
	s := named(t, all, "base/workers.yaml", "Job", "firstbell-workers").Spec
	if s.CompletionMode != "Indexed" || s.PerIndex == nil || *s.PerIndex != 0 || s.Deadline == 0 {
		t.Errorf("workers: %s, %v tries more, %d s at most", s.CompletionMode, s.PerIndex, s.Deadline)
	}
	own := false
	for _, m := range s.Template.Spec.Containers[0].Mounts {
		own = own || m.Name == "keys" && m.SubPath == "$(JOB_COMPLETION_INDEX).json"
	}
	if !own {
		t.Error("a pod sees the credentials of others")
	}
	lead := named(t, all, "base/coordinator.yaml", "Job", "firstbell-coordinator").Spec
	if lead.BackoffLimit == nil || *lead.BackoffLimit != 0 || lead.Deadline <= s.Deadline {
		t.Error("the coordinator is tried again, or ends before its workers")
	}
	if !strings.Contains(readme(t), "--workers 50 ") || !strings.Contains(readme(t), "seq 0 49") {
		t.Error("the README makes other credentials than for 50")
	}
}

// No image names a host: whose registry it is is the reader's affair.
func TestKubernetesNamesNoRegistry(t *testing.T) {
	plain := regexp.MustCompile(`^[a-z]+(:[a-z0-9.]+)?$`)
	for file, objects := range manifests(t) {
		for _, o := range objects {
			for _, c := range append(o.Spec.Template.Spec.Containers, o.Spec.Containers...) {
				if c.Image != "" && !plain.MatchString(c.Image) {
					t.Errorf("%s: image %s", file, c.Image)
				}
			}
			for _, i := range o.Images {
				if i.Name != "firstbell" || !plain.MatchString(i.NewName) {
					t.Errorf("%s: image %+v", file, i)
				}
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(kubernetesDir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllSubmatch(text, -1) {
		if !plain.Match(m[1]) {
			t.Errorf("Dockerfile: FROM %s", m[1])
		}
	}
	for _, want := range []string{"CGO_ENABLED=0", "main.version=", "./cmd/firstbell", "USER 65532:65532", "ca-certificates.crt", `ENTRYPOINT ["/firstbell"]`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the Dockerfile lacks %s", want)
		}
	}
}

// The scenario of the example is one: a hundredth of it fits this machine.
func TestKubernetesScenario(t *testing.T) {
	if got := example(t, "firstbell plan "+filepath.Join(kubernetesDir, "overlays/staging/scenario.yaml")+" --scale 0.01"); got != "" {
		t.Error(got)
	}
}
