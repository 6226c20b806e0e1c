#!/bin/sh
# Brings the public test certificates of pyca/cryptography (PKITS of NIST among them), once, into the
# user's cache: $XDG_CACHE_HOME/certwright/vectors, else ~/.cache/certwright/vectors. Prints that
# folder. Needs python3 with pip or venv, and PyPI: 56 MB.
#
#   install.sh [--where]     with --where: only prints the folder
set -eu

here=$(cd "$(dirname "$0")" && pwd)
base=${XDG_CACHE_HOME:-$HOME/.cache}/certwright/vectors
# What is pinned names the folder: another pin, another folder.
folder=$base/$(sha256sum <"$here/requirements.txt" | cut -c1-12)

if [ "${1:-}" != --where ] && [ ! -d "$folder" ]; then
    # It gets its name when it is whole; what an interrupted run left is made anew.
    rm -rf "$folder.part"
    mkdir -p "$base"
    python=python3
    if ! python3 -m pip --version >/dev/null 2>&1; then
        python3 -m venv "$folder.part/venv" >&2
        python=$folder.part/venv/bin/python
    fi
    "$python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --no-compile \
        --require-hashes --requirement "$here/requirements.txt" --target "$folder.part/site" >&2
    mv "$folder.part/site/cryptography_vectors" "$folder"
    rm -rf "$folder.part"
fi
echo "$folder"
