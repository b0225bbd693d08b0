#!/bin/sh
# Verifies this bundle and installs it, without any network:  sh install.sh [--to FOLDER] [--key FINGERPRINT]
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
to=/opt/groundplan
key=''
fail() { printf 'install: %s\n' "$1" >&2; exit 1; }
say() { printf 'install: %s\n' "$1" >&2; }

while [ $# -gt 0 ]; do
    case "$1" in
        --to) [ $# -gt 1 ] || fail '--to needs a folder'; to=$2; shift 2 ;;
        --key) [ $# -gt 1 ] || fail '--key needs a fingerprint'; key=$(printf %s "$2" | tr A-F a-f); shift 2 ;;
        *) fail "unknown word $1; use: sh install.sh [--to FOLDER] [--key FINGERPRINT]" ;;
    esac
done
case "$to" in /*) ;; *) to=$(pwd)/$to ;; esac

# An installation goes on trusting the key that it was installed with, unless another is named.
if [ -z "$key" ] && [ -f "$to/signer" ]; then
    key=$(cat "$to/signer")
fi

with_python() {
    PYTHONDONTWRITEBYTECODE=1 "$1" "$here/verify_bundle.py" ${key:+--key "$key"} "$here" >&2 || fail 'nothing was installed.'
}

with_openssl() {
    cd "$here"
    openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null 2>&1 ||
        fail 'REFUSED: the signature does not hold: SHA256SUMS was changed. Nothing was installed.'
    [ -z "$key" ] || [ "$key" = "$(fingerprint)" ] ||
        fail 'REFUSED: signed with another key than the one that you trust. Nothing was installed.'
    changed=$(sha256sum --check --quiet --strict SHA256SUMS 2>/dev/null | head -n 1) || true
    [ -z "$changed" ] || fail "REFUSED: ${changed%%:*} was changed or is missing. Nothing was installed."
    find . ! -type d | sed 's|^\./||' | grep -v -x -e SHA256SUMS -e SHA256SUMS.sig -e signer.pem | while read -r name; do
        grep -q -F -x "  $name" <<-LIST || fail "REFUSED: $name does not belong to the bundle. Nothing was installed."
		$(cut -c 65- SHA256SUMS)
		LIST
    done || exit 1
}

fingerprint() { openssl pkey -pubin -in "$here/signer.pem" -outform DER | tail -c 32 | sha256sum | cut -c 1-64; }

reader=''
for name in python3 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
        reader=$name
        break
    fi
done
if [ -n "$reader" ]; then
    with_python "$reader"
elif command -v openssl >/dev/null 2>&1; then
    with_openssl
else
    fail 'neither Python 3.8 nor openssl is on this machine; one of them must check the signature first.'
fi

machine=$(uname -m)
[ "$machine" != arm64 ] || machine=aarch64
[ -d "$here/wheels/$machine" ] || fail "this bundle holds nothing for $machine; it serves: $(ls "$here/wheels" | grep -v '^any$' | tr '\n' ' ')"
version=$(cat "$here/VERSION")
series=$(cat "$here/PYTHON")
stage=$to/versions/$version
signer=$(sed -n '/^[^-]/p' "$here/signer.pem" | { [ -n "$reader" ] && "$reader" -c 'import base64, hashlib, sys; print(hashlib.sha256(base64.b64decode(sys.stdin.read())[12:]).hexdigest())' || fingerprint; })

if [ ! -f "$stage/complete" ]; then
    rm -rf "$stage"
    mkdir -p "$stage"
    if [ -f "$here/python/$machine.tar.gz" ]; then
        tar -xzf "$here/python/$machine.tar.gz" -C "$stage"
        python=$stage/python/bin/python$series
        "$python" -c '' || fail "the Python of this bundle does not run here; it needs $(cat "$here/python/$machine.needs")."
    else
        python=$(command -v "python$series") || fail "this bundle has no Python for $machine: install python$series from the system's own packages, then run this again."
        say "this bundle has no Python for $machine: the system's python$series is used"
    fi
    say "unpacking $version for $machine into $stage"
    "$python" -m venv --without-pip "$stage/env"
    PYTHONPATH=$(echo "$here"/wheels/pip-*.whl) "$stage/env/bin/python" -m pip install --quiet --no-index --no-deps \
        --disable-pip-version-check --no-cache-dir "$here"/wheels/any/*.whl "$here/wheels/$machine"/*.whl
    "$stage/env/bin/groundplan" --version >/dev/null || fail 'the installed program does not start; nothing was switched over.'
    cp "$here/sbom.cdx.json" "$stage/"
    : > "$stage/complete"
fi

mkdir -p "$to/bin"
printf '%s\n' "$signer" > "$to/signer"
cat > "$to/bin/groundplan.new" <<END
#!/bin/sh
# The state of the city stays in $to/state, whichever version is current.
: "\${GROUNDPLAN_STATE:=$to/state}"
export GROUNDPLAN_STATE
exec "$to/current/env/bin/groundplan" "\$@"
END
chmod 755 "$to/bin/groundplan.new"
mv "$to/bin/groundplan.new" "$to/bin/groundplan"
ln -sfn "versions/$version" "$to/current.new"
mv -T "$to/current.new" "$to/current"
say "$version is installed; start it with: $to/bin/groundplan up"
