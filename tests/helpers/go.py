"""Templates rendered by Go itself, where its toolchain is here."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

HARNESS = """package main
import ("encoding/json"; "os"; "text/template")
type Case struct { Template string; Data struct { System string; Messages []struct { Role, Content string } } }
func main() {
  var cases []Case
  if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil { panic(err) }
  out := []string{}
  for _, c := range cases {
    w := &writer{}
    if err := template.Must(template.New("t").Parse(c.Template)).Execute(w, c.Data); err != nil { panic(err) }
    out = append(out, w.s)
  }
  json.NewEncoder(os.Stdout).Encode(out)
}
type writer struct { s string }
func (w *writer) Write(p []byte) (int, error) { w.s += string(p); return len(p), nil }
"""  # noqa: E501


def rendered_by_go(cases: list[dict[str, Any]], folder: Path) -> list[str]:
    """What Go's own text/template makes of each `{"Template": text, "Data": what Ollama gives it}`.

    Args:
        cases: The templates with their data.
        folder: An empty one, for the program that does it.
    """
    (folder / "main.go").write_text(HARNESS, encoding="utf-8")
    own = {"GO111MODULE": "off", "GOCACHE": str(folder / "go"), "CGO_ENABLED": "0"}
    done = subprocess.run(
        ["go", "run", "main.go"],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=os.environ | own,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: list[str] = json.loads(done.stdout)
    return made
