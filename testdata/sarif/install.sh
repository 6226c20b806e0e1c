#!/bin/sh
# Brings the JSON Schema of SARIF 2.1.0 (OASIS Standard with errata 01), once, into the user's cache:
# $XDG_CACHE_HOME/certwright/sarif, else ~/.cache/certwright/sarif. Prints the file. It comes with the Go
# module github.com/owenrumney/go-sarif (Unlicense), which holds OASIS's text to the letter; OASIS lets it be
# copied (https://www.oasis-open.org/policies-guidelines/ipr/). Needs Go and the module proxy.
#
#   install.sh [--where]     with --where: only prints the file
set -eu

module=github.com/owenrumney/go-sarif/v3@v3.3.1
sum=c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e
file=${XDG_CACHE_HOME:-$HOME/.cache}/certwright/sarif/$(printf %.12s "$sum")/sarif-schema-2.1.0.json

if [ "${1:-}" != --where ] && [ ! -f "$file" ]; then
    mkdir -p "$(dirname "$file")"
    found=$(cd / && GOWORK=off GOFLAGS=-mod=mod go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    # The text stands between two backticks.
    sed -n '/^const schema = `/,/^`$/p' "$found/pkg/report/v210/sarif/schema.go" \
        | sed '1s/^const schema = `//; $d' >"$file.part"
    echo "$sum  $file.part" | sha256sum --check --quiet >&2
    # It gets its name when it is whole.
    mv "$file.part" "$file"
fi
echo "$file"
