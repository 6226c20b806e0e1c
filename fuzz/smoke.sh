#!/bin/sh
# Runs every fuzz target for a while, all at once: smoke.sh [SECONDS]
#
# Starts from the keys, certificates, hostile files and kubeconfigs of testdata. Needs cargo-fuzz
# (cargo install cargo-fuzz). RUSTC_BOOTSTRAP lets a stable compiler take the flags that a nightly
# one takes; nothing of what is built here is shipped. What crashes is left in fuzz/artifacts.
set -eu
cd "$(dirname "$0")"
seconds=${1:-20}
export RUSTC_BOOTSTRAP=1

cargo fuzz build
python3 - <<'SEEDS'
import base64, pathlib, re
for target in ["pem", "certificate", "key", "host", "manifest", "kubeconfig", "store"]:
    pathlib.Path("corpus", target).mkdir(parents=True, exist_ok=True)
block = re.compile(rb"-----BEGIN ([^\n]*)-----\n([A-Za-z0-9+/=\n]*)-----END", re.S)
for path in [*pathlib.Path("../testdata/pki").glob("*.pem"), *pathlib.Path("../testdata/hostile/files").glob("*.pem")]:
    text = path.read_bytes()
    if len(text) < 5000:
        pathlib.Path("corpus/pem", path.name).write_bytes(text)
    for number, (label, body) in enumerate(block.findall(text)[:3]):
        try:
            der = base64.b64decode(body)
        except ValueError:
            continue
        target = "key" if b"PRIVATE KEY" in label else "certificate"
        if len(der) < 5000:
            pathlib.Path("corpus", target, f"{number}-{path.name}").write_bytes(der)
for number, text in enumerate(["*.shop.example\nwww.shop.example", "a.example\nA.EXAMPLE.", "*.com\na.com"]):
    pathlib.Path("corpus/host", str(number)).write_text(text)
for path in pathlib.Path("../testdata/scenarios").glob("*/in/*"):
    if path.stat().st_size < 5000:
        pathlib.Path("corpus/manifest", f"{path.parent.parent.name}-{path.name}").write_bytes(path.read_bytes())
for path in pathlib.Path("../testdata/hostile/files").glob("*.p12"):
    if path.stat().st_size < 5000:
        pathlib.Path("corpus/store", path.name).write_bytes(path.read_bytes())
for path in pathlib.Path("../testdata/kubeconfigs").glob("*.yaml"):
    pathlib.Path("corpus/kubeconfig", path.name).write_bytes(path.read_bytes())
SEEDS

status=0
running=
for target in pem certificate key host manifest kubeconfig store; do
    cargo fuzz run "$target" -- -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -max_len=8192 \
        >"corpus/$target.log" 2>&1 &
    running="$running $!:$target"
done
for one in $running; do
    wait "${one%%:*}" || status=$?
    tail -n 3 "corpus/${one#*:}.log"
done
exit $status
